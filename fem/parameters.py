"""The numbers of a run: a case and the material library become arrays over regions.

Only what the physics reads is looked up, so that the list of sources of a run holds what it used
and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, Protocol
from fem.case.physics import AnodeKinetics, CathodeKinetics
from fem.constants import FARADAY, GAS_CONSTANT
from fem.errors import InputError
from fem.geometry import Geometry, Phase
from fem.geometry.axes import angles
from fem.laws.elasticity import lame
from fem.laws.kinetics import Kinetics
from fem.laws.solids import J2, Norton, SolidLaw, Stressed
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
from fem.materials.properties import CREEP_ACTIVATION, REFERENCE

Floats = NDArray[np.float64]
SCALE = (
    "open_circuit_potential",
    "stoichiometry_min",
    "stoichiometry_max",
    "max_concentration",
)
"""Properties of an active material that must count lithium alike."""


@dataclass(frozen=True)
class Elastic:
    """Elastic and strength data of a cell; arrays over regions, in Pa.

    Attributes
    ----------
    yield_strength
        Of lithium, for the model that needs it.
    yielding, creeping
        Laws of regions of the composite that yield, and of lithium that creeps.
    rough
        Materials whose yield strength is a third of their hardness, with that strength.
    """

    youngs_modulus: Floats
    poisson_ratio: Floats
    fracture_toughness: float | None
    yield_strength: float | None
    yielding: Mapping[int, SolidLaw] = field(default_factory=dict)
    creeping: Mapping[int, SolidLaw] = field(default_factory=dict)
    rough: Mapping[str, float] = field(default_factory=dict)


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
        Of the crystal of each particle, in order of their id: angle from the x axis and tilt out
        of the plane (2, n) in rad; `None` where particles swell alike in all directions.
    used
        The material properties that were read, with their sources.
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
    table, temperature = case.kinetics.cathode, float(case.operation.temperature)
    cathode = _kinetics(table, temperature)
    material = next(r.material for r in regions if r.phase == Phase.ACTIVE)
    anode_potential, active = 0.0, None
    if table.stoichiometry is not None:
        # Lithium and two-phase alloys have one potential, whatever their composition.
        counter = read.potential(case.geometry.anode.material, temperature=temperature)
        anode_potential = float(counter.unchecked(np.array(0.5)))
        curve = read.potential(material, temperature=temperature)
        curve(table.stoichiometry)  # refuses a start outside its window
        active = _active(case, material, curve, read)
    layer, flaw = case.geometry.anode.interlayer, case.geometry.anode.flaw
    carbon = getattr(case.kinetics.interlayer, "carbon", None)
    face = next(r.material for r in regions if r.phase == Phase.ELECTROLYTE)
    return Parameters(
        conductivity=conductivity,
        anode=_kinetics(case.kinetics.anode, temperature),
        cathode=cathode,
        anode_potential=anode_potential,
        active=active,
        molar_volume=_molar_volume(case, read),
        elastic=_elastic(case, geometry, read) if case.mechanics.enabled else None,
        axes=angles(case, geometry),
        stored=read.stored(layer.material, temperature) if layer and carbon else None,
        electrons=read.optional(layer.material, "electronic_conductivity") if layer else None,
        toughness=read.value(face, "fracture_toughness") if flaw else None,
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
    return {
        used.property.file
        for used in read.used
        if used.material.id == material and used.property.name in SCALE
    }


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
            or any("thickness" in step.ends for _, step in operation.unrolled)
        )
        if not demanded:
            return read.optional(material, "molar_volume") or 0.0
    elif operation.plating_time <= 0:
        return 0.0
    return read.value(material, "molar_volume")


def _kinetics(table: AnodeKinetics | CathodeKinetics, temperature: float) -> Kinetics:
    i0, resistance = table.exchange_current_density, table.area_resistance
    return Kinetics(
        temperature=temperature,
        exchange_current_density=None if i0 is None else float(i0),
        area_resistance=0.0 if resistance is None else float(resistance),
        anodic=table.anodic_transfer_coefficient,
        cathodic=table.cathodic_transfer_coefficient,
    )


def _elastic(case: Case, geometry: Geometry, read: Reader) -> Elastic:
    """Lithium's moduli are only read for the models that use them, and where it is cut off."""
    models = case.mechanics.lithium_models
    needed = {Phase.ELECTROLYTE, Phase.ACTIVE, Phase.IDLE}
    if models != ("rigid",):
        needed.add(Phase.LITHIUM)
    youngs, poisson = (
        np.array(
            [
                read.value(r.material, name) if r.phase in needed else np.nan
                for r in geometry.regions
            ]
        )
        for name in ("youngs_modulus", "poisson_ratio")
    )
    lam, mu = lame(youngs, poisson)
    yielding, rough = dict[int, SolidLaw](), dict[str, float]()
    if case.mechanics.solids == "plastic":
        yielding, rough = _yielding(geometry, lam, mu, read)
    if case.geometry.anode.motion == "moved" and isinstance(case.operation, Protocol):
        # Nothing but a history can carry stress along.
        rest = np.flatnonzero(np.isfinite(lam)).tolist()
        yielding = {k: Stressed(float(lam[k]), float(mu[k])) for k in rest} | yielding
    creeping = {
        k: _creep(case, r.material, float(lam[k]), float(mu[k]), read)
        for k, r in enumerate(geometry.regions)
        if r.phase == Phase.LITHIUM and "viscoplastic" in models
    }
    lithium = case.geometry.anode.material
    electrolyte = next(r.material for r in geometry.regions if r.phase == Phase.ELECTROLYTE)
    return Elastic(
        youngs_modulus=youngs,
        poisson_ratio=poisson,
        fracture_toughness=read.optional(electrolyte, "fracture_toughness"),
        yield_strength=read.value(lithium, "yield_strength") if "yielded" in models else None,
        yielding=MappingProxyType(yielding),
        creeping=MappingProxyType(creeping),
        rough=MappingProxyType(rough),
    )


