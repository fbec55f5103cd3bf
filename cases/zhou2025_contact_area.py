"""
A charge-transfer resistance read off contacts: the two powders of Zhou 2025
============================================================================

Zhou et al. (ACS Energy Lett. 10 (2025) 966, figure 1e) find a charge-transfer resistance of 17.3
ohm for a composite with coarse LPSC and of 9.9 ohm with fine LPSC, a ratio of 1.75, and put it
down to more intimate contact. They do not compare it with the contacts of their packings. This
script does.

Assumed: the resistance goes as one over the contact area of NCM811 with electrolyte that has a way
to the separator, with the same reaction everywhere and the same NCM811 in both cells. Then the
ratio of the resistances is that of the contact areas, fine over coarse, and no number is left to
be fitted but the coarse size, which the paper's text does not give. Spheres are pressed as in
``zhou2025_utilization.py``: Hertz's contacts, diameters even in number, five seeds of 320 active
spheres.

It would be refuted if the ratio hung on the pressure, which is not known: by more than 10 %
between 0.1 and 0.6 GPa. Each contact area grows three- to fourfold in that range.

What came out
-------------
With 70 % of NCM811 by mass the ratio is 1.79 +- 0.07 for coarse electrolyte of 4 to 8 um, without
friction, and 1.68 +- 0.09 with a friction of 0.3; for 3 to 6 um it is 1.48 +- 0.05 and 1.50 +-
0.07, for 8 to 12 um 2.40 +- 0.19 and 2.47 +- 0.16. So the resistances of the paper come out with
4 to 8 um. They do not fix that size: its Table 1 is met best with 3 to 6 um and its tortuosity
with 8 to 12 um (``zhou2025_utilization.py``), and with 60 % of NCM811 4 to 8 um give 1.57 +- 0.04
and with 80 % 2.16 +- 0.17.

The pressure moves the ratio by 5.3 % at most in 8 of 12 pairs of powders: with 60 or 70 % of
NCM811, but for 8 to 12 um with friction. There, and with 80 %, it moves it by 12 to 23 %, and the
assumption is refuted for boxes of this size: some lose or find their way to the separator between
two pressures, in one of them all electrolyte at 0.1 GPa, in another two thirds of it at 0.6 GPa.

If the resistance went as one over the sum of contact radii, the ratio would be 2.2 to 2.4 for 3 to
6 um and 2.8 to 3.1 for 4 to 8 um with 60 or 70 % of NCM811: coarse powder would have to be finer
than any tried here to meet 1.75.

Run it with ``python cases/zhou2025_contact_area.py [--out DIR] [--seeds N] [--quick]``; it needs
the extra `packing`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import fem
from fem.spheres import Mixture, Packing, Powder, network, press, volume_share

Floats = NDArray[np.float64]

UM = 1e-6
RESISTANCE = {"coarse": 17.3, "fine": 9.9}
"""Charge transfer in ohm, figure 1e."""
REPORTED = RESISTANCE["coarse"] / RESISTANCE["fine"]
FINE, COARSE = "1-3 um", ("3-6 um", "4-8 um", "8-12 um")
"""Diameters of the electrolyte; the coarse ones are assumptions."""
MIXTURES = ((0.7, 0.0), (0.7, 0.3), (0.6, 0.0), (0.8, 0.0))
"""Mass of NCM811 over that of both solids, and the coefficient of friction: assumptions."""
PRESSURES = (0.1e9, 0.2e9, 0.3e9, 0.45e9, 0.6e9)
"""In Pa: an assumption. Powders are commonly pressed with some 0.3 GPa."""
MOST_MOVED = 0.10
"""Largest less least ratio under all pressures, over their mean, beyond which this is refuted."""
NCM811 = Powder(1 * UM, 5 * UM, youngs_modulus=175e9, poisson_ratio=0.3, density=4770.0)
BLACK, YELLOW, ORANGE, GREEN = "#222222", "#E69F00", "#D55E00", "#009E73"
COLOURS = dict(zip(COARSE, (YELLOW, ORANGE, GREEN), strict=True))

Mix = tuple[float, float]
Key = tuple[str, Mix]
"""Size of the electrolyte, and mixture."""


def lpsc(size: str) -> Powder:
    """Electrolyte with diameters such as ``"1-3 um"``."""
    low, high = (float(part) * UM for part in size.removesuffix(" um").split("-"))
    return Powder(low, high, youngs_modulus=28e9, poisson_ratio=0.27, density=1800.0)


# %%
# Two laws of one packing
# -----------------------
# A reaction is spread over the area of the contacts, the sum of pi a^2. Were it the way through
# the electrolyte into each contact that resists, it would go as the sum of the radii a. The two are
# told apart by the ratio: the second is computed beside the first.


def contact(p: Packing) -> tuple[float, float]:
    """Contact area over the surface of the active spheres; sum of contact radii over theirs.

    Both cells hold active spheres of the same sizes, so both are ratios to the same thing.
    """
    touching = network.contacts(p.centres, p.radii, p.box)
    electrolyte = ~p.active
    reached = network.reached(touching, electrolyte, electrolyte & (touching.top > 0.0))
    here = touching.between(p.active, reached)
    a = network.hertz_contact_radius(touching.overlap[here], touching.radius[here])
    own = p.radii[p.active]
    return network.coverage(touching, p.radii, p.active, reached), float(a.sum() / own.sum())


@dataclass(frozen=True)
class Contacts:
    """Contacts of one powder and mixture, arrays (seeds, pressures)."""

    area: Floats
    radii: Floats


@dataclass(frozen=True)
class Ratio:
    """Fine over coarse, arrays (pressures,), and the standard deviation between pairs of packings.

    Seeds are independent boxes that stand side by side in a cell, so their contacts add up: it is
    a ratio of means. One box without any way through its electrolyte then counts as such.
    """

    area: Floats
    radii: Floats
    deviation: float

    @classmethod
    def of(cls, fine: Contacts, coarse: Contacts) -> Ratio:
        area = fine.area.mean(axis=0) / coarse.area.mean(axis=0)
        seeds = np.array([each.area.mean(axis=1) / each.area.mean() for each in (fine, coarse)])
        spread = seeds.std(axis=1, ddof=1) if seeds.shape[1] > 1 else [np.nan, np.nan]
        radii = fine.radii.mean(axis=0) / coarse.radii.mean(axis=0)
        return cls(area, radii, float(area.mean() * np.hypot(*spread)))

    @property
    def mean(self) -> float:
        return float(self.area.mean())

    @property
    def moved(self) -> float:
        """By how much the pressure moves the ratio, over the mean."""
        return float(np.ptp(self.area) / self.mean)

    @property
    def holds(self) -> bool:
        """Whether that is little enough."""
        return self.moved <= MOST_MOVED


@dataclass(frozen=True)
class Plan:
    """How much is computed."""

    coarse: tuple[str, ...] = COARSE
    mixtures: tuple[Mix, ...] = MIXTURES
    pressures: tuple[float, ...] = PRESSURES
    seeds: tuple[int, ...] = tuple(range(5))
    active_count: int = 320

    @property
    def keys(self) -> list[Key]:
        return list(itertools.product((FINE, *self.coarse), self.mixtures))


QUICK = Plan(("4-8 um",), ((0.7, 0.0),), (0.1e9, 0.6e9), (0, 1), 100)


def press_one(key: Key, seed: int, plan: Plan) -> list[tuple[float, float]]:
    """`contact` under each of the plan's pressures, which are states of one history."""
    size, (share, friction) = key
    electrolyte = lpsc(size)
    volume = volume_share(share, NCM811.density, electrolyte.density)
    mixture = Mixture(NCM811, electrolyte, volume, plan.active_count)
    packings = press(mixture, pressures=plan.pressures, seed=seed, friction=friction)
    return [contact(packing) for packing in packings]


