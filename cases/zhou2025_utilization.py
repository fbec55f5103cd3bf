"""
Which particles a solid electrolyte reaches: the packings of Zhou 2025
======================================================================

Zhou et al. (ACS Energy Lett. 10 (2025) 966, Table 1) press spheres of NCM811 with coarse or fine
LPSC, count the active particles that touch electrolyte, and follow the paths of the electrolyte.
Fine particles use more of the active material, and their paths are straighter.

This script repeats it with the paper's engine: Hertzian granular dynamics in LAMMPS. The text gives
the sizes of NCM811 (1 to 5 um) and of the fine LPSC (mostly 1 to 3 um). It leaves open how large
the coarse LPSC is, how much of each is mixed, the pressure, and friction; these are varied. Other
assumptions are the same throughout:

* diameters are spread evenly, in number, between their limits;
* elastic spheres with 175 GPa and 0.3 (NCM811) or 28 GPa and 0.27 (LPSC), without adhesion.
  Only pressure over modulus matters: an electrolyte that flows overlaps like a softer one;
* a cube with periodic sides, pressed by its upper wall, the separator's;
* electrolyte counts if it has a way to the separator through touching electrolyte.

Run it with ``python cases/zhou2025_utilization.py [--out DIR] [--quick]``; it needs the extra
`packing`. All of it takes about eight minutes of one core, `--quick` a quarter of a minute.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import fem
from fem.spheres import Mixture, Packing, Powder, network, press, section, volume_share

Floats = NDArray[np.float64]

UM = 1e-6
THRESHOLDS = (0.0, 0.02, 0.05, 0.10)
"""Overlap over the sum of the radii above which a contact counts."""
PAPER = {"coarse": (94.0, 83.0, 56.0, 20.0), "fine": (100.0, 100.0, 94.0, 28.0)}
"""Utilization in % at the thresholds, Table 1."""
PAPER_TORTUOSITY = {"coarse": 1.84, "fine": 1.21}
"""Medians in the paper's text."""
FINE = "1-3 um"
COARSE = ("3-6 um", "4-8 um", "8-12 um")
"""Sizes of electrolyte; the coarse ones are assumptions."""
MIDDLE = (0.7, 0.0)
MIXTURES = ((0.6, 0.0), MIDDLE, (0.8, 0.0), (0.7, 0.3))
"""Mass of NCM811 over that of both solids, and the coefficient of friction: assumptions."""
PRESSURES = (0.1e9, 0.3e9, 0.6e9, 1.0e9)
"""In Pa: assumptions. Powders are commonly pressed with some 0.3 GPa."""
NEAREST = 10
"""Rows of the list of distances."""
NCM811 = Powder(1 * UM, 5 * UM, youngs_modulus=175e9, poisson_ratio=0.3, density=4770.0)
BLACK, BLUE, YELLOW, ORANGE, GREEN = "#222222", "#0072B2", "#E69F00", "#D55E00", "#009E73"
COLOURS = dict(zip((FINE, *COARSE), (BLUE, YELLOW, ORANGE, GREEN), strict=True))


def lpsc(size: str) -> Powder:
    """Electrolyte with diameters such as ``"1-3 um"``."""
    low, high = (float(part) * UM for part in size.removesuffix(" um").split("-"))
    return Powder(low, high, youngs_modulus=28e9, poisson_ratio=0.27, density=1800.0)


# %%
# Numbers of one packing
# ----------------------


@dataclass(frozen=True)
class Numbers:
    """What the contacts of one packing say.

    `overlaps` holds the largest relative overlap of each active sphere with reached electrolyte
    (-1: none), `ways` the tortuosity of each path from the collector (infinite: none). `conducted`
    is the effective conductivity over that of the electrolyte, `fraction` the electrolyte's volume
    over that of the box.
    """

    overlaps: Floats
    ways: Floats
    reached: float
    conducted: float
    fraction: float
    coverage: float
    solid: float
    unbalanced: float

    @classmethod
    def of(cls, p: Packing) -> Numbers:
        touching = network.contacts(p.centres, p.radii, p.box)
        electrolyte = ~p.active
        reached = network.reached(touching, electrolyte, electrolyte & (touching.top > 0.0))
        return cls(
            network.largest_overlap(touching, p.active, reached),
            network.path_tortuosity(touching, p.centres, p.box, electrolyte),
            float(reached.sum() / electrolyte.sum()),
            network.relative_conductivity(touching, p.radii, p.box, electrolyte),
            network.volume_fraction(p.radii, p.box, electrolyte),
            network.coverage(touching, p.radii, p.active, reached),
            network.volume_fraction(p.radii, p.box),
            p.unbalanced,
        )

    def used(self, threshold: float) -> float:
        """Utilization in %."""
        return 100.0 * float(np.mean(self.overlaps > threshold))

    @property
    def tortuosity(self) -> float:
        """Median over the starts that have a way; nan if none has."""
        ways = self.ways[np.isfinite(self.ways)]
        return float(np.median(ways)) if len(ways) else np.nan


