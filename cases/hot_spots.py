"""
Hot spots at the lithium: which patterns of dead particles does the separator let through?
==========================================================================================

Which particles of a cathode are dead is hardly ever known, only how many, and how clustered they
are. How much the current gathers at the lithium opposite is then a question about a distribution.
The sweep file ``hot_spots.toml`` asks it of the flat seed cell: 20 to 80 % dead, from one particle
at a time to clusters a third of the cell wide, 1,000 random patterns a point, for three kinetics of
lithium. This script solves it, repeats a part on a random packing, and prints which single waves
arrive. Beside it stands a closed form: a pattern of flux that all live particles share evenly has
Fourier modes along the cell, each of which reaches the lithium weakened by a factor T.

What is assumed: two dimensions, particles of one stoichiometry at one potential, ideal electronic
wiring, one snapshot at 100 A/m2.

What came out for 60 % dead at i0 = 320 A/m2, as the median of the largest plating over the mean,
with 5 and 95 %: 1.04 (1.01 to 1.11) one by one, 1.30 (1.11 to 1.66) in clusters of 140 um. So the
lithium hardly feels how many are dead, but in what lumps; and the tail is long. On a packing of 40
% in place of the lattice's 20 % the same is 1.03 (1.01 to 1.08) and 1.33 (1.11 to 1.73). By the
closed form half of a wave in the bed arrives above a wavelength of 0.92 mm for this lithium, 0.82
mm without resistance, and 19 mm for a separator of 3.9 mm; a cell with one half dead, solved with
particles that share evenly, agrees to 1e-4. The page ``docs/hot_spots.md`` has the figure.

Run it with ``python cases/hot_spots.py [--out DIR] [--members N] [--size "2 um"] [--workers N]``:
five minutes of one core.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn, Self

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import brentq

import fem
from fem.case.sweep import Sweep
from fem.constants import FARADAY, GAS_CONSTANT
from fem.runs.ensemble import Ensemble
from fem.runs.workers import spread

Floats = NDArray[np.float64]
Changes = Mapping[str, Any]

SWEEP = Path(__file__).with_suffix(".toml")
PACKING = {
    "geometry.cathode.particles": {
        "layout": "random", "fraction": 0.4, "diameter": "10 um", "gap": "0.5 um", "seed": 1,
        "material": "NCM811",
    }
}  # fmt: skip
"""Twice as many particles as on the lattice, wherever they fall."""
LITHIUM = ("i0 = 20 A/m²", "i0 = 320 A/m²", "no resistance")
"""Names of the kinetics of lithium in the sweep file, in its order."""
PACKED = ("random", {"kind": "clustered", "length": "140 um"})
"""Patterns of the sweep file that are repeated on it, at one kinetics of lithium."""
TOLERANCE = 1e-3
"""Of currents and plating, as of `Ensemble.of`: distributions need no more. Beside narrow gaps each
digit costs modes."""
CHUNK = 100
"""Patterns that are solved at once."""
COLOURS = {None: "#1b1b1b", 40.0: "#2f6fa8", 80.0: "#4ba37f", 140.0: "#b0561d"}
"""By correlation length in um."""
ENDS = (5.0, 50.0, 95.0)


# %%
# The closed form
# ---------------
# Mirrored at the walls, everything is a sum of cosines of k = n pi / W. A source of one such wave
# at the height y of a bed of height t reaches lithium behind a separator of height H as
#
#     T(k, y) = cosh(k y) / [cosh(k t) (cosh kH + w sinh kH) + s sinh(k t) (sinh kH + w cosh kH)]
#
# with the conductivity s of the bed over the separator's (Maxwell: insulating discs) and
# w = kappa k R of the lithium's interface. It is the potential at y that a wave of potential of the
# lithium makes: Green's identity makes one of the other. Its mean over the bed is that of an even
# source.


@dataclass(frozen=True)
class Layers:
    """What the closed form knows of a cell: heights in m, conductivities in S/m and over it."""

    separator: float
    bed: float
    width: float
    ratio: float
    conductivity: float = 0.3

    @classmethod
    def of(cls, cell: fem.Cell) -> Self:
        geometry = cell.mesh.geometry
        covered = float((0.25 * np.pi * geometry.particles.diameter**2).sum())
        share = covered / (geometry.width * geometry.bed)
        separator = cell.case.geometry.separator
        assert separator is not None
        height = float(separator.thickness)
        return cls(height, geometry.bed, geometry.width, (1.0 - share) / (1.0 + share))

    def transfer(self, k: Floats, y: Floats | None, resistance: float) -> Floats:
        """T at wave numbers k in 1/m and heights y in m, (k, y); its mean over the bed (k,).

        `resistance` of the lithium's interface is in ohm m^2.
        """
        weight = self.conductivity * k * resistance
        kh, kt = k * self.separator, k * self.bed
        rise = np.sinh(kh) + weight * np.cosh(kh)
        fall = np.cosh(kh) + weight * np.sinh(kh)
        whole = np.cosh(kt) * fall + self.ratio * np.sinh(kt) * rise
        if y is None:
            return np.asarray(np.sinh(kt) / kt / whole)
        return np.asarray(np.cosh(np.multiply.outer(k, y)) / whole[:, None])

    def longest(self, share: float, resistance: float) -> float:
        """Wavelength in m of which a share arrives, on average over the bed."""

        def over(log: float) -> float:
            k = np.array([2.0 * np.pi / np.exp(log)])
            return float(self.transfer(k, None, resistance)[0]) - share

        low, high = np.log(0.2 * self.separator), np.log(1e4 * self.separator)
        return float(np.exp(brentq(over, low, high)))


def sources(x: Floats, currents: Floats, k: Floats) -> Floats:
    """Amplitudes (k, particles) of cosines, over the mean, of what each particle at x gives."""
    return np.asarray(2.0 * np.cos(np.multiply.outer(k, x)) * currents / currents.sum())


def expected(layers: Layers, x: Floats, y: Floats, alive: NDArray[np.bool_], resistance: float
) -> float:  # fmt: skip
    """Largest over mean plating if all live particles give the same (centres in m)."""
    k = np.arange(1, 60) * np.pi / layers.width
    sent, arrives = sources(x, alive.astype(float), k), layers.transfer(k, y, resistance)
    waves = np.einsum("kp,kp->k", sent, arrives)
    line = np.linspace(0.0, layers.width, 421)
    return float((1.0 + waves @ np.cos(np.multiply.outer(k, line))).max())


def resistance_of(case: fem.Case) -> float:
    """Of the lithium's interface at small currents, in ohm m^2."""
    anode = case.kinetics.anode
    found = float(anode.area_resistance or 0.0)
    if anode.exchange_current_density is None:
        return found
    thermal = GAS_CONSTANT * float(case.operation.temperature) / FARADAY
    return found + thermal / float(anode.exchange_current_density)


