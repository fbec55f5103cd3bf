"""
Coarse and fine electrolyte in a composite cathode: the currents of Zhou 2025
=============================================================================

Zhou et al. (ACS Energy Lett. 10 (2025) 966) mix NCM811 with coarse or with fine Li6PS5Cl. With the
coarse powder the particles crowd between large electrolyte grains; the paper argues that the
current is then uneven, and that its hot spots age the cathode. It shows no current distribution.
Here is one: 2D cells of the two kinds of microstructure, with the very same particles (sizes and
number, so the same loading), under the same current.

What is assumed is marked in ``zhou2025_cell.toml``. The assumptions that might decide the result
are varied: the size of the coarse grains, which the paper's text does not give; how well the
pressed electrolyte conducts; and whether particles without contact to the electrolyte, which a
section through filled space does not have, are taken over from the paper's Table 1.

Run it with ``python cases/zhou2025_cell.py [--out DIR] [--seeds N]``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

import fem
from fem.geometry import Particles

Floats = NDArray[np.float64]

CASE = Path(__file__).with_suffix(".toml")
GRAINS = "geometry.cathode.particles.grains.diameter"
SEED = "geometry.cathode.particles.seed"
COARSE: dict[str, str] = {}
FINE = {GRAINS: "1.7 um"}
KINDS: Mapping[str, Mapping[str, Any]] = {"coarse": COARSE, "fine": FINE}
NO_CONTACT = {"inactive.fraction": 0.17, "inactive.seed": 1}
"""Particles without electrolyte among coarse grains: Table 1 of the paper at 2 % overlap."""

VARIANTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "as in the case file": KINDS,
    "coarse grains of 7 um": {"coarse": {GRAINS: "7 um"}, "fine": FINE},
    "coarse grains of 14 um": {"coarse": {GRAINS: "14 um"}, "fine": FINE},
    "electrolyte without pores": {
        name: {**kind, "geometry.cathode.conductivity_factor": 1.0} for name, kind in KINDS.items()
    },
    "contacts of Table 1": {"coarse": NO_CONTACT, "fine": FINE},
}

# %%
# What is measured
# ----------------
# The current density of a particle is its current over the length of its rim. A cathode is used
# unevenly for two reasons: the front is nearer to the lithium, whatever lies there; and neighbours
# shade each other. The first is taken off by a parabola through the logarithm of the current
# density against the height; what scatters about it is the work of the microstructure.


@dataclass(frozen=True)
class Sample:
    """The currents of one cell.

    `density` is the mean current density of each particle (n,) in A/m^2, zero if it is inactive.
    `hot_spots` is the 95th percentile of the current density along all rims over its mean.
    """

    particles: Particles
    density: Floats
    hot_spots: float
    overpotential: float

    @property
    def high(self) -> float:
        """95th percentile over the particles, over the mean of all."""
        return float(np.percentile(self.density, 95) / self.density.mean())

    @property
    def range(self) -> float:
        """Difference of the 95th and the 5th percentile, over the mean."""
        low, high = np.percentile(self.density, [5, 95])
        return float((high - low) / self.density.mean())

    @property
    def scatter(self) -> float:
        """Relative scatter among active particles at the same height."""
        alive = self.particles.active
        y, logs = self.particles.y[alive], np.log(self.density[alive])
        middle = (y - y.mean()) / y.std()
        return float(np.std(logs - np.polyval(np.polyfit(middle, logs, 2), middle)))


@cache
def solve(case: fem.Case) -> Sample:
    """Draw, mesh and solve one cell; once, if several variants share it."""
    result = fem.run(case)
    table, rims = result.particles, result.rims
    assert rims is not None
    order = np.argsort(rims.current_density)
    length, local = rims.length[order], rims.current_density[order]
    total = np.pi * float(table.diameter.sum())
    # Rims of inactive particles carry nothing, and count.
    below = 1.0 + (np.cumsum(length) - length.sum()) / total
    return Sample(
        particles=result.geometry.particles,
        density=table.current / (np.pi * table.diameter),
        hot_spots=float(np.interp(0.95, below, local) * total / (local @ length)),
        overpotential=result.metrics["overpotential_V"],
    )


def study(
    case: fem.Case, variant: Mapping[str, Mapping[str, Any]], seeds: Sequence[int]
) -> dict[str, list[Sample]]:
    """Samples of the two kinds."""
    return {
        kind: [solve(case.replace({**changes, SEED: seed})) for seed in seeds]
        for kind, changes in variant.items()
    }


# %%
# Table and figure
# ----------------

COLUMNS: Mapping[str, str] = {
    "high": "P95/mean",
    "range": "(P95-P5)/mean",
    "scatter": "scatter",
    "hot_spots": "rim P95/mean",
    "overpotential": "overpot./mV",
}


def summary(samples: Sequence[Sample]) -> dict[str, tuple[float, float]]:
    """Mean over the seeds and standard deviation between them, of each column."""
    found = {}
    for name in COLUMNS:
        values = np.array([getattr(sample, name) for sample in samples])
        scale = 1e3 if name == "overpotential" else 1.0
        found[name] = (float(scale * values.mean()), float(scale * values.std(ddof=1)))
    return found


def rows(variant: str, found: Mapping[str, Sequence[Sample]]) -> list[str]:
    """Lines of the table, and in how many pairs of the same seed the fine cell is the evener."""
    lines = []
    for kind, samples in found.items():
        cells = [f"{mean:7.3f} +-{spread:6.3f}" for mean, spread in summary(samples).values()]
        lines.append(f"{variant:<26}{kind:<8}" + "".join(f"{cell:>18}" for cell in cells))
        variant = ""
    pairs = list(zip(found["coarse"], found["fine"], strict=True))
    wins = [sum(getattr(f, n) < getattr(c, n) for c, f in pairs) for n in COLUMNS]
    lines.append(
        f"{'':<26}{'evener':<8}" + "".join(f"{f'{win} of {len(pairs)}':>18}" for win in wins)
    )
    return lines


def draw(found: Mapping[str, Sequence[Sample]], case: fem.Case) -> Figure:
    """One sample of each kind, and the distribution over all samples."""
    with fem.plot.style():
        figure, axes = plt.subplots(1, 3, figsize=(7.2, 2.3), layout="constrained")
        mean = np.mean([s.density.mean() for samples in found.values() for s in samples])
        for ax, (kind, samples) in zip(axes, found.items(), strict=False):
            particles, diameter = samples[0].particles, samples[0].particles.diameter * 1e6
            discs = EllipseCollection(
                diameter, diameter, np.zeros(len(diameter)), units="xy", cmap="cividis",
                offsets=np.c_[particles.x, particles.y] * 1e6, offset_transform=ax.transData,
                array=samples[0].density / mean,
            )  # fmt: skip
            discs.set_clim(0.0, 2.5)
            ax.add_collection(discs)
            ax.set(
                xlim=(0, float(case.geometry.width) * 1e6),
                ylim=(0, float(case.geometry.cathode.thickness) * 1e6),
                aspect="equal",
                xlabel="x / um",
                ylabel="y / um",
                title=f"{kind} electrolyte",
            )
        figure.colorbar(discs, ax=axes[:2], label="current density / mean", shrink=0.7)
        for kind, samples in found.items():
            every = np.sort(np.concatenate([s.density for s in samples])) / mean
            axes[2].plot(every, np.linspace(0, 1, len(every)), label=kind)
        axes[2].set(
            xlim=(0, 3), ylim=(0, 1), xlabel="current density / mean", ylabel="share of particles"
        )
        axes[2].legend(frameon=False)
    return figure


# %%
# Run it all
# ----------
# What comes out of five samples of each kind: on average the current is more even among fine
# grains, by every measure and in every variant. The difference is small while all particles touch
# electrolyte. With the case as it is, P95/mean is 2.09 +- 0.06 against 2.16 +- 0.05, with the fine
# cell the evener in all five pairs; along the rims it is in three of five only. Most of the
# unevenness is that between front and back, which both kinds share. What scatters at equal height
# is three quarters more among coarse grains (0.073 against 0.041). Without pores the front is not
# favoured as much, and both are almost even (1.14 and 1.15). The paper's own shares of particles
# without contact do more than the shape of the paths: with them P95/mean is 2.32, and the cell
# needs 2.6 mV more.


def main(
    out: str | Path = "out/zhou2025_cell",
    seeds: int = 5,
    changes: Mapping[str, Any] | None = None,
    variants: Sequence[str] = tuple(VARIANTS),
) -> dict[str, dict[str, list[Sample]]]:
    """Solve, print the table and draw the figure into `out`; returns all samples."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    case = fem.Case.load(CASE, changes)
    print(f"{'':<34}" + "".join(f"{column:>18}" for column in COLUMNS.values()))
    lines, found = [], {}
    for variant in variants:
        found[variant] = study(case, VARIANTS[variant], range(1, seeds + 1))
        lines += rows(variant, found[variant])
        print("\n".join(lines[-3:]), flush=True)
    (folder / "table.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    figure = draw(found[variants[0]], case)
    figure.savefig(folder / "currents.png", dpi=200)
    plt.close(figure)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Currents among coarse and fine electrolyte.")
    parser.add_argument("--out", default="out/zhou2025_cell", help="folder of figure and table")
    parser.add_argument("--seeds", type=int, default=5, help="samples of each kind")
    given = parser.parse_args()
    main(given.out, given.seeds)
