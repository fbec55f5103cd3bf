"""
Cracks between particles that swell: what decides whether they close (Watanabe 2025)
====================================================================================

Watanabe et al. (Batteries & Supercaps (2025), doi:10.1002/batt.202500119) see cracks open as LiCoO2
is charged in Li10GeP2S12. With wet-milled electrolyte (WM: 15.0 GPa, Meyer hardness 0.51 GPa) most
of them close on discharge, with hand-milled (HM: 21.7 GPa, 0.41 GPa) they stay. The paper's words
for it: WM gives elastically, HM plastically. These numbers are all that goes in here; none is
fitted. Discs swell and shrink back in an electrolyte that yields from a third of its hardness on,
and what is left open is measured: of one disc, of pairs that share a facet, of small packings; with
plates that carry no load (the section that the paper cuts) or between walls and under 50 MPa; with
swelling alike in all directions or along the crystals' axis; with and without adhesion.

Run it with ``python cases/watanabe2025_solids.py [--quick] [--out DIR]``.
"""

from __future__ import annotations

import argparse
import csv
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import fem
from fem.errors import LimitLoad
from fem.geometry.drawn import Drawn
from fem.laws.bonds import BondLaw
from fem.laws.solids import SolidLaw
from fem.physics.assembly import SolidState

Floats = NDArray[np.float64]
Disc = tuple[float, float]
"""Centre, in radii."""
Box = tuple[float, float]
"""Width and height in radii, from (0, 0) on."""

RADIUS = 4e-6
"""Assumption: the paper's text gives no size of LCO. Only cohesive bonds know a length."""
FACET = 0.25
"""Half of the width of the facet between two discs, in radii."""
TOUCHING = 2.0 * float(np.sqrt(1.0 - FACET**2))
"""Distance of the centres of two discs with a facet."""

# %%
# Materials
# ---------
# Moduli and hardnesses are the paper's; of LCO those of the library, with the library's strains
# from x = 1 to 0.5. Poisson's ratios are not measured: those of the library, and a second set.

ELASTIC: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "library": {"LCO": (191e9, 0.24), "WM": (15.0e9, 0.30), "HM": (21.7e9, 0.30)},
    "second": {"LCO": (175e9, 0.30), "WM": (15.0e9, 0.27), "HM": (21.7e9, 0.27)},
}
"""Young's modulus in Pa and Poisson's ratio."""
STRENGTH = {"WM": 0.51e9 / 3.0, "HM": 0.41e9 / 3.0}
VOLUME, ALONG, ACROSS = 0.019, 0.027, -0.003
"""Swelling on charge: relative change of volume, or strain along and across the axis."""
BONDS: Mapping[str, BondLaw] = {
    "none": fem.Touching(),
    "50 MPa, 1 J/m2": fem.Cohesive(50e6, 1.0, 1e16),
}
SHAPES = ("disc", "pair", "packing")
CLAMPS = ("free plates", "die, 50 MPa")
PRESSURE = 50e6


def laws(electrolyte: str, constants: str = "library") -> tuple[SolidLaw, SolidLaw]:
    """Of LCO and of an electrolyte."""
    of = ELASTIC[constants]
    yielding = fem.J2.of(*of[electrolyte], strength=STRENGTH[electrolyte])
    return fem.LinearElastic.of(*of["LCO"]), yielding


# %%
# Drawings
# --------


def facets(discs: Sequence[Disc]) -> list[tuple[int, int]]:
    """Pairs of discs that touch."""
    near = itertools.combinations(range(len(discs)), 2)
    return [(i, j) for i, j in near if np.hypot(*np.subtract(discs[i], discs[j])) < TOUCHING + 1e-6]


