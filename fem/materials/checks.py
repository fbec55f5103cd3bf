"""Whether the properties of a material fit together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fem.errors import InputError
from fem.materials.formula import Formula
from fem.materials.material import Material
from fem.materials.properties import (
    ACTIVATION,
    DIFFUSIVITY,
    ENTROPIC,
    POTENTIAL,
    PROPERTIES,
    REFERENCE,
    STRAINS,
    WINDOW,
)
from fem.materials.shapes import Diffusivity

_CHECKED = 1001
"""Points of the window at which a formula is checked."""


@dataclass(frozen=True)
class Place:
    """Where the properties of a material stand, and what they are called there."""

    table: str
    called: Callable[[str], str] = str

    def key(self, name: str) -> str:
        """The key of the property `name`."""
        return f"{self.table}.{self.called(name)}"


def check(material: Material, place: Place, file: str | None) -> None:
    """Raise an `InputError` if functions and window of a material contradict each other."""
    curve = None
    if POTENTIAL in material:
        _check_window(material, place, file)
        curve = material.potential
        if isinstance(curve.shape, Formula):
            _check_formula(POTENTIAL, curve.shape, curve.lower, curve.upper, place, file)
    for name in (ENTROPIC, ACTIVATION):
        if name in material and REFERENCE not in material:
            raise InputError(
                f"a {place.called(name)} needs the temperature from which it counts",
                key=place.key(REFERENCE),
                file=file,
                allowed=PROPERTIES[REFERENCE].bounds,
                cure=f"add {REFERENCE} = {PROPERTIES[REFERENCE].written} beside it",
            )
    if curve and ENTROPIC in material and isinstance(by := material[ENTROPIC].quantity, Formula):
        _check_formula(ENTROPIC, by, curve.lower, curve.upper, place, file)
    if DIFFUSIVITY in material:
        diffusivity = material.diffusivity
        if isinstance(diffusivity, Diffusivity) and isinstance(diffusivity.shape, Formula):
            ends = diffusivity.lower, diffusivity.upper
            _check_formula(DIFFUSIVITY, diffusivity.shape, *ends, place, file)
    for name in STRAINS:
        if name in material and isinstance(shape := material[name].quantity, Formula):
            strain = material.strain(name)
            _check_formula(name, shape, strain.lower, strain.upper, place, file)


def _check_window(material: Material, place: Place, file: str | None) -> None:
    """The window must not be empty, and the potential must be known in it."""
    curve = material.potential
    shape = curve.shape
    for name, bound in zip(WINDOW, (curve.lower, curve.upper), strict=True):
        if not shape.lower <= bound <= shape.upper:
            raise InputError(
                "the open-circuit potential is not known there",
                key=place.key(name),
                given=bound,
                allowed=f"from {shape.lower:g} to {shape.upper:g}",
                cure=f"keep the window inside, or give another {place.called(POTENTIAL)}",
                file=file,
            )
    if not curve.lower < curve.upper:
        raise InputError(
            "the window of the stoichiometry is empty",
            key=place.key(WINDOW[0]),
            given=curve.lower,
            allowed=f"below {place.called(WINDOW[1])} = {curve.upper:g}",
            file=file,
        )


def _check_formula(
    name: str,
    formula: Formula,
    lower: float,
    upper: float,
    place: Place,
    file: str | None,
) -> None:
    """A formula must give allowed values everywhere in the window."""
    x = np.linspace(lower, upper, _CHECKED)
    values = formula.function(x)
    slopes = formula.slope(x)
    for at, value, slope in zip(x, values, slopes, strict=True):
        if not PROPERTIES[name].admits(value) or not np.isfinite(slope):
            raise InputError(
                f"the formula gives {value:g} at x = {at:g}",
                key=place.key(name),
                given=formula.text,
                allowed=f"{PROPERTIES[name].bounds}, with a finite slope, from x = {lower:g} to "
                f"{upper:g}",
                cure="correct the formula, or give "
                f"{' and '.join(map(place.called, WINDOW))} between which it holds",
                file=file,
            )
