"""Shapes of cells: generators that all return a `Geometry`."""

from fem.case import Case, Listed
from fem.geometry import layered
from fem.geometry.contacts import wired
from fem.geometry.types import (
    Deposit,
    Geometry,
    Inactivity,
    Outline,
    Particles,
    Phase,
    Region,
)


def build(case: Case) -> Geometry:
    """The geometry that `case` describes.

    Raises
    ------
    InputError
        If the drawing, the image or the mesh cannot be: see `fem.geometry.layered`,
        `fem.geometry.overlapped`, `fem.geometry.pictured` and `fem.geometry.meshed`; or if no
        particle is wired: see `fem.geometry.contacts`.
    """
    # Only images and meshes need the libraries that read them.
    if case.geometry.image is not None:
        from fem.geometry import pictured

        return wired(case, pictured.build(case))
    if case.geometry.mesh is not None:
        from fem.geometry import meshed

        return wired(case, meshed.build(case))
    layout = getattr(case.geometry.cathode, "particles", None)
    if isinstance(layout, Listed) and layout.overlap != "refuse":
        from fem.geometry import overlapped

        return wired(case, overlapped.build(case) or layered.build(case))
    return wired(case, layered.build(case))


__all__ = ["Deposit", "Geometry", "Inactivity", "Outline", "Particles", "Phase", "Region", "build"]
