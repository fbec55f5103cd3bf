"""Transport numbers of a microstructure: conductivities, tortuosity, percolation, interfaces.

Ions move in the electrolyte, electrons in the active material; neither crosses into the other
phase, lithium or voids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, ParticleCathode
from fem.case.image import Image
from fem.effective.box import Box
from fem.effective.conduction import between_faces, conduct, tortuosity_factor
from fem.effective.morphology import morphology
from fem.effective.numbers import AsRead, Conductor, Transport
from fem.errors import InputError
from fem.geometry import Geometry, Phase, Region, build
from fem.laws.mixtures import hashin_shtrikman, wiener
from fem.materials import Reader
from fem.mesh import Mesh, expected, from_case, generate
from fem.parameters import reader

Floats = NDArray[np.float64]
Progress = Callable[[str], None]

IONIC, ELECTRONIC = "ionic", "electronic"
CARRIERS = MappingProxyType({IONIC: Phase.ELECTROLYTE, ELECTRONIC: Phase.ACTIVE})
"""What is conducted, and in which phase."""
MOST_SIDES = 50_000
"""Straight pieces of outlines up to which an image is solved as read, too: about a minute."""
MOST_TRIANGLES = 5e6
SECONDS = 1.5e-4
"""What a triangle of an image takes from its pixels to the pictures, about, where four fields of
each phase are solved and four drawn."""


def of_case(
    case: Case, progress: Progress = lambda stage: None, compare: bool = False
) -> Transport:
    """Transport numbers of the composite cathode of `case`, on the mesh that it is run on.

    Electronic conductivities are relative unless every active material in the composite has an
    ``electronic_conductivity``.

    Parameters
    ----------
    compare
        Solve an image without cleaning, too.

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
    read = reader(case)

    def known(regions: Sequence[Region]) -> dict[str, Floats | None]:
        return {
            IONIC: _values(regions, Phase.ELECTROLYTE, lambda r: _ionic(r, read)),
            ELECTRONIC: _values(
                regions,
                Phase.ACTIVE,
                lambda r: read.optional(r.material, "electronic_conductivity"),
            ),
        }

    if image is not None:
        path = case.resolve(image.file)
        size = float(case.mesh.size)
        return _pictured(
            image, path, known, size, lambda g: from_case(case, g), progress, started, compare
        )
    assert cell.separator is not None
    geometry = build(case)
    below = _below(geometry, geometry.lithium_y - float(cell.separator.thickness))
    # Others are not measured, and need no conductivity.
    composite = [replace(r, phase=Phase.VOID) for r in geometry.regions]
    for k in below:
        composite[k] = geometry.regions[k]
    mesh = from_case(case, geometry)
    elements = np.flatnonzero(np.isin(mesh.region, below))
    return measure(mesh, elements, known(composite), progress, started)


