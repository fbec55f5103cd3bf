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

NUMBER = r"[+−-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+−-]?[0-9]+)?"
NOTHING_OF_IT = r"(?![0-9.]|[eE][+−-]?[0-9])"
"""Behind a number: what stands there would belong to it."""
_VALUE = re.compile(rf"\s*({NUMBER}){NOTHING_OF_IT}\s*(\S.*?)\s*")
# A unit is names with powers, joined by * · / or a blank: no numbers, sums or parentheses.
_FACTOR = re.compile(r"([A-Za-z\u00c5µΩ°%]+)(?:(?:\^|\*\*)?(-?[0-9]+(?:/[0-9]+|\.[0-9]+)?))?")
_JOINT = re.compile(r"\s*([*·/])\s*|\s+")
_POINT = re.compile(r"(?<=[⁰¹²³⁴⁵⁶⁷⁸⁹])[⋅·.](?=[⁰¹²³⁴⁵⁶⁷⁸⁹])")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_LETTERS = str.maketrans(
    {"−": "-", "–": "-", "⋅": "·", "∙": "·", "×": "*", "μ": "µ", "\u2126": "Ω", "\u212b": "\u00c5"}
    | {"℃": "°C", "℉": "°F"}
)
"""Signs that look alike, as one of them."""


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


def _spelt(unit: str) -> str | None:
    """`unit` in the spelling that the registry knows, or `None` if it is none.

    Raises
    ------
    ValueError
        If it may be read in two ways; the message says how to write it.
    """
    rest = _POINT.sub(".", unit).translate(_LETTERS).translate(_RAISED)
    parts, joint = [], ""
    if rest.startswith("1/"):
        parts, rest = ["1/"], rest[2:]
    while factor := _FACTOR.match(rest):
        name, power = factor.groups()
        if joint in ("·", " ") and "/" in "".join(parts):
            raise ValueError(
                f"{unit!r} can be read in two ways: write every divisor behind a / of its own, "
                "as in J/mol/K, or a power to every unit, as in J mol-1 K-1"
            )
        name = name.replace("Ω", "ohm").replace("°C", "degC").replace("°F", "degF")
        exponent = "" if power is None else f"**({power})"
        parts += ["*" if joint in ("·", " ") else joint, name + exponent]
        rest = rest[factor.end() :]
        if not rest:
            return "".join(parts)
        following = _JOINT.match(rest)
        if following is None:
            return None
        joint, rest = following[1] or " ", rest[following.end() :]
    return None


def _slip(text: str) -> str | None:
    """A value as people write it, in words and as it is written; `None` if it is not known."""
    plain = text.strip().translate(_LETTERS).translate(_RAISED)
    if match := re.fullmatch(r"([+-]?[\d.]+)\s*[*·x]\s*10(?:\^|\*\*)?([+-]?\d+)\s*(.*)", plain):
        return f'powers of ten are written with an e: "{match[1]}e{match[2]} {match[3]}"'
    if match := re.fullmatch(
        r"([+-]?\d+)[ \u00a0\u202f'](\d{3}(?:[ \u00a0\u202f']\d{3})*.*)", plain
    ):
        whole = re.sub(r"(?<=\d)[ \u00a0\u202f'](?=\d{3})", "", plain)
        return f'digits stand in one piece: "{whole}"'
    if match := re.fullmatch(r"([+-]?\d+),(\d+)(.*)", plain):
        ways = f'"{match[1]}.{match[2]}{match[3]}"'
        if len(match[2]) == 3:
            ways += f' or "{match[1]}{match[2]}{match[3]}"'
        return f"decimals are written with a point: {ways}"
    return None


def _parts(text: str) -> tuple[str, str] | None:
    """Number and unit of a value."""
    match = _VALUE.fullmatch(text.replace("−", "-"))
    return (match[1], match[2]) if match else None


def parse(text: str, si_unit: str) -> Quantity:
    """Read ``"number unit"`` as a value in `si_unit`.

    Parameters
    ----------
    text
        A number and a unit; nothing else (no arithmetic, no comment). Units are names with powers
        (``cm^2``, ``cm²``, ``cm-2``), joined by ``*``, ``·``, ``/`` or a blank.
    si_unit
        The SI unit of the result, which also fixes the dimension that is allowed.

    Raises
    ------
    ValueError
        If the text is not of that form, the unit is unknown, has another dimension, or the
        number is not finite. The message says what is allowed.
    """
    parts = _parts(text)
    if parts is None:
        raise ValueError(_slip(text) or f'not of the form "number unit", such as "1 {si_unit}"')
    number, unit = parts
    spelt = _spelt(unit)
    if spelt is None:
        raise ValueError(
            _slip(text)
            or f"{unit!r} is not a unit: names joined by * or /, powers with ^, such as "
            f'"1 {si_unit}"'
        )
    try:
        scale, offset = _si_factor(spelt, si_unit)
    except pint.DimensionalityError:
        meant = "; degrees are degC or degF" if si_unit == "K" and unit in "CF" else ""
        raise ValueError(
            f"{unit!r} has another dimension; a unit like {si_unit!r} is needed{meant}"
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
    parts = _parts(text)
    try:
        spelt = parts and _spelt(parts[1])
        if not spelt:
            return None
        unit = str(_registry().Quantity(1.0, spelt).to_base_units().units)
        return float(parse(text, unit)), unit
    except (ValueError, pint.PintError, ArithmeticError, AssertionError):
        return None


def engineering(value: float, unit: str, digits: int = 4) -> str:
    """`value` in the SI unit `unit`, written with a readable prefix (``2.1e9, Pa`` -> 2.1 GPa)."""
    quantity = _registry().Quantity(value, unit).to_compact()
    return f"{quantity.magnitude:.{digits}g} {quantity.units:~P}".strip()
