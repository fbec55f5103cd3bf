"""What the verification tests of transport share: boxes of blocks, boxes of discs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from harness import geometry
from numpy.typing import NDArray

from fem.effective.box import Box
from fem.effective.conduction import Conduction, conduct
from fem.geometry.curves import Arc, Line
from fem.geometry.types import OUTSIDE, Geometry, Outline, Phase
from fem.mesh import Mesh

Floats = NDArray[np.float64]
TAU = 2.0 * np.pi


def blocks(
    width: Sequence[float], height: Sequence[float], electrolyte: NDArray[np.bool_] | None = None
) -> Geometry:
    """A grid of rectangles of the given widths and heights; row j, column i is region j*nx + i.

    They are electrolyte, or active material where `electrolyte` (ny, nx) says no.
    """
    x, y = np.cumsum([0.0, *width]), np.cumsum([0.0, *height])
    nx, ny = len(width), len(height)

    def at(i: int, j: int) -> int:
        return j * nx + i if 0 <= i < nx and 0 <= j < ny else OUTSIDE

    def line(a: tuple[int, int], b: tuple[int, int], left: int, right: int) -> Outline:
        # The harness wants a region on the left.
        if left == OUTSIDE:
            a, b, left, right = b, a, right, left
        start, end = ((float(x[i]), float(y[j])) for i, j in (a, b))
        return Outline(Line(start, end), left, right)

    outlines = [
        line((i, j), (i + 1, j), at(i, j), at(i, j - 1)) for j in range(ny + 1) for i in range(nx)
    ]
    outlines += [
        line((i, j), (i, j + 1), at(i - 1, j), at(i, j)) for j in range(ny) for i in range(nx + 1)
    ]
    is_electrolyte = np.ones((ny, nx), bool) if electrolyte is None else electrolyte
    phases = [Phase.ELECTROLYTE if e else Phase.ACTIVE for e in is_electrolyte.ravel()]
    return geometry(outlines, phases)


def discs(
    width: float, height: float, centres: Sequence[tuple[float, float]], radii: Sequence[float]
) -> Geometry:
    """Whole discs (regions 1, 2, ..., active material) in a rectangle of electrolyte (region 0)."""
    corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
    outlines = [
        Outline(Line(a, b), 0, OUTSIDE)
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True)
    ]
    outlines += [
        Outline(Arc(centre, (r, r), (q * TAU / 4, (q + 1) * TAU / 4)), k, 0)
        for k, (centre, r) in enumerate(zip(centres, radii, strict=True), start=1)
        for q in range(4)
    ]
    return geometry(outlines, [Phase.ELECTROLYTE] + [Phase.ACTIVE] * len(radii))


def box_of(mesh: Mesh) -> Box:
    """All of a mesh as a box."""
    return Box(mesh, np.arange(len(mesh.region)))


def conducted(mesh: Mesh, by_region: Sequence[float] | Floats) -> Conduction:
    """How a mesh conducts, with a conductivity for each region."""
    box = box_of(mesh)
    return conduct(box, np.asarray(by_region, dtype=float)[box.region])


def assert_bracketed(found: Conduction, slack: float = 1e-11) -> None:
    """Lower bound <= conductivity <= upper bound, for numbers and for tensors."""
    scale = slack * found.mean
    for low, value, high in zip(found.lower, found.effective, found.upper, strict=True):
        assert -scale <= low <= value + scale
        assert value <= high + scale
    assert np.linalg.eigvalsh(found.tensor_lower).min() >= -scale
    assert np.linalg.eigvalsh(found.tensor_upper - found.tensor_lower).min() >= -scale
    assert np.linalg.eigvalsh(found.mean * np.eye(2) - found.tensor_upper).min() >= -scale