def study(plan: Plan, say: Callable[[str], None] = lambda line: None) -> dict[Key, Contacts]:
    """All contacts."""
    found, begin = {}, time.monotonic()
    for k, key in enumerate(plan.keys, start=1):
        rows = np.array([press_one(key, seed, plan) for seed in plan.seeds])
        found[key] = Contacts(*np.moveaxis(rows, 2, 0))
        say(f"{k} of {len(plan.keys)}, {time.monotonic() - begin:.0f} s: {key[0]}, {mixed(key[1])}")
    return found


def ratios(found: Mapping[Key, Contacts]) -> dict[Key, Ratio]:
    """Of each coarse powder, by its key."""
    return {
        (size, mix): Ratio.of(found[FINE, mix], each)
        for (size, mix), each in found.items()
        if size != FINE
    }


# %%
# Table and figure
# ----------------


def mixed(mix: Mix) -> str:
    """A mixture in words."""
    share, friction = mix
    return f"{100 * share:.0f} % NCM811" + (f", friction {friction:g}" if friction else "")


def table(found: Mapping[Key, Contacts], plan: Plan) -> str:
    """What the paper has, what came out, what is assumed, and what would refute it."""
    compared = ratios(found)
    heads = "".join(f"{p / 1e9:>7.2f}" for p in plan.pressures)
    lines = [
        f"Zhou 2025, charge transfer coarse / fine: {RESISTANCE['coarse']} / {RESISTANCE['fine']} "
        f"ohm = {REPORTED:.2f}",
        "Here, contact area of NCM811 with electrolyte that is reached, fine over coarse; "
        f"{len(plan.seeds)} seeds of {plan.active_count} active spheres.",
        "Assumed: resistance in proportion to 1/area. Refuted if pressure moves the ratio by more "
        f"than {100 * MOST_MOVED:g} %.",
        "radii: the ratio if resistance went as 1/(sum of contact radii) instead.",
        "",
        f"{'coarse LPSC':<10} {'mixture':<26}{'ratio':>14}  {'GPa:':>5}{heads}  moved  radii",
    ]
    for (size, mix), ratio in compared.items():
        by_pressure = "".join(f"{value:7.2f}" for value in ratio.area)
        lines.append(
            f"{size:<11} {mixed(mix):<26}{f'{ratio.mean:.2f} +- {ratio.deviation:.2f}':>14}  "
            f"{'':5}{by_pressure}  {100 * ratio.moved:4.1f} %  {ratio.radii.mean():.2f}"
        )
    lines += ["", "Contact area over surface of NCM811 in %, by pressure"]
    for (size, mix), each in found.items():
        cover = "".join(f"{100 * value:7.2f}" for value in each.area.mean(axis=0))
        lines.append(f"{size:<11} {mixed(mix):<26}{'':14}  {'':5}{cover}")
    lines += [
        "",
        f"Pressure moves the ratio by no more than {100 * MOST_MOVED:g} % in "
        f"{sum(ratio.holds for ratio in compared.values())} of {len(compared)}. Refuted in: "
        + (
            "; ".join(f"{k[0]}, {mixed(k[1])}" for k, r in compared.items() if not r.holds)
            or "none"
        ),
    ]
    return "\n".join(lines)


