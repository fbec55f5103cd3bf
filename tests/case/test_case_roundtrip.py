"""A case survives its own text, and its hash depends on what it says and on nothing else."""

from __future__ import annotations

import math
from typing import Any

import pytest
from case_examples import particles, plane
from hypothesis import given, settings
from hypothesis import strategies as st

from fem.case import Case
from fem.case.rules import Bounds, Dimension
from fem.case.table import plain
from fem.units import Quantity

# Units of each dimension and how many of the SI unit they are.
LENGTHS = {"m": 1.0, "mm": 1e-3, "um": 1e-6, "nm": 1e-9, "µm": 1e-6}
CURRENTS = {"A/m^2": 1.0, "mA/cm^2": 10.0, "A/cm^2": 1e4}
RESISTANCES = {"ohm*m^2": 1.0, "ohm*cm^2": 1e-4, "Ω*cm^2": 1e-4}
PRESSURES = {"Pa": 1.0, "MPa": 1e6, "GPa": 1e9, "bar": 1e5}
TIMES = {"s": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0}
VOLTAGES = {"V": 1.0, "mV": 1e-3}

names = st.text("ABCdef123_-", min_size=1, max_size=8)
words = st.text(min_size=1, max_size=20).filter(lambda text: text.strip())
unit_interval = st.floats(0.01, 0.99)


@st.composite
def quantities(draw: st.DrawFn, units: dict[str, float], low: float, high: float) -> str:
    """Text of a value between `low` and `high` in SI units, in any of `units`."""
    unit = draw(st.sampled_from(sorted(units)))
    value = draw(st.floats(low, high)) / units[unit]
    form = draw(st.sampled_from(("{!r} {}", "{:.4g} {}", "{:+.10e}   {}", " {:.6e}\t{} ")))
    return str(form.format(value, unit))


def lengths(low: float = 2e-6, high: float = 1e-3) -> st.SearchStrategy[str]:
    return quantities(LENGTHS, low, high)