# %%
# Many patterns
# -------------
# The operator of an electrolyte knows neither which particles are dead nor any kinetics. It is made
# once a process and drawing, and held against full solves of those patterns that are hardest, of
# one a point.


@dataclass(frozen=True)
class Chunk:
    """Some patterns of one point, for another process: what is changed in `case`, and the seeds."""

    case: fem.Case
    examples: tuple[fem.Case, ...]
    point: int
    changes: Changes
    seeds: range


@dataclass(frozen=True)
class Solved:
    """Focusing (largest plating averaged over 2 um, over the mean) as solved and by closed form."""

    point: int
    focusing: Floats
    closed: Floats
    error: float
    modes: int


@lru_cache(maxsize=1)
def condensed(case: fem.Case, examples: tuple[fem.Case, ...]) -> Ensemble:
    """The ensemble of a drawing, kept in this process."""
    return Ensemble.of(case, TOLERANCE, examples=examples)


def solve(chunk: Chunk) -> Solved:
    """All patterns of a chunk."""
    ensemble = condensed(chunk.case, chunk.examples)
    members = [chunk.case.replace({**chunk.changes, "inactive.seed": s}) for s in chunk.seeds]
    outcome = ensemble.solve(members)
    assert not any(outcome.messages), outcome.messages
    particles, layers = ensemble.cell.mesh.geometry.particles, Layers.of(ensemble.cell)
    closed = [
        expected(layers, particles.x, particles.y, currents != 0.0, resistance_of(members[0]))
        for currents in outcome.currents
    ]
    found = [m["focusing_max_over_mean"] for m in outcome.metrics if m is not None]
    error, modes = ensemble.error, ensemble.operator.size
    return Solved(chunk.point, np.array(found), np.array(closed), error, modes)


def lost(chunk: Chunk, why: str) -> NoReturn:
    raise RuntimeError(f"point {chunk.point}: {why}")


@dataclass(frozen=True)
class Point:
    """Many patterns of one kind: of which cathode, lithium and clusters, and what came of them.

    `found` and `closed` are 5, 50 and 95 % of what was solved and of the closed form.
    """

    cathode: str
    lithium: str
    length: float | None
    fraction: float
    members: int
    found: Floats
    closed: Floats


