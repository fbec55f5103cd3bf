"""Declarations of numbers: their units, words, families and order, and the page made of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from rows import every_row

from fem.output.history import FIRST
from fem.results.declaration import FACTORS, LEAST, Declared
from fem.results.quantities import (
    REGISTRY,
    SECTIONS,
    Place,
    declared,
    declared_columns,
    find,
)
from fem.results.reference import PAGE, main, markdown
from fem.units import parse

ROOT = Path(__file__).parents[2]
MEMBERS = [member for entry in REGISTRY for member in entry.members()]
ENDS = {"m²": "m2", "A/m²": "A_m2", "Ah/m²": "Ah_m2", "Wh/m²": "Wh_m2", "mol/m": "mol_m",
        "C/m": "C_m", "J/m": "J_m", "A/m": "A_m", "ohm·m²": "ohm_m2",
        "Ω m²": "ohm.m2"}  # fmt: skip
"""Units as a name ends in them, where that is not the unit itself."""
every = every_row("entry", MEMBERS, name=lambda entry: entry.name)


# ------------------------------------------------------------------------------------ entries


def test_names_are_declared_once() -> None:
    """Members of families included: no name has two declarations."""
    names = [member.name for member in MEMBERS]
    assert sorted(names) == sorted(set(names))
    for name in names:
        assert len([entry for entry in REGISTRY if entry.named(name)]) == 1, name
    assert sum(len(section) for section in SECTIONS.values()) == len(REGISTRY)


@every
def test_a_name_says_its_unit(entry: Declared) -> None:
    """Those of exchanged data after a slash, times on the clock at the front, others at the end.

    Fields keep the names of the field's terms, by which ParaView lists them.
    """
    if entry.places == Place.FIELDS:
        return
    ends = "|".join(["V", "Pa", "m", "s", "A", "deg", "Hz", *ENDS.values()])
    found = re.search(rf"(?: / |_)({ends})$", entry.name)
    said = found[1] if found else "s" if entry.name.startswith("seconds_") else ""
    assert said == ENDS.get(entry.unit, entry.unit)


@every
def test_words_are_there(entry: Declared) -> None:
    for text in (entry.label, entry.meaning):
        assert text == text.strip()
        assert text and not re.search(r"[{}]|\bum\b|\bm2\b|  ", text)
    assert not entry.label.endswith(".")
    assert entry.meaning[0].isupper() and entry.meaning.endswith(".")


@every
def test_a_part_goes_on_where_the_label_of_its_whole_ends(entry: Declared) -> None:
    if entry.part_of:
        assert entry.label.startswith(declared(entry.part_of).label + " ")


def test_labels_tell_the_numbers_of_a_file_apart() -> None:
    for place in Place:
        labels = [member.label for member in MEMBERS if place in member.places]
        assert sorted(labels) == sorted(set(labels))


@pytest.mark.parametrize("units", FACTORS, ids=" in ".join)
def test_factors_are_those_of_the_units(units: tuple[str, str]) -> None:
    unit, shown = (u.replace("²", "^2").replace("Ah", "A*h") for u in units)
    one = parse(f"1 {shown}", unit)
    assert float(one) * FACTORS[units] == pytest.approx(1.0, rel=1e-12)


@every
def test_a_drawn_quantity_says_below_which_span_nothing_is_meant(entry: Declared) -> None:
    """Volts, currents, lengths and stresses have one; ratios of extremes 5 %."""
    if entry.unit in LEAST:
        assert entry.least > 0.0
    if "over_mean" in entry.name:
        assert entry.least == 0.05
    assert entry.cleared(0.0) == 0.0 and entry.cleared(1.0) == 1.0


def test_every_factor_is_used() -> None:
    assert {(entry.unit, entry.shown) for entry in REGISTRY if entry.shown} == set(FACTORS)


# ------------------------------------------------------------------------------------- lookups


def test_an_undeclared_name_is_refused_in_words() -> None:
    assert find("overpotentail_V") is None
    with pytest.raises(LookupError) as caught:
        declared("overpotentail_V")
    assert str(caught.value) == (
        "'overpotentail_V' is not declared: give it an entry in fem/results/quantities.py, unless "
        "'overpotential_V' is meant"
    )
    with pytest.raises(LookupError, match=r"quantities\.py$"):
        declared("nothing like it")


def test_members_of_a_family_have_its_words() -> None:
    found = declared("lithium_pressure_yielded_Pa")
    assert (found.label, found.axis()) == (
        "pressure of yielded lithium",
        "pressure of yielded lithium (MPa)",
    )
    assert found.factor == 1e-6
    for name in ("lithium_pressure_soft_Pa", "lithium_pressure__Pa", "anode_plating_median_A_m2"):
        assert find(name) is None


def test_a_family_without_words_takes_any() -> None:
    family = Declared(
        "share_{material}", "", "share of {material}", Place.METRICS, meaning="Of it."
    )
    found = family.named("share_NCM811")
    assert found is not None
    assert (found.name, found.label) == ("share_NCM811", "share of NCM811")
    assert family.named("share_") is None
    assert family.named("shares") is None
    assert family.members() == ()


def test_axes() -> None:
    assert declared("capacity_Ah_m2").axis() == "capacity per area (mAh/cm²)"
    assert declared("thickness_m").axis("nm", "\n") == "plated thickness\n(nm)"
    assert declared("step").axis() == "step of the protocol"


def test_a_unit_that_nobody_can_convert_is_refused() -> None:
    with pytest.raises(ValueError, match="how many furlongs"):
        Declared("x_m", "m", "x", Place.METRICS, shown="furlongs", meaning="It.")


def test_columns_are_checked() -> None:
    assert FIRST == ("Test Time / s", "Voltage / V", "Current / A")
    names = (*FIRST, "step", "newton_iterations", "lithium_pressure_Pa")
    assert declared_columns(names, Place.HISTORY) == names
    with pytest.raises(LookupError, match="not declared"):
        declared_columns((*names, "own"), Place.HISTORY)
    with pytest.raises(ValueError, match="'current_A' is not declared for HISTORY"):
        declared_columns((*FIRST, "current_A"), Place.HISTORY)
    with pytest.raises(ValueError, match="'step' is declared before 'dt_s'"):
        declared_columns((*FIRST, "dt_s", "step"), Place.HISTORY)


# ---------------------------------------------------------------------------------------- page


def test_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "reference" / PAGE).read_text("utf-8")
    assert page == markdown(), "run: python -m fem.results.reference docs/reference"


def test_page_has_every_name() -> None:
    page = markdown()
    for entry in MEMBERS:
        assert page.count(f"| `{entry.name}` |") == 1, entry.name


def test_page_is_linked() -> None:
    index = (ROOT / "docs" / "reference" / "index.md").read_text("utf-8")
    assert f"]({PAGE})" in index
    assert "\nquantities\n" in index, "in the tree of pages"


def test_main_writes_the_page(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0
    assert (tmp_path / PAGE).read_text("utf-8") == markdown()
    assert main([]) == 2


def test_declarations_need_nothing_else() -> None:
    """They are data: reading them loads no room of ours but errors, and no package."""
    code = (
        "import sys; before = set(sys.modules); import fem.results.quantities; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name for name in done.stdout.split() if not name.startswith("_")}
    ours = {name for name in loaded if name.split(".")[0] == "fem"}
    assert ours - {"fem", "fem.errors", "fem.results"} == {
        "fem.results.declaration",
        "fem.results.quantities",
        "fem.results.faces",
        "fem.results.interlayer",
        "fem.results.interphases",
        "fem.results.stresses",
        "fem.results.spectra",
    }
    assert {name.split(".")[0] for name in loaded - ours} <= sys.stdlib_module_names
