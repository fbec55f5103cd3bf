"""Numbers that stand for a stress field without depending on the mesh: percentiles of the area
away from the feet of deposits, and means over process zones of fixed size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skfem import Basis, ElementTriP2

from fem.case import Case
from fem.geometry import Phase
from fem.laws.elasticity import largest_principal, von_mises
from fem.laws.fracture import critical_pressure, void_shape_factor
from fem.laws.plating import pressure_potential
from fem.measures.anode import AnodeProfile
from fem.mesh import Mesh
from fem.parameters import Parameters
from fem.physics.mechanics import MechanicsSolution

Floats = NDArray[np.float64]

PROCESS_ZONE = 2e-6
"""Radius in m of the zone around a tip over which stress is averaged."""
FOOT_DISC = 4e-6
"""Radius in m of the discs around the feet of deposits that percentiles leave out."""
_SUBDIVISION = 8


def electrolyte_percentiles(
    mesh: Mesh, solution: MechanicsSolution, percentages: tuple[float, ...]
) -> tuple[float, ...]:
    """Area percentiles of the von Mises stress in the electrolyte away from feet, in Pa.

    Empty where the discs around the feet leave nothing of the electrolyte.
    """
    space = solution.bodies[0]
    electrolyte = _in_electrolyte(mesh, solution)
    value = von_mises(solution.stress())[electrolyte]
    weight = np.asarray(space.basis.dx)[electrolyte]
    x = np.asarray(space.basis.global_coordinates())[:, electrolyte]
    keep = np.ones(value.shape, dtype=bool)
    for deposit in mesh.geometry.deposits:
        for foot in deposit.feet:
            keep &= np.hypot(x[0] - foot[0], x[1] - foot[1]) > FOOT_DISC
    if not keep.any():
        return ()
    value, weight = value[keep], weight[keep]
    order = np.argsort(value)
    ranked = value[order]
    share = np.cumsum(weight[order]) / weight.sum()
    return tuple(
        float(ranked[min(int(np.searchsorted(share, p / 100.0)), len(ranked) - 1)])
        for p in percentages
    )


def process_zone_means(
    mesh: Mesh, solution: MechanicsSolution, tip: tuple[float, float], radius: float = PROCESS_ZONE
) -> tuple[float, float]:
    """Means of von Mises and of the largest principal stress (Pa) over the electrolyte near a tip.

    The zone cuts through triangles, so these are cut into small ones before they are counted.
    """
    space = solution.bodies[0]
    corners = mesh.nodes[:, mesh.triangles[space.elements]]
    distance = np.hypot(corners[0] - tip[0], corners[1] - tip[1])
    reach = radius + np.hypot(*np.ptp(corners, axis=2))
    near = np.flatnonzero((distance.min(axis=1) < reach) & _in_electrolyte(mesh, solution))
    largest = float(np.hypot(*np.ptp(corners[:, near], axis=2)).max())
    points = _centroids(max(_SUBDIVISION, int(np.ceil(4.0 * largest / radius))))
    basis = Basis(
        mesh.skfem,
        ElementTriP2(),
        elements=space.elements[near],
        quadrature=(points, np.full(points.shape[1], 0.5 / points.shape[1])),
    )
    sigma = solution.stress_in(basis, 0, near)
    x = np.asarray(basis.global_coordinates())
    inside = np.hypot(x[0] - tip[0], x[1] - tip[1]) <= radius
    weight = np.where(inside, np.asarray(basis.dx), 0.0)
    return tuple(  # type: ignore[return-value]
        float((measure(sigma) * weight).sum() / weight.sum())
        for measure in (von_mises, largest_principal)
    )


def _in_electrolyte(mesh: Mesh, solution: MechanicsSolution) -> NDArray[np.bool_]:
    phases = mesh.geometry.phases[mesh.region[solution.bodies[0].elements]]
    return np.asarray(phases == Phase.ELECTROLYTE)


def _centroids(n: int) -> Floats:
    """Centroids of the n^2 equal triangles that the reference triangle is cut into, (2, n^2)."""
    i, j = (a.ravel() for a in np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))
    up, down = i + j < n, i + j < n - 1
    x = np.concatenate([i[up] + 1 / 3, i[down] + 2 / 3])
    y = np.concatenate([j[up] + 1 / 3, j[down] + 2 / 3])
    return np.stack([x, y]) / n


def mechanics_metrics(mesh: Mesh, solution: MechanicsSolution) -> dict[str, Any]:
    """Percentiles of the electrolyte and process-zone means at the tips, in Pa."""
    names = ("von_mises_se_p99_Pa", "von_mises_se_p999_Pa")
    found = electrolyte_percentiles(mesh, solution, (99.0, 99.9))
    metrics: dict[str, Any] = dict(zip(names, found, strict=False))
    zones = [process_zone_means(mesh, solution, d.tip) for d in mesh.geometry.deposits]
    if zones:
        metrics["von_mises_tip_Pa"] = [zone[0] for zone in zones]
        metrics["principal_stress_tip_Pa"] = [zone[1] for zone in zones]
    return metrics


def plastic_metrics(mesh: Mesh, solution: MechanicsSolution) -> dict[str, Any]:
    """Share of the electrolyte that has yielded, and the heat of all inelastic flow in J/m.

    Empty where all solids are elastic.
    """
    if not any(solution.inelastic):
        return {}
    metrics: dict[str, Any] = {"dissipated_energy_J_m": solution.dissipated}
    composite = solution.inelastic[0]
    if composite is not None:
        electrolyte = _in_electrolyte(mesh, solution)
        area = np.asarray(solution.bodies[0].basis.dx)[electrolyte]
        yielded = composite.strain[electrolyte] > 0.0
        metrics["plastic_area_fraction"] = float(area[yielded].sum() / area.sum())
    return metrics


def lithium_pressure(mesh: Mesh, anode: AnodeProfile, pressure: Floats) -> float:
    """The pressure (Pa) that a fracture check compares: at the most loaded tip, over 2 um of arc.

    On a flat foil, the largest such mean anywhere.
    """
    running = anode.running_mean(pressure)
    if mesh.geometry.deposits:
        return max(anode.at(*deposit.tip, running) for deposit in mesh.geometry.deposits)
    return float(running.max())


def fracture_metrics(
    case: Case,
    mesh: Mesh,
    anode: AnodeProfile,
    pressures: Mapping[str, Floats],
    parameters: Parameters,
) -> dict[str, Any]:
    """Pressure of each lithium model over the pressure that opens the flaw of the case."""
    assert parameters.elastic is not None
    worst = {model: lithium_pressure(mesh, anode, p) for model, p in pressures.items()}
    metrics: dict[str, Any] = {f"lithium_pressure_{m}_Pa": value for m, value in worst.items()}
    toughness = parameters.elastic.fracture_toughness
    if toughness is not None:
        table = case.mechanics
        flaw, factor = float(table.flaw_size), table.flaw_shape_factor
        if table.void_diameter is not None:
            factor = void_shape_factor(flaw, 0.5 * float(table.void_diameter))
        critical = critical_pressure(toughness, flaw, factor)
        metrics["fracture_pressure_Pa"] = critical
        metrics["pressure_over_fracture_pressure"] = worst[table.lithium] / critical
        for model, value in worst.items():
            metrics[f"pressure_over_fracture_pressure_{model}"] = value / critical
    return metrics


def pressure_notes(
    anode: AnodeProfile, pressures: Mapping[str, Floats], driving: Floats, molar_volume: float
) -> list[str]:
    """A warning for each lithium model whose stress would have stopped the reaction.

    Pressure opposes plating and tension opposes stripping. Pressures are means over 2 um of arc:
    their nodal values at feet depend on the mesh.

    Parameters
    ----------
    driving
        What drives plating at the nodes of the profile (n,) in V, positive where it plates.
    molar_volume
        Of lithium in m^3/mol.
    """
    eta, sign = np.abs(driving), np.sign(driving)
    notes = []
    for model, nodal in pressures.items():
        pressure = anode.running_mean(nodal)
        opposing = sign * pressure_potential(pressure, molar_volume)
        worst = int(np.argmax(opposing - eta))
        if opposing[worst] > eta[worst]:
            plates = sign[worst] > 0.0
            notes.append(
                f"Warning: with {model} lithium the {'pressure' if plates else 'tension'} of "
                f"{abs(pressure[worst]) / 1e6:.3g} MPa at x = {anode.x[worst] * 1e6:.4g} um "
                f"opposes {'plating' if plates else 'stripping'} by V p / F = "
                f"{opposing[worst] * 1e3:.3g} mV, more than the local overpotential of "
                f"{eta[worst] * 1e3:.3g} mV: it would have slowed down there, and the stress "
                "is overestimated."
            )
    return notes
