"""The rectangle of an image alone: its pieces as regions, and nothing drawn around them."""

from __future__ import annotations

from pathlib import Path

from fem.case.image import Image
from fem.geometry.image import picture
from fem.geometry.pictured import shapes
from fem.geometry.polyline import Polyline
from fem.geometry.types import Geometry, Outline, Particles, Phase, Region


def rectangle(image: Image, path: Path) -> Geometry:
    """The geometry of an image, read from `path`, of which nothing is idle: it is no cell.

    Raises
    ------
    InputError
        If it is not a label image, or if its phases cannot be resolved.
    """
    clean = picture(image, path)
    shown = shapes(clean, image.smoothing)
    pixel = float(image.pixel_size)
    material = {Phase.ELECTROLYTE: image.electrolyte or "", Phase.ACTIVE: image.active or ""}
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
    )
