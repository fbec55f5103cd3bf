"""How much electrolyte has reacted on particles, and what that took."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fem.cell.reactions import Reactions
from fem.mesh import Ints

Floats = NDArray[np.float64]

HOUR = 3600.0
LEAST = 1e-30
"""Volume in m^3 per m of depth that errors compare with at the least: nothing at all."""


def interphase_metrics(reactions: Reactions) -> dict[str, float]:
    """Thicknesses, charge and volumes of interphases; empty where none grows."""
    return _on_particles(reactions) | _on_lithium(reactions)


def on_foil(reactions: Reactions, nodes: Ints) -> Floats | None:
    """Thickness in m of electrolyte that lithium has reduced at mesh nodes (n,) of the foil."""
    cell, content = reactions.cell, reactions.state.content
    if not cell.lithium.reduces:
        return None
    thickness = cell.lithium.at_nodes(cell.lithium.interphase(content))
    return cell.lithium.on_mesh(thickness, cell.mesh.nodes.shape[1])[nodes]


def _on_lithium(reactions: Reactions) -> dict[str, float]:
    cell, content = reactions.cell, reactions.state.content
    lithium, width = cell.lithium, cell.mesh.geometry.width
    if not lithium.reduces:
        return {}
    weights, thickness = lithium.patches.weights, lithium.interphase(content)
    consumed = float((weights * lithium.reduced(content)).sum())
    found = {
        "lithium_interphase_mean_m": float((weights * thickness).sum() / weights.sum()),
        "lithium_interphase_max_m": float(thickness.max()),
        "electrolyte_reduced_m": consumed / width,
    }
    if lithium.taken_up:
        found["lithium_in_interphase_mol_m"] = lithium.taken_up * consumed
    return found


def _on_particles(reactions: Reactions) -> dict[str, float]:
    cell, state = reactions.cell, reactions.state
    oxidised = cell.parameters.oxidation
    if oxidised is None:
        return {}
    width, content = cell.mesh.geometry.width, state.content
    starts = {name: block.start for name, block in cell.blocks.items()}
    charge = sum(float(each.charge(content).sum()) for each in cell.oxidation)
    before = sum(float(each.consumed(starts).sum()) for each in cell.oxidation)
    consumed = sum(float(each.consumed(content).sum()) for each in cell.oxidation) - before
    expected = oxidised.by_charge * charge
    length = sum(each.patches.length for each in cell.oxidation)
    found = {
        "interphase_mean_m": (consumed + before) / length,
        "interphase_max_m": max(float(e.thickness(content).max()) for e in cell.oxidation),
        "side_current_density_A_m2": reactions.side_current() / width,
        "side_charge_Ah_m2": charge / (HOUR * width),
        "lithium_from_electrolyte_mol_m": sum(e.lithium(content) for e in cell.oxidation),
        "electrolyte_consumed_m": consumed / width,
    }
    if cell.stress is not None:
        found["volume_lost_m"] = oxidised.loss * consumed / width
    if cell.case.operation.kind == "protocol":
        found["electrolyte_error"] = abs(consumed - expected) / max(expected, before, LEAST)
    return found


def by_particle(reactions: Reactions) -> tuple[Floats, Floats]:
    """Of each particle of the drawing (n,): mean thickness of the interphase, charge that it took.

    In m, and in C per m of depth; nan where none grows.
    """
    cell, content = reactions.cell, reactions.state.content
    thickness, charge = np.full((2, len(cell.mesh.geometry.particles)), np.nan)
    if len(thickness):
        for each in cell.oxidation:
            ones = np.ones(each.patches.weights.shape)
            length = each.patches.by_piece(each.patches.loads(ones))
            thickness[each.ids] = each.consumed(content) / length
            charge[each.ids] = each.charge(content)
    return thickness, charge
