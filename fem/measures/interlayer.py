"""Where lithium is in a cell with an interlayer, and how near flaws of its electrolyte are to open.

Sums are per area of the cell as seen from above.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from fem.cell.composition import Cell
from fem.cell.interlayer import CollectorSide, Deposits, Dissolved
from fem.cell.sites import flawed, sites, stores, taken, within_flaws, worst_flaw
from fem.cell.state import State
from fem.constants import FARADAY
from fem.physics.surfaces import Patches

Floats = NDArray[np.float64]

HOUR = 3600.0


def layer_metrics(cell: Cell, state: State) -> dict[str, float]:
    """Lithium by place, what of the sites is open, the layer's drop, and flaws; empty without."""
    found = _places(cell, state) if isinstance(cell.lithium, CollectorSide) else {}
    if flawed(cell) is not None:
        ratio, x = worst_flaw(cell, state)
        found |= {
            "flaw_intensity_over_toughness": ratio,
            "flaw_x_m": x,
            "lithium_in_flaws_Ah_m2": within_flaws(cell, state) / (HOUR * cell.mesh.geometry.width),
        }
    return found


def _places(cell: Cell, state: State) -> dict[str, float]:
    width = cell.mesh.geometry.width
    charges = taken(cell, state.content)
    found = {f"lithium_{name}_Ah_m2": charge / (HOUR * width) for name, charge in charges.items()}
    found |= {
        f"deposit_{name}_m": charge / width * cell.lithium.per_charge
        for name, charge in charges.items()
        if name != "carbon"
    }
    for site in sites(cell):
        name = site.kind if isinstance(site, Deposits) else "collector"
        weights = site.patches.weights
        share = (state.held[site.shut.opened.name] * weights).sum() / weights.sum()
        found[f"opened_{name}_fraction"] = float(share)
    for each in stores(cell):
        if isinstance(each, Dissolved):
            x, weights = each.stoichiometry(state.content), each.patches.weights
            found |= {
                "carbon_stoichiometry_mean": float((x * weights).sum() / weights.sum()),
                "carbon_stoichiometry_max": float(x.max()),
                "carbon_stoichiometry_min": float(x.min()),
            }
    return found | {"interlayer_drop_V": _drop(cell, state)}


def _drop(cell: Cell, state: State) -> float:
    """Mean potential of the ions along the face on the electrolyte, less that at the collector."""
    means = []
    for number, each in enumerate(cell.interfaces):
        if each is cell.lithium or (isinstance(each, Deposits) and each.kind == "electrolyte"):
            trace = each.patches.at_points(cell.potentials.trace(state.solved, number))
            means.append(float((trace * each.patches.weights).sum() / each.patches.length))
    collector, face = means
    return face - collector


def projected(patches: Patches, density: Floats) -> Floats:
    """A density at the points (1, ne, nq) at the nodes (m,), with the same integral."""
    mass = splu(patches.sparse_mass(np.ones(patches.weights.shape)).tocsc())
    return np.asarray(mass.solve(patches.loads(density)[0]))


def lumped(patches: Patches, density: Floats) -> Floats:
    """The same along a line, without undershoot beside the end of a deposit.

    The weights 1/6, 4/6, 1/6 of an edge are all positive.
    """
    return np.asarray((patches.loads(density) / patches.loads(np.ones_like(density)))[0])


def lithium_in_layer(cell: Cell, state: State) -> Floats | None:
    """Lithium in the solid and the pores in mol/m^3 of the layer, at the mesh nodes (N,).

    nan outside; `None` without an interlayer, or with neither.
    """
    full: Floats | None = None
    for each in stores(cell):
        if each.kind == "electrolyte":
            continue
        density = each.density(state.content)
        if isinstance(each, Dissolved):
            density = density + each.start * each.full
        per_volume = getattr(each.patches, "surface", 0.0) / FARADAY
        nodes = each.patches.nodes[0]
        if full is None:
            full = np.full(cell.mesh.nodes.shape[1], np.nan)
            full[nodes] = 0.0
        full[nodes] += projected(each.patches, per_volume * density)
    return full


def deposits(cell: Cell, state: State) -> Floats | None:
    """Thickness of lithium on both sides of an interlayer, at the mesh nodes (N,) in m.

    nan elsewhere; `None` without an interlayer.
    """
    if not isinstance(cell.lithium, CollectorSide):
        return None
    full = np.full(cell.mesh.nodes.shape[1], np.nan)
    lithium = cell.lithium
    thick = lithium.thickness_at_points(state.content)
    full[lithium.patches.nodes[0]] = lumped(lithium.patches, thick)
    for each in stores(cell):
        if isinstance(each, Deposits) and each.kind == "electrolyte":
            thick = each.thickness(state.content)
            full[each.patches.nodes[0]] = lumped(each.patches, thick)
    return full