def study(
    cathode: str, members: int | None, size: str | None, workers: int | None,
    lithium: Sequence[str] = LITHIUM,
) -> list[Point]:  # fmt: skip
    """All points of the sweep file on one cathode, for some kinetics of lithium."""
    sweep = Sweep.load(SWEEP)
    kinetics = sweep.vary["kinetics.anode"]
    wanted = [kinetics[LITHIUM.index(name)] for name in lithium]
    points = [
        point
        for point in sweep.points
        if point["kinetics.anode"] in wanted
        and (cathode == "lattice" or point["inactive.pattern"] in PACKED)
    ]
    case = sweep.base.replace(PACKING if cathode == "packing" else {})
    case = case.replace({} if size is None else {"mesh.size": size})
    examples = tuple(case.replace({**point, "inactive.seed": 0}) for point in points)
    case, many = examples[0], members or sweep.repeats
    chunks = [
        Chunk(case, examples, number, point, range(many)[first:first + CHUNK])
        for number, point in enumerate(points)
        for first in range(0, many, CHUNK)
    ]  # fmt: skip
    parts: dict[int, list[Solved]] = {number: [] for number in range(len(points))}
    with spread(solve, lost, workers) as done:
        for part in done(chunks):
            parts[part.point].append(part)
    some = parts[0][0]
    print(f"{cathode}: {len(points)} points, {some.modes} modes, "
          f"{some.error:.1e} off full solves")  # fmt: skip
    return [
        Point(
            cathode,
            LITHIUM[kinetics.index(point["kinetics.anode"])],
            length_of(point["inactive.pattern"]),
            point["inactive.fraction"],
            many,
            np.percentile(np.concatenate([part.focusing for part in parts[number]]), ENDS),
            np.percentile(np.concatenate([part.closed for part in parts[number]]), ENDS),
        )
        for number, point in enumerate(points)
    ]


def length_of(pattern: Any) -> float | None:
    """Correlation length in um; none for one particle at a time."""
    return None if pattern == "random" else float(pattern["length"].split()[0])


# %%
# One wave
# --------
# A cell half a wavelength wide, one half of it dead, holds one wave and its odd harmonics. The
# amplitude of that wave along the lithium, over that of what particles give, is T.


@dataclass(frozen=True)
class Wave:
    """How much of a wave arrives, over what particles give and over what a pattern would give.

    `closed` is the closed form, of what particles give in each row; `length` and `separator` in m.
    """

    separator: float
    length: float
    closed: float
    given: float
    drawn: float


EVEN = {
    "kinetics.cathode.exchange_current_density": "1e-4 A/m^2",
    "operation.current_density": "1e-5 A/m^2",
}
"""Particles so slow that all give the same, at so small a current that all kinetics are linear."""


def wave(separator: float, length: float, changes: Changes, size: str = "4 um") -> Wave:
    """Solve a cell with one half dead; lengths in m, in whole columns of 20 um."""
    columns = round(0.5 * length / 20e-6)
    width = columns * 20e-6
    case = Sweep.load(SWEEP).base.replace(
        {
            "geometry.width": f"{1e6 * width} um",
            "geometry.separator.thickness": f"{1e6 * separator} um",
            "geometry.cathode.particles.columns": columns,
            "kinetics.anode": {"exchange_current_density": "320 A/m^2"},
            "inactive": {"between": [f"{0.5e6 * width} um", f"{1e6 * width} um"]},
            "mechanics.enabled": False,
            "mesh.size": size,
            **changes,
        }
    )
    cell = fem.Cell.of(case)
    result, k = fem.run(cell), np.array([np.pi / width])
    particles, layers = result.particles, Layers.of(cell)
    x, y = cell.mesh.geometry.particles.x, cell.mesh.geometry.particles.y
    through = layers.transfer(k, y, resistance_of(case))
    gives = sources(x, particles.current, k)
    drawn = sources(x, particles.active.astype(float), k)
    anode = result.anode
    mean = anode.mean(anode.plating)
    arrives = 2.0 * anode.mean(anode.plating * np.cos(k * anode.x)) / mean
    return Wave(separator, 2.0 * width, float((gives * through).sum() / gives.sum()),
                float(arrives / gives.sum()), float(arrives / drawn.sum()))  # fmt: skip


