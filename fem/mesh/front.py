"""The lithium lines of a mesh, and how they are drawn anew through vertices that have moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.errors import SolveError
from fem.geometry.curves import Curve
from fem.geometry.polyline import Polyline
from fem.geometry.spline import Spline, rounded, through
from fem.geometry.types import OUTSIDE, Phase
from fem.mesh.cell import MICROMETRE, Floats, Ints, Mesh
from fem.mesh.ends import End, ends_of, is_side, slid

CORNER = 0.2
"""Angle in rad between two pieces of a line beyond which their joint is a corner and stays one."""
GONE = 1e-6
"""Length of an edge of a line, relative to its longest, at which there is nothing left of it."""
SHARPEST = 2.0
"""Angle in rad beyond which a corner is not carried further ahead of its sides."""


@dataclass(frozen=True)
class Draft:
    """New places of all vertices on outlines (2, nv) in m, and the curves that change.

    `pieces` are those on Li|SE, `rails` those along which ends of lines have slid.
    """

    vertices: Floats
    pieces: dict[int, Spline]
    rails: dict[int, Curve]

    @property
    def curves(self) -> dict[int, Curve]:
        """All of them, by outline."""
        return {**self.rails, **self.pieces}


@dataclass(frozen=True)
class Front:
    """All Li|SE lines: vertices along each outline, and the outlines of each smooth chain."""

    mesh: Mesh
    vertices: dict[int, Ints]
    chains: tuple[tuple[int, ...], ...]
    corners: dict[int, float]
    """The angle in rad by which the line turns at vertices where it has a corner."""
    ends: dict[int, End]
    """Where lines end away from the side walls."""

    @classmethod
    def of(cls, mesh: Mesh) -> Front:
        outlines = np.unique(mesh.outline[mesh.interface(Phase.LITHIUM)])
        vertices = {int(k): mesh.vertices_along(int(k)) for k in outlines}
        curves = {k: mesh.geometry.outlines[k].curve for k in vertices}
        tangents = {k: _end_directions(curve) for k, curve in curves.items()}
        starting = {int(along[0]): k for k, along in vertices.items()}
        corners: dict[int, float] = {}
        next_piece: dict[int, int] = {}
        for k, along in vertices.items():
            if (joint := int(along[-1])) in starting:
                following = starting[joint]
                (_, u), (v, _) = tangents[k], tangents[following]
                turn = abs(float(np.arctan2(u[0] * v[1] - u[1] * v[0], u @ v)))
                # Where outlines from pixels begin means nothing.
                pixels = isinstance(curves[k], Polyline) and k == following
                if turn < CORNER or pixels:
                    next_piece[k] = following
                else:
                    corners[joint] = turn

        # Chains begin at what is nobody's next piece; what is left then is closed and smooth.
        chains: list[tuple[int, ...]] = []
        unused = dict.fromkeys(vertices)
        for first in [k for k in vertices if k not in next_piece.values()] + list(vertices):
            if first in unused:
                chain = [first]
                del unused[first]
                while (k := next_piece.get(chain[-1], -1)) in unused:
                    chain.append(k)
                    del unused[k]
                chains.append(tuple(chain))
        return cls(mesh, vertices, tuple(chains), corners, ends_of(mesh, vertices))

    def vertices_of(self, chain: Iterable[int]) -> Ints:
        return np.concatenate([self.vertices[k] for k in chain])

    def drawn(self, shift: Floats) -> Draft:
        """The lines after displacements (2, N) in m of their vertices; others' do not count.

        Raises
        ------
        SolveError
            If the end of a line cannot slide so far.
        """
        mesh = self.mesh
        vertices = mesh.nodes[:, : mesh.skfem.nvertices].copy()
        chains = [c for c in self.chains if shift[:, self.vertices_of(c)].any()]
        here = np.unique(np.concatenate([np.zeros(0, dtype=int), *map(self.vertices_of, chains)]))
        vertices[:, here] += shift[:, here]
        rails = slid(mesh, {v: end for v, end in self.ends.items() if v in here}, shift)
        for k, curve in rails.items():
            along = mesh.vertices_along(k)
            place = mesh.geometry.outlines[k].curve.parameter(mesh.nodes[:, along])
            place[[0, -1]] = 0.0, 1.0
            vertices[:, along] = curve.point(place)
        pieces: dict[int, Spline] = {}
        for chain in chains:
            pieces |= self._redrawn(chain, vertices)
        return Draft(vertices, pieces, rails)

    def rounded(self, shift: Floats, radius: float) -> Floats:
        """Displacements (2, N) in m with no bend below `radius` (m) where a line closes in.

        A hollow of the lithium that fills from both sides would end in a cusp, and so would a tip
        that is stripped. Corners stay. So do ends, and what lies just before one that comes along
        the line is laid out anew between them.
        """
        shift = shift.copy()
        walls = np.unique(self.mesh.edges[on_side(self.mesh), :2])
        for chain in self.chains:
            nodes = self._nodes_of(chain)
            before = self.mesh.nodes[:, nodes]
            points = before + shift[:, nodes]
            tangents = np.gradient(before, axis=1)
            # A curve that moves to its left closes in where it turns left.
            leftwards = tangents[0] * shift[1, nodes] - tangents[1] * shift[0, nodes]
            for order in (slice(None), slice(None, None, -1)):
                end = self.ends.get(int(nodes[order][0]))
                if end is not None:
                    way = float(shift[:, end.vertex] @ end.along)
                    _lay_out(points[:, order], before[:, order], way)
            mirrored = (bool(nodes[0] in walls), bool(nodes[-1] in walls))
            points = rounded(points, radius, leftwards, self._closed(nodes), mirrored)
            shift[:, nodes] = points - before
        return shift

    def _nodes_of(self, chain: tuple[int, ...]) -> Ints:
        """Vertices along a chain; the first is repeated as the last if it is closed."""
        return np.concatenate([self.vertices[chain[0]][:1], *(self.vertices[k][1:] for k in chain)])

    def _closed(self, nodes: Ints) -> bool:
        return bool(nodes[0] == nodes[-1]) and int(nodes[0]) not in self.corners

    def _redrawn(self, chain: tuple[int, ...], vertices: Floats) -> dict[int, Spline]:
        """Splines of a chain's outlines through the vertices' new places."""
        nodes = self._nodes_of(chain)
        cuts = np.cumsum([0] + [len(self.vertices[k]) - 1 for k in chain])
        closed = self._closed(nodes)
        at_wall = np.isin(nodes[[0, -1]], self.mesh.edges[on_side(self.mesh)]).tolist()
        points = vertices[:, nodes]
        lengths = np.hypot(*np.diff(points))
        if lengths.min() <= GONE * lengths.max():
            x, y = points[:, np.argmin(lengths)] / MICROMETRE
            raise SolveError(
                f"a piece of the lithium line has shrunk to nothing near ({x:.4g}, {y:.4g}) um",
                cures=("end the run before that", "a larger mesh.size"),
            )
        loose = (int(nodes[0]) in self.ends, int(nodes[-1]) in self.ends)
        splines = through(
            points, cuts.tolist(), closed=closed, level=(at_wall[0], at_wall[1]), loose=loose
        )
        return dict(zip(chain, splines, strict=True))

    def gained(self, draft: Draft) -> dict[int, float]:
        """Area in m^2 that each lithium body gains by a draft, by the body's number."""
        geometry = self.mesh.geometry
        gained = {r.body: 0.0 for r in geometry.regions if r.phase == Phase.LITHIUM}
        for k, curve in draft.curves.items():
            outline = geometry.outlines[k]
            # The walls change as well. Of the integral of -y dx around a region they have no part.
            area = _below(outline.curve) - _below(curve)
            for side, sign in ((outline.left, 1.0), (outline.right, -1.0)):
                if side != OUTSIDE and geometry.regions[side].phase == Phase.LITHIUM:
                    gained[geometry.regions[side].body] += sign * area
        return gained


