"""Transport numbers of a microstructure: conductivities, tortuosity, percolation, interfaces.

Ions move in the electrolyte, electrons in the active material; neither crosses into the other
phase, lithium or voids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, ParticleCathode
from fem.case.image import Image
from fem.effective.box import Box
from fem.effective.conduction import Conduction, conduct
from fem.effective.morphology import Morphology, morphology
from fem.errors import InputError
from fem.geometry import Geometry, Phase, Region, build
from fem.laws.mixtures import hashin_shtrikman, wiener
from fem.materials import Reader, library
from fem.mesh import Mesh, expected, from_case, generate

Floats = NDArray[np.float64]
Progress = Callable[[str], None]

IONIC, ELECTRONIC = "ionic", "electronic"
CARRIERS = MappingProxyType({IONIC: Phase.ELECTROLYTE, ELECTRONIC: Phase.ACTIVE})
"""What is conducted, and in which phase."""
MOST_TRIANGLES = 5e6
SECONDS = 1.5e-4
"""What a triangle of an image takes from its pixels to the pictures, about, where four fields of
each phase are solved and four drawn."""


@dataclass(frozen=True)
class Conductor:
    """How ions or electrons are conducted.

    Attributes
    ----------
    carrier
        ``ionic`` or ``electronic``.
    known
        Whether conductivities are in S/m; else they are relative to that of the phase.
    conduction
        What was solved.
    wiener, hashin_shtrikman
        Lower and upper bound from the area fractions alone. The first holds for every box between
        equipotential faces, the second for isotropic media only.
    """

    carrier: str
    known: bool
    conduction: Conduction
    wiener: tuple[float, float]
    hashin_shtrikman: tuple[float, float]


@dataclass(frozen=True)
class Transport:
    """The transport numbers of a box."""

    box: Box
    morphology: Morphology
    conductors: tuple[Conductor, ...]
    seconds: float

    @property
    def metrics(self) -> dict[str, Any]:
        """All numbers by name, flat, in SI units; what does not exist is left out.

        Conductivities relative to that of their phase, where that is not known, end in
        ``_relative`` instead of ``_S_m``.
        """
        numbers: dict[str, Any] = {
            "width_m": self.box.width,
            "height_m": self.box.height,
            "triangles": len(self.box.elements),
        }
        for phase, fraction in self.morphology.fraction.items():
            numbers[f"{_word(phase)}_fraction"] = fraction
            numbers |= _along(
                f"{_word(phase)}_percolating_fraction", self.morphology.percolating[phase]
            )
        for (first, second), density in self.morphology.interface.items():
            numbers[f"interface_{_word(first)}_{_word(second)}_per_m"] = density
        for conductor in self.conductors:
            numbers |= _conductor(conductor)
        return numbers | {"seconds_total": self.seconds}


def of_case(case: Case, progress: Progress = lambda stage: None) -> Transport:
    """Transport numbers of the composite cathode of `case`, on the mesh that it is run on.

    Electronic conductivities are relative unless every active material in the composite has an
    ``electronic_conductivity``.

    Raises
    ------
    InputError
        If the case has no composite, cannot be drawn, or lacks an ionic conductivity.
    SolveError
        If the linear solver stalls.
    """
    started = perf_counter()
    _refuse_without_composite(case)
    cell, image = case.geometry, case.geometry.image
    progress("mesh")
    if image is not None:
        # Only images need the libraries that read them.
        from fem.geometry.rectangle import rectangle

        geometry = rectangle(image, case.resolve(image.file), float(case.mesh.size))
        regions = list(range(len(geometry.regions)))
    else:
        assert cell.separator is not None
        geometry = build(case)
        regions = _below(geometry, geometry.lithium_y - float(cell.separator.thickness))
    mesh = from_case(case, geometry)
    file = str(case.file) if case.file else None
    overrides = MappingProxyType(dict(case.materials))
    read = Reader(library([case.resolve(f) for f in case.material_files], overrides, file))
    known = {
        IONIC: _values(geometry, regions, Phase.ELECTROLYTE, lambda r: _ionic(r, read)),
        ELECTRONIC: _values(
            geometry, regions, Phase.ACTIVE,
            lambda r: read.optional(r.material, "electronic_conductivity"),
        ),
    }  # fmt: skip
    elements = np.flatnonzero(np.isin(mesh.region, regions))
    return measure(mesh, elements, known, progress, started)


def of_image(
    image: Image,
    path: Path,
    conductivity: Mapping[str, float] = MappingProxyType({}),
    size: float | None = None,
    progress: Progress = lambda stage: None,
) -> Transport:
    """Transport numbers of a label image; its materials are not looked up.

    Parameters
    ----------
    path
        Where the image is.
    conductivity
        By carrier, that of its phase in S/m; numbers are relative to it where it is left out.
    size
        Element size on interfaces in m; if left out, two pixels, or more where outlines are long.

    Raises
    ------
    InputError
        If the image cannot be used, or if its mesh would be too large.
    SolveError
        If the linear solver stalls.
    """
    from fem.geometry.rectangle import element_size, rectangle

    started = perf_counter()
    progress("outlines")
    size = element_size(image, path) if size is None else size
    geometry = rectangle(image, path, size)
    count = expected(geometry, size)
    if count > MOST_TRIANGLES:
        raise InputError(
            f"the mesh would have about {count:.1g} triangles",
            key="--size",
            given=f"{size * 1e6:.4g} um",
            allowed=f"sizes that make at most {MOST_TRIANGLES:.0e} triangles",
            cure="a larger --size, or a part of the image",
        )
    progress(f"mesh of about {count:.1g} triangles, {count * SECONDS:.1g} s until all is drawn")
    mesh = generate(geometry, size)
    phases = geometry.phases
    known = {c: np.where(phases == CARRIERS[c], value, 0.0) for c, value in conductivity.items()}
    return measure(mesh, np.arange(len(mesh.region)), known, progress, started)


def _refuse_without_composite(case: Case) -> None:
    cell = case.geometry
    if cell.image is None and not isinstance(cell.cathode, ParticleCathode):
        raise InputError(
            "there is no composite to measure: the cathode is one flat electrode",
            key="geometry.cathode.kind",
            given=None if cell.cathode is None else cell.cathode.kind,
            allowed="particles",
            cure="give a case with particles, or an image",
        )
    if cell.image is not None and cell.image.labels.lithium is not None:
        raise InputError(
            "the image shows all layers, and does not say where the composite ends",
            key="geometry.image.labels.lithium",
            allowed="an image of the composite alone",
            cure="crop the image to the composite, and draw separator and anode above it",
        )


def measure(
    mesh: Mesh,
    elements: NDArray[np.int64],
    conductivity: Mapping[str, Floats | None],
    progress: Progress = lambda stage: None,
    started: float | None = None,
) -> Transport:
    """Transport numbers of the rectangle that some triangles of a mesh fill.

    Parameters
    ----------
    elements
        These triangles.
    conductivity
        By carrier, the conductivity of each region in S/m, 0 where it is not conducted; `None`
        makes it relative to that of the phase.
    started
        When the work began (s, of `time.perf_counter`).

    Raises
    ------
    InputError
        If the triangles do not fill a rectangle.
    SolveError
        If the linear solver stalls.
    """
    started = perf_counter() if started is None else started
    box = Box(mesh, elements)
    shape = morphology(box)
    conductors = []
    for carrier, phase in CARRIERS.items():
        if phase not in shape.fraction:
            continue
        progress(f"{carrier} conductivity")
        known = conductivity.get(carrier)
        by_region = np.where(mesh.geometry.phases == phase, 1.0, 0.0) if known is None else known
        conductors.append(_conduct(box, carrier, known is not None, by_region))
    return Transport(box, shape, tuple(conductors), perf_counter() - started)


def _conduct(box: Box, carrier: str, known: bool, by_region: Floats) -> Conductor:
    conductivity = by_region[box.region]
    values, which = np.unique(conductivity, return_inverse=True)
    fraction = np.bincount(which, weights=box.area) / box.area.sum()
    return Conductor(
        carrier=carrier,
        known=known,
        conduction=conduct(box, conductivity),
        wiener=wiener(fraction, values),
        hashin_shtrikman=hashin_shtrikman(fraction, values),
    )


def _below(geometry: Geometry, height: float) -> list[int]:
    """Regions that lie wholly below a height (m)."""
    top = np.full(len(geometry.regions) + 1, -np.inf)
    t = np.linspace(0.0, 1.0, 33)
    for outline in geometry.outlines:
        highest = float(outline.curve.point(t)[1].max())
        for side in (outline.left, outline.right):
            top[side] = max(top[side], highest)
    return [int(k) for k in np.flatnonzero(top[:-1] <= height * (1.0 + 1e-9))]


def _ionic(region: Region, read: Reader) -> float:
    return read.value(region.material, "ionic_conductivity") * region.conductivity_factor


def _values(
    geometry: Geometry,
    regions: Iterable[int],
    phase: Phase,
    value: Callable[[Region], float | None],
) -> Floats | None:
    """A value of each region of a phase, 0 elsewhere; `None` if one of them has none."""
    values = np.zeros(len(geometry.regions))
    for k in regions:
        if geometry.regions[k].phase == phase:
            found = value(geometry.regions[k])
            if found is None:
                return None
            values[k] = found
    return values


def _conductor(conductor: Conductor) -> dict[str, Any]:
    found, name = conductor.conduction, conductor.carrier
    unit = "S_m" if conductor.known else "relative"
    numbers = _along(f"{name}_conductivity", found.effective, unit)
    numbers |= _along(f"{name}_conductivity_lower", found.lower, unit)
    numbers |= _along(f"{name}_conductivity_upper", found.upper, unit)
    for bound, tensor in (("lower", found.tensor_lower), ("upper", found.tensor_upper)):
        for component, (i, j) in {"xx": (0, 0), "xy": (0, 1), "yy": (1, 1)}.items():
            numbers[f"{name}_tensor_{bound}_{component}_{unit}"] = float(tensor[i, j])
    numbers |= _along(f"{name}_tortuosity_factor", found.tortuosity_factor)
    for law, bounds in (
        ("wiener", conductor.wiener),
        ("hashin_shtrikman", conductor.hashin_shtrikman),
    ):
        for bound, number in zip(("lower", "upper"), bounds, strict=True):
            numbers[f"{name}_{law}_{bound}_{unit}"] = number
    return numbers


def _along(name: str, pair: tuple[float | None, float | None], unit: str = "") -> dict[str, float]:
    """Entries for x and y; none for what does not exist."""
    end = f"_{unit}" if unit else ""
    return {
        f"{name}_{axis}{end}": value
        for axis, value in zip("xy", pair, strict=True)
        if value is not None
    }


def _word(phase: str) -> str:
    return phase.replace(" ", "_")