@dataclass(frozen=True)
class Group:
    """Packings that differ by their seed only."""

    numbers: tuple[Numbers, ...]

    def used(self, threshold: float) -> Floats:
        """Utilization in %, one entry a seed."""
        return np.array([n.used(threshold) for n in self.numbers])

    def mean(self, name: str) -> float:
        return float(np.mean([getattr(n, name) for n in self.numbers]))

    @property
    def open(self) -> list[float]:
        """Median tortuosities of the seeds whose electrolyte spans the box."""
        return [n.tortuosity for n in self.numbers if n.conducted]

    @property
    def tortuosity(self) -> float:
        """Median over the ways from all starts of all seeds; nan if there is none."""
        ways = np.concatenate([n.ways for n in self.numbers])
        ways = ways[np.isfinite(ways)]
        return float(np.median(ways)) if len(ways) else np.nan

    @property
    def factor(self) -> float:
        """Flux tortuosity: electrolyte over what it conducts, all seeds side by side."""
        conducted = self.mean("conducted")
        return self.mean("fraction") / conducted if conducted else np.inf


Mix = tuple[float, float]
"""Mass share of NCM811, and friction."""
Key = tuple[str, Mix, float]
"""Size of the electrolyte, mixture, pressure in Pa."""


# %%
# Pressing
# --------
# One packing is pressed step by step, so all its pressures are states of one history.


@dataclass(frozen=True)
class Plan:
    """How much is computed."""

    sizes: tuple[str, ...] = (FINE, *COARSE)
    mixtures: tuple[Mix, ...] = MIXTURES
    pressures: tuple[float, ...] = PRESSURES
    seeds: tuple[int, ...] = tuple(range(5))
    active_count: int = 320

    @property
    def runs(self) -> list[tuple[str, Mix, int]]:
        return list(itertools.product(self.sizes, self.mixtures, self.seeds))


QUICK = Plan(sizes=(FINE, COARSE[1]), mixtures=(MIDDLE,), seeds=(0, 1), active_count=100)


def mixed(mix: Mix) -> str:
    """A mixture in words."""
    share, friction = mix
    return f"{100 * share:.0f} % NCM811" + (f", friction {friction:g}" if friction else "")


def packings(size: str, mix: Mix, seed: int, plan: Plan) -> Iterator[Packing]:
    """Packings at the plan's pressures."""
    electrolyte, (share, friction) = lpsc(size), mix
    volume = volume_share(share, NCM811.density, electrolyte.density)
    mixture = Mixture(NCM811, electrolyte, volume, plan.active_count)
    return press(mixture, pressures=plan.pressures, seed=seed, friction=friction)


def study(
    plan: Plan, say: Callable[[str], None] = lambda line: None
) -> tuple[dict[Key, Group], dict[str, Packing]]:
    """All groups of packings, and one packing a size to look at, under the last pressure."""
    found: dict[Key, list[Numbers]] = {}
    shown: dict[str, Packing] = {}
    begin = time.monotonic()
    for k, (size, mix, seed) in enumerate(plan.runs, start=1):
        for pressure, packing in zip(plan.pressures, packings(size, mix, seed, plan), strict=True):
            found.setdefault((size, mix, pressure), []).append(Numbers.of(packing))
            if mix == MIDDLE and seed == plan.seeds[0]:
                shown[size] = packing
        say(
            f"{k} of {len(plan.runs)} packings, {time.monotonic() - begin:.0f} s: LPSC of {size}, "
            f"{mixed(mix)}, seed {seed}"
        )
    return {key: Group(tuple(numbers)) for key, numbers in found.items()}, shown


