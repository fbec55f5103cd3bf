"""
Hot spots at the lithium: which patterns of dead particles does the separator let through?
==========================================================================================

Which particles of a cathode are dead is hardly ever known, only how many, and how clustered they
are. How much the current gathers at the lithium opposite is then a question about a distribution.
Here it is answered for the flat seed cell of ``zheng2023_flat.toml``: dead fractions from 5 to 80
%, from one dead particle at a time to clusters a third of the cell wide, hundreds of random
patterns each, for three kinetics of lithium. One electrolyte is condensed once a kinetics; a
pattern then takes milliseconds.

Beside it stands a closed form. A pattern of flux that all live particles share evenly has Fourier
modes along the cell; each reaches the lithium weakened by a factor T_n that falls with the
thickness of the separator over the wavelength, and with the resistance of the lithium's
interface. The bed is taken as an effective medium (Maxwell) with a source that is even over its
height.

What is assumed: particles of one stoichiometry at one potential, ideal electronic wiring, one
snapshot. Run it with ``python cases/hot_spots.py [--out DIR] [--count N] [--size "2 um"]``.

What came out (200 patterns a point, elements of 4 um), as the median of the largest plating over
the mean, with 5 and 95 %, for 60 % dead. One by one: 1.024 (1.007 to 1.060) at i0 = 20 A/m2,
1.045 (1.016 to 1.109) at 320, 1.057 (1.023 to 1.132) without resistance. In clusters of 140 um:
1.176 (1.054 to 1.396), 1.305 (1.119 to 1.634), 1.374 (1.164 to 1.729). So the lithium hardly
feels how many are dead, but in what lumps: by the closed form a wave of 400 um in the bed arrives
with 15 % of its height, one of 200 um with 1.6 %, one of 100 um with 0.04 %. The tail is long:
without resistance one pattern in twenty of such clusters plates 1.7 times the mean somewhere.
Where lithium resists little, the closed form's excess over 1 is 20 to 40 % above what is solved
(live particles at one potential do not share evenly); at i0 = 20 it is a quarter below, since the
current is large beside i0 and lithium then resists less.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import fem
from fem.constants import FARADAY, GAS_CONSTANT
from fem.runs.ensemble import Ensemble

Floats = NDArray[np.float64]

CASE = Path(__file__).parent / "zheng2023_flat.toml"
NOTHING = 1e-8
KINETICS: Mapping[str, Mapping[str, str]] = {
    "i0 = 20 A/m²": {"exchange_current_density": "20 A/m^2"},
    "i0 = 320 A/m²": {"exchange_current_density": "320 A/m^2"},
    "no resistance": {"area_resistance": f"{NOTHING} ohm*m^2"},
}
"""Of lithium. The last is 3e-5 of what the separator resists: as good as none."""
FRACTIONS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
LENGTHS = (None, 20.0, 40.0, 80.0, 140.0)
"""Correlation lengths of clusters in um; None draws one particle at a time."""
COLOURS = ("#1b1b1b", "#2f6fa8", "#4ba37f", "#c9a227", "#b0561d")
DISC_FRACTION = 105 * np.pi * 5.0**2 / (420.0 * 100.0)


@dataclass(frozen=True)
class Point:
    """Focusing (largest plating averaged over 2 um, over the mean) of many patterns of one kind.

    `found` and `expected` are 5, 50 and 95 % of what was solved and of the closed form.
    """

    found: Floats
    expected: Floats


def pattern(fraction: float, length: float | None, seed: int) -> dict[str, Any]:
    """The table ``[inactive]`` of a random pattern."""
    table: dict[str, Any] = {"fraction": fraction, "seed": seed}
    if length is not None:
        table["pattern"] = {"kind": "clustered", "length": f"{length} um"}
    return table


# %%
# The closed form
# ---------------
# Mirrored at the walls, everything is a sum of cosines of k = n pi / W. With the separator's height
# H, the bed's t, the bed's conductivity s over the separator's, and an interface of resistance R
# that weighs as kappa k R, a source in the bed reaches the lithium by T_n.


def transfer(k: Floats, resistance: float, kappa: float = 0.3) -> Floats:
    """T_n at wave numbers k (1/m), for an interface of `resistance` in ohm m^2."""
    height, bed = 100e-6, 100e-6
    s = (1.0 - DISC_FRACTION) / (1.0 + DISC_FRACTION)
    weight = kappa * k * resistance
    rise = np.sinh(k * height) + weight * np.cosh(k * height)
    fall = np.cosh(k * height) + weight * np.sinh(k * height)
    return np.asarray(1.0 / (k * bed) / (s * rise + fall / np.tanh(k * bed)))


def expected(x: Floats, alive: NDArray[np.bool_], resistance: float, width: float) -> float:
    """Largest over mean plating if all live particles give the same (columns at x in m)."""
    n = np.arange(1, 60)
    k = n * np.pi / width
    source = 2.0 * np.cos(np.outer(k, x[alive])).mean(axis=1)
    line = np.linspace(0.0, width, 421)
    profile = 1.0 + (source * transfer(k, resistance)) @ np.cos(np.outer(k, line))
    return float(profile.max())


def resistance_of(kinetics: Mapping[str, str]) -> float:
    """Of the lithium's interface at small currents, in ohm m^2."""
    if "area_resistance" in kinetics:
        return NOTHING
    i0 = float(kinetics["exchange_current_density"].split()[0])
    return GAS_CONSTANT * 303.15 / (FARADAY * i0)


