"""The tables of a case file that say what is solved: `kinetics` and `mechanics`.

See `fem.case.cell` for how tables are written.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from fem.case.containers import Items
from fem.case.crystals import Axis
from fem.case.interlayer import InterlayerKinetics
from fem.case.kinds import (
    POSITIVE,
    AreaResistance,
    Capacitance,
    Contact,
    Coupling,
    CurrentDependence,
    Diffusion,
    ExchangeCurrentDensity,
    Kinematics,
    Length,
    LithiumModel,
    OnOff,
    Pressure,
    Solids,
    Top,
    TransferCoefficient,
)
from fem.case.rules import Bounds, Choice, Number, refuse
from fem.case.table import Table
from fem.units import Quantity

LAYERS = ("exchange_current_density", "area_resistance")
OF_REACTION = (
    *("anodic_transfer_coefficient", "cathodic_transfer_coefficient"),
    "double_layer_capacitance",
)
"""What there is of a reaction alone."""


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
    double_layer_capacitance: Capacitance | None = Field(
        default=None,
        description="Double layer beside the reaction, per area of interface, behind the ohmic "
        "layer; spectra charge it, and in time it follows at once. None if left out.",
    )

    def idle(self) -> frozenset[str]:
        if self.exchange_current_density is None:
            return frozenset(OF_REACTION)
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
        description="Lithium fraction x of all active particles, in a protocol at its start; "
        "it fixes the cell voltage.",
    )
    diffusion: Annotated[Diffusion, Choice(Diffusion)] = Field(
        default="resolved",
        description="Lithium in the particles of a protocol: resolved in space, averaged over "
        "each particle, or fixed at `stoichiometry`.",
    )
    exchange_current_dependence: Annotated[CurrentDependence, Choice(CurrentDependence)] = Field(
        default="constant",
        description="Exchange current density: the same at any stoichiometry x of the surface, "
        "or times 2 x^(c/(a+c)) (1-x)^(a/(a+c)) with the anodic and cathodic transfer "
        "coefficients a and c, so that the given value is the one at x = 1/2.",
    )

    def idle(self) -> frozenset[str]:
        without = super().idle()
        return without | {"exchange_current_dependence"} if without else without


class Kinetics(Table):
    """The reactions at both electrodes."""

    anode: AnodeKinetics = Field(description="At the lithium surface.")
    cathode: CathodeKinetics = Field(description="At the active material.")
    interlayer: InterlayerKinetics | None = Field(
        default=None, description="In and around `geometry.anode.interlayer`."
    )


class Mechanics(Table):
    """Stress from the plated lithium, and from particles that swell."""

    enabled: OnOff = Field(default=True, description="Whether stress is solved for.")
    lithium: Annotated[LithiumModel, Choice(LithiumModel)] = Field(
        default="rigid",
        description="Model of lithium; yielded means one pressure a deposit, viscoplastic that it "
        "creeps by the creep_rate, creep_stress and creep_exponent of its material.",
    )
    solids: Annotated[Solids, Choice(Solids)] = Field(
        default="elastic",
        description="Electrolyte and particles: elastic whatever their strength, or plastic, each "
        "from the yield_strength of its material on (a third of the hardness where there is none), "
        "and elastic where it has neither.",
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
    void_diameter: Length | None = Field(
        default=None,
        description="Diameter of a round void at which the flaw starts, filled with lithium too; "
        "its shape factor takes the place of `flaw_shape_factor`.",
    )
    coupling: Annotated[Coupling, Choice(Coupling)] = Field(
        default="none",
        description="Reactions that the stress acts back on: none, lithium by its pressure, "
        "particles by their mean stress, or both.",
    )
    swelling: OnOff = Field(
        default=False,
        description="Whether the particles of a protocol swell and shrink with their "
        "stoichiometry: alike in all directions, unless `axis` is given.",
    )
    axis: Axis | None = Field(
        default=None,
        description="Of particles that are single crystals the axis along which they strain, by "
        "the material's strain_along_axis and strain_across_axis; needs swelling.",
    )

    @property
    def lithium_models(self) -> tuple[LithiumModel, ...]:
        """All models to solve: `lithium` first, then the others to compare with."""
        return (self.lithium, *(name for name in self.compare_lithium if name != self.lithium))

    @property
    def inelastic(self) -> str | None:
        """The key by which some solid yields or creeps, if any does."""
        if self.solids != "elastic":
            return "solids"
        if "viscoplastic" in self.lithium_models:
            return "lithium" if self.lithium == "viscoplastic" else "compare_lithium"
        return None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.kinematics == "generalised plane strain" and "rigid" in self.lithium_models:
            key = "lithium" if self.lithium == "rigid" else "compare_lithium"
            raise refuse(
                f"rigid lithium in mechanics.{key} cannot stand with mechanics.kinematics = "
                '"generalised plane strain": it forces the out-of-plane strain to zero',
                key="kinematics",
                given=self.kinematics,
                allowed='"plane strain", or lithium that is "elastic", "yielded" or "viscoplastic"',
            )
        if self.stack_pressure > 0 and self.top != "plate":
            raise refuse(
                f'mechanics.stack_pressure has no plate to act on: mechanics.top is "{self.top}"',
                key="stack_pressure",
                given=self.stack_pressure,
                allowed='"0 MPa", or any pressure with top = "plate"',
            )
        if self.axis is not None and not self.swelling:
            raise refuse(
                "crystals have an axis by which they swell, while mechanics.swelling is false",
                key="axis",
                given=self.axis.kind,
                cure="set swelling = true below [mechanics], or remove axis",
            )
        _require_coupled(self)
        return self


def _require_coupled(table: Mechanics) -> None:
    """Refuse a coupling to a stress that is not solved for."""
    if table.coupling in ("lithium", "both") and table.lithium == "yielded":
        raise refuse(
            'the pressure of lithium = "yielded" is that of its flow, however much is plated: '
            f'it cannot stand with mechanics.coupling = "{table.coupling}"',
            key="coupling",
            given=table.coupling,
            allowed='"none" or "particles", or lithium that is "rigid" or "elastic"',
            cure='set lithium = "elastic" below [mechanics]',
        )
    if table.inelastic is not None and table.coupling != "none":
        raise refuse(
            "the stress of solids that yield or creep does not act back on reactions yet "
            f"(mechanics.{table.inelastic} = {getattr(table, table.inelastic)!r})",
            key="coupling",
            given=table.coupling,
            allowed='"none", or solids and lithium that are elastic',
            cure='set coupling = "none" below [mechanics]',
        )
    unused = (
        ("coupling", table.coupling == "none"),
        ("swelling", not table.swelling),
        ("solids", table.solids == "elastic"),
    )
    for name, idle in unused:
        if not idle and not table.enabled:
            raise refuse(
                f"mechanics.{name} needs the stress, while mechanics.enabled is false",
                key=name,
                given=getattr(table, name),
                cure=f"set enabled = true below [mechanics], or remove {name}",
            )
