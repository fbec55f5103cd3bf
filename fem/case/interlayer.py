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

SurfaceArea = Annotated[
    Quantity, Dimension("1/m", "area per volume", Bounds(gt=0, le=1e10), "1e6 1/m")
]
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

    @model_validator(mode="after")
    def _has_a_bond(self) -> Self:
        if self.unbonded is not None and self.opening_pressure is None:
            raise refuse(
                "where nothing bonds, no interval is without a bond",
                key="unbonded",
                given=[end.text for end in self.unbonded],
                allowed="with an opening_pressure elsewhere",
                cure="add opening_pressure, or remove unbonded",
            )
        return self


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
    separator = case.geometry.separator
    if anode.flaw is not None and separator is not None and anode.flaw.size >= separator.thickness:
        raise refuse(
            "a flaw as long as the separator is thick would be a short circuit "
            f"(geometry.separator.thickness, {separator.thickness.text})",
            key="geometry.anode.flaw.size",
            given=anode.flaw.size,
            allowed=f"below {separator.thickness.text}",
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
    if anode.motion == "moved":
        raise refuse(
            f"a line that moves does not take along what [geometry.anode.{owner}] says of points",
            key="geometry.anode.motion",
            given=anode.motion,
            cure=f'set motion = "kept" below [geometry.anode], or remove the {owner}',
        )
    if anode.interlayer is not None:
        _refuse_beside_a_layer(case)
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


def _refuse_beside_a_layer(case: Case) -> None:
    """What cannot be beside an interlayer, and what is not solved for yet, each with its reason."""
    geometry, anode, image = case.geometry, case.geometry.anode, case.geometry.image
    shows_lithium = image is not None and image.labels.lithium is not None
    jump, modes = case.stepping.jump, case.stepping.electrolyte == "modes"
    reduces = case.interphase.lithium_electrolyte
    # Key, whether it is there, what is given, why it is refused, what to do.
    refused: list[tuple[str, bool, object, str, str]] = [
        # Exclusive: there is nothing that could be meant.
        (
            f"geometry.{geometry.source}", geometry.mesh is not None or shows_lithium, None,
            "where the lithium is shown, there is no room for a layer that is not",
            "draw the separator and the anode",
        ),
        (
            "geometry.separator", geometry.separator is None, None,
            "the layer lies on a separator, and there is none", "add [geometry.separator]",
        ),
        (
            "geometry.anode.protrusions", bool(anode.protrusions), None,
            "lithium that reaches into the electrolyte would pierce the layer", "remove them",
        ),
        (
            "geometry.anode.surface", anode.surface is not None, None,
            "the layer is flat on both sides", "remove surface",
        ),
        (
            "geometry.anode.fading", anode.fading is not None, anode.fading,
            "lithium on the collector ends by itself where there is none left", "remove fading",
        ),
        # Not solved for yet.
        (
            "mechanics.enabled", case.mechanics.enabled, True,
            "the pressures of [kinetics.interlayer] are what is known of stress: what is solved "
            "for does not reach its sites yet", "set enabled = false below [mechanics]",
        ),
        (
            "geometry.anode.isolated", bool(anode.isolated), None,
            "isolated lithium beside an interlayer is not solved for yet", "remove isolated",
        ),
        (
            "interphase.lithium_electrolyte", reduces is not None, None,
            "lithium that deposits at an interlayer does not reduce electrolyte yet",
            "remove that table",
        ),
        (
            "stepping.jump", jump is not None, jump,
            "sites open once and stay open, which cycles that are left out do not see yet",
            "remove jump from [stepping]",
        ),
        (
            "stepping.electrolyte", modes, "modes",
            "modes are of currents along surfaces, and a layer reacts all through",
            "remove electrolyte from [stepping]",
        ),
    ]  # fmt: skip
    for key, wrong, given, why, cure in refused:
        if wrong:
            cure = f"{cure}; or remove the interlayer"
            raise refuse(f"{why} ([geometry.anode.interlayer])", key=key, given=given, cure=cure)