def outlines(discs: Sequence[Disc], box: Box) -> list[Drawn]:
    """Discs, cut where they touch, in a box full of electrolyte."""
    corners = [(0.0, 0.0), (box[0], 0.0), box, (0.0, box[1])]
    drawn: list[Drawn] = [
        (_line(a, b), "electrolyte", None)
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True)
    ]
    pairs, half = facets(discs), float(np.arcsin(FACET))
    for k, (x, y) in enumerate(discs):
        others = [sum(pair) - k for pair in pairs if k in pair]
        cut = sorted(float(np.arctan2(discs[j][1] - y, discs[j][0] - x)) for j in others)
        ends = [(a + half, b - half) for a, b in itertools.pairwise([*cut, *_turned(cut[:1])])]
        # A whole circle needs two arcs.
        for a, b in ends or [(0.0, np.pi), (np.pi, 2.0 * np.pi)]:
            arc = fem.Arc((x * RADIUS, y * RADIUS), (RADIUS, RADIUS), (a, b))
            drawn.append((arc, f"disc {k}", "electrolyte"))
    for i, j in pairs:
        (x, y), (dx, dy) = discs[i], np.subtract(discs[j], discs[i])
        angle = float(np.arctan2(dy, dx))
        start, end = ((x + np.cos(t), y + np.sin(t)) for t in (angle - half, angle + half))
        drawn.append((_line(start, end), f"disc {i}", f"disc {j}"))
    return drawn


def _turned(angles: Sequence[float]) -> list[float]:
    return [angle + 2.0 * np.pi for angle in angles]


def _line(a: tuple[float, float], b: tuple[float, float]) -> fem.Line:
    return fem.Line((a[0] * RADIUS, a[1] * RADIUS), (b[0] * RADIUS, b[1] * RADIUS))


ONE: tuple[list[Disc], Box] = [(2.0, 2.0)], (4.0, 4.0)
PAIR: tuple[list[Disc], Box] = (
    [(2.23 - TOUCHING / 2, 1.41), (2.23 + TOUCHING / 2, 1.41)],
    (4.46, 2.82),
)


def packing(seed: int, count: int = 4, box: Box = (5.0, 5.0), apart: float = 0.12) -> list[Disc]:
    """Discs at random of which most touch another one; others keep a distance, in radii.

    Each is set beside one that is there, or anywhere in one of three cases.
    """
    draw = np.random.default_rng(seed)
    for _ in range(2000):
        discs: list[Disc] = []
        for _ in range(400):
            if discs and draw.uniform() < 2.0 / 3.0:
                angle = draw.uniform(0.0, 2.0 * np.pi)
                middle = np.array(discs[draw.integers(len(discs))])
                new = middle + TOUCHING * np.array([np.cos(angle), np.sin(angle)])
            else:
                new = draw.uniform((0.0, 0.0), box)
            if (np.minimum(new, np.subtract(box, new)) < 1.0 + apart).any():
                continue
            near = np.array([np.hypot(*(new - each)) for each in discs])
            if ((near < 2.0 + apart) & (np.abs(near - TOUCHING) > 1e-6)).any():
                continue
            discs.append((float(new[0]), float(new[1])))
            if len(discs) == count:
                return discs
    raise RuntimeError(f"{count} discs do not fit into {box}")


# %%
# One set-up, charged and discharged
# ----------------------------------


@dataclass(frozen=True)
class SetUp:
    """What is drawn and how it is held; `angles` in degrees of the axes, none if isotropic."""

    shape: str
    seed: int
    clamp: str
    bond: str
    angles: tuple[float, ...] = ()

    @property
    def swelling(self) -> str:
        """Alike in all directions, or along axes."""
        return "along axes" if self.angles else "isotropic"


@dataclass(frozen=True)
class Found:
    """A set-up with one electrolyte, at the ends of each half cycle (n,).

    `void` is the line integral of all gaps over the area of the discs; `between` that of faces
    between discs; `widest` the largest gap in m. The curve has all steps of the first cycle.
    """

    void: Floats
    between: Floats
    widest: Floats
    curve: Floats
    snapped: bool


def drawing(shape: str, seed: int) -> tuple[list[Disc], Box]:
    """Discs and box of a shape."""
    if shape == "disc":
        return ONE
    if shape == "pair":
        return PAIR
    return packing(seed), (5.0, 5.0)


