"""A lithium interface that follows what is plated: mesh, cell and state move on together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from skfem import MeshTri2

from fem.case import Case
from fem.cell.build import lithium_of
from fem.cell.composition import Cell
from fem.cell.lithium import Followed, LithiumInterface
from fem.cell.state import State
from fem.errors import SolveError
from fem.geometry import Phase
from fem.mesh import Mesh
from fem.mesh.merge import Change, Growing, change
from fem.mesh.motion import advanced, largest_stretch, smallest_quality
from fem.mesh.plain import describe, mesh_arrays, mesh_from
from fem.mesh.redraw import redrawn
from fem.mesh.remesh import Drawing, remeshed
from fem.mesh.short import gap_to_cathode
from fem.parameters import resolve
from fem.runs.carried import Before, carried, on_new_line, values_on_new_line

Floats = NDArray[np.float64]

LAG = 0.05
"""The line moves once this share of the element size has been plated somewhere."""
FARTHEST = 0.25
"""What a line moves at once, as a share of the element size: less than half of a narrow gap."""
REACHED = 0.1
"""Width of the gap, as a share of the element size, at which lithium has reached the cathode."""
SLOWLY = 0.1
"""The same where a line goes back to keep the volume of lithium."""
WIDER = 2.0
"""How much wider gaps are closed if a line cannot move otherwise."""
SHARPEST_BEND = 0.5
"""Radius, as a share of the element size, below which bends of a line are rounded off."""
WORST_QUALITY = 0.3
MOST_STRETCH = 1.6
"""Elements flatter than this, or edges longer or shorter than new by this, call for a new mesh."""


@dataclass(frozen=True)
class Shape:
    """The present mesh, and what it is compared with.

    Attributes
    ----------
    fresh
        Nodes of the mesh when its triangles were new (2, N), in m.
    followed
        What the line shows of the plated lithium.
    closed
        Area in m^2 of all gaps and necks that lines have closed.
    short
        In words where lithium has reached the cathode; empty while it has not.
    rebalanced
        Where solids move along: what then had to move for equilibrium, over the way moved; the
        largest so far.
    """

    mesh: Mesh
    fresh: Floats
    followed: Followed
    closed: float = 0.0
    short: str = ""
    rebalanced: float = 0.0

    @classmethod
    def drawn(cls, cell: Cell) -> Shape:
        """The mesh as drawn, with nothing plated."""
        return cls(cell.mesh, cell.mesh.nodes, cell.lithium.followed)

    def cell(self, case: Case, drawn: Cell | None = None) -> Cell:
        """The cell of this shape; its particles are those `drawn` where they move along."""
        cell = Cell(case, self.mesh, resolve(case, self.mesh.geometry), like=drawn)
        cell.lithium.followed = self.followed
        return cell

    @property
    def charge(self) -> float:
        """Charge of the lithium that the line has followed, in C per m of depth."""
        return float(self.followed.charge.sum())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays, for a file; `facts` has the rest."""
        return mesh_arrays(self.mesh) | {
            "shape.fresh": self.fresh,
            "shape.plated": self.followed.charge,
            "shape.thickness": self.followed.thickness,
        }

    def facts(self) -> dict[str, Any]:
        """The geometry in the types of JSON, and the other numbers."""
        told = {"closed": self.closed, "short": self.short, "rebalanced": self.rebalanced}
        return describe(self.mesh.geometry) | told

    @classmethod
    def taken_up(cls, arrays: Mapping[str, NDArray[Any]], facts: dict[str, Any]) -> Shape:
        """The shape that `arrays` and `facts` told of."""
        followed = Followed(arrays["shape.plated"], arrays["shape.thickness"])
        mesh = mesh_from(arrays, facts)
        told = [facts[name] for name in ("closed", "short", "rebalanced")]
        return cls(mesh, arrays["shape.fresh"], followed, *told)


Moved = tuple[Shape, Cell, State]


def growth(cell: Cell, state: State) -> Floats:
    """Thickness plated at the nodes of the lithium since it moved last (m,), in m."""
    return cell.lithium.at_nodes(cell.lithium.since(state.content))


