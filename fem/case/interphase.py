"""The table `interphase` of a case file: electrolyte that reacts where it meets an electrode."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fem.case.kinds import (
    POSITIVE,
    AreaResistance,
    Conductivity,
    CurrentMagnitude,
    Length,
    TransferCoefficient,
    Voltage,
)
from fem.case.rules import Bounds, Choice, Dimension, Number, refuse
from fem.case.table import Table
from fem.units import Quantity

Speed = Annotated[Quantity, Dimension("m/s", "speed", POSITIVE, "1 nm/h")]
Thin = Annotated[Quantity, Dimension("m", "length", Bounds(ge=0, le=1e-6), "5 nm")]
"""The layer takes no elements: it has to be thin against particles."""
Growth = Literal["linear", "parabolic", "self-limiting", "logarithmic"]
Kinetics = Literal["limited", "Tafel"]


class Layer(Table):
    """A layer that grows where electrolyte meets an electrode."""

    growth: Annotated[Growth, Choice(Growth)] = Field(
        description="How the layer of thickness w slows its own growth: not at all, by p/w "
        "(diffusion), by 1/(1 + w/p), or by exp(-w/p), with p = passivation_thickness."
    )
    passivation_thickness: Length | None = Field(
        default=None, description="Thickness p at which the layer slows its own growth."
    )
    initial_thickness: Thin = Field(
        default=Quantity(0.0, "0 nm"), description="Thickness of the layer at the start."
    )

    def idle(self) -> frozenset[str]:
        return frozenset({"passivation_thickness"}) if self.growth == "linear" else frozenset()

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if self.growth != "linear" and self.passivation_thickness is None:
            raise refuse(
                f'growth = "{self.growth}" needs a passivation_thickness',
                key="passivation_thickness",
                allowed='a length above 0, such as "5 nm"',
                cure='add passivation_thickness, or set growth = "linear"',
            )
        if self.growth == "parabolic" and self.initial_thickness <= 0:
            raise refuse(
                "a layer that grows as 1/thickness would begin infinitely fast",
                key="initial_thickness",
                given=self.initial_thickness,
                allowed='above 0, such as "1 nm"',
                cure='add initial_thickness, or set growth = "self-limiting"',
            )
        for name in sorted(self.idle() & self.model_fields_set):
            raise refuse(
                f"{name} has no effect here",
                key=name,
                given=getattr(self, name),
                cure=f"remove {name}",
            )
        return self


class ParticleInterphase(Layer):
    """Electrolyte that is oxidised on particles: a side reaction that leaves a layer."""

    current_density: CurrentMagnitude = Field(
        description="Of the side reaction on a bare surface (where w = p, if growth is parabolic): "
        "the most that flows well above the onset, or the scale of Tafel's law."
    )
    kinetics: Annotated[Kinetics, Choice(Kinetics)] = Field(
        default="limited",
        description="How the side reaction follows the potential above its onset: up to a "
        "limit, current_density (1 - exp(-a F E/RT)), or without, "
        "current_density (exp(a F E/RT) - 1).",
    )
    transfer_coefficient: TransferCoefficient = Field(
        default=0.5, description="The a of the side reaction."
    )
    onset: Voltage | None = Field(
        default=None,
        description="Potential against lithium above which electrolyte is oxidised; the "
        "oxidation_onset of its material if left out.",
    )
    coating_factor: Annotated[float, Number(Bounds(ge=0, le=1), 0.67)] = Field(
        default=1.0, description="Share of the side reaction that a coating lets through."
    )
    coating_resistance: AreaResistance | None = Field(
        default=None, description="Resistance of a coating, in series with the layer."
    )


class LithiumInterphase(Layer):
    """Electrolyte that lithium reduces: a layer that grows in time, and with what is plated."""

    growth_rate: Speed | None = Field(
        default=None,
        description="Of the layer on a bare surface (where w = p, if growth is parabolic), "
        "whatever the current.",
    )
    plating_share: Annotated[float, Number(Bounds(ge=0), 0.1)] = Field(
        default=0.0,
        description="Electrolyte that what is plated reduces besides, over its own thickness.",
    )
    plating_exponent: Annotated[float, Number(POSITIVE, 2.0)] = Field(
        default=1.0,
        description="Power of the local current density by which that grows; 1 asks for the "
        "charge alone.",
    )
    reference_current_density: CurrentMagnitude | None = Field(
        default=None, description="Current density at which plating_share holds."
    )
    conductivity: Conductivity | None = Field(
        default=None, description="Of the layer for lithium ions; it resists nothing if left out."
    )

    def idle(self) -> frozenset[str]:
        idle = set(super().idle())
        if self.plating_share == 0.0:
            idle.add("plating_exponent")
        if self.plating_share == 0.0 or self.plating_exponent == 1.0:
            idle.add("reference_current_density")
        return frozenset(idle)

    @model_validator(mode="after")
    def _has_a_cause(self) -> Self:
        if self.growth_rate is None and self.plating_share == 0.0:
            raise refuse(
                "nothing makes this layer grow",
                key="growth_rate",
                allowed='a speed, such as "1 nm/h", or a plating_share above 0',
                cure="add growth_rate or plating_share",
            )
        if self.plating_exponent != 1.0 and self.reference_current_density is None:
            raise refuse(
                "a plating_exponent other than 1 needs a reference_current_density",
                key="reference_current_density",
                allowed='a current density above 0, such as "10 A/m^2"',
                cure="add reference_current_density, or remove plating_exponent",
            )
        return self


class Interphase(Table):
    """Electrolyte that reacts where it meets an electrode; nothing does where it is left out."""

    particle_electrolyte: ParticleInterphase | None = Field(
        default=None, description="On particles, by oxidation."
    )
    lithium_electrolyte: LithiumInterphase | None = Field(
        default=None, description="On lithium, by reduction."
    )