def solids(
    setup: SetUp, electrolyte: str, size: float, constants: str = "library"
) -> tuple[fem.Solids, list[fem.Support]]:
    """The set-up, and its supports; the last one is the plate on top."""
    discs, (width, height) = drawing(setup.shape, setup.seed)
    lco, yielding = laws(electrolyte, constants)
    names = [f"disc {k}" for k in range(len(discs))]
    bond = BONDS[setup.bond]
    pressed = PRESSURE if setup.clamp == CLAMPS[1] else 0.0

    def at(axis: int, place: float) -> Any:
        return lambda x, y: np.abs((x, y)[axis] - place * RADIUS) < 1e-12

    supports = [
        fem.Support(at(0, 0.0), axis=0),
        fem.Support(at(1, 0.0), axis=1),
        fem.Support(at(0, width), axis=0, pressure=None if pressed else 0.0),
        fem.Support(at(1, height), axis=1, pressure=pressed),
    ]
    bonds = {(name, "electrolyte"): bond for name in names}
    bonds |= {(names[i], names[j]): bond for i, j in facets(discs)}
    made = fem.Solids.of(
        outlines(discs, (width, height)),
        size=size * RADIUS,
        laws={"electrolyte": yielding} | dict.fromkeys(names, lco),
        supports=supports,
        bonds=bonds,
    )
    return made, supports


def cycle(
    setup: SetUp,
    electrolyte: str,
    size: float,
    steps: int,
    cycles: int,
    constants: str = "library",
) -> Found:
    """Swell and shrink back, `steps` each, as often as `cycles`."""
    made, _ = solids(setup, electrolyte, size, constants)
    faces, count = made.faces, len(drawing(setup.shape, setup.seed)[0])
    area = count * np.pi * RADIUS**2
    inner = np.zeros(len(faces), dtype=bool)
    pairs = len(facets(drawing(setup.shape, setup.seed)[0]))
    inner[faces.ends[len(faces.interfaces) - pairs] :] = True  # their bonds are given last

    state = made.step(made.start())  # the plate's pressure alone
    curve, ends, snapped, last = [_gaps(state, faces, area, inner)], [], False, 0.0
    for _ in range(cycles):
        for way in (np.linspace(0.0, 1.0, steps + 1)[1:], np.linspace(1.0, 0.0, steps + 1)[1:]):
            for share in way:
                states = _steps(made, state, setup, last, float(share))
                snapped |= any(each.snapped for each in states)
                state, last = states[-1], float(share)
                curve.append(_gaps(state, faces, area, inner))
            ends.append(curve[-1])
    void, between, widest = np.array(ends).T
    return Found(void, between, widest, np.array(curve)[: 2 * steps + 1], snapped)


HALVINGS = 4
"""How often a step is halved for which no set of closed faces is found."""


def _steps(
    made: fem.Solids, state: SolidState, setup: SetUp, last: float, share: float, depth: int = 0
) -> list[SolidState]:
    """States on the way from one share of the swelling to another."""
    count = len(made.mesh.geometry.regions) - 1
    try:
        return [made.step(state, _swelling(setup, count, share))]
    except fem.SolveError:
        if depth == HALVINGS:
            raise
    middle = 0.5 * (last + share)
    way = _steps(made, state, setup, last, middle, depth + 1)
    return way + _steps(made, way[-1], setup, middle, share, depth + 1)


def _gaps(state: Any, faces: Any, area: float, inner: NDArray[np.bool_]) -> Floats:
    gap = np.maximum(state.parted.opening[0], 0.0)
    weighed = gap * faces.weights
    return np.array([weighed.sum() / area, weighed[inner].sum() / area, gap.max(initial=0.0)])


def _swelling(setup: SetUp, count: int, share: float) -> dict[str, Any]:
    if not setup.angles:
        return {f"disc {k}": share * VOLUME for k in range(count)}
    return {
        f"disc {k}": (share * ALONG, share * ACROSS, float(np.radians(setup.angles[k])))
        for k in range(count)
    }


# %%
# All set-ups
# -----------
# What came out. Around one disc WM closes, or keeps less than a third of what HM keeps, in all
# eight set-ups. For pairs and packings it depends on the plates and on the swelling. With free ones
# HM keeps more than three times as much where discs swell alike in all directions (pairs; 15 of 19
# packings), 1.3 to 2.6 times along axes. Between walls and under 50 MPa the order of pairs is
# reversed (17 of 20): HM, which flows, is squeezed shut. Packings there keep it (1.4 times) or lose
# it (half and half, along axes). A second cycle adds nothing, but for bonds that go on breaking.
# The widest gap is 323 nm with free plates, 262 nm in a die, and 68 nm where discs swell alike;
# the paper has several hundred nm to several um. Packings with free plates, axes and
# no adhesion were not run (one takes minutes), and four set-ups were not solved in a minute.


