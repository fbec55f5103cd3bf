"""A material: named properties, each with its unit, source and note."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from fem.errors import InputError, closest
from fem.materials.potentials import Curve, Shape
from fem.materials.properties import POTENTIAL, PROPERTIES

Status: TypeAlias = Literal["sourced", "assumption", "given"]


@dataclass(frozen=True)
class Property:
    """One property of one material.

    Attributes
    ----------
    name
        A key of `PROPERTIES`.
    quantity
        The number in the SI unit, or the shape of an open-circuit potential.
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
    """

    name: str
    quantity: float | Shape
    unit: str
    text: str
    source: str
    note: str
    status: Status

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
    """

    id: str
    title: str
    kind: str
    summary: str
    properties: Mapping[str, Property]

    def __post_init__(self) -> None:
        ordered = {name: self.properties[name] for name in PROPERTIES if name in self.properties}
        object.__setattr__(self, "properties", MappingProxyType(ordered))

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy cannot be pickled or copied; the plain mapping it is made from can.
        return Material, (self.id, self.title, self.kind, self.summary, dict(self.properties))

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
        raise InputError(
            f"{self.id} has no {name} ({PROPERTIES[name].description}) in the material library",
            key=key,
            allowed=PROPERTIES[name].bounds,
            cure=f"write it in the case: [materials.{self.id}] {name} = "
            f"{PROPERTIES[name].written}, with the value of your material",
        )

    @property
    def potential(self) -> Curve:
        """The open-circuit potential over the window of the material."""
        shape = self[POTENTIAL].quantity
        assert not isinstance(shape, float)
        ends = [
            self[name].value if name in self else bound
            for name, bound in (
                ("stoichiometry_min", shape.lower),
                ("stoichiometry_max", shape.upper),
            )
        ]
        return Curve(shape, *ends)


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
