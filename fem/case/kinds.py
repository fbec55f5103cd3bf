"""The kinds of value that keys of a case file hold, each with its rule."""

from __future__ import annotations

from typing import Annotated, Literal

from fem.case.containers import Items
from fem.case.rules import Bounds, Dimension, Flag, Number, Text, Whole
from fem.units import Quantity

POSITIVE = Bounds(gt=0)
MATERIAL = "material name"
REST = "at rest the cell is at open circuit: there is nothing to solve"

Length = Annotated[Quantity, Dimension("m", "length", POSITIVE, "10 um")]
Depth = Annotated[Quantity, Dimension("m", "length", Bounds(ge=0), "10 um")]
Position = Annotated[Quantity, Dimension("m", "coordinate", Bounds(ge=0), "210 um")]
Interval = Annotated[
    tuple[Quantity, Quantity],
    Items(Dimension("m", "coordinate", Bounds(ge=0), "140 um"), pair=True),
]
CurrentDensity = Annotated[
    Quantity, Dimension("A/m^2", "current density", Bounds(nonzero=REST), "100 A/m^2")
]
CurrentMagnitude = Annotated[Quantity, Dimension("A/m^2", "current density", POSITIVE, "100 A/m^2")]
PowerMagnitude = Annotated[Quantity, Dimension("W/m^2", "power density", POSITIVE, "300 W/m^2")]
ArealCharge = Annotated[Quantity, Dimension("A*s/m^2", "charge per area", POSITIVE, "1 mAh/cm^2")]
ExchangeCurrentDensity = Annotated[
    Quantity, Dimension("A/m^2", "exchange current density", POSITIVE, "2 A/m^2")
]
AreaResistance = Annotated[
    Quantity, Dimension("ohm*m^2", "area resistance", POSITIVE, "5 ohm*cm^2")
]
Capacitance = Annotated[Quantity, Dimension("F/m^2", "capacitance per area", POSITIVE, "0.1 F/m^2")]
SINES = Bounds(ge=1e-9, le=1e8)
"""Thirty years, and where the electrolyte's own displacement current would take over."""
Band = Annotated[
    tuple[Quantity, Quantity],
    Items(Dimension("Hz", "frequency", SINES, "1 MHz"), pair=True, either=True),
]
Conductivity = Annotated[Quantity, Dimension("S/m", "conductivity", POSITIVE, "10 S/m")]
Overpotential = Annotated[
    Quantity, Dimension("V", "voltage", Bounds(ge=-5, le=5, nonzero=REST), "50 mV")
]
Voltage = Annotated[Quantity, Dimension("V", "voltage", Bounds(gt=0, le=10), "3.8 V")]
Temperature = Annotated[Quantity, Dimension("K", "temperature", Bounds(ge=200, le=500), "298.15 K")]
Duration = Annotated[Quantity, Dimension("s", "duration", Bounds(ge=0), "30 s")]
Period = Annotated[Quantity, Dimension("s", "duration", POSITIVE, "10 min")]
Pressure = Annotated[Quantity, Dimension("Pa", "pressure", Bounds(ge=0), "5 MPa")]
MaterialName = Annotated[str, Text(MATERIAL, "LPSCl")]
FilePath = Annotated[str, Text("file path", "inactive.csv")]
TransferCoefficient = Annotated[float, Number(Bounds(gt=0, lt=2), 0.5)]
Fraction = Annotated[float, Number(Bounds(ge=0, le=1), 0.2)]
Count = Annotated[int, Whole(Bounds(ge=1, le=10_000), 5)]
Seed = Annotated[int, Whole(Bounds(ge=0), 1)]
OnOff = Annotated[bool, Flag()]

LithiumModel = Literal["rigid", "elastic", "yielded", "viscoplastic"]
Solids = Literal["elastic", "plastic"]
Contact = Literal["stick", "slide"]
Kinematics = Literal["plane strain", "generalised plane strain"]
Top = Literal["free", "plate", "held"]
Coupling = Literal["none", "lithium", "particles", "both"]
Motion = Literal["kept", "moved"]
Diffusion = Literal["resolved", "averaged", "fixed"]
CurrentDependence = Literal["constant", "stoichiometry"]
