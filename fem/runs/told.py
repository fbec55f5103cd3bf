"""What is told of a member that was solved on a condensed electrolyte."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.cell.build import CATHODE, FOIL
from fem.cell.composition import Cell
from fem.laws.kinetics import overpotential_with_slope
from fem.measures.anode import AT_REST, AnodeProfile, percentile_along
from fem.measures.charge import EXCHANGED
from fem.physics.condensed import Condensed
from fem.runs.members import Member

Floats = NDArray[np.float64]


def member_metrics(
    cell: Cell,
    operator: Condensed,
    member: Member,
    q: Floats,
    voltage: float,
    anode: AnodeProfile,
    running: Floats,
) -> dict[str, Any]:
    """As `fem.measures.charge.charge_metrics` has them, of what currents alone tell.

    Parameters
    ----------
    q, voltage
        Amplitudes of the modes (n,) that balance the member, and the potential of its collector in
        V.
    anode, running
        The profile along the foil with its plating, and that averaged over 2 um of arc, in A/m^2.
    """
    geometry = cell.mesh.geometry
    flows = np.bincount(operator.terminal, q * operator.totals)
    current, plated = float(flows[CATHODE]), -float(flows[FOIL])
    rest = member.open_circuit
    mean = plated / anode.length
    metrics: dict[str, Any] = {
        "current_density_A_m2": current / geometry.width,
        "current_A": current * geometry.depth,
        "overpotential_V": voltage - (rest or 0.0),
        "anode_plating_mean_A_m2": mean,
        "anode_plating_max_A_m2": float(anode.plating.max()),
        "anode_plating_min_A_m2": float(anode.plating.min()),
        "lithium_line_length_m": anode.length,
    }
    crossing, power = _powers(cell, operator, member, q)
    if abs(current) > AT_REST * crossing:
        applied = current / geometry.width
        metrics |= {
            "focusing_max_over_mean": float((running / mean).max()),
            "focusing_min_over_mean": float((running / mean).min()),
            "focusing_p95_over_mean": percentile_along(anode, running / mean, 95.0),
            "focusing_max_over_applied": float((running / applied).max()),
            "plating_total_over_applied": plated / current,
        }
        if abs(current) > EXCHANGED * crossing:
            metrics |= {name: value / current for name, value in power.items()}
        metrics |= {
            f"tip_over_applied[{k}]": anode.at(*deposit.tip, running) / applied
            for k, deposit in enumerate(geometry.deposits)
        }
    if rest is not None:
        metrics["cell_voltage_V"] = voltage
    metrics["active_particles"] = int(member.active.sum())
    metrics["inactive_particles"] = int((~member.active).sum())
    return metrics


def _powers(
    cell: Cell, operator: Condensed, member: Member, q: Floats
) -> tuple[float, dict[str, float]]:
    """All that crosses the cathode in A per m, and what is lost where in W per m of depth."""
    crossing, lost = 0.0, {"overpotential_anode_V": 0.0, "overpotential_cathode_V": 0.0}
    for group in operator.groups:
        current = q[group.places] @ group.values
        for number in np.unique(operator.surface_of(group)).tolist():
            rows = operator.surface_of(group) == number
            on_lithium = cell.interfaces[number] is cell.lithium
            law = member.law(on_lithium)
            eta, _ = overpotential_with_slope(
                current[rows],
                law,
                np.array(member.exchange(on_lithium)),
                np.array(law.area_resistance),
            )
            name = "overpotential_anode_V" if on_lithium else "overpotential_cathode_V"
            lost[name] += float((current[rows] * eta * group.weights[rows]).sum())
            if not on_lithium:
                crossing += float((np.abs(current[rows]) * group.weights[rows]).sum())
    lost["overpotential_electrolyte_V"] = float(q @ operator.matrix @ q)
    if operator.wires is not None:
        lost["overpotential_electrons_V"] = float(q @ operator.wires @ q)
    return crossing, lost