def draw(found: Mapping[Key, Contacts], plan: Plan) -> Figure:
    """The ratio against pressure; lines are coarse sizes, styles are mixtures."""
    pressure = np.array(plan.pressures) / 1e9
    styles = dict(zip(plan.mixtures, ("-", "--", ":", "-."), strict=False))
    with fem.plot.style():
        figure, ax = plt.subplots(figsize=(6.0, 3.2), layout="constrained")
        ax.axhline(REPORTED, color=BLACK, linewidth=0.8, label=f"resistances, {REPORTED:.2f}")
        for (size, mix), ratio in ratios(found).items():
            colour, low, high = COLOURS[size], *(ratio.area - s * ratio.deviation for s in (1, -1))
            label = f"LPSC {size.replace('um', 'µm').replace('-', '–')}, {mixed(mix)}"
            ax.plot(pressure, ratio.area, color=colour, linestyle=styles[mix], label=label)
            if mix == plan.mixtures[0]:
                ax.fill_between(pressure, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.set(xlabel="pressure (GPa)", ylabel="contact area, fine over coarse", ylim=(1, None))
        figure.legend(loc="outside right center", frameon=False)
    return figure


# %%
# Run it all
# ----------


def main(
    out: str | Path = "out/zhou2025_contact_area",
    plan: Plan | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict[Key, Ratio]:
    """Press, compare, draw and print; figure and table go to `out`. Returns the ratios."""
    plan = plan or Plan()
    found = study(plan, say)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    figure = draw(found, plan)
    for suffix in ("png", "pdf"):
        figure.savefig(folder / f"contact_area.{suffix}", dpi=200)
    plt.close(figure)
    text = table(found, plan)
    say("")
    (folder / "table.txt").write_text(text + "\n", encoding="utf-8")
    means = [each.mean for each in ratios(found).values()]
    told = {"contact_fine_over_coarse": [min(means), max(means)]}
    (folder / "numbers.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    print(text)
    return ratios(found)


def progress(line: str) -> None:
    """One line that is written over on a terminal; nothing into a pipe."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Contact areas of pressed spheres.")
    parser.add_argument("--out", default="out/zhou2025_contact_area", help="folder of the results")
    parser.add_argument("--seeds", type=int, default=5, help="packings of each kind")
    parser.add_argument("--quick", action="store_true", help="two seeds of small packings")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    given = parse()
    main(given.out, QUICK if given.quick else Plan(seeds=tuple(range(given.seeds))), progress)