def of_image(
    image: Image,
    path: Path,
    conductivity: Mapping[str, float] = MappingProxyType({}),
    size: float | None = None,
    progress: Progress = lambda stage: None,
    compare: bool = False,
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
    compare
        Solve the image without cleaning, too.

    Raises
    ------
    InputError
        If the image cannot be used.
    SolveError
        If the linear solver stalls.
    """
    from fem.geometry.rectangle import element_size

    started = perf_counter()
    progress("outlines")
    edge = element_size(image, path) if size is None else size

    def meshed(geometry: Geometry) -> Mesh:
        count = expected(geometry, edge)
        if count > MOST_TRIANGLES:
            raise InputError(
                f"the mesh would have about {count:.1g} triangles",
                key="--size",
                given=f"{edge * 1e6:.4g} um",
                allowed=f"sizes that make at most {MOST_TRIANGLES:.0e} triangles",
                cure="a larger --size, or a part of the image: crop, or bin",
            )
        progress(f"mesh of about {count:.1g} triangles, {count * SECONDS:.1g} s until all is drawn")
        return generate(geometry, edge)

    def known(regions: Sequence[Region]) -> dict[str, Floats | None]:
        return {
            carrier: None
            if carrier not in conductivity
            else _values(regions, phase, lambda r, c=carrier: conductivity[c])  # type: ignore[misc]
            for carrier, phase in CARRIERS.items()
        }

    return _pictured(image, path, known, edge, meshed, progress, started, compare)


def _pictured(
    image: Image,
    path: Path,
    known: Callable[[Sequence[Region]], Mapping[str, Floats | None]],
    size: float,
    meshed: Callable[[Geometry], Mesh],
    progress: Progress,
    started: float,
    compare: bool,
) -> Transport:
    """Transport numbers of an image, with those of its pixels if `compare`.

    `known` are the conductivities of regions by carrier, `meshed` the mesh of a geometry with
    elements of a `size` (m).
    """
    # Only images need the libraries that read them.
    from fem.geometry.rectangle import rectangle

    table = image.grain_boundary_resistance
    resistance = 0.0 if table is None else float(table)
    mesh = meshed(rectangle(image, path, size))
    every, values = np.arange(len(mesh.region)), _with_others(image, mesh, known)
    transport = measure(mesh, every, values, progress, started, resistance)
    if not compare:
        return transport
    progress("the image as read")
    clean = not any(found.total for found in transport.cleaning)
    box = transport.box
    if not clean:
        geometry = rectangle(image, path, as_read=True)
        sides = sum(len(outline.curve.corners) + 1 for outline in geometry.outlines)
        if sides > MOST_SIDES:
            note = (
                f"The image as read was not solved: its outlines have {sides:,} straight pieces, "
                f"more than {MOST_SIDES:,}. Crop it to see what cleaning does to the numbers."
            )
            return replace(transport, notes=(*transport.notes, note))
        mesh = meshed(geometry)
        box, values = Box(mesh, np.arange(len(mesh.region))), _with_others(image, mesh, known)
    conductors = []
    for conductor in transport.conductors:
        conductivity = _conductivity(box, conductor.carrier, values.get(conductor.carrier))
        effective = conductor.conduction.effective
        if not clean:
            across = resistance if conductor.carrier == IONIC else 0.0
            effective, _ = between_faces(box, conductivity, across)
        mean = float(conductivity @ box.area) / (box.width * box.height)
        read = AsRead(effective, tortuosity_factor(mean, effective))
        conductors.append(replace(conductor, as_read=read))
    seconds = perf_counter() - started
    return replace(transport, conductors=tuple(conductors), seconds=seconds)


def _with_others(
    image: Image, mesh: Mesh, known: Callable[[Sequence[Region]], Mapping[str, Floats | None]]
) -> dict[str, Floats | None]:
    """Conductivities of regions by carrier, with those of the further phases of an image.

    These are in S/m, and so is the resistance of grain boundaries: the rest has to be, too.
    """
    regions = mesh.geometry.regions
    found = dict(known(regions))
    kinds = mesh.geometry.kinds
    for carrier, phase in CARRIERS.items():
        given = {
            each.name: float(value)
            for each in image.phases
            if (value := getattr(each, f"{carrier}_conductivity")) is not None
        }
        values = found.get(carrier)
        if not given and (carrier != IONIC or image.grain_boundary_resistance is None):
            continue
        if values is None and (kinds == phase).any():
            key = "phases" if given else "grain_boundary_resistance"
            raise InputError(
                f"the {carrier} conductivity of the {phase} is not known beside values in SI units",
                key=f"geometry.image.{key}",
                cure=f"give --{carrier}-conductivity, or {carrier}_conductivity of the material",
            )
        values = np.zeros(len(regions)) if values is None else values
        for name, value in given.items():
            values = np.where(kinds == name, value, values)
        found[carrier] = values
    return found


def _refuse_without_composite(case: Case) -> None:
    cell = case.geometry
    if cell.mesh is not None:
        raise InputError(
            "the mesh shows all layers, and does not say where the composite ends",
            key="geometry.mesh",
            allowed="a case with particles, or an image of the composite alone",
            cure="fem run of the case tells what its electrolyte costs",
        )
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
    resistance: float = 0.0,
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
    resistance
        Of boundaries between regions of electrolyte in ohm m^2, for ions.

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
        known = conductivity.get(carrier)
        if phase not in shape.fraction and (known is None or not known[box.region].any()):
            continue
        progress(f"{carrier} conductivity")
        conductors.append(_conduct(box, carrier, known, resistance if carrier == IONIC else 0.0))
    seconds = perf_counter() - started
    return Transport(box, shape, tuple(conductors), seconds, mesh.geometry.notes)


def _conductivity(box: Box, carrier: str, by_region: Floats | None) -> Floats:
    """Of each triangle of a box; 1 in the phase of the carrier if that of regions is not known."""
    if by_region is None:
        by_region = np.where(box.mesh.geometry.phases == CARRIERS[carrier], 1.0, 0.0)
    return np.asarray(by_region[box.region])


def _conduct(box: Box, carrier: str, by_region: Floats | None, resistance: float) -> Conductor:
    conductivity = _conductivity(box, carrier, by_region)
    values, which = np.unique(conductivity, return_inverse=True)
    fraction = np.bincount(which, weights=box.area) / box.area.sum()
    bounds = wiener(fraction, values), hashin_shtrikman(fraction, values)
    # Boundaries between grains lose current to no limit that areas would tell of.
    wide, narrow = ((0.0, high) if resistance else (low, high) for low, high in bounds)
    return Conductor(
        carrier=carrier,
        known=by_region is not None,
        conduction=conduct(box, conductivity, resistance),
        wiener=wide,
        hashin_shtrikman=narrow,
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
    regions: Sequence[Region], phase: Phase, value: Callable[[Region], float | None]
) -> Floats | None:
    """A value of each region of a phase, 0 elsewhere; `None` if one of them has none."""
    values = np.zeros(len(regions))
    for k, region in enumerate(regions):
        if region.phase == phase:
            found = value(region)
            if found is None:
                return None
            values[k] = found
    return values