def setups(seeds: int, shapes: Sequence[str]) -> Iterator[SetUp]:
    """Packings and axes at random, `seeds` of each; one disc, and a pair with axes along its facet.

    Set-ups with the same seed differ in what holds them alone.
    """
    for shape in shapes:
        for seed in range(seeds + 1):
            # One disc looks the same from all sides; packings have nothing that is not drawn.
            if (shape == "disc" and seed) or (shape == "packing" and not seed):
                continue
            count = len(drawing(shape, seed)[0])
            angles = tuple(np.random.default_rng(seed).uniform(0.0, 180.0, count).tolist())
            for clamp, bond in itertools.product(CLAMPS, BONDS):
                if shape == "packing" or not seed:
                    yield SetUp(shape, seed, clamp, bond)
                yield SetUp(shape, seed, clamp, bond, angles if seed else (90.0,) * count)


LEAST = 1e-5
"""Void, over the area of the discs, from which on it counts: 20 pm all around a disc of 4 um."""
RATIO = 3.0
SEEN = 0.3e-6
"""Least width of cracks in m that the paper's text gives: several hundred nm to several um."""


Result = Found | fem.SolveError


def verdict(wm: Result, hm: Result) -> str:
    """How the voids on return stand to each other; or that a load has no equilibrium."""
    if not isinstance(wm, Found) or not isinstance(hm, Found):
        return "limit load" if LimitLoad in (type(wm), type(hm)) else "not solved"
    a, b = wm.void[1], hm.void[1]
    if max(a, b) < LEAST:
        return "both close"
    if b > RATIO * a:
        return "HM > 3 WM"
    if b > a:
        return "HM > WM"
    return "reversed"


COLUMNS = (
    "shape", "seed", "plates", "adhesion", "swelling", "angles_deg", "electrolyte",
    "void_charged", "void_returned", "void_returned_again", "between_discs_charged",
    "between_discs_returned", "widest_charged_m", "widest_returned_m", "snapped", "verdict",
    "curve", "failed",
)  # fmt: skip


def row(setup: SetUp, electrolyte: str, found: Result, said: str) -> dict[str, Any]:
    """A row of the CSV: all that `read` needs."""
    angles = " ".join(f"{angle:.1f}" for angle in setup.angles)
    given = [setup.shape, setup.seed, setup.clamp, setup.bond, setup.swelling, angles, electrolyte]
    if isinstance(found, Found):
        last = found.void[3] if len(found.void) > 3 else ""
        curve = " ".join(f"{void:.6e}" for void in found.curve[:, 0])
        gaps = *found.void[:2], last, *found.between[:2], *found.widest[:2], found.snapped
        values = [*given, *gaps, said, curve, ""]
    else:
        values = [*given, *[""] * 8, said, "", f"{type(found).__name__}: {found}".splitlines()[0]]
    return {name: str(value) for name, value in zip(COLUMNS, values, strict=True)}


def read(row: Mapping[str, str]) -> Result:
    """What `row` has been made of, but for widths and facets of further cycles."""
    if row["failed"]:
        kind, message = row["failed"].split(": ", 1)
        return LimitLoad(message) if kind == LimitLoad.__name__ else fem.SolveError(message)
    value = {name: float(row[name]) for name in COLUMNS[7:14] if row[name]}
    void = [value["void_charged"], value["void_returned"]]
    if "void_returned_again" in value:
        void += [float("nan"), value["void_returned_again"]]
    between = [value["between_discs_charged"], value["between_discs_returned"]]
    widest = [value["widest_charged_m"], value["widest_returned_m"]]
    curve = np.array(row["curve"].split(), dtype=float)[:, None]
    ends = np.array(void), np.array(between), np.array(widest)
    return Found(*ends, curve, row["snapped"] == "True")


Table = dict[tuple[str, ...], dict[str, str]]
"""Rows by their first seven columns."""


def load(file: Path) -> Table:
    """The table of earlier runs."""
    if not file.exists():
        return {}
    with file.open(encoding="utf-8", newline="") as stream:
        return {tuple(each[name] for name in COLUMNS[:7]): each for each in csv.DictReader(stream)}


def save(file: Path, table: Table) -> None:
    """Write it as a whole or not at all, whenever the script is stopped."""
    part = file.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(table.values())
    part.replace(file)


