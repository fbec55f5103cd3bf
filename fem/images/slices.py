"""What an ideal tomograph would find of a solved state: attenuation in pixels, as a mean by area.

The cross-section is the same all along the depth, so a slice through a reconstructed volume is the
drawing itself. Phases that share a pixel share its value by their areas. Solids lie where their
displacements have put them, so a gap between faces that have parted darkens the pixels it crosses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from fem.errors import InputError
from fem.geometry import Phase
from fem.images.coverage import Grid, means
from fem.materials.xray import Attenuation, attenuation
from fem.parameters import reader
from fem.results.result import Result

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PIXEL = 1.3e-6
"""Side of a pixel in m after binning, and energy in keV, of Y. Zheng et al. (2023), section 2.5."""
ENERGY = 25.0
PHASES = ("electrolyte", "active", "lithium", "other")
_KINDS = {"electrolyte": 0, "active material": 1, "lithium": 2}
_OF_PHASE = {Phase.ELECTROLYTE: 0, Phase.ACTIVE: 1, Phase.LITHIUM: 2}
MOST_PIXELS = 30_000_000
BLACK, WHITE = 10_000, 50_000
"""Grey values of nothing, and of the material that attenuates most in the state it was made in."""
FWHM = 2.0 * np.sqrt(2.0 * np.log(2.0))


@dataclass(frozen=True, eq=False)
class Slice:
    """Means over pixels, the first row the lowest.

    Attributes
    ----------
    grid
        The pixels.
    attenuation
        Linear attenuation coefficient (rows, columns) in 1/m.
    shares
        Shares of the area of a pixel by phase, of `PHASES` (rows, columns); what is left is void.
    materials, kinds
        What attenuates how, and which of `PHASES` it is, by material.
    notes
        What was assumed, in words.
    """

    grid: Grid
    attenuation: Floats
    shares: Mapping[str, Floats]
    materials: Mapping[str, Attenuation]
    kinds: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def void(self) -> Floats:
        """Share of a pixel that holds nothing."""
        return np.asarray(1.0 - sum(self.shares.values()))


def radiograph(
    result: Result,
    pixel: float = PIXEL,
    energy: float = ENERGY,
    given: Mapping[str, tuple[str, float | None]] | None = None,
    fixed_volume: bool = False,
) -> Slice:
    """The slice of a solved state at X-rays of one energy, without blur and noise.

    Parameters
    ----------
    pixel
        Side of a pixel in m. What is left over of the cell at its right and upper edge, less than
        a pixel, is not shown.
    energy
        In keV.
    given
        Formulas, and densities in kg/m^3, of materials that the library knows too little of.
    fixed_volume
        Whether lithium leaves the volume of its host, and so how much of it is in a pixel, as is.

    Raises
    ------
    InputError
        If a material is not known well enough, or the pixels are too large or too many.
    """
    grid = grid_of(result, pixel)
    library = reader(result.case).library
    regions = result.geometry.regions
    names = [region.material for region in regions]
    shown = [bool(name) and (name in library or name in (given or {})) for name in names]
    order = sorted(
        {n: None for n, there in zip(names, shown, strict=True) if there}, key=names.index
    )
    known = {n: attenuation(n, library, energy, given, fixed_volume) for n in order}
    mesh = result.field_mesh
    x, notes = _lithium(result, known)
    values = np.zeros((1 + len(PHASES), len(mesh.triangles)))
    kinds: dict[str, str] = {}
    for number, region in enumerate(regions):
        mine = mesh.region == number
        if shown[number]:
            phase = _phase(region.phase, library.get(region.material))
            kinds.setdefault(region.material, PHASES[phase])
            values[0, mine] = known[region.material](x[mine])
            values[1 + phase, mine] = 1.0
    unknown = sorted({n for n, there in zip(names, shown, strict=True) if n and not there})
    if unknown:
        notes.append(
            f"{', '.join(unknown)}: shown as nothing, since it is not known what it is made of "
            "(--composition)"
        )
    found = means(_places(result), mesh.triangles, values, grid)
    shares = dict(zip(PHASES, found[1:], strict=True))
    return Slice(grid, found[0], shares, known, kinds, tuple(notes))


def grid_of(result: Result, pixel: float) -> Grid:
    """The pixels that lie in the cell as it was drawn."""
    width, height = result.geometry.width, result.geometry.height
    columns, rows = (int(np.floor(side / pixel * (1.0 + 1e-12))) for side in (width, height))
    text = f"{pixel * 1e6:.4g} um"
    if min(columns, rows) < 2:
        raise InputError(
            "a pixel is too large for this cell",
            given=text,
            allowed=f"at most {min(width, height) / 2 * 1e6:.4g} um, half of its smaller side",
        )
    if columns * rows > MOST_PIXELS:
        raise InputError(
            f"{columns * rows:,} pixels are too many",
            given=text,
            allowed=f"at most {MOST_PIXELS:,} of them",
            cure="larger pixels",
        )
    return Grid(0.0, 0.0, pixel, columns, rows)


def _phase(phase: Phase, material: object) -> int:
    if phase in _OF_PHASE:
        return _OF_PHASE[phase]
    return _KINDS.get(getattr(material, "kind", ""), len(PHASES) - 1)


def _lithium(result: Result, known: Mapping[str, Attenuation]) -> tuple[Floats, list[str]]:
    """Mean lithium fraction of each triangle (nt,)."""
    mesh, notes = result.field_mesh, []
    # The mean of a quadratic over a straight triangle is that of the middles of its sides.
    x = result.fields["stoichiometry"][mesh.triangles[:, 3:]].mean(axis=1)
    for number, region in enumerate(result.geometry.regions):
        lost = (mesh.region == number) & ~np.isfinite(x)
        if region.material in known:
            x[lost] = known[region.material].as_made
    if not np.isfinite(result.fields["stoichiometry"]).any():
        notes.append(
            "the case gives no stoichiometry: active material is shown as it was made, so no "
            "lithium content is seen"
        )
    return np.where(np.isfinite(x), x, 0.0), notes


def _places(result: Result) -> Floats:
    """Where the points of the field mesh are (n, 2) in m, once solids have moved."""
    mesh, shift = result.field_mesh, result.fields.get("displacement")
    if shift is None:
        return np.asarray(mesh.points)
    shift = np.where(np.isfinite(shift), shift, 0.0)
    # What is plated fills what opens between lithium and electrolyte: their line is one.
    lithium = mesh.phase == str(Phase.LITHIUM)
    solid = np.flatnonzero(~lithium & np.isfinite(result.fields["displacement"]).all(axis=1))
    beside = np.full(int(mesh.source.max()) + 1, -1)
    beside[mesh.source[solid]] = solid
    mine = np.flatnonzero(lithium & (beside[mesh.source] >= 0))
    shift[mine] = shift[beside[mesh.source[mine]]]
    return np.asarray(mesh.points + shift)


def blurred(values: Floats, width: float, grid: Grid) -> Floats:
    """`values` as a point spread of Gaussian shape leaves them; side walls mirror.

    Parameters
    ----------
    width
        Full width of the point spread at half its height, in m.
    """
    if width <= 0.0:
        return values
    return np.asarray(gaussian_filter(values, width / FWHM / grid.pixel, mode="reflect"))


def noisy(values: Floats, deviation: float, seed: int | tuple[int, ...]) -> Floats:
    """`values` with normal noise of a standard deviation, each pixel for itself."""
    if deviation <= 0.0:
        return values
    return np.asarray(values + np.random.default_rng(seed).normal(0.0, deviation, values.shape))


@dataclass(frozen=True)
class Scale:
    """Grey values of 16 bits: `BLACK` where nothing attenuates, `WHITE` at `white` in 1/m."""

    white: float

    @classmethod
    def of(cls, materials: Mapping[str, Attenuation]) -> Scale:
        """A scale that does not depend on the state of the cell."""
        return cls(max(known.made for known in materials.values()))

    def greys(self, values: Floats) -> NDArray[np.uint16]:
        """Whole grey values, held between 0 and 65535."""
        return np.asarray(np.clip(np.round(self.exact(values)), 0, 65535).astype(np.uint16))

    def exact(self, values: Floats) -> Floats:
        """Grey values that are not rounded, of attenuations in 1/m."""
        return np.asarray(BLACK + (WHITE - BLACK) / self.white * values)

    def attenuation(self, greys: Floats) -> Floats:
        """Attenuations in 1/m of grey values."""
        return np.asarray((greys - BLACK) * self.white / (WHITE - BLACK))