def _lay_out(points: Floats, before: Floats, way: float) -> None:
    """Spread out the first of `points` (2, n) that an end overtakes on its `way` (m) along them.

    The first one stays, and so do those beyond twice the way; all in place.
    """
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(before)))])
    last = min(int(np.searchsorted(along, 2.0 * way)), len(along) - 1)
    if last > 1:
        share = along[1:last] / along[last]
        first, beyond = points[:, :1], points[:, last : last + 1]
        points[:, 1:last] = first + share * (beyond - first)


def _below(curve: Curve) -> float:
    """The integral of y dx along a curve, in m^2."""
    (x0, x1), (y0, y1) = curve.point(np.array([0.0, 1.0]))
    return float(x1 * y1 - x0 * y0) - curve.moment


def on_side(mesh: Mesh) -> NDArray[np.bool_]:
    """Which of the edges on outlines (ne,) lie on a side wall."""
    sides = np.array([is_side(outline) for outline in mesh.geometry.outlines])
    return np.asarray(sides[mesh.outline])


def _end_directions(curve: Curve) -> tuple[Floats, Floats]:
    """Unit tangents at the start and the end of a curve."""
    points = curve.point(np.array([0.0, 1e-4, 1.0 - 1e-4, 1.0]))
    first, last = points[:, 1] - points[:, 0], points[:, 3] - points[:, 2]
    return first / np.hypot(*first), last / np.hypot(*last)
