"""Every key of a case file, found by walking the model, refuses what it should and says so."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from case_examples import (
    CLUSTERED,
    jumping,
    layered,
    listed,
    measured,
    meshed,
    packed,
    particles,
    patterned,
    pictured,
    plane,
    pressed,
    profiled,
    protocol,
    reacting,
    spectrum,
    swelling,
    wavy,
    wired,
)
from rows import every_row

from fem.case import (
    Case,
    ClusteredPattern,
    DepthPattern,
    DrawnAxes,
    EffectiveWiring,
    IdealWiring,
    ListedAxes,
    MapPattern,
    PlaneCathode,
    Profile,
    Protocol,
    RandomPattern,
    ResolvedWiring,
    SameAxis,
    SizePattern,
    Step,
    Until,
)
from fem.case.cell import Surface
from fem.case.containers import Items, Materials
from fem.case.image import Image, Labels, Values
from fem.case.keys import Key, Tables, walk
from fem.case.layouts import Clustered, Equilibrium, Grains, Listed, RandomPacking, Size
from fem.case.numerics import Output, Stepping
from fem.case.rules import Bounds, Choice, Dimension, DimensionOr, Flag, Number, Rule, Text, Whole
from fem.case.text import set_key
from fem.case.triangles import Names
from fem.errors import InputError

KEYS = list(walk(Case))
LEAVES = [key for key in KEYS if isinstance(key.form, Rule)]
OPTIONAL = [key for key in KEYS if not key.info.is_required()]
REQUIRED = [key for key in KEYS if key.info.is_required()]
# Without its kind a table is of the other kind.
NAMED = [key for key in REQUIRED if not key.path.endswith((".kind", ".layout"))]
WIRINGS = {IdealWiring: "ideal", EffectiveWiring: "effective", ResolvedWiring: "resolved"}
AXES = {SameAxis: "same", ListedAxes: "file", DrawnAxes: "drawn"}
PATTERNS = {
    RandomPattern: "random",
    ClusteredPattern: "clustered",
    DepthPattern: "depth",
    SizePattern: "size",
    MapPattern: "map",
}
# Words of the validation library that mean nothing to a user.
FOREIGN = re.compile(r"pydantic|Input should|Value error|valid dictionary|Extra inputs|Field req")


def base(key: Key) -> dict[str, Any]:
    if key.owner is Profile:
        return profiled()
    if key.path.endswith((".impedance", ".points_per_decade")):
        return spectrum()
    if key.path.endswith(".electronic_resistance"):
        return measured()
    if key.owner is Stepping:
        return jumping()
    if key.owner in (Protocol, Step, Until, Output):
        return protocol()
    if key.owner is Surface:
        return wavy()
    if key.owner in (Equilibrium, Clustered):
        kind = {"kind": "equilibrium"} if key.owner is Equilibrium else dict(CLUSTERED)
        return packed(structure=kind)
    if key.owner in (RandomPacking, Grains, Size):
        return packed(sizes=key.owner is Size or key.path.endswith(".sizes"))
    if key.owner in PATTERNS:
        return patterned(PATTERNS[key.owner])
    if key.owner in AXES:
        return swelling(AXES[key.owner])
    if key.owner in WIRINGS:
        return wired(key.path.split(".")[1], WIRINGS[key.owner])
    if key.owner in (Image, Labels) or key.path.startswith("geometry.image"):
        return pictured()
    if key.path.startswith(("geometry.anode.interlayer", "kinetics.interlayer")):
        return layered()
    if key.path.startswith("geometry.anode.flaw"):
        return layered()
    if key.path.startswith(("interfaces", "stack")):
        return pressed()
    if key.path.startswith("interphase"):
        return reacting()
    if key.owner is Listed:
        return listed()
    if key.path.startswith("geometry.mesh"):
        return meshed()
    return plane() if key.owner is PlaneCathode else particles()


def place(key: Key) -> str:
    return key.path.replace("[]", "[0]")


def refused(data: dict[str, Any]) -> InputError:
    with pytest.raises(InputError) as caught:
        Case.from_dict(data)
    assert not FOREIGN.search(str(caught.value))
    return caught.value


def outside(bounds: Bounds) -> Iterator[float]:
    """Numbers on the wrong side of every limit."""
    if bounds.gt is not None:
        yield from (bounds.gt, bounds.gt - 1)
    if bounds.ge is not None:
        yield bounds.ge - 1
    if bounds.lt is not None:
        yield from (bounds.lt, bounds.lt + 1)
    if bounds.le is not None:
        yield bounds.le + 1
    if bounds.nonzero:
        yield from (0.0, -0.0)


def wrong(rule: Rule) -> Iterator[object]:
    """Values that a rule has to refuse."""
    common: tuple[object, ...] = ({"a": 1}, [[1]])
    match rule:
        case Dimension(si=si, bounds=bounds):
            yield from (*common, 1, 1.5, 0, True, math.nan, math.inf, -math.inf)
            yield from ("", "1", si, f"nan {si}", f"inf {si}", f"1e999 {si}", "1 mol", "1 nounit")
            yield from (
                f"1 {si} # comment",
                "1 1/um^99999/°",
                "1 dB^3*%",
                f"1+1 {si}",
                f"2*3 {si}",
                f"(1 {si})",
                "1,5 m",
            )
            yield from (f"{value} {si}" for value in outside(bounds))
            if isinstance(rule, DimensionOr):
                yield rule.word.upper()
        case Number(bounds=bounds):
            yield from (*common, "0.5", "0.5 m", True, False, math.nan, math.inf, 10**400)
            yield from outside(bounds)
        case Whole(bounds=bounds):
            yield from (*common, "1", True, 1.5, math.nan, math.inf)
            yield from (int(value) for value in outside(bounds))
        case Text(empty=empty):
            yield from (*common, 1, True, math.nan)
            yield from () if empty else ("", "  ")
        case Choice():
            yield from (*common, 1, True, "nonsense", "")
        case Flag():
            yield from (*common, 0, 1, "true", math.nan)
        case Items(of=of, pair=pair, unique=unique):
            yield from (1, "x", True, {"a": 1}, math.nan)
            yield from ([value] for value in wrong(of))
            first = tomllib.loads(f"v = {of.example}")["v"]
            if pair:
                yield from ([], [first], [first, first], ["2 um", "1 um"], ["1 um"] * 3)
            if unique:
                yield [first, first]
        case Values():
            yield from (
                {"a": 1},
                [],
                "x",
                "3",
                "5-2",
                "1-",
                "-1--5",
                -(2**31),
                True,
                1.5,
                math.nan,
                2**31,
            )
            yield from ([value] for value in ("x", [1], "2--2", False, None))
        case Names():
            yield from (*common, [], "", " ", ["Li", ""], 1, True, math.nan, [None])
        case Materials():
            yield from (1, "x", [], {"Li": 1}, {"Li": {"E": True}}, {"Li": {"E": math.nan}})
            yield from ({"Li": {"E": [1]}}, {"Li": {"E": {"deep": 1}}}, {"Li": {"E": 10**400}})
        case _:
            raise AssertionError(f"no wrong values for {rule!r}")


WRONG = [(key, value) for key in LEAVES for value in wrong(key.form)]


def test_the_walk_finds_the_keys_of_the_contract() -> None:
    paths = {key.path for key in KEYS}
    assert {
        "title",
        "geometry.anode.protrusions[].fillet",
        "geometry.cathode.kind",
        "geometry.cathode.particles.rows",
        "inactive.between",
        "kinetics.cathode.stoichiometry",
        "operation.plating_time",
        "operation.steps[].until.voltage",
        "operation.steps[].steps",
        "stepping.tolerance",
        "output.frames",
        "mechanics.stack_pressure",
        "mesh.size",
    } <= paths
    assert len(paths) > 60


@every_row("row", WRONG, name=lambda row: f"{row[0].path}={row[1]!r:.30}")
def test_wrong_value_is_refused_at_its_key(row: tuple[Key, object]) -> None:
    key, value = row
    data = base(key)
    set_key(data, place(key), value)
    error = refused(data)
    assert error.key is not None
    rest = error.key.removeprefix(place(key))
    if isinstance(key.form, Materials):
        assert rest in ("", ".Li", ".Li.E")
    else:
        assert rest == "" or (isinstance(key.form, Items) and re.fullmatch(r"\[\d\]", rest))
    assert error.allowed


@every_row("key", LEAVES, name=lambda key: key.path)
def test_example_of_a_key_is_accepted_by_its_rule(key: Key) -> None:
    assert isinstance(key.form, Rule)
    if isinstance(key.form, Materials):
        return
    value = tomllib.loads(f"v = {key.form.example}")["v"]
    if isinstance(key.form, Items) and key.form.pair:
        value = [value[0], "2 MHz" if key.form.either else "1 m"]
    key.form.read(value)


@every_row("key", LEAVES, name=lambda key: key.path)
def test_error_says_what_was_given(key: Key) -> None:
    data = base(key)
    set_key(data, place(key), -7.5)
    error = refused(data)
    assert error.given == -7.5
    assert "given:   -7.5" in str(error)


@every_row(
    "key", [key for key in LEAVES if isinstance(key.form, Dimension)], name=lambda key: key.path
)
def test_bare_number_is_cured_by_a_unit(key: Key) -> None:
    data = base(key)
    set_key(data, place(key), 3)
    assert str(refused(data).cure).startswith("write it with a unit, such as")


@every_row("key", [key for key in KEYS if isinstance(key.form, Tables)], name=lambda key: key.path)
def test_table_that_is_none_is_refused(key: Key) -> None:
    assert isinstance(key.form, Tables)
    for value in (1, "x", True, math.nan, {} if key.form.many else []):
        data = base(key)
        set_key(data, place(key), value)
        # The name of a kind of wiring is short for its table.
        named = value == "x" and key.path.endswith((".wiring", ".structure", ".pattern"))
        assert refused(data).key == place(key) + (".kind" if named else "")
    if key.form.many:
        data = base(key)
        set_key(data, place(key), [1])
        assert refused(data).key == place(key) + "[0]"


def misspell(name: str) -> str:
    return name[:-2] + name[-1] + name[-2] if len(name) > 3 and name[-1] != name[-2] else name + "q"


@every_row("key", KEYS, name=lambda key: key.path)
def test_misspelt_key_is_refused_and_the_right_one_named(key: Key) -> None:
    data = base(key)
    *above, name = place(key).split(".")
    table: Any = data
    for step in above:
        bare, _, index = step.partition("[")
        table = table[bare][0] if index else table[bare]
    # Rename in place, or add the misspelt key if the right one is not there.
    items = list(table.items()) if name in table else [*table.items(), (name, "1 um")]
    table.clear()
    table.update((misspell(n) if n == name else n, value) for n, value in items)
    error = refused(data)
    right = ".".join([*above, name])
    assert error.key == ".".join([*above, misspell(name)])
    assert re.search(rf"\b{name}\b", error.allowed or "")
    if len(name) > 3:
        assert error.cure == f"did you mean {right}?"
    if key.info.is_required():  # the misspelt key is why this one is missing: not told twice
        assert right not in error.problem


@every_row("key", NAMED, name=lambda key: key.path)
def test_missing_key_is_named_with_a_cure(key: Key) -> None:
    data = base(key)
    set_key(data, place(key), None)
    error = refused(data)
    assert error.key == place(key)
    assert error.allowed
    assert str(error.cure).startswith("add ")


@every_row("key", OPTIONAL, name=lambda key: key.path)
def test_default_is_what_its_own_rule_would_read(key: Key) -> None:
    """Defaults are not validated when the model is made: their text and value have to agree."""
    default = key.info.default
    if isinstance(key.form, Dimension) and default is not None:
        assert float(key.form.read(default.text)) == float(default)
    elif isinstance(key.form, Rule) and default is not None:
        assert key.form.read(default) == default


LIMITS = [
    ("geometry.width", "0.42 mm", "0 um"),
    ("geometry.anode.protrusions[0].x", "0 um", "-1 um"),
    ("geometry.cathode.conductivity_factor", 1, 1.0001),
    ("geometry.cathode.conductivity_factor", 1e-9, 0),
    ("geometry.cathode.particles.rows", 5, 0),
    ("inactive.fraction", 1, 1.01),
    ("inactive.fraction", 0, -0.01),
    ("inactive.seed", 0, -1),
    ("inactive.pattern", {"kind": "size", "exponent": -6}, {"kind": "size", "exponent": 6.1}),
    ("inactive.ids", [104], [-1]),
    ("kinetics.anode.exchange_current_density", "1 A/m^2", "0 A/m^2"),
    ("kinetics.anode.area_resistance", "1 ohm*m^2", "-1 ohm*m^2"),
    ("kinetics.anode.double_layer_capacitance", "10 uF/cm^2", "0 F/m^2"),
    ("kinetics.anode.double_layer_capacitance", "0.2 F/m^2", "0.2 F"),
    ("kinetics.anode.anodic_transfer_coefficient", 1.99, 2),
    ("kinetics.anode.anodic_transfer_coefficient", 0.01, 0),
    ("kinetics.cathode.stoichiometry", 0.99, 1),
    ("kinetics.cathode.stoichiometry", 0.01, 0),
    ("operation.current_density", "-1 A/m^2", "0 A/m^2"),
    ("operation.temperature", "-73.15 degC", "199 K"),
    ("operation.temperature", "500 K", "501 K"),
    ("operation.plating_time", "1 ms", "-1 s"),
    ("mechanics.stack_pressure", "0 Pa", "-1 Pa"),
    ("mechanics.flaw_size", "1 nm", "0 m"),
    ("mechanics.flaw_shape_factor", 0.1, 0),
    ("mesh.size", "5 um", "0 um"),
    ("mesh.growth", 0.05, 0.049),
    ("mesh.growth", 1, 1.01),
]


@pytest.mark.parametrize(("key", "good", "bad"), LIMITS)
def test_limits_are_those_of_the_design(key: str, good: object, bad: object) -> None:
    case = Case.from_dict(particles())
    case.replace({key: good})
    with pytest.raises(InputError) as caught:
        case.replace({key: bad})
    assert str(caught.value.key).startswith(key)


@pytest.mark.parametrize("three", [3, 3.0, np.float64(3.0), np.int16(3)])
def test_a_whole_number_is_one_however_it_is_stored(three: float) -> None:
    case = Case.from_dict(particles()).replace({"inactive.ids": [three]})
    assert case.inactive.ids == (3,)
    assert type(case.inactive.ids[0]) is int


def test_zero_current_is_told_why() -> None:
    data = particles()
    data["operation"]["current_density"] = "0 A/m^2"
    assert "open circuit" in str(refused(data).cure)


def test_several_errors_are_one_message() -> None:
    data = particles()
    data["geometry"]["width"] = 3
    data["mesh"]["growth"] = "fast"
    data["operation"]["temperature"] = "30 m"
    error = refused(data)
    assert error.key == "geometry.width"
    assert error.problem.endswith("(also wrong: operation.temperature, mesh.growth)")


def test_key_of_another_table_is_pointed_to() -> None:
    data = particles()
    data["rows"] = 3
    error = refused(data)
    assert (error.key, error.cure) == ("rows", "did you mean geometry.cathode.particles.rows?")


def test_key_of_the_other_kind_of_cathode() -> None:
    data = plane()
    data["geometry"]["cathode"]["electrolyte"] = "LPSCl"
    error = refused(data)
    assert error.key == "geometry.cathode.electrolyte"
    assert error.problem == 'a key of kind = "particles", where kind is "plane"'
    data = particles()
    data["geometry"]["cathode"]["material"] = "lithium"
    error = refused(data)
    assert error.key == "geometry.cathode.material"
    assert error.cure == 'set kind = "plane", or remove this key'


def test_kind_of_cathode_defaults_to_particles() -> None:
    data = particles()
    del data["geometry"]["cathode"]["kind"]
    assert Case.from_dict(data) == Case.from_dict(particles())


@pytest.mark.parametrize("kind", ["plan", "", 3, True, ["plane"], None])
def test_unknown_kind_of_cathode(kind: object) -> None:
    data = particles()
    data["geometry"]["cathode"]["kind"] = kind
    error = refused(data)
    assert error.key == "geometry.cathode.kind"
    assert error.allowed == '"particles" or "plane"'


def test_constructor_speaks_the_same_language() -> None:
    with pytest.raises(InputError, match="operation") as caught:
        Case(**{name: table for name, table in particles().items() if name != "operation"})
    assert caught.value.key == "operation"