def due(case: Case, cell: Cell, state: State) -> bool:
    """Whether enough was plated for the line to move."""
    return float(np.abs(growth(cell, state)).max()) >= LAG * float(case.mesh.size)


def follow(case: Case, cell: Cell, shape: Shape, state: State) -> Moved:
    """Move the line by what was plated; triangles that suffered too much are made anew.

    It moves by small parts, and no more than half of the gap that is left to the cathode. Gaps of
    the electrolyte that have become narrow close on the way, and so do necks of lithium that is
    stripped. Where the line has reached the cathode it stays, and `Shape.short` says so.

    Raises
    ------
    SolveError
        If the line cannot move in the space that is left.
    """
    size, first = float(case.mesh.size), True
    while not shape.short:
        most = float(np.abs(growth(cell, state)).max())
        gap = gap_to_cathode(cell.mesh)
        room = min(FARTHEST * size, np.inf if gap is None else 0.5 * gap.width)
        share = min(1.0, room / most) if most > 0.0 else 1.0
        shape, cell, state = _moved(case, cell, shape, state, share, first)
        first = False
        gap = gap_to_cathode(cell.mesh)
        if gap is not None and gap.width <= REACHED * size:
            shape = replace(shape, short=gap.words)
            geometry = shape.mesh.geometry
            geometry = replace(geometry, notes=(*geometry.notes, f"Short circuit: {gap.words}."))
            cell.mesh = replace(shape.mesh, geometry=geometry)
            lithium = cell.lithium
            lithium.followed = replace(
                lithium.followed,
                thickness=lithium.followed.thickness - lithium.since(state.content),
            )
            shape = replace(shape, mesh=cell.mesh, followed=lithium.followed)
        if share == 1.0:
            break
    return shape, cell, state


def _moved(case: Case, cell: Cell, shape: Shape, state: State, share: float, first: bool) -> Moved:
    """Move the line by a share of what was plated, and close what has become narrow then.

    All that was plated counts as thickness with the `first` share, on the line on which it came.
    """
    size, line = float(case.mesh.size), cell.lithium.patches.nodes[0]
    growing = Growing(cell.mesh.nodes[:, line], growth(cell, state))
    try:
        moved = _advanced(case, cell, shape, state, share, first)
    except SolveError:
        closing = change(cell.mesh, size, growing, WIDER)
        if closing is None:
            raise
        shape, cell, state = _merged(case, cell, shape, state, closing)
        moved = _advanced(case, cell, shape, state, share, first)
    shape, cell, state = moved
    closing = change(cell.mesh, size, growing)
    return moved if closing is None else _merged(case, cell, shape, state, closing)


def _advanced(
    case: Case, cell: Cell, shape: Shape, state: State, share: float, first: bool
) -> Moved:
    """Lines with the pieces that they have, moved by a share of what was plated."""
    mesh, lithium = shape.mesh, cell.lithium
    thickness = share * growth(cell, state)
    patches = lithium.patches
    volume = patches.by_piece(patches.loads(patches.at_points(thickness[None])))
    mesh = _shifted(lithium, mesh, thickness, volume, SHARPEST_BEND * float(case.mesh.size))
    known, charge = lithium.followed, lithium.charge(state.content)
    followed = Followed(
        known.charge + share * (charge - known.charge) if share < 1.0 else charge,
        known.thickness + lithium.since(state.content) if first else known.thickness,
    )
    worn = Mesh(
        MeshTri2(shape.fresh, mesh.skfem.t), mesh.region, mesh.edges, mesh.outline, mesh.geometry
    )
    if largest_stretch(mesh, worn) < MOST_STRETCH and smallest_quality(mesh, worn) > WORST_QUALITY:
        new = Cell(case, mesh, cell.parameters, like=cell)
        new.lithium.followed = followed
        return replace(shape, mesh=mesh, followed=followed), new, state
    # Nothing is solved for on the old triangles, which need not even be sound.
    before = Before(cell, mesh, lithium_of(case, mesh, cell.parameters))
    new = Cell(case, _meshed(case, mesh), cell.parameters)
    return _carried_over(before, new, shape, followed, state)


