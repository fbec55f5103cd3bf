"""The tables of a case file that say what is solved.

`kinetics`, `operation`, `mechanics` and `mesh`; see `fem.case.cell` for how tables are written.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from fem.case.containers import Items
from fem.case.kinds import (
    POSITIVE,
    AreaResistance,
    Contact,
    CurrentDensity,
    Duration,
    ExchangeCurrentDensity,
    Kinematics,
    Length,
    LithiumModel,
    OnOff,
    Overpotential,
    Pressure,
    Temperature,
    Top,
    TransferCoefficient,
    Voltage,
)
from fem.case.rules import Bounds, Choice, Number, refuse
from fem.case.table import Table
from fem.units import Quantity

LAYERS = ("exchange_current_density", "area_resistance")


class _Interface(Table):
    """A reacting interface: a charge-transfer reaction, an ohmic layer, or both in series."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": [name]} for name in LAYERS]}
    )

    exchange_current_density: ExchangeCurrentDensity | None = Field(
        default=None, description="Exchange current density i0 of the Butler-Volmer reaction."
    )
    area_resistance: AreaResistance | None = Field(
        default=None, description="Ohmic layer (interphase, coating) in series."
    )
    anodic_transfer_coefficient: TransferCoefficient = Field(
        default=0.5, description="Anodic transfer coefficient of the reaction."
    )
    cathodic_transfer_coefficient: TransferCoefficient = Field(
        default=0.5, description="Cathodic transfer coefficient of the reaction."
    )

    def idle(self) -> frozenset[str]:
        if self.exchange_current_density is None:
            return frozenset({"anodic_transfer_coefficient", "cathodic_transfer_coefficient"})
        return frozenset()

    @model_validator(mode="after")
    def _resists(self) -> Self:
        if self.exchange_current_density is None and self.area_resistance is None:
            raise refuse(
                "neither exchange_current_density nor area_resistance is given",
                key="exchange_current_density",
                allowed="exchange_current_density, area_resistance, or both in series",
            )
        for name in sorted(self.idle() & self.model_fields_set):
            raise refuse(
                f"{name} without exchange_current_density has no effect",
                key=name,
                given=getattr(self, name),
                cure="add exchange_current_density, or remove this key",
            )
        return self


class AnodeKinetics(_Interface):
    """The lithium surface: a charge-transfer reaction, an ohmic layer, or both in series."""


class CathodeKinetics(_Interface):
    """The active material: a charge-transfer reaction, an ohmic layer, or both in series."""

    stoichiometry: Annotated[float, Number(Bounds(gt=0, lt=1), 0.5)] | None = Field(
        default=None,
        description="Lithium fraction x of all active particles; it fixes the cell voltage.",
    )


class Kinetics(Table):
    """The reactions at both electrodes."""

    anode: AnodeKinetics = Field(description="At the lithium surface.")
    cathode: CathodeKinetics = Field(description="At the active material.")


DRIVES = ("current_density", "overpotential", "cell_voltage")


