"""Values with a unit: as people and this product write them, and what is told where they fail."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fem.case import Case
from fem.case.keys import walk
from fem.case.rules import NUMBER_UNIT, Dimension
from fem.materials import PROPERTIES
from fem.results.quantities import REGISTRY
from fem.units import base, engineering, parse

# text, SI unit, value: worked out by hand.
WRITTEN = [
    ("10 A/m²", "A/m^2", 10.0),
    ("1 mA cm-2", "A/m^2", 10.0),
    ("1 mA cm^-2", "A/m^2", 10.0),
    ("1 mA·cm⁻²", "A/m^2", 10.0),
    ("1 mA/cm2", "A/m^2", 10.0),
    ("1mA/cm**2", "A/m^2", 10.0),
    ("5 Ω·cm²", "ohm*m^2", 5e-4),
    ("5 \N{OHM SIGN} cm2", "ohm*m^2", 5e-4),
    ("2um", "m", 2e-6),
    ("2µm", "m", 2e-6),
    ("2\N{NO-BREAK SPACE}\N{GREEK SMALL LETTER MU}m", "m", 2e-6),
    ("1.5e3m", "m", 1500.0),
    ("\N{MINUS SIGN}3 mV", "V", -3e-3),
    ("1eV", "J", 1.602176634e-19),
    ("30°C", "K", 303.15),
    ("30 ℃", "K", 303.15),
    ("3%", "dimensionless", 0.03),
    ("2 mS cm-1", "S/m", 0.2),
    ("0.25 MPa m^1/2", "Pa*m^0.5", 2.5e5),
    ("0.25 MPa·m^0.5", "Pa*m^0.5", 2.5e5),
    ("0.25 MPa·m⁰⋅⁵", "Pa*m^0.5", 2.5e5),
    ("8 J mol-1 K-1", "J/mol/K", 8.0),
    ("8 J/mol/K", "J/mol/K", 8.0),
    ("1 mAh/cm²", "A*s/m^2", 36e3),
    ("1 Å", "m", 1e-10),
]


@pytest.mark.parametrize(("text", "unit", "value"), WRITTEN)
def test_as_people_write_them(text: str, unit: str, value: float) -> None:
    found = parse(text, unit)
    assert found == pytest.approx(value, rel=1e-14, abs=0.0)
    assert found.text == text
    assert re.search(NUMBER_UNIT, text)
    known, plain = base(text), base(f"{value!r} {unit}")
    assert known is not None and plain is not None
    assert known[1] == plain[1]
    assert known[0] == pytest.approx(plain[0], rel=1e-14, abs=0.0)


@pytest.mark.parametrize(
    ("text", "unit", "cure"),
    [
        ("0,5 um", "m", 'with a point: "0.5 um"'),
        ("1,500 um", "m", '"1.500 um" or "1500 um"'),
        ("2,5µm", "m", '"2.5µm"'),
        ("1 000 um", "m", 'in one piece: "1000 um"'),
        ("1'000'000 um", "m", '"1000000 um"'),
        ("1 × 10⁻⁶ m", "m", 'with an e: "1e-6 m"'),
        ("2.5x10^-14 m²/s", "m^2/s", '"2.5e-14 m2/s"'),
        ("8 J/mol K", "J/mol/K", "J mol-1 K-1"),
        ("8 J/mol·K", "J/mol/K", "as in J/mol/K"),
        ("30 C", "K", "degC"),
        ("5 mA", "A/m^2", "another dimension"),
        ("1.5e3", "m", "number unit"),
        ("12", "m", "number unit"),
        ("1e3", "J", "number unit"),
        ("3 4 um", "m", "'4 um' is not a unit"),
        ("1+1 m", "m", "is not a unit"),
        ("2*3 m", "m", "is not a unit"),
        ("1 m # wide", "m", "is not a unit"),
        ("(1 m)", "m", "number unit"),
        ("1 m,", "m", "is not a unit"),
        ("1 furlongs^^2", "m", "is not a unit"),
        ("1 furz", "m", "unknown unit"),
    ],
)
def test_the_message_says_how_to_write_it(text: str, unit: str, cure: str) -> None:
    with pytest.raises(ValueError, match=re.escape(cure)):
        parse(text, unit)


SI = sorted(
    {key.form.si for key in walk(Case) if isinstance(key.form, Dimension)}
    | {rule.unit for rule in PROPERTIES.values() if not rule.dimensionless}
)


@pytest.mark.parametrize("unit", SI)
@settings(max_examples=12)
@given(value=st.floats(1e-20, 1e20), sign=st.sampled_from([1.0, -1.0]))
def test_what_the_product_writes_it_reads(unit: str, value: float, sign: float) -> None:
    """To the digits that are written."""
    text = engineering(sign * value, unit, digits=9)
    assert parse(text, unit) == pytest.approx(sign * value, rel=1e-8, abs=0.0)


@pytest.mark.parametrize("unit", sorted({d.display for d in REGISTRY if d.display}))
def test_units_of_reports_are_units(unit: str) -> None:
    assert base(f"1 {unit}") is not None


@given(st.text(alphabet="0123456789.,eE+-*/^ ·²⁻µΩ°%ACKmgul'×10\n", max_size=20))
def test_any_text_is_a_finite_number_or_a_plain_refusal(text: str) -> None:
    try:
        value = parse(text, "m")
    except ValueError as error:
        assert str(error)
        return
    assert math.isfinite(value)
    assert re.search(NUMBER_UNIT, text.replace("\n", " "))
