"""A bed of equal particles in equal tiles: one tile is meshed and copied."""

from __future__ import annotations

import numpy as np

from fem.geometry.curves import Line
from fem.geometry.types import OUTSIDE, Geometry
from fem.mesh.triangulate import MICROMETRE, Chain, Triangulation, fill, joined

_SIDES = (-1, -2, -3, -4)
"""Numbers of a tile's bottom, right, top and left side; its disc's quarters have 0 to 3."""


def bed(
    geometry: Geometry, chains: list[Chain], growth: float, largest: float
) -> tuple[Triangulation, list[Chain]] | None:
    """The cathode's bed as copies of one tile, and the chains that remain to be filled.

    `None` if the geometry has no lattice, or the mesher cut a tile's side so that copies would
    not match; then all is left to `fill`.
    """
    lattice = geometry.lattice
    if lattice is None:
        return None
    regions = np.array([r.body for r in geometry.regions])
    particles = np.flatnonzero((geometry.phases == "active material") & (regions >= 0))
    left = np.array([o.left for o in geometry.outlines])
    right = np.array([o.right for o in geometry.outlines])
    quarters = np.array([np.flatnonzero(left == p) for p in particles])
    electrolyte = int(right[quarters[0, 0]])

    width, height = lattice.pitch_x / MICROMETRE, lattice.pitch_y / MICROMETRE
    tile = _tile([chains[q] for q in quarters[0]], width, height, growth, largest)
    if tile is None:
        return None

    rows, columns = lattice.rows, lattice.columns
    walls = {
        side: number
        for number, outline in enumerate(geometry.outlines)
        if (outline.left, outline.right) == (electrolyte, OUTSIDE)
        for side in [_side_of(outline.curve, geometry.width)]
    }
    copies = []
    for k in range(rows * columns):
        row, column = divmod(k, columns)
        outer = {
            -1: walls[-1] if row == 0 else None,
            -2: walls[-2] if column == columns - 1 else None,
            -3: None,
            -4: walls[-4] if column == 0 else None,
        }
        number = np.full(4 + len(_SIDES), -1)  # negative numbers index from the end
        number[:4] = quarters[k]
        for side, wall in outer.items():
            number[side] = -1 if wall is None else wall
        outline = number[tile.outline]
        keep = outline >= 0
        copies.append(
            Triangulation(
                tile.vertices + np.array([[column * width], [row * height]]),
                tile.triangles,
                np.where(tile.region == 0, electrolyte, particles[k]),
                tile.edges[keep],
                outline[keep],
            )
        )
    seam = np.unique(tile.edges[tile.outline < 0])
    whole = joined(copies, [seam] * len(copies))

    above = _line_above(geometry, electrolyte)
    top = np.sort(tile.vertices[0, tile.on(-3)])
    x = np.concatenate(
        [column * width + top[:-1] for column in range(columns)] + [[columns * width]]
    )
    y = np.full(len(x), rows * height)
    fixed = Chain(np.stack([x, y]), chains[above].left, OUTSIDE, above)
    inside = (left == electrolyte) | (right == electrolyte)
    rest = [c for c, gone in zip(chains, inside, strict=True) if not gone]
    return whole, [fixed, *rest]


def _tile(
    quarters: list[Chain], width: float, height: float, growth: float, largest: float
) -> Triangulation | None:
    """A rectangle of electrolyte (region 0) around one particle (region 1), from the origin."""
    rim = np.hstack([q.points for q in quarters])
    centre = 0.5 * (rim.min(axis=1) + rim.max(axis=1))
    edge = float(np.hypot(*np.diff(quarters[0].points)).max())
    gap = 0.5 * min(width, height) - 0.5 * float(np.ptp(rim[0]))
    size = min(largest, edge + growth * gap)
    corners = np.array([[0, width, width, 0, 0], [0, 0, height, height, 0]], dtype=float)
    chains = []
    for k, number in enumerate(_SIDES):
        start, end = corners[:, [k]], corners[:, [k + 1]]
        count = max(1, int(np.ceil(float(np.hypot(*(end - start))[0]) / size)))
        points = start + (end - start) * np.linspace(0.0, 1.0, count + 1)
        chains.append(Chain(points, 0, OUTSIDE, number))
    shift = np.array([[0.5 * width], [0.5 * height]]) - centre[:, None]
    chains += [Chain(q.points + shift, 1, 0, k) for k, q in enumerate(quarters)]
    tile = fill(chains, growth, largest)
    for chain in chains:
        if (tile.outline == chain.number).sum() != chain.points.shape[1] - 1:
            return None
    return tile


def _side_of(curve: object, width: float) -> int:
    """Which side of the bed a wall is."""
    assert isinstance(curve, Line)
    if curve.start[1] == curve.end[1]:
        return -1
    return -4 if curve.start[0] < 0.5 * width else -2


def _line_above(geometry: Geometry, electrolyte: int) -> int:
    """The outline between the bed and the separator."""
    return next(
        number
        for number, o in enumerate(geometry.outlines)
        if o.right == electrolyte and geometry.regions[o.left].phase == "electrolyte"
    )