class Operation(Table):
    """What is imposed. Exactly one of current_density, overpotential, cell_voltage is given."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [name]} for name in DRIVES]}
    )

    kind: Annotated[Literal["snapshot"], Choice(Literal["snapshot"])] = Field(
        default="snapshot", description="One quasi-steady state."
    )
    current_density: CurrentDensity | None = Field(
        default=None, description="Per cell width; positive charges, negative discharges."
    )
    overpotential: Overpotential | None = Field(
        default=None,
        description="Cathode electrode potential minus open-circuit potential, versus lithium.",
    )
    cell_voltage: Voltage | None = Field(
        default=None,
        description="Voltage between the collectors; needs `kinetics.cathode.stoichiometry`.",
    )
    temperature: Temperature = Field(
        default=Quantity(298.15, "298.15 K"), description="Temperature of the whole cell."
    )
    plating_time: Duration = Field(
        default=Quantity(0.0, "0 s"),
        description="Thickness imposed on the mechanics = plating rate x this time; "
        "above 0 if `mechanics.enabled`.",
    )

    @model_validator(mode="after")
    def _one_drive(self) -> Self:
        given = [name for name in DRIVES if getattr(self, name) is not None]
        if not given:
            raise refuse(
                "nothing drives the cell",
                key=DRIVES[0],
                allowed=f"exactly one of {', '.join(DRIVES)}",
                cure='add one, such as current_density = "100 A/m^2"',
            )
        if len(given) > 1:
            raise refuse(
                f"operation.{given[1]} cannot stand beside operation.{given[0]}",
                key=given[1],
                given=getattr(self, given[1]),
                allowed=f"exactly one of {', '.join(DRIVES)}",
                cure="keep one; to change over, replace the table `operation` whole "
                "or, in Python, set the other key to None",
            )
        return self


class Mechanics(Table):
    """Stress from the plated lithium."""

    enabled: OnOff = Field(default=True, description="Whether stress is solved for.")
    lithium: Annotated[LithiumModel, Choice(LithiumModel)] = Field(
        default="rigid",
        description="Model of lithium; yielded means one pressure a deposit.",
    )
    contact: Annotated[Contact, Choice(Contact)] = Field(
        default="stick", description="Lithium on the electrolyte: bonded, or free to slide."
    )
    kinematics: Annotated[Kinematics, Choice(Kinematics)] = Field(
        default="plane strain", description="Out-of-plane strain: zero, or one unknown value."
    )
    top: Annotated[Top, Choice(Top)] = Field(
        default="free",
        description="Upper face of the anode: free, under a floating plate, or held.",
    )
    stack_pressure: Pressure = Field(
        default=Quantity(0.0, "0 MPa"), description='Pressure on the plate; needs top = "plate".'
    )
    compare_lithium: Annotated[
        tuple[LithiumModel, ...], Items(Choice(LithiumModel), unique=True)
    ] = Field(
        default=(), description="Models of lithium also solved, to compare the risk of fracture."
    )
    flaw_size: Length = Field(
        default=Quantity(1e-5, "10 um"),
        description="Length of the flaw from which a crack would start.",
    )
    flaw_shape_factor: Annotated[float, Number(POSITIVE, 1.12)] = Field(
        default=1.12, description="Shape factor of that flaw (1.12: edge crack)."
    )

    @property
    def lithium_models(self) -> tuple[LithiumModel, ...]:
        """All models to solve: `lithium` first, then the others to compare with."""
        return (self.lithium, *(name for name in self.compare_lithium if name != self.lithium))

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.kinematics == "generalised plane strain" and "rigid" in self.lithium_models:
            key = "lithium" if self.lithium == "rigid" else "compare_lithium"
            raise refuse(
                f"rigid lithium in mechanics.{key} cannot stand with mechanics.kinematics = "
                '"generalised plane strain": it forces the out-of-plane strain to zero',
                key="kinematics",
                given=self.kinematics,
                allowed='"plane strain", or lithium that is "elastic" or "yielded"',
            )
        if self.stack_pressure > 0 and self.top != "plate":
            raise refuse(
                f'mechanics.stack_pressure has no plate to act on: mechanics.top is "{self.top}"',
                key="stack_pressure",
                given=self.stack_pressure,
                allowed='"0 MPa", or any pressure with top = "plate"',
            )
        return self


class Mesh(Table):
    """Element sizes."""

    size: Length = Field(default=Quantity(1e-6, "1 um"), description="Element size on interfaces.")
    growth: Annotated[float, Number(Bounds(ge=0.05, le=1), 0.3)] = Field(
        default=0.3, description="How fast elements grow away from interfaces."
    )
    max_size: Length | None = Field(
        default=None, description="Largest element size anywhere; ten times `size` if left out."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_size is not None and self.max_size < self.size:
            raise refuse(
                "mesh.max_size is below mesh.size",
                key="max_size",
                given=self.max_size,
                allowed=f"at least {self.size.text}",
            )
        return self