# %%
# What came out, beside the paper
# -------------------------------


def distance(fine: Group, coarse: Group) -> float:
    """Root mean square difference in points of % from the eight numbers of Table 1."""
    groups = {"fine": fine, "coarse": coarse}
    differences = [
        groups[name].used(threshold).mean() - paper
        for name, row in PAPER.items()
        for threshold, paper in zip(THRESHOLDS, row, strict=True)
    ]
    return float(np.sqrt(np.mean(np.square(differences))))


def distances(groups: dict[Key, Group]) -> dict[Key, float]:
    """Distance of each coarse group together with the fine one of its mixture and pressure."""
    return {
        (size, mix, pressure): distance(groups[FINE, mix, pressure], group)
        for (size, mix, pressure), group in groups.items()
        if size != FINE
    }


def trends(groups: dict[Key, Group]) -> dict[str, tuple[int, int]]:
    """How often what the paper says holds, of how many times: means over seeds, all conditions."""
    means = {key: [g.used(t).mean() for t in THRESHOLDS] for key, g in groups.items()}
    falls = [bool((np.diff(row) <= 0.0).all()) for row in means.values()]
    pairs = [(means[FINE, *key[1:]], row) for key, row in means.items() if key[0] != FINE]
    above = [f >= c for fine, coarse in pairs for f, c in zip(fine, coarse, strict=True)]
    straighter = [
        groups[FINE, *key[1:]].tortuosity < group.tortuosity
        for key, group in groups.items()
        if key[0] != FINE
    ]
    return {
        "utilization falls with the threshold": (sum(falls), len(falls)),
        "fine at or above coarse, each threshold": (sum(above), len(above)),
        "paths of fine straighter than of coarse": (sum(straighter), len(straighter)),
    }


def beside_the_paper(groups: dict[Key, Group]) -> dict[str, list[float]]:
    """Ranges over mixtures, pressures and sizes of the coarse powder: means over seeds."""
    told = {}
    for name in PAPER:
        some = [group for (size, *_), group in groups.items() if (size == FINE) == (name == "fine")]
        for threshold in THRESHOLDS:
            used = [float(group.used(threshold).mean()) for group in some]
            told[f"{name} {100 * threshold:g} %"] = [min(used), max(used)]
        ways = [group.tortuosity for group in some if group.open]
        told[f"{name} tortuosity"] = [min(ways), max(ways)]
    return told


def _row(label: str, group: Group) -> str:
    used = "  ".join(
        f"{values.mean():5.1f} +- {values.std(ddof=1):4.1f}"
        for values in (group.used(t) for t in THRESHOLDS)
    )
    ways = factor = "-"
    if group.open:
        spread = f" +- {np.std(group.open, ddof=1):.2f}" if len(group.open) > 1 else ""
        ways, factor = f"{group.tortuosity:.2f}{spread}", f"{group.factor:.1f}"
    return (
        f"{label:24s} {used}   {ways:12s} {f'{len(group.open)}/{len(group.numbers)}':>5s} "
        f"{factor:>7s} {100 * group.mean('coverage'):6.1f} {100 * group.mean('reached'):8.1f}  "
        f"{group.mean('solid'):.2f}"
    )


