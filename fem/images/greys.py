"""What is read off grey values: histograms by region, peaks, tails and profiles in depth.

The regions are those of Y. Zheng et al. (2023), section 3.2: the cathode at three depths, and the
electrolyte near the lithium, each as wide as the image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.images.coverage import Grid
from fem.results.result import Result

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BIN = 100
"""Width of a bin of a histogram in grey values."""
PERCENTILES = (1.0, 5.0, 95.0, 99.0)
_ROUNDS = 200


@dataclass(frozen=True)
class Region:
    """Rows of an image, from `first` up to but without `last`, counted from below."""

    name: str
    first: int
    last: int


def regions(result: Result, grid: Grid) -> tuple[Region, ...]:
    """The regions of a cell that have rows of pixels of their own; rows between two are in none.

    The cathode ends where its table says, in an image or a mesh at its highest active material.
    """
    geometry, cathode = result.geometry, result.case.geometry.cathode
    line = geometry.lithium_y
    bed = geometry.top if cathode is None else float(cathode.thickness)
    third = bed / 3.0
    found = (
        ("cathode", 0.0, bed),
        ("cathode near collector", 0.0, third),
        ("cathode middle", third, 2.0 * third),
        ("cathode near electrolyte", 2.0 * third, bed),
        ("electrolyte", bed, line),
        ("electrolyte near cathode", bed, 0.5 * (bed + line)),
        ("electrolyte near anode", 0.5 * (bed + line), line),
        ("anode", line, geometry.height),
    )
    rows = []
    for name, low, high in found:
        first = int(np.ceil((low - grid.bottom) / grid.pixel - 1e-9))
        last = int(np.floor((high - grid.bottom) / grid.pixel + 1e-9))
        rows.append(Region(name, max(first, 0), min(last, grid.rows)))
    return tuple(region for region in rows if region.last > region.first)


def histogram(greys: Floats, width: float = BIN) -> tuple[Floats, Ints]:
    """Lower ends of bins and pixels in each, from the first to the last bin that holds any."""
    index = np.floor(np.ravel(greys) / width).astype(int)
    first = int(index.min())
    count = np.bincount(index - first)
    return width * (first + np.arange(len(count), dtype=float)), count


def peak(greys: Floats, low: float, high: float, width: float = BIN) -> float:
    """Where grey values between `low` and `high` are densest; nan if none is there.

    The fullest of windows of two bins is where it starts; it ends at the mean of what lies within
    one bin of it, weighted by a Gaussian, so that it moves less than by bins.
    """
    inside = greys[(greys >= low) & (greys < high)]
    if not inside.size:
        return float("nan")
    start, count = histogram(inside, width)
    pairs = count + np.append(count[1:], 0)
    found = float(start[int(np.argmax(pairs))] + width)
    values, weight = np.unique(inside, return_counts=True)
    for _ in range(_ROUNDS):
        near = weight * np.exp(-0.5 * ((values - found) / width) ** 2)
        before, found = found, float((near * values).sum() / near.sum())
        if abs(found - before) < 1e-9 * width:
            break
    return found


@dataclass(frozen=True)
class Levels:
    """Grey values that the phases have as they were made; nan for one that is not there."""

    void: float
    electrolyte: float
    active: float

    @property
    def dark(self) -> float:
        """Half of the way from nothing to electrolyte: what lies below is a tail."""
        return 0.5 * (self.void + self.electrolyte)

    @property
    def bright(self) -> float:
        """Half of the way from electrolyte to active material."""
        return 0.5 * (self.electrolyte + self.active)


def described(greys: Floats, levels: Levels, noise: float = 0.0) -> dict[str, float]:
    """Numbers of the grey values of a region, by name; `noise` is the deviation of theirs."""
    found = {
        "pixels": float(greys.size),
        "grey_mean": float(greys.mean()),
        "grey_std": float(greys.std()),
    }
    values = np.percentile(greys, PERCENTILES).tolist()
    found |= {f"grey_p{p:02.0f}": v for p, v in zip(PERCENTILES, values, strict=True)}
    width = max(float(BIN), noise)
    ceiling = levels.bright if np.isfinite(levels.bright) else np.inf
    found["electrolyte_peak"] = peak(greys, levels.dark, ceiling, width)
    found["tail_share"] = float((greys < levels.dark).mean())
    found["active_peak"] = peak(greys, levels.bright, np.inf, width)
    found["active_share"] = float((greys >= levels.bright).mean())
    return found


def depth(greys: Floats, levels: Levels) -> dict[str, Floats]:
    """Numbers of each row (rows,), by name: mean, scatter, and the median of active material."""
    low, high = np.percentile(greys, (5.0, 95.0), axis=1)
    bright = greys >= levels.bright
    median = [
        np.median(row[mine]) if mine.any() else np.nan
        for row, mine in zip(greys, bright, strict=True)
    ]
    return {
        "grey_mean": greys.mean(axis=1),
        "grey_std": greys.std(axis=1),
        "grey_p05": low,
        "grey_p95": high,
        "active_grey_median": np.array(median, dtype=float),
    }
