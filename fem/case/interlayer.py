"""A mixed conductor between electrolyte and collector: where it is, and what takes lithium up.

See `fem.case.cell` for how tables are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from fem.case.kinds import (
    POSITIVE,
    AreaResistance,
    Capacitance,
    ExchangeCurrentDensity,
    Interval,
    Length,
    MaterialName,
    Pressure,
)
from fem.case.rules import Bounds, Dimension, Number, refuse
from fem.case.table import Table
from fem.units import Quantity

if TYPE_CHECKING:
    from fem.case.model import Case

SurfaceArea = Annotated[Quantity, Dimension("1/m", "area per volume", POSITIVE, "1e6 1/m")]
Opening = Annotated[Quantity, Dimension("Pa", "pressure", Bounds(ge=0, le=1e10), "50 MPa")]
"""10 GPa are 1.3 V, which no cell gives: a site that lithium never opens."""
Barrier = Annotated[Quantity, Dimension("V", "voltage", Bounds(ge=0, le=1), "10 mV")]


class Interlayer(Table):
    """A porous layer that conducts ions and electrons, between the separator and the collector."""

    material: MaterialName = Field(
        default="carbon",
        description="Material of the layer; its ionic_conductivity is that of the whole layer.",
    )
    thickness: Length = Field(description="Thickness of the layer.")


class Flaw(Table):
    """Flaws in the electrolyte's surface that lithium enters where K reaches the toughness."""

    size: Length = Field(description="Length a of the flaw that was there.")
    shape_factor: Annotated[float, Number(POSITIVE, 1.12)] = Field(
        default=1.12, description="Shape factor f in K = f p sqrt(pi a) (1.12: edge crack)."
    )
    growth: Annotated[float, Number(Bounds(ge=0), 1.0)] = Field(
        default=0.0,
        description="How much longer the flaw gets with the thickness of the lithium before it: "
        "a = size + growth times thickness.",
    )


class Reaction(Table):
    """What takes lithium up, per area of reacting surface."""

    exchange_current_density: ExchangeCurrentDensity | None = Field(
        default=None, description="Exchange current density, per area of reacting surface."
    )
    area_resistance: AreaResistance | None = Field(
        default=None, description="Ohmic layer in series, or alone."
    )
    double_layer_capacitance: Capacitance | None = Field(
        default=None,
        description="Double layer beside the reaction, per area of reacting surface; spectra "
        "charge it, and in time it follows at once.",
    )

    @model_validator(mode="after")
    def _has_a_reaction(self) -> Self:
        alone = self.exchange_current_density is None and self.area_resistance is not None
        if alone and self.double_layer_capacitance is not None:
            raise refuse(
                "double_layer_capacitance beside area_resistance alone has no reaction to charge",
                key="double_layer_capacitance",
                given=self.double_layer_capacitance,
                cure="add exchange_current_density, or remove this key",
            )
        return self


class Site(Reaction):
    """Where lithium may deposit: as any lithium once it has opened, beyond a barrier before.

    Without `exchange_current_density` and `area_resistance` it reacts as `kinetics.anode` says.
    """

    opening_pressure: Opening | None = Field(
        default=None,
        description="Pressure that lithium must reach before the site opens: that of the stack "
        "and what bonds there; `kinetics.interlayer.pressure` if left out.",
    )
    nucleation_overpotential: Barrier = Field(
        default=Quantity(0.0, "0 mV"),
        description="Overpotential that nuclei need where there is no lithium yet.",
    )


class FaceSite(Site):
    """The interface of electrolyte and interlayer."""

    unbonded: Interval | None = Field(
        default=None,
        description="Interval of x in which the layer touches the electrolyte without a bond: "
        "there it opens at `kinetics.interlayer.pressure`.",
    )


class PoreSite(Site):
    """The pores of the interlayer."""

    surface_area: SurfaceArea = Field(description="Area of walls on which lithium deposits.")
    porosity: Annotated[float, Number(Bounds(gt=0, lt=1), 0.3)] = Field(
        description="Share of the layer's volume that lithium can fill."
    )


class Carbon(Reaction):
    """Lithium that the solid of the interlayer dissolves."""

    surface_area: SurfaceArea = Field(description="Area of reacting surface per volume.")
    stoichiometry: Annotated[float, Number(Bounds(gt=0, lt=1), 0.01)] = Field(
        default=0.01, description="Lithium at the start, over what the solid holds."
    )

    @model_validator(mode="after")
    def _resists(self) -> Self:
        if self.exchange_current_density is None and self.area_resistance is None:
            raise refuse(
                "neither exchange_current_density nor area_resistance is given",
                key="exchange_current_density",
                allowed="exchange_current_density, area_resistance, or both in series",
            )
        return self


