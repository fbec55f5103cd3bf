"""From a case to the places in and around an interlayer that take lithium up, and to flaws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fem.case import Case
from fem.case.interlayer import InterlayerKinetics, Reaction, Site
from fem.cell.blocks import Floats
from fem.cell.flaws import Flaws
from fem.cell.interlayer import CollectorSide, Deposits, Dissolved, Store
from fem.constants import FARADAY
from fem.geometry.types import INTERLAYER
from fem.laws.kinetics import Kinetics
from fem.laws.stores import Deposition, Insertion, barrier
from fem.mesh import Ints, Mesh
from fem.parameters import Parameters
from fem.physics.charge import Surface
from fem.physics.porous import Porous
from fem.physics.surfaces import Patches

FOIL = 0
"""Terminal of the collector: that of the lithium foil."""


def kinetics_of(table: Reaction, parameters: Parameters) -> Kinetics:
    """Those of a site or store; of the anode where its table gives none."""
    i0, resistance = table.exchange_current_density, table.area_resistance
    known, layer = parameters.anode, table.double_layer_capacitance
    if i0 is not None or resistance is not None:
        known = replace(
            known,
            exchange_current_density=None if i0 is None else float(i0),
            area_resistance=0.0 if resistance is None else float(resistance),
            double_layer=0.0,
        )
    return known if layer is None else replace(known, double_layer=float(layer))


def _deposition(table: Site, layer: InterlayerKinetics, parameters: Parameters) -> Deposition:
    return Deposition(
        kinetics_of(table, parameters),
        parameters.molar_volume,
        float(layer.pressure),
        parameters.anode_potential,
    )


def _barrier(
    table: Site, layer: InterlayerKinetics, parameters: Parameters, bonded: Floats
) -> Floats:
    """In V at the points, of which `bonded` says whether they hold together (1) or not (0)."""
    stack = float(layer.pressure)
    opening = stack if table.opening_pressure is None else float(table.opening_pressure)
    return barrier(
        stack + bonded * (opening - stack),
        stack,
        float(table.nucleation_overpotential),
        parameters.molar_volume,
    )


def collector_side(
    case: Case, surface: Surface, ids: NDArray[np.int64], parameters: Parameters
) -> CollectorSide:
    """The lithium between the interlayer and the collector."""
    layer = case.kinetics.interlayer
    assert layer is not None
    everywhere = np.ones(surface.patches.weights.shape)
    return CollectorSide(
        surface,
        ids,
        _deposition(layer.collector, layer, parameters),
        _barrier(layer.collector, layer, parameters, everywhere),
        float(case.geometry.anode.strippable),
        float(case.stepping.thickness),
        case.stepping.tolerance,
    )


def flaws_of(case: Case, surface: Surface, parameters: Parameters) -> Flaws | None:
    """The flaws of the electrolyte along a surface; `None` where the case gives none."""
    flaw = case.geometry.anode.flaw
    if flaw is None:
        return None
    assert parameters.toughness is not None
    return Flaws.of(
        surface.name,
        surface.patches.weights.shape,
        flaw,
        parameters.toughness,
        parameters.molar_volume,
        parameters.anode_potential,
    )


def stores_of(case: Case, mesh: Mesh, parameters: Parameters) -> list[Store]:
    """The face on the electrolyte, pores and carbon of an interlayer, as far as there are any."""
    layer, found = case.kinetics.interlayer, list[Store]()
    if layer is None:
        return found
    limit, tolerance = float(case.stepping.thickness), case.stepping.tolerance
    elements = np.flatnonzero(_is_layer(mesh)[mesh.region])
    face = Patches.bundle(mesh, [_face(mesh)])
    surface = _surface("face", face, kinetics_of(layer.electrolyte, parameters))
    bonded = np.ones(face.weights.shape)
    if layer.electrolyte.unbonded is not None:
        begin, end = (float(x) for x in layer.electrolyte.unbonded)
        x = (face.coordinates[0] @ face.shapes).reshape(bonded.shape)
        bonded = np.where((x >= begin) & (x <= end), 0.0, 1.0)
    found.append(
        Deposits(
            "electrolyte",
            surface,
            _deposition(layer.electrolyte, layer, parameters),
            _barrier(layer.electrolyte, layer, parameters, bonded),
            np.inf,
            limit,
            tolerance,
            flaws_of(case, surface, parameters),
        )
    )
    if layer.pores is not None:
        area = float(layer.pores.surface_area)
        pores = Porous.within(mesh, elements, area)
        found.append(
            Deposits(
                "pores",
                _surface("pores", pores, kinetics_of(layer.pores, parameters)),
                _deposition(layer.pores, layer, parameters),
                _barrier(layer.pores, layer, parameters, np.ones(pores.weights.shape)),
                layer.pores.porosity / area * FARADAY / parameters.molar_volume,
                limit,
                tolerance,
            )
        )
    if layer.carbon is not None:
        assert parameters.stored is not None
        (potential, concentration), area = parameters.stored, float(layer.carbon.surface_area)
        kinetics = kinetics_of(layer.carbon, parameters)
        found.append(
            Dissolved(
                _surface("carbon", Porous.within(mesh, elements, area), kinetics),
                Insertion(kinetics, potential.extended),
                concentration * FARADAY / area,
                layer.carbon.stoichiometry,
                case.stepping.stoichiometry,
                tolerance,
            )
        )
    return found


def _surface(name: str, patches: Patches, kinetics: Kinetics) -> Surface:
    """One piece on the collector's terminal."""
    return Surface(name, patches, np.array([FOIL]), np.array([-1]), kinetics)


def _is_layer(mesh: Mesh) -> NDArray[np.bool_]:
    return np.array([region.name == INTERLAYER for region in mesh.geometry.regions])


def _face(mesh: Mesh) -> Ints:
    """Outline edges between the interlayer and other electrolyte, as row numbers of `edges`."""
    inside = np.append(_is_layer(mesh), False)[mesh.sides]
    electrolyte = (mesh.phase_sides == "electrolyte").all(axis=1)
    return np.flatnonzero(electrolyte & (inside.sum(axis=1) == 1))