# %%
# Many patterns
# -------------


def study(name: str, count: int, size: str) -> dict[tuple[float | None, float], Point]:
    """All fractions and lengths for one kinetics of lithium."""
    case = fem.Case.load(CASE).replace(
        {
            "mesh.size": size,
            "mechanics": {"enabled": False},
            "kinetics.anode": dict(KINETICS[name]),
            "inactive": pattern(0.3, None, 0),
        }
    )
    hardest = [case.replace({"inactive": pattern(0.8, length, 1)}) for length in (None, 140.0)]
    ensemble = Ensemble.of(case, examples=[case, *hardest])
    print(f"{name}: {ensemble.operator.size} modes, error {ensemble.error:.1e}")
    geometry, resistance = ensemble.cell.mesh.geometry, resistance_of(KINETICS[name])
    found = {}
    for length in LENGTHS:
        for fraction in FRACTIONS:
            members = [
                case.replace({"inactive": pattern(fraction, length, seed)}) for seed in range(count)
            ]
            outcome = ensemble.solve(members)
            focusing = [m["focusing_max_over_mean"] for m in outcome.metrics if m is not None]
            alike = [
                expected(geometry.particles.x, currents != 0.0, resistance, geometry.width)
                for currents in outcome.currents
            ]
            ends = [5.0, 50.0, 95.0]
            found[length, fraction] = Point(
                np.percentile(focusing, ends), np.percentile(alike, ends)
            )
    return found


def draw(studies: Mapping[str, Mapping[tuple[float | None, float], Point]]) -> Figure:
    """Median with a band from 5 to 95 %; the closed form dotted."""
    figure, axes = plt.subplots(1, len(studies), figsize=(7.0, 2.9), sharey=True)
    for ax, (name, points) in zip(np.atleast_1d(axes), studies.items(), strict=True):
        for length, colour in zip(LENGTHS, COLOURS, strict=True):
            rows = np.array([points[length, f].found for f in FRACTIONS]).T
            closed = [points[length, f].expected[1] for f in FRACTIONS]
            label = "one by one" if length is None else f"clusters, {length:.0f} µm"
            ax.fill_between(FRACTIONS, rows[0], rows[2], color=colour, alpha=0.15, linewidth=0)
            ax.plot(FRACTIONS, rows[1], color=colour, label=label)
            ax.plot(FRACTIONS, closed, color=colour, linestyle=":", linewidth=0.9)
        ax.set(xlabel="dead fraction", title=name)
        ax.spines[["top", "right"]].set_visible(False)
    np.atleast_1d(axes)[0].set_ylabel("largest plating / mean")
    np.atleast_1d(axes)[0].legend(frameon=False, fontsize=7)
    figure.tight_layout()
    return figure


def table(studies: Mapping[str, Mapping[tuple[float | None, float], Point]]) -> list[str]:
    """Rows of text: median and band at 30 and 60 % dead, and the closed form's median."""
    heads = ("lithium", "clusters", "dead", "5 %", "50 %", "95 %", "closed")
    rows = ["{:<15}{:>12}{:>6}{:>8}{:>8}{:>8}{:>9}".format(*heads)]
    for name, points in studies.items():
        for length in LENGTHS:
            for fraction in (0.3, 0.6):
                point = points[length, fraction]
                size = "one by one" if length is None else f"{length:.0f} um"
                five, half, most = point.found
                rows.append(
                    f"{name:<15}{size:>12}{fraction:>6.0%}{five:>8.3f}{half:>8.3f}{most:>8.3f}"
                    f"{point.expected[1]:>9.3f}"
                )
    return rows


def main(
    out: str | Path = "out/hot_spots", count: int = 1000, size: str = "2 um",
    names: Sequence[str] = tuple(KINETICS),
) -> dict[str, dict[tuple[float | None, float], Point]]:  # fmt: skip
    """Solve, draw and print everything; figure and table go to `out`."""
    studies = {name: study(name, count, size) for name in names}
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    with fem.plot.style():
        draw(studies).savefig(folder / "hot_spots.png", dpi=200)
    lines = table(studies)
    (folder / "table.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return studies


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--out", default="out/hot_spots")
    parser.add_argument("--count", type=int, default=1000, help="patterns a point")
    parser.add_argument("--size", default="2 um", help="element size on interfaces")
    chosen = parser.parse_args()
    main(chosen.out, chosen.count, chosen.size)
