"""Transport numbers of many slices or windows of one material: means, and how far they scatter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from fem.case.image import Image
from fem.effective.transport import of_image
from fem.errors import InputError

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
"""Of the intervals that are told."""
CLOSE = 0.05
"""Relative deviation at which a window counts as representative."""
_COUNTS = ("triangles", "seconds_total")


@dataclass(frozen=True)
class Spread:
    """A number over `count` samples: their `mean`, and the standard `deviation` of one of them."""

    mean: float
    deviation: float
    count: int

    @classmethod
    def of(cls, values: Floats) -> Spread:
        """Of the finite ones of some values; nothing scatters if there is just one."""
        values = values[np.isfinite(values)]
        scatter = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        return cls(float(values.mean()), scatter, len(values))

    @property
    def half_width(self) -> float | None:
        """Half of the interval that holds the mean with `CONFIDENCE` (Student's t).

        It takes samples as independent. `None` for a single one.
        """
        if self.count < 2:
            return None
        factor = float(student.ppf(0.5 + 0.5 * CONFIDENCE, self.count - 1))
        return factor * self.deviation / float(np.sqrt(self.count))


@dataclass(frozen=True)
class Sample:
    """One window of a slice: its place (slice, row, column from the upper left), its numbers."""

    place: tuple[int, int, int]
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class Scatter:
    """Samples of one material.

    Attributes
    ----------
    width, height
        Of each window in m.
    samples
        In the order of their places.
    """

    width: float
    height: float
    samples: tuple[Sample, ...]

    @cached_property
    def spreads(self) -> dict[str, Spread]:
        """Every number over all samples that have it.

        What exists along x and along y has entries ending in ``_both``, too: over the mean of both
        directions in each sample, as two directions of one sample are not independent.
        """
        return {
            name: Spread.of(values)
            for name, values in self._columns.items()
            if np.isfinite(values).any()
        }

    def values(self, name: str) -> Floats:
        """A number of every sample (n,), NaN where there is none."""
        return self._columns[name]

    @cached_property
    def _columns(self) -> dict[str, Floats]:
        names = dict.fromkeys(name for sample in self.samples for name in sample.numbers)
        columns = {
            name: np.array([sample.numbers.get(name, _missing(name)) for sample in self.samples])
            for name in names
        }
        for name in names:
            along_x, along_y = _axis(name, "x"), _axis(name, "y")
            if along_x == name and along_y in columns:
                columns[_axis(name, "both")] = 0.5 * (columns[name] + columns[along_y])
        return columns

    def representative(self, name: str) -> float | None:
        """Side in m of a square whose `name` would scatter by `CLOSE`, relative to its mean.

        Where windows hold many particles, the deviation falls as the inverse of their side.
        `None` if nothing scatters, or if it cannot be told.
        """
        spread = self.spreads[name]
        if spread.count < 2 or not spread.deviation or not spread.mean:
            return None
        side = float(np.sqrt(self.width * self.height))
        return side * abs(spread.deviation / spread.mean) / CLOSE


def of_stack(
    image: Image,
    path: Path,
    slices: int,
    windows: int = 1,
    conductivity: Mapping[str, float] = MappingProxyType({}),
    size: float | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> Scatter:
    """Transport numbers of every slice of a stack, each in `windows` by `windows` parts.

    Parameters
    ----------
    slices
        How many the file holds; all are taken unless `image` names one.

    Raises
    ------
    InputError
        If a slice cannot be used; it is named.
    SolveError
        If the linear solver stalls.
    """
    taken = range(slices) if image.slice is None else [image.slice]
    samples = []
    for page in taken:
        for row, column, crop in _parts(image, path, page, windows):
            part = image.model_copy(update={"slice": page if slices > 1 else None, "crop": crop})
            where = f"slice {page}" if windows == 1 else f"slice {page}, window {row}, {column}"
            progress(where)
            try:
                found = of_image(part, path, conductivity, size)
            except InputError as error:
                error.problem = f"{where}: {error.problem}"
                raise
            numbers = {k: v for k, v in found.metrics.items() if k not in _COUNTS}
            samples.append(Sample((page, row, column), MappingProxyType(numbers)))
    first: Any = samples[0].numbers
    return Scatter(first["width_m"], first["height_m"], tuple(samples))


def _parts(
    image: Image, path: Path, page: int, windows: int
) -> Iterator[tuple[int, int, tuple[int, int, int, int]]]:
    """Row, column and crop of equal windows, whole numbers of binned pixels wide."""
    from fem.geometry.pixels import pixels

    height, width = pixels(path, page).shape
    left, top, right, bottom = image.crop or (0, 0, width, height)
    step_x, step_y = (
        (end - start) // (windows * image.bin) * image.bin
        for start, end in ((left, right), (top, bottom))
    )
    if min(step_x, step_y) < 2 * image.bin:
        raise InputError(
            "windows would be less than two pixels wide",
            given=f"--windows {windows}",
            cure="fewer windows, or a smaller bin",
        )
    for row in range(windows):
        for column in range(windows):
            x, y = left + column * step_x, top + row * step_y
            yield row, column, (x, y, x + step_x, y + step_y)


def _missing(name: str) -> float:
    """What a number is in a sample that lacks it: absent phases fill and conduct nothing."""
    return np.nan if "factor" in name or "cleaning" in name else 0.0


def _axis(name: str, axis: str) -> str:
    """The name of a number with another axis, if it is one along x."""
    words = name.split("_")
    if "x" not in words:
        return ""
    place = words.index("x")
    return "_".join([*words[:place], axis, *words[place + 1 :]])
