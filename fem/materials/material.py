"""A material: named properties, each with its unit, source and note."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from fem.constants import GAS_CONSTANT
from fem.errors import InputError, closest
from fem.materials.formula import Formula
from fem.materials.potentials import Curve
from fem.materials.properties import (
    ACTIVATION,
    DIFFUSIVITY,
    ENTROPIC,
    POTENTIAL,
    PROPERTIES,
    REFERENCE,
    WINDOW,
)
from fem.materials.shapes import Constant, Diffusivity, Shape, Shifted, Strain, Table

Status: TypeAlias = Literal["sourced", "assumption", "given"]


@dataclass(frozen=True)
class Property:
    """One property of one material.

    Attributes
    ----------
    name
        A key of `PROPERTIES`.
    quantity
        The number in the SI unit, or what gives it as a function of the stoichiometry.
    unit
        The SI unit.
    text
        The value as it was written.
    source
        Who says so: a full citation, or plainly that nobody was found who does.
    note
        What else a reader should know; may be empty.
    status
        "sourced": the value stands in the source, or is plain arithmetic on numbers that do.
        "assumption": it does not, or the source was not checked. "given": a user's file or case
        gives it.
    file
        Where it stands: a material file, the case file, or `None` for a case made in Python.
    """

    name: str
    quantity: float | Shape
    unit: str
    text: str
    source: str
    note: str
    status: Status
    file: str | None = None

    @property
    def value(self) -> float:
        """The number in the SI unit."""
        if isinstance(self.quantity, float):
            return self.quantity
        raise TypeError(f"{self.name} is a function of the stoichiometry, not a number")


@dataclass(frozen=True)
class Material:
    """A frozen set of properties.

    ``material["youngs_modulus"]`` is a `Property`; one that is missing raises an `InputError`
    that says how to give it.

    Attributes
    ----------
    branches
        Open-circuit potentials besides the property of that name, such as ``delithiation``, of
        which a case may take one.
    """

    id: str
    title: str
    kind: str
    summary: str
    properties: Mapping[str, Property]
    branches: Mapping[str, Property] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ordered = {name: self.properties[name] for name in PROPERTIES if name in self.properties}
        object.__setattr__(self, "properties", MappingProxyType(ordered))
        object.__setattr__(self, "branches", MappingProxyType(dict(self.branches)))

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy cannot be pickled or copied; the plain mapping it is made from can.
        texts = (self.id, self.title, self.kind, self.summary)
        return Material, (*texts, dict(self.properties), dict(self.branches))

    def __hash__(self) -> int:
        return hash((self.id, tuple(self.properties.values())))

    def __contains__(self, name: object) -> bool:
        return name in self.properties

    def __getitem__(self, name: str) -> Property:
        if name in self.properties:
            return self.properties[name]
        key = f"materials.{self.id}.{name}"
        if name not in PROPERTIES:
            raise unknown_property(key, name)
        written = PROPERTIES[name].written
        if name == POTENTIAL and self.branches:
            written = " or ".join(f'"{branch}"' for branch in self.branches)
        raise InputError(
            f"{self.id} has no {name} ({PROPERTIES[name].description}) in the material library",
            key=key,
            allowed=PROPERTIES[name].bounds,
            cure=f"write it in the case: [materials.{self.id}] {name} = {written}"
            + ("" if written.startswith('"del') else ", with the value of your material"),
        )

    @property
    def potential(self) -> Curve:
        """The open-circuit potential over the window of the material."""
        return self.potential_at(None)

    def potential_at(self, temperature: float | None) -> Curve:
        """The open-circuit potential at a temperature in K, if the material says how it changes."""
        shape = self[POTENTIAL].quantity
        assert not isinstance(shape, float)
        if temperature is not None and ENTROPIC in self:
            by = self[ENTROPIC].quantity
            assert isinstance(by, Constant | Table | Formula) and not isinstance(shape, Shifted)
            shape = Shifted(shape, by, temperature - self[REFERENCE].value)
        return Curve(shape, *self._window(shape))

    @property
    def diffusivity(self) -> float | Diffusivity:
        """The chemical diffusivity in m^2/s: a number, or a function of x.

        A table is known from its first to its last point, a formula over the window.
        """
        return self.diffusivity_at(None)

    def diffusivity_at(self, temperature: float | None) -> float | Diffusivity:
        """The chemical diffusivity at a temperature in K, if the material says how it changes."""
        found, factor = self[DIFFUSIVITY].quantity, self.diffusivity_factor(temperature)
        if isinstance(found, float):
            return factor * found
        assert isinstance(found, Table | Formula)
        ends = self._window(found) if isinstance(found, Formula) else (found.lower, found.upper)
        return Diffusivity(found, *ends, factor)

    def diffusivity_factor(self, temperature: float | None) -> float:
        """Arrhenius' factor on the chemical diffusivity at a temperature in K; 1 without one."""
        if temperature is None or ACTIVATION not in self:
            return 1.0
        inverse = 1.0 / self[REFERENCE].value - 1.0 / temperature
        return math.exp(self[ACTIVATION].value / GAS_CONSTANT * inverse)

    def strain(self, name: str) -> Strain:
        """A strain as a function of x, by the name of its property.

        A table is known from its first to its last point, a formula over the window.
        """
        found = self[name].quantity
        assert isinstance(found, Constant | Table | Formula)
        ends = self._window(found) if isinstance(found, Formula) else (found.lower, found.upper)
        return Strain(found, *ends)

    def _window(self, shape: Shape) -> tuple[float, float]:
        """The window of the stoichiometry; the range of `shape` where the material sets none."""
        lower, upper = (
            self[name].value if name in self else bound
            for name, bound in zip(WINDOW, (shape.lower, shape.upper), strict=True)
        )
        return lower, upper


def unknown_property(key: str, name: str, file: str | None = None) -> InputError:
    """The error for a property name that does not exist."""
    nearest = closest(name, PROPERTIES)
    return InputError(
        f"there is no material property {name!r}",
        key=key,
        file=file,
        allowed=", ".join(PROPERTIES),
        cure=f"did you mean {nearest!r}?" if nearest else None,
    )
