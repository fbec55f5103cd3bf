"""The property names a material may have: SI unit, bounds and meaning of each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

DIMENSIONLESS = "dimensionless"
POTENTIAL = "open_circuit_potential"
DIFFUSIVITY = "chemical_diffusivity"
ENTROPIC = "entropic_coefficient"
ACTIVATION = "diffusivity_activation_energy"
CREEP_ACTIVATION = "creep_activation_energy"
REFERENCE = "reference_temperature"
VOLUME = "volume_strain"
ALONG, ACROSS = AXIAL = ("strain_along_axis", "strain_across_axis")
STRAINS = (VOLUME, *AXIAL)
ONSET, ELECTRONS, LOSS = "oxidation_onset", "oxidation_electrons", "oxidation_volume_loss"
LAYER, REDUCTION = "interphase_conductivity", "reduction_lithium"
WINDOW = ("stoichiometry_min", "stoichiometry_max")


@dataclass(frozen=True)
class Rule:
    """What a property must be.

    Attributes
    ----------
    unit
        SI unit of the value.
    description
        What the property is, in one sentence without a full stop.
    example
        A value as a user would write it.
    lower, upper
        Bounds in the SI unit.
    inclusive
        Whether the bounds themselves are allowed.
    formula
        For a property that may depend on the lithium fraction x: an example as a formula.
    column
        For such a property: what a table calls its values, which stand there in the SI unit.
    """

    unit: str
    description: str
    example: str
    lower: float = 0.0
    upper: float = math.inf
    inclusive: bool = False
    formula: str | None = None
    column: str = ""

    @property
    def dimensionless(self) -> bool:
        """Whether a value is a bare number."""
        return self.unit == DIMENSIONLESS

    @property
    def written(self) -> str:
        """The example as it stands in a TOML file."""
        return self.example if self.dimensionless else f'"{self.example}"'

    def admits(self, value: float) -> bool:
        """Whether `value`, in the SI unit, is finite and within the bounds."""
        if not math.isfinite(value):
            return False
        if self.inclusive:
            return self.lower <= value <= self.upper
        return self.lower < value < self.upper

    @property
    def bounds(self) -> str:
        """The bounds in words."""
        if math.isinf(self.lower) and math.isinf(self.upper):
            return "any finite value"
        unit = "" if self.dimensionless else f" {self.unit}"
        low, high = f"{self.lower:g}", f"{self.upper:g}{unit}"
        if math.isinf(self.upper):
            return f"{low}{unit} or more" if self.inclusive else f"above {low}{unit}"
        return f"from {low} to {high}" if self.inclusive else f"above {low} and below {high}"


PROPERTIES: Mapping[str, Rule] = MappingProxyType(
    {
        "ionic_conductivity": Rule("S/m", "conductivity for lithium ions", "3 mS/cm"),
        "electronic_conductivity": Rule("S/m", "conductivity for electrons", "1e-6 S/m"),
        "activation_energy": Rule(
            "J/mol",
            "activation energy E of the ionic conductivity, which falls as exp(-E/RT)",
            "34 kJ/mol",
            inclusive=True,
        ),
        POTENTIAL: Rule(
            "V",
            "open-circuit potential against lithium: a voltage, the name of a built-in function, "
            "a formula in x, a file of two columns (x and V), or a table {stoichiometry = [..], "
            "potential = [..]} in V",
            "0.622 V",
            lower=-math.inf,
            formula="4.2 - 0.8*x",
            column="potential",
        ),
        ENTROPIC: Rule(
            "V/K",
            "change of the open-circuit potential with temperature, from the reference_temperature "
            "on: a value, a formula in x, or a table {stoichiometry = [..], "
            "entropic_coefficient = [..]} in V/K",
            "-1e-4 V/K",
            lower=-math.inf,
            formula="1e-4*(x - 0.7)",
            column=ENTROPIC,
        ),
        "max_concentration": Rule(
            "mol/m^3", "lithium concentration at stoichiometry 1", "63104 mol/m^3"
        ),
        "stoichiometry_min": Rule(
            DIMENSIONLESS,
            "least lithium fraction of the window in which the material's data hold",
            "0.27",
            upper=1.0,
            inclusive=True,
        ),
        "stoichiometry_max": Rule(
            DIMENSIONLESS,
            "greatest lithium fraction of the window in which the material's data hold",
            "0.91",
            upper=1.0,
            inclusive=True,
        ),
        DIFFUSIVITY: Rule(
            "m^2/s",
            "chemical diffusion coefficient of lithium in the particle: a value, a formula in x, "
            "or a table {stoichiometry = [..], chemical_diffusivity = [..]} in m^2/s",
            "4e-15 m^2/s",
            formula="1e-14*exp(-3*x)",
            column=DIFFUSIVITY,
        ),
        ACTIVATION: Rule(
            "J/mol",
            "activation energy E of the chemical_diffusivity, which is multiplied by "
            "exp(E/R (1/T0 - 1/T)), with T0 the reference_temperature",
            "25 kJ/mol",
            inclusive=True,
        ),
        REFERENCE: Rule(
            "K",
            "temperature at which open_circuit_potential, chemical_diffusivity and creep_rate were "
            "measured",
            "298.15 K",
        ),
        "youngs_modulus": Rule("Pa", "Young's modulus", "28 GPa"),
        "poisson_ratio": Rule(DIMENSIONLESS, "Poisson's ratio", "0.27", lower=-1.0, upper=0.5),
        "yield_strength": Rule("Pa", "uniaxial yield strength", "0.8 MPa"),
        "hardening_modulus": Rule(
            "Pa",
            "slope of the yield stress by the equivalent plastic strain",
            "0.5 GPa",
            inclusive=True,
        ),
        "creep_rate": Rule(
            "1/s",
            "equivalent strain rate of creep at a von Mises stress of creep_stress, as whose "
            "creep_exponent-th power it grows",
            "0.01 1/s",
        ),
        "creep_stress": Rule("Pa", "von Mises stress at which the creep_rate holds", "1 MPa"),
        "creep_exponent": Rule(
            DIMENSIONLESS,
            "exponent of the power law of creep",
            "6.6",
            lower=1.0,
            upper=50.0,
            inclusive=True,
        ),
        CREEP_ACTIVATION: Rule(
            "J/mol",
            "activation energy E of the creep_rate, which is multiplied by exp(E/R (1/T0 - 1/T)), "
            "with T0 the reference_temperature",
            "37 kJ/mol",
            inclusive=True,
        ),
        "hardness": Rule(
            "Pa", "indentation hardness, about three times the yield strength", "1 GPa"
        ),
        "critical_stress": Rule(
            "Pa",
            "von Mises stress that a source paper calls critical; not used as a yield",
            "5 GPa",
        ),
        "fracture_toughness": Rule("Pa*m^0.5", "mode I fracture toughness", "0.25 MPa*m^0.5"),
        "volume_change": Rule(
            DIMENSIONLESS,
            "relative change of volume when the material goes from discharged to charged",
            "-0.05",
            lower=-1.0,
        ),
        "partial_molar_volume": Rule(
            "m^3/mol",
            "volume added a mole of lithium taken up",
            "-7.28e-7 m^3/mol",
            lower=-math.inf,
        ),
        VOLUME: Rule(
            DIMENSIONLESS,
            "relative change of volume with the lithium fraction, from whatever fraction on, the "
            "same in all directions: a formula in x, or a table {stoichiometry = [..], "
            "volume_strain = [..]}",
            '"0.038*(1 - x)"',
            lower=-1.0,
            formula="0.038*(1 - x)",
            column=VOLUME,
        ),
        ALONG: Rule(
            DIMENSIONLESS,
            "strain along the axis of a crystal with the lithium fraction, from whatever fraction "
            "on: a formula in x, or a table {stoichiometry = [..], strain_along_axis = [..]}",
            '"0.054*(1 - x)"',
            lower=-1.0,
            formula="0.054*(1 - x)",
            column=ALONG,
        ),
        ACROSS: Rule(
            DIMENSIONLESS,
            "the same across the axis, alike in both directions",
            '"-0.006*(1 - x)"',
            lower=-1.0,
            formula="-0.006*(1 - x)",
            column=ACROSS,
        ),
        "density": Rule("kg/m^3", "mass density", "1.8 g/cm^3"),
        "molar_mass": Rule("kg/mol", "mass of one mole of formula units", "6.94 g/mol"),
        "molar_volume": Rule("m^3/mol", "volume of one mole of formula units", "13 cm^3/mol"),
        ONSET: Rule("V", "potential against lithium above which it is oxidised", "2.5 V"),
        ELECTRONS: Rule(
            DIMENSIONLESS, "electrons that a formula unit gives as it is oxidised", "5"
        ),
        LOSS: Rule(
            DIMENSIONLESS,
            "volume lost as it is oxidised, as a share of what it was",
            "0.3",
            lower=-1.0,
            upper=1.0,
            inclusive=True,
        ),
        LAYER: Rule(
            "S/m", "conductivity for lithium ions of what is left where it was oxidised", "1e-6 S/m"
        ),
        REDUCTION: Rule(
            DIMENSIONLESS, "lithium that a formula unit takes up as lithium reduces it", "8"
        ),
        "particle_size": Rule("m", "typical particle diameter", "5 um"),
    }
)
"""Every property name with its rule, in the order in which tables list them."""

KINDS = ("electrolyte", "active material", "lithium", "conductor")
"""What a material can be."""
