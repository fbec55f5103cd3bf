"""States of a run as an instrument sees them: slices with blur and noise, and what they tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fem.images import greys as read
from fem.images.slices import ENERGY, PHASES, PIXEL, Scale, Slice, blurred, noisy, radiograph
from fem.materials.xray import source
from fem.results.result import Result

Floats = NDArray[np.float64]
Given = Mapping[str, tuple[str, float | None]]


@dataclass(frozen=True)
class Instrument:
    """How a slice is taken: pixel and blur in m, energy in keV, noise in 1/m; see `radiograph`."""

    pixel: float = PIXEL
    energy: float = ENERGY
    blur: float = 0.0
    noise: float = 0.0
    seed: int = 1
    fixed_volume: bool = False

    def takes(self, result: Result, number: int, given: Given | None = None) -> Slice:
        """The slice of a state; noise is drawn anew for every `number`."""
        found = radiograph(result, self.pixel, self.energy, given, self.fixed_volume)
        values = blurred(found.attenuation, self.blur, found.grid)
        values = noisy(values, self.noise, (self.seed, number))
        return replace(found, attenuation=values)


@dataclass(frozen=True, eq=False)
class Seen:
    """One state: its number, time in s, and slice."""

    number: int
    time: float
    slice: Slice


@dataclass(frozen=True, eq=False)
class Series:
    """States that are compared: the scale of grey values and the regions are those of the first.

    Attributes
    ----------
    states
        One or more, on the same pixels.
    regions
        Rows whose grey values are compared.
    instrument
        How they were taken.
    """

    states: tuple[Seen, ...]
    regions: tuple[read.Region, ...]
    instrument: Instrument

    @cached_property
    def scale(self) -> Scale:
        """From attenuation to grey values."""
        return Scale.of(self.states[0].slice.materials)

    @property
    def source(self) -> str:
        """Where the mass attenuation coefficients come from."""
        return source()

    @cached_property
    def noise(self) -> float:
        """Standard deviation of the noise in grey values."""
        return float(self.scale.exact(np.array(self.instrument.noise)) - self.levels.void)

    @cached_property
    def levels(self) -> read.Levels:
        """Grey values of the phases as they were made, those that attenuate most of each."""
        first = self.states[0].slice
        found = {"electrolyte": np.nan, "active": np.nan}
        for name, known in first.materials.items():
            kind = first.kinds[name]
            if kind in found:
                value = float(self.scale.exact(np.array(known.made)))
                found[kind] = float(np.fmax(found[kind], value))
        return read.Levels(float(self.scale.exact(np.zeros(()))), **found)

    def greys(self, state: Seen) -> Floats:
        """The whole grey values of a state (rows, columns), the first row the lowest."""
        return self.scale.greys(state.slice.attenuation).astype(float)

    def rows(self) -> Iterator[dict[str, float | str]]:
        """What is read off every region of every state, and by how much peaks have moved."""
        before: dict[str, float] = {}
        for state in self.states:
            image = self.greys(state)
            for region in self.regions:
                part = image[region.first : region.last]
                numbers = read.described(part, self.levels, self.noise)
                for name in ("active_peak", "electrolyte_peak"):
                    first = before.setdefault(f"{region.name} {name}", numbers[name])
                    numbers[f"{name}_shift"] = numbers[name] - first
                yield {
                    "state": state.number, "time_s": state.time, "region": region.name, **numbers
                }  # fmt: skip

    def histograms(self) -> Iterator[tuple[int, float, str, float, float, int]]:
        """State, time, region, lower end of a bin in grey and in 1/m, and pixels in it."""
        for state in self.states:
            image = self.greys(state)
            for region in self.regions:
                starts, counts = read.histogram(image[region.first : region.last])
                for start, count in zip(starts.tolist(), counts.tolist(), strict=True):
                    attenuation = float(self.scale.attenuation(np.array(start)))
                    yield state.number, state.time, region.name, start, attenuation, count

    def depths(self, state: Seen) -> dict[str, Floats]:
        """Numbers of each row of a state, with the shares of the phases that are truly there."""
        found = {"y_m": state.slice.grid.heights}
        found |= read.depth(self.greys(state), self.levels)
        for name in PHASES:
            found[f"{name}_share"] = state.slice.shares[name].mean(axis=1)
        return found | {"void_share": state.slice.void.mean(axis=1)}


def states_of(result: Result) -> tuple[tuple[float, Result], ...]:
    """Times in s and results of the states that a run has kept in full, the last one included."""
    kept = [(frame.time, frame.result) for frame in result.frames if frame.result is not None]
    if result.history is None or not len(result.history):
        return ((0.0, result),)
    end = float(result.history["Test Time / s"][-1])
    return (*((time, state) for time, state in kept if time < end), (end, result))


def series(
    chosen: Mapping[int, tuple[float, Result]], instrument: Instrument, given: Given | None = None
) -> Series:
    """Slices of states by their numbers.

    Raises
    ------
    InputError
        As `radiograph`.
    """
    found = tuple(
        Seen(number, time, instrument.takes(result, number, given))
        for number, (time, result) in chosen.items()
    )
    _, first = next(iter(chosen.values()))
    return Series(found, read.regions(first, found[0].slice.grid), instrument)
