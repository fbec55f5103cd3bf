"""Shapes of cells: generators that all return a `Geometry`."""

from fem.case import Case
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
        If the drawing or the image cannot be: see `fem.geometry.layered` and
        `fem.geometry.pictured`; or if no particle is wired: see `fem.geometry.contacts`.
    """
    if case.geometry.image is None:
        return wired(case, layered.build(case))
    # Only images need the libraries that read them.
    from fem.geometry import pictured

    return wired(case, pictured.build(case))


__all__ = ["Deposit", "Geometry", "Inactivity", "Outline", "Particles", "Phase", "Region", "build"]