class InterlayerKinetics(Table):
    """What takes up lithium in an interlayer and on both of its sides."""

    pressure: Pressure = Field(
        default=Quantity(0.0, "0 MPa"),
        description="Pressure of lithium where a site is open: that of the stack.",
    )
    electrolyte: FaceSite = Field(
        default=FaceSite(), description="Deposits between electrolyte and interlayer."
    )
    pores: PoreSite | None = Field(
        default=None, description="Deposits in the pores of the interlayer; none if left out."
    )
    collector: Site = Field(
        default=Site(), description="Deposits between interlayer and collector."
    )
    carbon: Carbon | None = Field(
        default=None, description="Lithium stored in the interlayer's solid; none if left out."
    )

    @model_validator(mode="after")
    def _opens_above_the_stack(self) -> Self:
        for name in ("electrolyte", "pores", "collector"):
            site = getattr(self, name)
            given = None if site is None else site.opening_pressure
            if given is not None and given < self.pressure:
                raise refuse(
                    "nothing opens below the pressure that presses on it "
                    f"(kinetics.interlayer.pressure, {self.pressure.text})",
                    key=f"{name}.opening_pressure",
                    given=given,
                    allowed=f"at least {self.pressure.text}",
                )
        return self


def check_interlayer(case: Case) -> None:
    """Refuse what does not go together with an interlayer, or with flaws that lithium enters."""
    anode, kinetics = case.geometry.anode, case.kinetics.interlayer
    if (anode.interlayer is None) != (kinetics is None):
        layer = anode.interlayer is not None
        raise refuse(
            "an interlayer needs both its geometry and what takes up lithium in it",
            key="kinetics.interlayer" if layer else "geometry.anode.interlayer",
            allowed="both tables or none",
            cure=f"add [{'kinetics.interlayer' if layer else 'geometry.anode.interlayer'}]",
        )
    if anode.flaw is not None and case.operation.kind == "snapshot":
        raise refuse(
            "lithium enters flaws in time, and a snapshot has none",
            key="geometry.anode.flaw",
            cure='remove [geometry.anode.flaw], or set kind = "protocol" below [operation]',
        )
    owner = "interlayer" if anode.interlayer is not None else "flaw"
    if getattr(anode, owner) is None:
        return
    refused: list[tuple[str, bool, object, str]] = [
        (
            "geometry.anode.motion",
            anode.motion == "moved",
            anode.motion,
            'set motion = "kept" below [geometry.anode]',
        )
    ]
    if anode.interlayer is not None:
        jump = case.stepping.jump
        refused.append(("stepping.jump", jump is not None, jump, "remove jump from [stepping]"))
        image = case.geometry.image
        shown = case.geometry.mesh is not None or (
            image is not None and image.labels.lithium is not None
        )
        modes = case.stepping.electrolyte == "modes"
        refused += [
            (f"geometry.{case.geometry.source}", shown, None, "draw the separator and the anode"),
            ("geometry.anode.protrusions", bool(anode.protrusions), None, "remove them"),
            ("geometry.anode.isolated", bool(anode.isolated), None, "remove it"),
            ("geometry.anode.surface", anode.surface is not None, None, "remove it"),
            (
                "mechanics.enabled",
                case.mechanics.enabled,
                True,
                "set enabled = false below [mechanics]: the pressures of kinetics.interlayer are "
                "what is known of stress",
            ),
            ("stepping.electrolyte", modes, "modes", "remove electrolyte from [stepping]"),
            ("geometry.anode.fading", anode.fading is not None, anode.fading, "remove fading"),
            (
                "geometry.separator",
                case.geometry.separator is None,
                None,
                "draw a separator below the layer",
            ),
        ]
    for key, wrong, given, cure in refused:
        if wrong:
            raise refuse(
                f"this does not go together with [geometry.anode.{owner}] yet",
                key=key,
                given=given,
                cure=f"{cure}; or remove the {owner}",
            )
    if anode.interlayer is not None and case.mesh.size > anode.interlayer.thickness:
        raise refuse(
            "elements are larger than the interlayer "
            f"(geometry.anode.interlayer.thickness, {anode.interlayer.thickness.text})",
            key="mesh.size",
            given=case.mesh.size,
            allowed=f"at most {anode.interlayer.thickness.text}",
        )
    width = case.geometry.width
    unbonded = None if kinetics is None else kinetics.electrolyte.unbonded
    if unbonded is not None and width is not None and unbonded[1] > width:
        raise refuse(
            f"the interval reaches beyond geometry.width ({width.text})",
            key="kinetics.interlayer.electrolyte.unbonded",
            given=[end.text for end in unbonded],
            allowed=f"coordinates from 0 to {width.text}",
        )