def table(
    required: dict[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


protrusion = table({"x": lengths(), "depth": lengths(), "half_width": lengths()}, fillet=lengths())
isolated = table(
    {"x": lengths(), "y": lengths(), "half_width": lengths(), "half_height": lengths()}
)
lattice = table(
    {
        "rows": st.integers(10, 10_000),
        "columns": st.integers(10, 10_000),
        "diameter": lengths(),
        "material": words,
    },
    layout=st.just("lattice"),
)
composite = table(
    {"electrolyte": words, "thickness": lengths(), "particles": lattice},
    kind=st.just("particles"),
    conductivity_factor=unit_interval,
    wiring=st.sampled_from(
        [
            "ideal",
            {"kind": "effective", "conductivity": "10 S/m"},
            {"kind": "resolved", "contact_gap": "0 um", "contact_resistance": "2 ohm*m"},
        ]
    ),
)
slab = table({"kind": st.just("plane"), "material": words, "thickness": lengths()})


def geometry(cathode: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    anode = table(
        {"thickness": lengths()},
        material=words,
        protrusions=st.lists(protrusion, max_size=2),
        isolated=st.lists(isolated, max_size=2),
    )
    separator = table({"material": words, "thickness": lengths()})
    parts = {"width": lengths(1e-3, 1e-2), "anode": anode, "separator": separator}
    return table({**parts, "cathode": cathode}, depth=lengths(1e-3, 1.0))


pattern = (
    st.just("random")
    | table({"kind": st.just("clustered"), "length": lengths()})
    | table(
        {
            "kind": st.just("depth"),
            "near": st.sampled_from(["collector", "separator"]),
            "decay": lengths(),
        }
    )
    | table({"kind": st.just("size"), "exponent": st.floats(-6, 6)})
)
inactive = table(
    {},
    between=st.tuples(lengths(1e-6, 1e-5), lengths(2e-5, 9e-4)),
    outside=st.tuples(lengths(1e-6, 1e-5), lengths(2e-5, 9e-4)).map(list),
    ids=st.lists(st.integers(0, 99), unique=True, max_size=4),
) | table({"fraction": st.floats(0, 1), "seed": st.integers(0, 2**63)}, pattern=pattern)
current = quantities(CURRENTS, 1e-3, 1e3)
coefficients = {
    "anodic_transfer_coefficient": unit_interval,
    "cathodic_transfer_coefficient": unit_interval,
}
layer = quantities(RESISTANCES, 1e-6, 1e-1)
reaction = table({"exchange_current_density": current}, area_resistance=layer, **coefficients)
interface = reaction | table({"area_resistance": layer})
kinetics = st.fixed_dictionaries({"anode": interface, "cathode": interface})
properties = words | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9)
materials = st.dictionaries(names, st.dictionaries(names, properties, max_size=3), max_size=2)
drive = (
    table({"current_density": current})
    | table({"current_density": current.map(lambda text: "-" + text.strip(" +"))})
    | table({"overpotential": quantities(VOLTAGES, 1e-3, 1.0)})
)
settings_of_operation = st.fixed_dictionaries(
    {"plating_time": quantities(TIMES, 1e-2, 1e4)},
    optional={"temperature": quantities({"K": 1.0}, 250, 400), "kind": st.just("snapshot")},
)
operation = st.tuples(drive, settings_of_operation).map(lambda two: two[0] | two[1])
soft = st.sampled_from(("elastic", "yielded"))
mechanics = table(
    {},
    enabled=st.booleans(),
    contact=st.sampled_from(("stick", "slide")),
    compare_lithium=st.lists(soft, unique=True),
    flaw_size=lengths(),
    flaw_shape_factor=unit_interval,
) | table(
    {"top": st.just("plate"), "stack_pressure": quantities(PRESSURES, 0, 1e8), "lithium": soft},
    kinematics=st.sampled_from(("plane strain", "generalised plane strain")),
)
mesh = table({}, size=lengths(1e-9, 9e-7), growth=st.floats(0.05, 1), max_size=lengths())


def case_with(cathode: st.SearchStrategy[Any], **more: Any) -> st.SearchStrategy[dict[str, Any]]:
    parts = {"geometry": geometry(cathode), "kinetics": kinetics, "operation": operation}
    return table(
        parts, title=st.text(), materials=materials, mechanics=mechanics, mesh=mesh, **more
    )


cases = case_with(composite, inactive=inactive) | case_with(slab)


@settings(max_examples=60, deadline=None)
@given(cases)
def test_any_case_survives_its_text(data: dict[str, Any]) -> None:
    case = Case.from_dict(data)
    text = case.to_toml()
    again = Case.parse(text)
    assert again == case
    assert again.sha256 == case.sha256
    assert again.to_toml() == text
    assert Case.from_dict(case.to_dict()) == case
    assert case.replace({}) == case


@settings(max_examples=200, deadline=None)
@given(quantities(LENGTHS, 1e-12, 1e3))
def test_quantity_keeps_its_text_and_reads_it_again(text: str) -> None:
    rule = Dimension("m", "length", Bounds(gt=0), "1 um")
    value = rule.read(text)
    number, unit = text.split()
    assert math.isclose(value, float(number) * LENGTHS[unit], rel_tol=1e-14)
    assert rule.read(value) == value
    assert rule.read(value).text == text.strip()


@settings(max_examples=30, deadline=None)
@given(cases, st.sampled_from(sorted(LENGTHS)))
def test_hash_does_not_depend_on_the_unit(data: dict[str, Any], unit: str) -> None:
    """The same lengths in another unit; 13 digits are enough to agree in the 12 that count."""
    case = Case.from_dict(data)
    rewritten = Case.from_dict(plain(case, lambda q: respell(q, unit)))
    assert rewritten.sha256 == case.replace({}).sha256


def respell(quantity: Quantity, unit: str) -> str:
    is_length = quantity.text.split()[1] in LENGTHS
    # Exact in decimal: shift the exponent of the SI value instead of dividing.
    shift = round(-math.log10(LENGTHS[unit]))
    digits, exponent = f"{float(quantity):.17e}".split("e")
    return f"{digits}e{int(exponent) + shift} {unit}" if is_length else quantity.text


SAME = [
    {"title": "another title"},
    {"geometry.width": "0.42 mm"},
    {"geometry.width": "4.20e2 um"},
    {"geometry.anode.protrusions[1].x": "-0.0 um"},
    {"operation.temperature": "303.15 K"},
    {"operation.current_density": "10 mA/cm^2"},
    {"kinetics.cathode.area_resistance": "5e-4 Ω*m^2"},
    {"geometry.depth": None},
    {"mesh.growth": None},
    {"materials.LPSCl.poisson_ratio": 0.2700000000000001},
    {"materials": {"LPSCl": {"poisson_ratio": 0.27, "ionic_conductivity": "3 mS/cm"}}},
]
DIFFERENT = [
    {"geometry.width": "421 um"},
    {"geometry.anode.protrusions[1].x": "1 nm"},
    {"operation.current_density": "-100 A/m^2"},
    {"inactive.seed": 4},
    {"inactive.ids": []},
    {"mesh.growth": 0.31},
    {"mechanics.enabled": False},
    {"mechanics.contact": "stick"},
    {"materials.LPSCl.ionic_conductivity": "0.31 S/m"},
    {"materials.LPSCl.ionic_conductivity": "0.3 Pa"},
    {"materials.LPSCl.poisson_ratio": 0.28},
    {"materials.LPSBr": {}},
]


@pytest.mark.parametrize("changes", SAME, ids=str)
def test_hash_stays(changes: dict[str, Any]) -> None:
    case = Case.from_dict(particles())
    assert case.replace(changes).sha256 == case.sha256


@pytest.mark.parametrize("key", ["inactive.fraction", "materials.LPSCl.poisson_ratio"])
def test_minus_zero_is_zero(key: str) -> None:
    case = Case.from_dict(particles())
    assert case.replace({key: -0.0}).sha256 == case.replace({key: 0}).sha256


@pytest.mark.parametrize("changes", DIFFERENT, ids=str)
def test_hash_changes(changes: dict[str, Any]) -> None:
    case = Case.from_dict(particles())
    assert case.replace(changes).sha256 != case.sha256


def test_hash_does_not_depend_on_the_order_of_keys() -> None:
    def reverse(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: reverse(value[name]) for name in reversed(value)}
        return value

    case = Case.from_dict(particles())
    assert Case.from_dict(reverse(particles())).sha256 == case.sha256
    assert Case.from_dict(reverse(particles())) == case


def test_equality_is_of_values_not_of_text() -> None:
    case = Case.from_dict(particles())
    assert case.replace({"geometry.width": "0.42 mm"}) == case
    assert case.replace({"title": "x"}) != case


def test_resolved_text_shows_defaults_and_the_unit_of_the_user() -> None:
    text = Case.from_dict(plane()).to_toml()
    assert 'overpotential = "-50 mV"' in text
    assert 'temperature = "298.15 K"' in text
    assert "enabled = false" in text
    assert "current_density = 100" not in text
    assert "anodic_transfer_coefficient = 0.5" in text


def test_coefficients_without_a_reaction_are_left_out() -> None:
    """Written out they would be refused, as they have no effect."""
    tables = Case.from_dict(particles()).to_dict()["kinetics"]
    assert "anodic_transfer_coefficient" not in tables["cathode"]
    assert tables["anode"]["cathodic_transfer_coefficient"] == 0.5


@pytest.mark.parametrize("text", ["1 1/um^99999", "1 dB^3*%", "1 nounit", "a note"])
def test_hash_takes_text_that_is_no_quantity_as_it_is(text: str) -> None:
    case = Case.from_dict(particles()).replace({"materials.LPSCl.note": text})
    assert case.sha256 != case.replace({"materials.LPSCl.note": text + " "}).sha256