def waves() -> list[str]:
    """Rows of text: what wavelength half of which arrives, by the closed form and as solved."""
    heads = ("separator", "lithium", "half of", "closed", "even", "as drawn", "of drawn")
    rows = ["{:<10}{:>15}{:>11}{:>9}{:>9}{:>10}{:>10}".format(*heads)]
    share = 105 * np.pi * 5.0**2 / (420.0 * 100.0)
    thermal = GAS_CONSTANT * 303.15 / FARADAY
    for separator in (100e-6, 3.9e-3):
        layers = Layers(separator, 100e-6, np.nan, (1.0 - share) / (1.0 + share))
        for name, resistance in zip(LITHIUM, (thermal / 20.0, thermal / 320.0, 1e-8), strict=True):
            length = layers.longest(0.5, resistance)
            row = f"{1e3 * separator:<4.1f} mm   {name:>15}{1e3 * length:>8.2f} mm"
            if name == LITHIUM[1]:
                even, drawn = wave(separator, length, EVEN), wave(separator, length, {})
                row += f"{even.closed:>9.4f}{even.given:>9.4f}{drawn.given:>10.4f}"
                row += f"{drawn.drawn:>10.4f}"
            rows.append(row)
    return rows


# %%
# What is printed and drawn
# -------------------------


def panels(points: Sequence[Point]) -> Iterator[tuple[str, list[Point]]]:
    """Points by cathode and lithium, with a title."""
    for cathode, lithium in dict.fromkeys((p.cathode, p.lithium) for p in points):
        some = [p for p in points if (p.cathode, p.lithium) == (cathode, lithium)]
        yield f"{cathode}, {lithium}", some


def draw(points: Sequence[Point]) -> Figure:
    """Median with a band from 5 to 95 %; the median of the closed form dotted."""
    several = list(panels(points))
    rows, columns = (len(several) + 1) // 2, min(2, len(several))
    figure, axes = plt.subplots(
        rows, columns, figsize=(3.3 * columns, 2.5 * rows), sharex=True, sharey=True, squeeze=False
    )
    for ax, (title, some) in zip(axes.flat, several, strict=False):
        for length in dict.fromkeys(p.length for p in some):
            colour = COLOURS[length]
            line = [p for p in some if p.length == length]
            # Without dead particles plating is even, but for what the lattice leaves of itself.
            at = [0.0, *(p.fraction for p in line)]
            low, half, high = np.vstack([np.ones(3), *(p.found for p in line)]).T
            closed = [1.0, *(p.closed[1] for p in line)]
            label = "one by one" if length is None else f"clusters of {length:.0f} µm"
            ax.fill_between(at, low, high, color=colour, alpha=0.15, linewidth=0)
            ax.plot(at, half, color=colour, label=label)
            ax.plot(at, closed, color=colour, linestyle=":", linewidth=1.0)
        ax.set_title(title, fontsize=8)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[-1]:
        ax.set_xlabel("dead fraction")
    for ax in axes[:, 0]:
        ax.set_ylabel("largest plating / mean")
    axes[0, 0].legend(frameon=False, fontsize=7, loc="upper left")
    figure.tight_layout()
    return figure


HEADS = ("cathode", "lithium", "length_um", "fraction", "members",
         "p05", "p50", "p95", "closed_p05", "closed_p50", "closed_p95")  # fmt: skip


def tell(points: Sequence[Point], out: str | Path) -> None:
    """Write table and figure into `out`, and print the table."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "hot_spots.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(HEADS)
        for p in points:
            numbers = [f"{value:.5f}" for value in (*p.found, *p.closed)]
            length = "" if p.length is None else p.length
            table.writerow([p.cathode, p.lithium, length, p.fraction, p.members, *numbers])
    line = "{:<9}{:<15}{:>9}{:>6}{:>9}{:>8}{:>8}{:>9}"
    print(line.format("cathode", "lithium", "clusters", "dead", "5 %", "50 %", "95 %", "closed"))
    for p in points:
        numbers = [f"{value:.3f}" for value in (*p.found, p.closed[1])]
        length = "none" if p.length is None else f"{p.length:.0f} um"
        print(line.format(p.cathode, p.lithium, length, f"{p.fraction:.0%}", *numbers))
    with fem.plot.style():
        draw(points).savefig(folder / "hot_spots.png", dpi=200)


def main(
    out: str | Path = "out/hot_spots", members: int | None = None, size: str | None = None,
    workers: int | None = None, lithium: Sequence[str] = LITHIUM,
) -> list[Point]:  # fmt: skip
    """Solve, print and draw everything; figure and table go to `out`."""
    points = study("lattice", members, size, workers, lithium)
    # Of a packing one kinetics is enough to be set beside the lattice.
    points += study("packing", members, size, workers, LITHIUM[1:2])
    tell(points, out)
    return points


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--out", default="out/hot_spots")
    parser.add_argument("--members", type=int, help="patterns a point (1000)")
    parser.add_argument("--size", help="element size on interfaces (1 um)")
    parser.add_argument("--workers", type=int, help="processes; one if left out")
    chosen = parser.parse_args()
    main(chosen.out, chosen.members, chosen.size, chosen.workers)
    print("\n".join(waves()))