def table(groups: dict[Key, Group], plan: Plan) -> str:
    """The numbers as text."""
    used = "  ".join(f"{'> ' + format(100 * t, 'g') + ' %':>13s}" for t in THRESHOLDS)
    head = f"{'':24s} {used}   {'paths':12s}  open  factor  cover  reached  solid"
    lines = [
        "Utilization in % against the least overlap, mean and standard deviation over "
        f"{len(plan.seeds)} seeds of {plan.active_count} active spheres;",
        "paths: tortuosity of shortest paths, median over starts and deviation between seeds; "
        "open: seeds with a path;",
        "factor: flux tortuosity of the resistor network; cover: contact area over surface of "
        "NCM811 in %; reached:",
        "electrolyte with a way to the separator in %; solid: volume of the spheres over that of "
        "the box.",
        "",
        head,
    ]
    for name in ("fine", "coarse"):
        row = "  ".join(f"{value:5.0f}        " for value in PAPER[name])
        lines.append(f"{'Zhou 2025, ' + name:24s} {row}   {PAPER_TORTUOSITY[name]:.2f}")
    for mix in plan.mixtures:
        lines += ["", mixed(mix) + " (by mass)"]
        for size, pressure in itertools.product(plan.sizes, plan.pressures):
            lines.append(
                _row(f"LPSC {size}, {pressure / 1e9:.1f} GPa", groups[size, mix, pressure])
            )
    lines += ["", "How often it holds, over all sizes, mixtures and pressures:"]
    lines += [f"  {claim}: {n} of {of}" for claim, (n, of) in trends(groups).items()]
    ranked = sorted(distances(groups).items(), key=lambda item: item[1])
    lines += [
        "",
        "Distance from Table 1, root mean square over its eight numbers in points of %, with one "
        f"pressure and one mixture for both; the nearest of {len(ranked)}, farthest "
        f"{ranked[-1][1]:.1f}:",
    ]
    lines += [
        f"  {value:5.1f}  coarse {size}, {mixed(mix)}, {pressure / 1e9:.1f} GPa"
        for (size, mix, pressure), value in ranked[:NEAREST]
    ]
    worst = max(n.unbalanced for group in groups.values() for n in group.numbers)
    lines += ["", f"Largest mean net force over pressure times diameter squared: {worst:.1e}"]
    return "\n".join(lines)


def draw(groups: dict[Key, Group], plan: Plan) -> Figure:
    """Utilization against threshold: columns are pressures, lines are sizes, dots are the paper."""
    level = np.linspace(0.0, 0.15, 151)
    with fem.plot.style():
        figure, axes = plt.subplots(
            1,
            len(plan.pressures),
            sharey=True,
            squeeze=False,
            figsize=(7.2, 2.4),
            layout="constrained",
        )
        for ax, pressure in zip(axes[0], plan.pressures, strict=True):
            for size in plan.sizes:
                group = groups[size, MIDDLE, pressure]
                curves = np.array([[n.used(t) for t in level] for n in group.numbers])
                ax.plot(100 * level, curves.mean(axis=0), color=COLOURS[size], label=f"LPSC {size}")
                ax.fill_between(
                    100 * level, curves.min(axis=0), curves.max(axis=0), color=COLOURS[size],
                    alpha=0.2, linewidth=0,
                )  # fmt: skip
            for name, marker in (("fine", "o"), ("coarse", "s")):
                ax.plot(
                    100 * np.array(THRESHOLDS), PAPER[name], marker, color=BLACK, markersize=3,
                    fillstyle="none", label=f"Zhou 2025, {name}",
                )  # fmt: skip
            ax.set_title(f"{pressure / 1e9:.1f} GPa")
            ax.set_xlabel("least overlap / %")
        axes[0, 0].set_ylabel("utilization / %")
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right center")
    return figure


# %%
# Run it all
# ----------


def main(
    out: str | Path = "out/zhou2025_utilization",
    plan: Plan | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Press, measure, draw and print; figures, the table and a section a size go to `out`."""
    plan = plan or Plan()
    groups, shown = study(plan, say)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    figure = draw(groups, plan)
    for suffix in ("png", "pdf"):
        figure.savefig(folder / f"utilization.{suffix}", dpi=200)
    for size, p in shown.items():
        discs = section(p.centres, p.radii, p.active, p.box)
        name = f"section_{size.removesuffix(' um')}_um.csv"
        (folder / name).write_text(discs.as_csv(), encoding="utf-8")
    text = table(groups, plan)
    say("")
    (folder / "table.txt").write_text(text + "\n", encoding="utf-8")
    told = json.dumps(beside_the_paper(groups), indent=1)
    (folder / "numbers.json").write_text(told, encoding="utf-8")
    print(text)
    return {"groups": groups, "distances": distances(groups), "trends": trends(groups)}


def progress(line: str) -> None:
    """One line that is written over on a terminal; nothing into a pipe."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Utilization and tortuosity of pressed spheres.")
    parser.add_argument("--out", default="out/zhou2025_utilization", help="folder of the results")
    parser.add_argument("--quick", action="store_true", help="two seeds of small packings")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    given = parse()
    main(given.out, QUICK if given.quick else None, progress)
