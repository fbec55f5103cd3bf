"""Unit strings at the border, SI floats inside.

A dimensional value is written as ``"number unit"`` and nothing more: ``"420 um"``,
``"5 ohm*cm^2"``, ``"30 degC"``. It becomes a `Quantity`: a float in SI units that remembers the
text it came from, so that a resolved case shows what the user wrote.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Any

import pint

_VALUE = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s+(\S.*?)\s*")
# A unit is names, optional integer powers, joined by * or /: no numbers, sums or parentheses.
_FACTOR = r"[A-Za-zµμΩ°%]+(?:(?:\^|\*\*)-?\d+(?:/\d+|\.\d+)?)?"
_UNIT = re.compile(rf"(?:1/)?{_FACTOR}(?:\s*[*/]\s*{_FACTOR})*")


@cache
def _registry() -> pint.UnitRegistry[Any]:
    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=None)


class Quantity(float):
    """A float in SI units that keeps the text it was read from.

    Arithmetic gives plain floats; only a value as written by the user carries `text`.
    """

    text: str

    def __new__(cls, value: float, text: str) -> Quantity:
        self = super().__new__(cls, value)
        self.text = text
        return self

    def __getnewargs__(self) -> tuple[float, str]:  # type: ignore[override]
        return (float(self), self.text)

    def __repr__(self) -> str:
        return f"Quantity({float(self)!r}, {self.text!r})"


@cache
def _si_factor(unit: str, si_unit: str) -> tuple[float, float]:
    """Scale and offset with ``si = scale * value + offset``."""
    registry = _registry()
    zero = registry.Quantity(0.0, unit).to(si_unit).magnitude
    one = registry.Quantity(1.0, unit).to(si_unit).magnitude
    scale = one - zero if zero else one
    return float(scale), float(zero)


def _spelt(unit: str) -> str:
    """`unit` with symbols in the spelling that the registry knows."""
    return unit.replace("Ω", "ohm").replace("°C", "degC").replace("μ", "µ")


def parse(text: str, si_unit: str) -> Quantity:
    """Read ``"number unit"`` as a value in `si_unit`.

    Parameters
    ----------
    text
        A number, white space and a unit; nothing else (no arithmetic, no comment).
    si_unit
        The SI unit of the result, which also fixes the dimension that is allowed.

    Raises
    ------
    ValueError
        If the text is not of that form, the unit is unknown, has another dimension, or the
        number is not finite. The message says what is allowed.
    """
    match = _VALUE.fullmatch(text)
    if match is None:
        raise ValueError(f'not of the form "number unit", such as "1 {si_unit}"')
    number, unit = match.groups()
    if not _UNIT.fullmatch(unit):
        raise ValueError(
            f'{unit!r} is not a unit: names joined by * or /, powers with ^, such as "1 {si_unit}"'
        )
    try:
        scale, offset = _si_factor(_spelt(unit), si_unit)
    except pint.DimensionalityError:
        raise ValueError(
            f"{unit!r} has another dimension; a unit like {si_unit!r} is needed"
        ) from None
    # Some compounds fail inside the registry: powers that overflow, logarithmic units.
    except (pint.PintError, ArithmeticError, AssertionError):
        raise ValueError(f"unknown unit {unit!r}; a unit like {si_unit!r} is needed") from None
    value = scale * float(number) + offset
    if not math.isfinite(value):
        raise ValueError("the number is not finite")
    # 15 digits: 420 um is 0.00042 m, not 0.00041999999999999996 m.
    return Quantity(float(f"{value:.15g}"), text.strip())


def base(text: str) -> tuple[float, str] | None:
    """``"number unit"`` in SI base units, or `None` if the text is not of that form.

    For comparing values whose dimension is not known: 3 mS/cm and 0.3 S/m give the same.
    """
    match = _VALUE.fullmatch(text)
    if match is None or not _UNIT.fullmatch(match[2]):
        return None
    try:
        unit = str(_registry().Quantity(1.0, _spelt(match[2])).to_base_units().units)
        return float(parse(text, unit)), unit
    except (ValueError, pint.PintError, ArithmeticError, AssertionError):
        return None


def engineering(value: float, unit: str, digits: int = 4) -> str:
    """`value` in the SI unit `unit`, written with a readable prefix (``2.1e9, Pa`` -> 2.1 GPa)."""
    quantity = _registry().Quantity(value, unit).to_compact()
    return f"{quantity.magnitude:.{digits}g} {quantity.units:~P}".strip()