def _yielding(
    geometry: Geometry, lam: Floats, mu: Floats, read: Reader
) -> tuple[dict[int, SolidLaw], dict[str, float]]:
    """Laws of all regions of electrolyte and active material that have a strength.

    By Tabor's rule that is a third of the hardness where no yield strength is known: these
    materials come second.

    Raises
    ------
    InputError
        If no solid has either.
    """
    laws, rough = dict[int, SolidLaw](), dict[str, float]()
    for k, region in enumerate(geometry.regions):
        if region.phase not in (Phase.ELECTROLYTE, Phase.ACTIVE):
            continue
        strength = read.optional(region.material, "yield_strength")
        if strength is None:
            hardness = read.optional(region.material, "hardness")
            if hardness is None:
                continue
            strength = rough[region.material] = hardness / 3.0
        modulus = read.optional(region.material, "hardening_modulus") or 0.0
        laws[k] = J2(float(lam[k]), float(mu[k]), strength, modulus)
    if not laws:
        names = sorted({r.material for r in geometry.regions if r.phase == Phase.ELECTROLYTE})
        raise InputError(
            "no solid has a strength at which it would yield",
            key="mechanics.solids",
            given="plastic",
            allowed='"elastic", or a yield_strength or hardness of a material',
            cure=f'add yield_strength = "0.3 GPa" below [materials.{names[0]}]',
        )
    return laws, rough


def _creep(case: Case, material: str, lam: float, mu: float, read: Reader) -> Norton:
    """The power law of a lithium region at the temperature of the case."""
    rate, stress, exponent = (
        read.value(material, f"creep_{name}", "mechanics.lithium")
        for name in ("rate", "stress", "exponent")
    )
    activation = read.optional(material, CREEP_ACTIVATION)
    if activation is not None:
        reference = read.value(material, REFERENCE)
        inverse = 1.0 / reference - 1.0 / float(case.operation.temperature)
        rate *= math.exp(activation / GAS_CONSTANT * inverse)
    return Norton(lam, mu, rate, stress, exponent)
