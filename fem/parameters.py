"""The numbers of a run: a case and the material library become arrays over regions.

Only what the physics reads is looked up, so that the list of sources of a run holds what it used
and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from fem.case import Case
from fem.case.physics import AnodeKinetics, CathodeKinetics
from fem.geometry import Geometry, Phase
from fem.laws.kinetics import Kinetics
from fem.materials import Reader, Used, library

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Elastic:
    """Elastic and strength data of a cell; arrays over regions, in Pa."""

    youngs_modulus: Floats
    poisson_ratio: Floats
    fracture_toughness: float | None
    yield_strength: float | None


@dataclass(frozen=True)
class Parameters:
    """Numbers in SI units.

    Attributes
    ----------
    conductivity
        Ionic conductivity of each region in S/m; 0 outside the electrolyte.
    anode, cathode
        Kinetics of the lithium surfaces and of the active material.
    open_circuit_potential
        Of the cell at the stoichiometry of the case in V: active material less anode. `None` if
        the case gives no stoichiometry.
    molar_volume
        Of plated lithium in m^3/mol; 0 where no plating time asks for a thickness.
    elastic
        `None` where mechanics is switched off.
    used
        The material properties that were read, with their sources.
    """

    conductivity: Floats
    anode: Kinetics
    cathode: Kinetics
    open_circuit_potential: float | None
    molar_volume: float
    elastic: Elastic | None
    used: tuple[Used, ...]


def resolve(case: Case, geometry: Geometry) -> Parameters:
    """Look up everything that a run of `case` needs.

    Raises
    ------
    InputError
        If a material or a property is missing or out of bounds.
    """
    file = str(case.file) if case.file else None
    overrides = MappingProxyType(dict(case.materials))
    read = Reader(library([case.resolve(f) for f in case.material_files], overrides, file))
    regions = geometry.regions
    conductivity = np.array(
        [
            read.value(r.material, "ionic_conductivity") * r.conductivity_factor
            if r.phase == Phase.ELECTROLYTE
            else 0.0
            for r in regions
        ]
    )
    temperature = float(case.operation.temperature)
    stoichiometry = case.kinetics.cathode.stoichiometry
    potential = None
    if stoichiometry is not None:
        active = next(r.material for r in regions if r.phase == Phase.ACTIVE)
        # Lithium and two-phase alloys have one potential, whatever their composition.
        counter = read.potential(case.geometry.anode.material).unchecked(np.array(0.5))
        potential = float(read.potential(active)(stoichiometry)) - float(counter)
    return Parameters(
        conductivity=conductivity,
        anode=_kinetics(case.kinetics.anode, temperature),
        cathode=_kinetics(case.kinetics.cathode, temperature),
        open_circuit_potential=potential,
        molar_volume=(
            read.value(case.geometry.anode.material, "molar_volume")
            if case.operation.plating_time > 0
            else 0.0
        ),
        elastic=_elastic(case, geometry, read) if case.mechanics.enabled else None,
        used=read.used,
    )


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
    """Lithium's moduli are only read for the models that use them."""
    models = case.mechanics.lithium_models
    needed = {Phase.ELECTROLYTE, Phase.ACTIVE}
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
    lithium, electrolyte = case.geometry.anode.material, case.geometry.separator.material
    return Elastic(
        youngs_modulus=youngs,
        poisson_ratio=poisson,
        fracture_toughness=read.optional(electrolyte, "fracture_toughness"),
        yield_strength=read.value(lithium, "yield_strength") if "yielded" in models else None,
    )