def line(setup: SetUp, pair: Mapping[str, Result], said: str) -> str:
    """A line of the table."""
    cells = []
    for found in pair.values():
        if not isinstance(found, Found):
            cells.append(f"{'-':>26}")
            continue
        kept, peak = 1e4 * found.void[1], 1e4 * found.void[0]
        cells.append(f"{peak:9.2f}{kept:9.2f}{1e9 * found.widest[:2].max():8.1f}")
    name = f"{setup.shape:<8}{setup.seed:>2} {setup.clamp:<12}{setup.bond:<15}{setup.swelling:<11}"
    return name + "".join(cells) + f"  {said}"


def tally(found: Mapping[SetUp, Mapping[str, Result]]) -> list[str]:
    """Of each kind of set-up: how often each verdict was reached, and the widest gaps in nm.

    The ratio is the median over its samples, with a bootstrap interval of 90 %.
    """
    kinds: dict[tuple[str, ...], list[Mapping[str, Result]]] = {}
    for setup, pair in found.items():
        kind: tuple[str, ...] = (setup.shape, setup.clamp, setup.bond, setup.swelling)
        kinds.setdefault(kind, []).append(pair)
    lines = []
    for kind, pairs in kinds.items():
        verdicts = [verdict(pair["WM"], pair["HM"]) for pair in pairs]
        counts = ", ".join(f"{verdicts.count(each)} {each}" for each in sorted(set(verdicts)))
        solved = [each for pair in pairs for each in pair.values() if isinstance(each, Found)]
        widest = max((float(each.widest.max()) for each in solved), default=float("nan"))
        ratios = [
            pair["HM"].void[1] / max(pair["WM"].void[1], LEAST)
            for pair in pairs
            if isinstance(pair["WM"], Found) and isinstance(pair["HM"], Found)
        ]
        middle, low, high = _median(ratios)
        lines.append(
            f"{kind[0]:<8}{kind[1]:<12} adhesion {kind[2]:<15} {kind[3]:<11} HM/WM {middle:7.2f}"
            f" ({low:.2f} to {high:.2f})"
            f"  widest {1e9 * widest:6.1f} nm, {widest / SEEN:.3f} of 300 nm  {counts}"
        )
    return lines


