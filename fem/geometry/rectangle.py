"""The rectangle of an image alone: its pieces as regions, and nothing drawn around them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fem.case.image import Image
from fem.geometry.image import picture, sides
from fem.geometry.pictured import shapes
from fem.geometry.polyline import Polyline
from fem.geometry.types import Geometry, Outline, Particles, Phase, Region

PIXELS = 2.0
"""Element size on the interfaces of an image, in pixels, unless another one is asked for ..."""
MOST_EDGES = 30_000
"""... or this many edges on its interfaces call for a larger one."""


def element_size(image: Image, path: Path) -> float:
    """The size of elements on interfaces in m that goes with an image, unless a user gives one.

    Raises
    ------
    InputError
        If it is not a label image.
    """
    # A straight line in any direction is shorter than the sides of pixels along it by pi / 4.
    length = 0.25 * np.pi * sides(image, path)
    return float(image.pixel_size) * max(PIXELS, length / MOST_EDGES)


def rectangle(image: Image, path: Path, size: float = 0.0) -> Geometry:
    """The geometry of an image, read from `path`, of which nothing is idle: it is no cell.

    Outlines show no more detail than elements of a `size` in m can; 0 keeps all of it.

    Raises
    ------
    InputError
        If it is not a label image, or if its phases cannot be resolved.
    """
    clean = picture(image, path)
    pixel = float(image.pixel_size)
    shown = shapes(clean, image.smoothing, size / pixel)
    material = {Phase.ELECTROLYTE: image.electrolyte, Phase.ACTIVE: image.active}
    regions = [
        Region(f"{phase} {k}", Phase(phase), material.get(Phase(phase), ""), float(a) * pixel**2, k)
        for k, (phase, a) in enumerate(zip(shown.phase, shown.area, strict=True))
    ]
    outlines = [
        Outline(Polyline(tuple((x, y) for x, y in points)), arc.left, arc.right)
        for arc in shown.arcs
        for points in [(pixel * arc.points).tolist()]
    ]
    height = pixel * shown.height
    return Geometry(
        width=pixel * shown.width,
        height=height,
        depth=1.0,
        lithium_y=height,
        regions=tuple(regions),
        outlines=tuple(outlines),
        particles=Particles.none(),
        notes=(shown.coarsening,) if shown.tolerance else (),
    )
