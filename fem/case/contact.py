"""The tables of a case file that say how solids touch: `interfaces` and `stack`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fem.case.kinds import POSITIVE, Length, MaterialName, Pressure
from fem.case.rules import Bounds, Choice, Dimension, DimensionOr, Number, refuse
from fem.case.table import Table
from fem.units import Quantity

Bond = Literal["perfect", "cohesive", "none"]
Conduction = Literal["full", "linear", "power"]
Strength = Annotated[Quantity, Dimension("Pa", "strength", POSITIVE, "50 MPa")]
Toughness = Annotated[Quantity, Dimension("J/m^2", "toughness", POSITIVE, "1 J/m^2")]
BondStiffness = Annotated[Quantity, Dimension("Pa/m", "stiffness per area", POSITIVE, "1e16 Pa/m")]
StackStiffness = Annotated[
    Quantity, DimensionOr("Pa/m", "stiffness per area", Bounds(ge=0), "8e10 Pa/m", "held")
]
Time = Annotated[Quantity, Dimension("s", "time", Bounds(ge=0), "1 s")]

COHESIVE = ("strength", "toughness", "stiffness", "viscosity")
PRESSURES = ("contact_pressure", "contact_exponent")


class InterfaceBond(Table):
    """What holds two faces together, and what crosses them where they touch."""

    bond: Annotated[Bond, Choice(Bond)] = Field(
        default="perfect",
        description="What holds the faces together: perfect, cohesive up to a strength, or none "
        "but that they cannot pass through each other.",
    )
    strength: Strength | None = Field(
        default=None, description="Largest tension or shear of a cohesive bond."
    )
    toughness: Toughness | None = Field(
        default=None, description="Energy that it takes to part a cohesive bond."
    )
    stiffness: BondStiffness | None = Field(
        default=None,
        description="Of a cohesive bond before damage; rigid until its strength if left out.",
    )
    viscosity: Time = Field(
        default=Quantity(0.0, "0 s"),
        description="Time by which damage of a cohesive bond lags behind, where it snaps.",
    )
    friction: Annotated[float, Number(Bounds(ge=0), 0.0)] = Field(
        default=0.0, description="Coefficient of Coulomb's friction of faces that are not bonded."
    )
    conducts_below: Length = Field(
        default=Quantity(2e-9, "2 nm"), description="Gap from which on no current crosses."
    )
    conduction: Annotated[Conduction, Choice(Conduction)] = Field(
        default="full",
        description="Share of faces in contact that conducts: all of it, the pressure over "
        "`contact_pressure` up to all, or that to a power.",
    )
    contact_pressure: Pressure | None = Field(
        default=None,
        description="Pressure from which on all of the faces conduct, such as a hardness.",
    )
    contact_exponent: Annotated[float, Number(POSITIVE, 0.5)] = Field(
        default=0.5, description='Exponent of conduction = "power".'
    )

    def idle(self) -> frozenset[str]:
        idle = set[str]()
        if self.bond != "cohesive":
            idle |= set(COHESIVE)
        if self.bond == "perfect":
            idle |= {"friction", "conducts_below", "conduction", *PRESSURES}
        if self.conduction != "power":
            idle.add("contact_exponent")
        if self.conduction == "full":
            idle.add("contact_pressure")
        return frozenset(idle)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.bond == "cohesive":
            for name in ("strength", "toughness"):
                if getattr(self, name) is None:
                    raise refuse(
                        f"a cohesive bond needs a {name}",
                        key=name,
                        allowed='such as "50 MPa"' if name == "strength" else 'such as "1 J/m^2"',
                        cure=f'add {name}, or set bond = "none" or "perfect"',
                    )
            assert self.strength is not None and self.toughness is not None
            least = float(self.strength) ** 2 / (2.0 * float(self.toughness))
            if self.stiffness is not None and float(self.stiffness) <= least:
                raise refuse(
                    "a bond of this strength and stiffness holds more energy than its toughness",
                    key="stiffness",
                    given=self.stiffness,
                    allowed=f"above strength^2 / (2 toughness) = {least:.3g} Pa/m",
                )
        if self.conduction != "full" and self.bond != "perfect" and self.contact_pressure is None:
            raise refuse(
                f'conduction = "{self.conduction}" needs a contact_pressure',
                key="contact_pressure",
                allowed='a pressure above 0, such as "0.5 GPa"',
            )
        if self.contact_pressure is not None and float(self.contact_pressure) <= 0.0:
            raise refuse(
                "a contact_pressure of 0 leaves no pressure that conducts less",
                key="contact_pressure",
                given=self.contact_pressure,
                allowed="above 0",
            )
        for name in sorted(self.idle() & self.model_fields_set):
            raise refuse(
                f'{name} has no effect with bond = "{self.bond}" and conduction = '
                f'"{self.conduction}"',
                key=name,
                given=getattr(self, name),
                cure=f"remove {name}",
            )
        return self

    @property
    def parts(self) -> bool:
        """Whether the faces may part."""
        return self.bond != "perfect"


class Interfaces(Table):
    """How solids hold together where they meet."""

    particle_electrolyte: InterfaceBond = Field(
        default=InterfaceBond(), description="Particles and electrolyte."
    )
    particle_particle: InterfaceBond = Field(
        default=InterfaceBond(), description="Particles that touch each other."
    )
    lithium_electrolyte: InterfaceBond = Field(
        default=InterfaceBond(),
        description="Lithium and the solids that it lies on; needs lithium that deforms. What is "
        "plated fills a gap before it presses.",
    )

    @property
    def part(self) -> bool:
        """Whether any faces may part."""
        bonds = (self.particle_electrolyte, self.particle_particle, self.lithium_electrolyte)
        return any(bond.parts for bond in bonds)


class StackLayer(Table):
    """A layer of the full stack that is not drawn, such as the rest of the separator."""

    material: MaterialName = Field(description="Material of the layer, for its moduli.")
    thickness: Length = Field(description="Thickness of the layer.")


class Stack(Table):
    """What presses on the top of the cell: a plate and the fixture that it leans on."""

    pressure: Pressure = Field(
        default=Quantity(0.0, "0 MPa"), description="Pressure of the plate at the start."
    )
    stiffness: StackStiffness = Field(
        default=Quantity(0.0, "0 Pa/m"),
        description='Stiffness of the fixture per area: 0 for dead weight, "held" if it cannot '
        "give.",
    )
    layers: tuple[StackLayer, ...] = Field(
        default=(),
        description="Layers between plate and fixture that are not drawn, such as a counter "
        "electrode: springs in series, each confined as in a die.",
    )

    @model_validator(mode="after")
    def _layers_lean_on_something(self) -> Self:
        if self.layers and not float(self.stiffness):
            raise refuse(
                "layers that are not drawn change nothing under dead weight, whose pressure is "
                "the same whatever their height",
                key="layers",
                allowed="with a stiffness of the fixture",
                cure='add stiffness = "8e10 Pa/m" or "held" below [stack], or remove layers',
            )
        return self
