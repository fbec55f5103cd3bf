"""A lithium line that solids carry along: mesh, stress and state move on together.

What was plated on the present shape is a layer between electrolyte and lithium; equilibrium
decides which of them gives way. Then all nodes move with the displacements, and strain begins anew
from there: each point of a solid keeps its elastic strain, turned as it has turned, and its
hardening. In lithium, points are those of triangles that stretch over the new layer, which so has
the pressure of what it comes to; lithium that creeps, and forgets its stress at once, flows through
its triangles. The shapes that equilibrium is written on differ by second order of a step; what has
to move for it on the new shape is told as `Shape.rebalanced`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from skfem import MeshTri2

from fem.case import Case
from fem.cell.blocks import Content
from fem.cell.composition import Cell
from fem.cell.lithium import Followed
from fem.cell.state import State
from fem.errors import SolveError
from fem.geometry import Phase
from fem.mesh import Ints, Mesh
from fem.mesh.displaced import displaced, on_top, stretched
from fem.mesh.front import on_side
from fem.mesh.motion import smallest_quality
from fem.physics.mechanics import MechanicsSolution
from fem.physics.reshaped import referred
from fem.runs.growth import Moved, Shape

Floats = NDArray[np.float64]

WORST_QUALITY = 0.1
"""Triangles flatter than this, compared with those drawn, carry no stress that could be trusted."""


def displace(case: Case, cell: Cell, shape: Shape, state: State) -> Moved:
    """Move all nodes by what equilibrium makes of the layer that was plated.

    Raises
    ------
    SolveError
        If triangles have become too flat, or solids find no equilibrium in the new shape.
    """
    stress = cell.stress
    assert stress is not None and stress.memory is not None
    solution = stress.solve(state.content, state.held)
    shift, rise = _shift(cell.mesh, solution)
    mesh = displaced(cell.mesh, shift, rise)
    drawn = replace(mesh, skfem=MeshTri2(shape.fresh, mesh.skfem.t))
    if smallest_quality(mesh, drawn) < WORST_QUALITY:
        raise SolveError(
            "triangles have been deformed so far that they carry no stress any more; they are "
            "not made anew where stress is solved for",
            field="displacement",
            cures=("end the run before that", "a larger mesh.size where it moves"),
        )
    new = Cell(case, mesh, cell.parameters, like=cell)
    lithium = cell.lithium
    followed = Followed(lithium.charge(state.content), lithium.thickness_at_points(state.content))
    new.lithium.followed = followed
    assert new.stress is not None and new.stress.memory is not None
    old, memory, patches = stress.memory.problem, new.stress.memory, lithium.patches
    plated = patches.by_piece(patches.loads(lithium.since(state.content))).tolist()
    history = referred(old, solution, memory.problem, _body(mesh), plated)
    held: Content = dict(state.held) | memory.restarted(history)
    held, _ = new.stress.advanced(state.content, held, 0.0)
    again = new.stress.solve(state.content, held).displacements
    moved = max(float(np.abs(u).max()) for u in solution.displacements)
    jump = max(float(np.abs(u).max()) for u in again) / moved if moved else 0.0
    shape = replace(shape, mesh=mesh, followed=followed, rebalanced=max(shape.rebalanced, jump))
    return shape, new, replace(state, held=held)


def _body(mesh: Mesh) -> Ints:
    """Body of each triangle of lithium."""
    number = np.array([region.body for region in mesh.geometry.regions])
    return np.asarray(number[mesh.region[mesh.elements(Phase.LITHIUM)]])


def _shift(mesh: Mesh, solution: MechanicsSolution) -> tuple[Floats, float]:
    """Displacements (2, N) in m of all nodes, and the mean rise of the top."""
    own = np.zeros_like(mesh.nodes)
    composite, top = solution.bodies[0], np.unique(mesh.edges[on_top(mesh)])
    line = np.unique(mesh.edges[_touching(mesh)])
    if len(solution.bodies) > 1:
        own[:, solution.bodies[1].nodes] = solution.displacements[1].T
    else:
        # Rigid lithium: the foil rises, isolated bodies go where their lines take them.
        foil = [r.phase == Phase.LITHIUM and r.body == 0 for r in mesh.geometry.regions]
        own[1, np.unique(mesh.triangles[np.array(foil)[mesh.region]])] = solution.top.rise or 0.0
    boundary = np.union1d(line, top)
    wanted = own.copy()
    wanted[:, line] = solution.displacements[0][composite.number[line]].T
    if solution.conditions.lithium == "viscoplastic":
        own[:] = 0.0  # it flows through its triangles
    shift = own + stretched(mesh, boundary, (wanted - own)[:, boundary])
    shift[:, composite.nodes] = solution.displacements[0].T
    shift[0, mesh.edges[on_side(mesh)]] = 0.0
    return shift, float(shift[1, top].mean())


def _touching(mesh: Mesh) -> NDArray[np.bool_]:
    """Which edges on outlines (ne,) lie between lithium and something else of the cell."""
    left, right = mesh.phase_sides.T
    one = (left == Phase.LITHIUM) != (right == Phase.LITHIUM)
    return np.asarray(one & (left != "") & (right != ""))