def _merged(case: Case, cell: Cell, shape: Shape, state: State, closing: Change) -> Moved:
    """Lithium and electrolyte with other pieces, and as much lithium as before.

    What has closed counts as lithium that has come, so all lines of the bodies that share it go
    back by one small distance; and the other way round where a neck has gone.
    """
    drawing = redrawn(cell.mesh, closing, float(case.mesh.size))
    mesh = _meshed(case, cell.mesh, drawing)
    parameters = resolve(case, mesh.geometry)
    new = Cell(case, mesh, parameters)
    back = _volumes(cell.mesh, new, drawing)
    patches = new.lithium.patches
    lengths = patches.by_piece(patches.loads(np.ones(patches.weights.shape)))
    parts = int(np.ceil(np.abs(back / lengths).max() / (SLOWLY * float(case.mesh.size)))) or 1
    for _ in range(parts):
        line = lithium_of(case, mesh, parameters)
        still = np.zeros(line.patches.nodes.shape[1])
        moved = _shifted(line, mesh, still, back / parts, 0.0, checked=False)
        worn = smallest_quality(moved, mesh) < WORST_QUALITY
        mesh = _meshed(case, moved) if worn else moved
    new = Cell(case, mesh, parameters)
    shape = replace(shape, closed=shape.closed + closing.area)
    before = Before(cell, cell.mesh, cell.lithium, pieces=False)
    return _carried_over(before, new, shape, cell.lithium.followed, state)


def _volumes(old: Mesh, new: Cell, drawing: Drawing) -> Floats:
    """Volume in m^2 that each body of the new cell lacks; bodies that share some have it evenly."""
    patches, bodies = new.lithium.patches, new.lithium.ids
    pairs = drawing.bodies
    size = int(pairs.max()) + 1
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], size + pairs[:, 1])), (2 * size,) * 2)
    label = connected_components(links, directed=False)[1]
    groups = label[:size], label[size:]
    lacking = np.zeros(2 * size)
    for sign, geometry, column in ((1.0, old.geometry, 0), (-1.0, new.mesh.geometry, 1)):
        for region in geometry.regions:
            if region.phase == Phase.LITHIUM and region.body in pairs[:, column]:
                lacking[groups[column][region.body]] += sign * region.area
    ones = np.ones(patches.weights.shape)
    lengths, group = patches.by_piece(patches.loads(ones)), groups[1][bodies]
    whole = np.bincount(group, weights=lengths, minlength=2 * size)
    return np.asarray(lacking[group] * lengths / whole[group])


def _shifted(
    lithium: LithiumInterface,
    mesh: Mesh,
    thickness: Floats,
    volume: Floats,
    radius: float,
    checked: bool = True,
) -> Mesh:
    """The mesh after lines grew by a thickness at their nodes and a volume on each body."""
    patches = lithium.patches
    bodies = [patches.part(np.arange(patches.count) == k) for k in range(patches.count)]
    nodes = [body.patches.nodes[0] for body in bodies]
    return advanced(
        mesh,
        nodes,
        [b.patches.all_edges.nodal_normals(own) for b, own in zip(bodies, nodes, strict=True)],
        [thickness[body.nodes] for body in bodies],
        volume.tolist(),
        radius,
        checked,
    )


def _meshed(case: Case, mesh: Mesh, drawing: Drawing | None = None) -> Mesh:
    largest = None if case.mesh.max_size is None else float(case.mesh.max_size)
    return remeshed(mesh, float(case.mesh.size), case.mesh.growth, largest, drawing)


def _carried_over(
    before: Before, new: Cell, shape: Shape, followed: Followed, state: State
) -> Moved:
    """A state on a new mesh; what the line has followed of it goes along."""
    content = carried(before, new, state.content)
    charge = before.cell.lithium.charge(state.content)
    rest = on_new_line(before, new, "", charge - followed.charge)
    new.lithium.followed = Followed(
        new.lithium.charge(content) - rest, values_on_new_line(before, new, "", followed.thickness)
    )
    rate = None if state.rate is None else carried(before, new, state.rate)
    held = dict(state.held)
    name = new.lithium.inactivity_name
    if len(held[name]) != len(new.lithium.ids):
        held[name] = new.blocks[name].start
    return (
        replace(shape, mesh=new.mesh, fresh=new.mesh.nodes, followed=new.lithium.followed),
        new,
        State(state.time, content, held, rate),
    )
