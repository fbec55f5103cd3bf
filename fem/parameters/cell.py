"""The numbers of a run: a case and the material library become arrays over regions.

Only what the physics reads is looked up, so that the list of sources of a run holds what it used
and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, Protocol
from fem.case.physics import AnodeKinetics, CathodeKinetics
from fem.constants import FARADAY
from fem.geometry import Geometry, Phase
from fem.geometry.axes import angles
from fem.geometry.types import INTERLAYER
from fem.laws.kinetics import Kinetics
from fem.laws.swelling import Directed, Proportional, Swelling, Volumetric
from fem.materials import (
    ACROSS,
    ALONG,
    VOLUME,
    Curve,
    Diffusivity,
    Reader,
    Used,
    library,
    unknown_material,
)
from fem.materials.interphase import Oxidised, lithium_taken_up
from fem.parameters.solids import Elastic, elastic_of

Floats = NDArray[np.float64]
SCALE = ("open_circuit_potential", "stoichiometry_min", "stoichiometry_max", "max_concentration")
"""Properties of an active material that must count lithium alike."""


@dataclass(frozen=True)
class ActiveMaterial:
    """What lithium does in the particles: one set, which should come from one source.

    Attributes
    ----------
    potential
        Open-circuit potential against lithium in V, with its window.
    max_concentration
        Of lithium at stoichiometry 1 in mol/m^3; 0 where nothing asks for it.
    diffusivity
        In m^2/s, a number or a function of the stoichiometry; 0 where nothing diffuses.
    diffusivity_factor
        By how much it differs from that at the reference temperature of its source.
    swelling
        What lithium does to its volume or shape; `None` where nothing asks for it.
    material
        Its name.
    mixed
        Whether potential, window and concentration stand in different files. The stoichiometry of
        one source is then taken for that of another, which shifts potentials and capacities.
    """

    potential: Curve
    max_concentration: float
    diffusivity: float | Diffusivity
    diffusivity_factor: float
    swelling: Swelling | None
    mixed: bool
    material: str = ""

    @property
    def rising(self) -> str:
        """What is wrong with a potential that rises with x, in a sentence; empty if it falls."""
        if not self.potential.rises:
            return ""
        rise, start, end = self.potential.rise
        return (
            f"the open-circuit potential of {self.material} rises by {1e3 * rise:.3g} mV from "
            f"x = {start:.3g} to {end:.3g}, where x is the lithium fraction; that of a stable "
            "electrode falls, and where it rises particles do not come to rest"
        )

    @property
    def window_charge(self) -> float:
        """Charge that the window of the potential holds in C/m^3."""
        return FARADAY * self.max_concentration * (self.potential.upper - self.potential.lower)


@dataclass(frozen=True)
class Parameters:
    """Numbers in SI units.

    Attributes
    ----------
    conductivity
        Ionic conductivity of each region in S/m; 0 outside the electrolyte.
    anode, cathode
        Kinetics of the lithium surfaces and of the active material. The exchange current density
        of the latter is that of x = 1/2, if it depends on x.
    anode_potential
        Open-circuit potential of the anode's material against lithium in V; 0 where the case gives
        no stoichiometry.
    active
        The active material; `None` where the case gives no stoichiometry.
    molar_volume
        Of plated lithium in m^3/mol. 0 where no plating time asks for a thickness, and in a
        protocol where the library has none and nothing depends on a thickness.
    elastic
        `None` where mechanics is switched off.
    axes
        Of the crystal of each particle, by id: angle from the x axis and tilt out of the plane
        (2, n) in rad; `None` where particles swell alike.
    used
        The material properties that were read, with their sources.
    oxidation
        What becomes of electrolyte on particles; `None` where it does not react.
    taken_up
        Lithium that reduced electrolyte takes up in mol/m^3, where that is known.
    stored, electrons
        Of an interlayer: potential of its solid and lithium at x = 1 (mol/m^3); conductivity (S/m).
    toughness
        K of an electrolyte that has flaws, in Pa m^0.5.
    """

    conductivity: Floats
    anode: Kinetics
    cathode: Kinetics
    anode_potential: float
    active: ActiveMaterial | None
    molar_volume: float
    elastic: Elastic | None
    axes: Floats | None
    used: tuple[Used, ...]
    oxidation: Oxidised | None = None
    taken_up: float | None = None
    stored: tuple[Curve, float] | None = None
    electrons: float | None = None
    toughness: float | None = None


def reader(case: Case) -> Reader:
    """The material library as a case has it.

    Raises
    ------
    InputError
        If a file cannot be read, a value is not what it should be, or the case names a material
        that there is not.
    """
    file = str(case.file) if case.file else None
    overrides = MappingProxyType(dict(case.materials))
    files = [case.resolve(name) for name in case.material_files]
    materials = library(files, overrides, file, case.directory)
    for key, name in case.material_names.items():
        if name not in materials:
            raise unknown_material(name, materials, key, file)
    return Reader(materials)


def resolve(case: Case, geometry: Geometry) -> Parameters:
    """Look up everything that a run of `case` needs.

    Raises
    ------
    InputError
        If a material or a property is missing or out of bounds.
    """
    read = reader(case)
    regions = geometry.regions
    conductivity = np.zeros(len(regions))
    for k, r in enumerate(regions):
        if r.phase == Phase.ELECTROLYTE:
            conductivity[k] = read.value(r.material, "ionic_conductivity") * r.conductivity_factor
    temperature = float(case.operation.temperature)
    kinetics = case.kinetics.cathode
    material = next(r.material for r in regions if r.phase == Phase.ACTIVE)
    anode_potential, active = 0.0, None
    if kinetics.stoichiometry is not None:
        # Lithium and two-phase alloys have one potential, whatever their composition.
        counter = read.potential(case.geometry.anode.material, temperature=temperature)
        anode_potential = float(counter.unchecked(np.array(0.5)))
        curve = read.potential(material, temperature=temperature)
        curve(kinetics.stoichiometry)  # refuses a start outside its window
        active = _active(case, material, curve, read)
    electrolytes = [
        r.material for r in regions if r.phase == Phase.ELECTROLYTE and r.name != INTERLAYER
    ]
    oxidises, reduces = case.interphase.particle_electrolyte, case.interphase.lithium_electrolyte
    oxidation = None  # of the electrolyte among the particles, which regions name last
    if oxidises is not None:
        oxidation = Oxidised.of(read, electrolytes[-1], oxidises.onset, case.mechanics.enabled)
    layer, flaw = case.geometry.anode.interlayer, case.geometry.anode.flaw
    carbon, stored = getattr(case.kinetics.interlayer, "carbon", None), None
    if layer and carbon:
        stored = read.stored(layer.material, temperature)
        stored[0](carbon.stoichiometry, "kinetics.interlayer.carbon.stoichiometry")
    return Parameters(
        conductivity=conductivity,
        anode=_kinetics(case.kinetics.anode, temperature),
        cathode=_kinetics(kinetics, temperature),
        anode_potential=anode_potential,
        active=active,
        molar_volume=_molar_volume(case, read),
        elastic=elastic_of(case, geometry, read) if case.mechanics.enabled else None,
        axes=angles(case, geometry),
        oxidation=oxidation,
        taken_up=None if reduces is None else lithium_taken_up(read, electrolytes[0]),
        stored=stored,
        electrons=read.optional(layer.material, "electronic_conductivity") if layer else None,
        toughness=read.value(electrolytes[0], "fracture_toughness") if flaw else None,
        used=read.used,
    )


def _active(case: Case, material: str, potential: Curve, read: Reader) -> ActiveMaterial:
    """Concentration, diffusivity and swelling are only read where the run uses them."""
    in_time, temperature = isinstance(case.operation, Protocol), float(case.operation.temperature)
    diffuses = in_time and case.kinetics.cathode.diffusion != "fixed"
    swelling = None
    if case.mechanics.swelling or case.mechanics.coupling in ("particles", "both"):
        swelling = _swelling(case, material, potential, read)
    scale = read.value(material, "max_concentration") if diffuses else 0.0
    return ActiveMaterial(
        potential=potential,
        max_concentration=scale,
        diffusivity=read.diffusivity(material, temperature=temperature) if diffuses else 0.0,
        diffusivity_factor=read.material(material).diffusivity_factor(temperature)
        if diffuses
        else 1.0,
        swelling=swelling,
        mixed=len(_files(material, read)) > 1,
        material=material,
    )


def _swelling(case: Case, material: str, potential: Curve, read: Reader) -> Swelling:
    """By the axes of crystals if the case gives these, else alike in all directions."""
    known = read.material(material)
    if case.mechanics.axis is not None:
        along, across = (read.strain(material, name) for name in (ALONG, ACROSS))
        return Directed(along, across, read.value(material, "max_concentration"))
    if VOLUME in known:
        strain = read.strain(material, VOLUME)
        return Volumetric(strain, read.value(material, "max_concentration"))
    volume = read.optional(material, "partial_molar_volume")
    if volume is not None and not case.mechanics.swelling:
        return Proportional(volume, 0.0)
    scale = read.value(material, "max_concentration")
    if volume is None:
        # Given from discharged to charged, that is from the most to the least lithium.
        change = read.value(material, "volume_change")
        volume = -change / (scale * (potential.upper - potential.lower))
    return Proportional(volume, scale)


def _files(material: str, read: Reader) -> set[str | None]:
    """The files in which the scale of the stoichiometry of a material stands, as far as read."""
    known = (used.property for used in read.used if used.material.id == material)
    return {each.file for each in known if each.name in SCALE}


def _molar_volume(case: Case, read: Reader) -> float:
    """Of what is plated: demanded where something depends on its thickness."""
    material, operation, mechanics = case.geometry.anode.material, case.operation, case.mechanics
    if case.geometry.anode.interlayer or case.geometry.anode.flaw:
        return read.value(material, "molar_volume")
    if isinstance(operation, Protocol):
        demanded = (
            (mechanics.enabled and not mechanics.swelling)
            or mechanics.coupling in ("lithium", "both")
            or case.geometry.anode.motion == "moved"
            or case.interphase.lithium_electrolyte is not None
            or any("thickness" in step.ends for _, step in operation.unrolled)
        )
        if not demanded:
            return read.optional(material, "molar_volume") or 0.0
    elif operation.plating_time <= 0:
        return 0.0
    return read.value(material, "molar_volume")


def _kinetics(table: AnodeKinetics | CathodeKinetics, temperature: float) -> Kinetics:
    i0, resistance = table.exchange_current_density, table.area_resistance
    double_layer = table.double_layer_capacitance
    return Kinetics(
        temperature=temperature,
        exchange_current_density=None if i0 is None else float(i0),
        area_resistance=0.0 if resistance is None else float(resistance),
        anodic=table.anodic_transfer_coefficient,
        cathodic=table.cathodic_transfer_coefficient,
        double_layer=0.0 if double_layer is None else float(double_layer),
    )