def _median(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, and the range of 90 % of medians of samples that are drawn from the values again."""
    if not values:
        return float("nan"), float("nan"), float("nan")
    drawn = np.random.default_rng(0).choice(values, (2000, len(values)))
    low, high = np.quantile(np.median(drawn, axis=1), (0.05, 0.95))
    return float(np.median(values)), float(low), float(high)


def draw(found: Mapping[SetUp, Mapping[str, Result]]) -> Figure:
    """Void against the share of the charge, of isotropic pairs in all four set-ups."""
    shown = [s for s in found if s.shape == "pair" and not s.angles]
    with fem.plot.style():
        figure, axes = plt.subplots(2, 2, figsize=(5.4, 4.2), layout="constrained", sharex=True)
        for ax, setup in zip(axes.flat, shown, strict=False):
            for name, colour in (("WM", "tab:blue"), ("HM", "tab:red")):
                each = found[setup][name]
                if not isinstance(each, Found):
                    continue
                half = len(each.curve) // 2
                share = np.r_[np.linspace(0, 1, half + 1), np.linspace(1, 0, half + 1)[1:]]
                void = 1e4 * each.curve[:, 0]
                ax.plot(share[: half + 1], void[: half + 1], color=colour, label=f"{name}, charge")
                ax.plot(share[half:], void[half:], "--", color=colour, label=f"{name}, discharge")
            ax.set_title(f"{setup.clamp}; adhesion: {setup.bond}", fontsize=7)
            ax.set(xlim=(0, 1), ylim=(0, None))
        for ax in axes[1]:
            ax.set_xlabel("share of the swelling")
        for ax in axes[:, 0]:
            ax.set_ylabel("void / area of LCO / 1e-4")
        if shown:
            axes[0, 0].legend(frameon=False, fontsize=6)
    return figure


def compare(found: Mapping[SetUp, Mapping[str, Result]]) -> Figure:
    """HM's void on return against WM's, of all pairs and packings; none is drawn as `LEAST`."""
    colours = dict(zip(BONDS, ("tab:orange", "tab:green"), strict=True))
    with fem.plot.style():
        figure, axes = plt.subplots(
            1, 2, figsize=(6.4, 3.2), layout="constrained", sharex=True, sharey=True
        )
        for ax, shape in zip(axes, SHAPES[1:], strict=True):
            for clamp, bond in itertools.product(CLAMPS, BONDS):
                for swelling, fill in (("isotropic", "none"), ("along axes", colours[bond])):
                    both = [
                        np.maximum([pair[name].void[1] for name in STRENGTH], LEAST)
                        for setup, pair in found.items()
                        if (setup.shape, setup.clamp, setup.bond) == (shape, clamp, bond)
                        and setup.swelling == swelling
                        and all(isinstance(each, Found) for each in pair.values())
                    ]
                    ax.scatter(
                        *np.reshape(both, (-1, 2)).T, s=14, lw=0.8, facecolor=fill,
                        edgecolor=colours[bond], marker="o" if clamp == CLAMPS[0] else "s",
                        label=f"{clamp}; adhesion: {bond}; {swelling}",
                    )  # fmt: skip
            ends = np.array([LEAST, 0.1])
            for ratio in (1.0, RATIO):
                ax.plot(ends, ratio * ends, color="0.6", lw=0.8, zorder=0)
                ax.annotate(f"{ratio:g} : 1", (2e-5, ratio * 2.2e-5), fontsize=6, color="0.4",
                            ha="right", va="bottom")  # fmt: skip
            ax.set(xscale="log", yscale="log", xlim=(0.8 * LEAST, 0.1), ylim=(0.8 * LEAST, 0.1))
            ax.set(xlabel="WM: void on return / area of LCO")
            ax.set_title(f"{shape}s", fontsize=7)
        axes[0].set_ylabel("HM")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=6,
                      frameon=False)  # fmt: skip
    return figure


def main(
    out: str | Path = "out/watanabe2025_solids",
    quick: bool = False,
    seeds: int = 10,
    shapes: Sequence[str] = SHAPES,
) -> dict[SetUp, dict[str, Result]]:
    """Solve all, print the table, write it and the figures into `out`.

    Set-ups that the table in `out` has are not solved again, those that failed too.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[SetUp, dict[str, Result]] = {}
    print(f"{'':<48}{'WM: charged, back /1e-4, nm':>26}{'HM':>26}")
    file = folder / "voids.csv"
    table = load(file)
    for setup in setups(1 if quick else seeds, shapes):
        size, steps, cycles = accuracy(setup, quick)
        pair = found[setup] = {}
        for name in STRENGTH:
            key = tuple(row(setup, name, fem.SolveError("not run"), "").values())[:7]
            kept = table.get(key)
            pair[name] = read(kept) if kept else attempt(setup, name, size, steps, cycles)
        said = verdict(pair["WM"], pair["HM"])
        for name, each in pair.items():
            made = row(setup, name, each, said)
            table[tuple(made.values())[:7]] = made
        save(file, table)
        print(line(setup, pair, said), flush=True)
    print("\n".join(tally(found)))
    for name, figure in (("voids", draw(found)), ("returned", compare(found))):
        figure.savefig(folder / f"{name}.png", dpi=200)
        plt.close(figure)
    return found


def accuracy(setup: SetUp, quick: bool) -> tuple[float, int, int]:
    """Size of elements in radii, steps a half cycle, and cycles: coarser where there are many."""
    if quick:
        return 0.4, 3, 1
    if setup.shape == "packing":
        return 0.4, 4, 1
    return (0.3, 5, 1) if setup.seed else (0.2, 10, 2)


def attempt(setup: SetUp, name: str, size: float, steps: int, cycles: int) -> Result:
    """`cycle`; the error if no equilibrium is found, which is told."""
    try:
        return cycle(setup, name, size, steps, cycles)
    except fem.SolveError as failed:
        print(f"  {name}, {setup}: {str(failed).splitlines()[0]}", flush=True)
        return failed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What decides whether cracks close.")
    parser.add_argument("--out", default="out/watanabe2025_solids", help="folder of table, figure")
    parser.add_argument("--quick", action="store_true", help="coarse, one sample")
    parser.add_argument("--seeds", type=int, default=10, help="samples of axes and packings")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=SHAPES)
    given = parser.parse_args()
    main(given.out, given.quick, given.seeds, given.shapes)
