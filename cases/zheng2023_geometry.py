"""
Which claims of Zheng 2023 survive another geometry?
====================================================

Zheng et al. (Sci. Bull. 68 (2023) 813, section 2.7) draw one cell with a damaged cathode, flat or
with elliptical deposits of lithium, and read six or seven statements off it. Its Table S1 is not
at hand: not the pitch of the particles, nor the shape of the deposits, nor any kinetics. This
script draws the cells that fit the text and counts in how many of them each statement holds:

* two beds of five rows of 10 um: a pitch of 20 um below 50 um of lithium, as in the shipped cases,
  or of 12 um below 90 um. Both are 250 um high, as in the paper;
* five half-ellipses: depth by half width of 30 x 12 (shipped), 50 x 12, 30 x 20, 60 x 20, 20 x 12
  um;
* three laws of the lithium: no resistance, Butler-Volmer with 320 A/m2 (clean) or 30 A/m2 (poor);
* two laws of the particles: one potential with 2 A/m2, or equal flux from all that are live;
* a third, a half, or two thirds of the bed dead: in the middle of a flat cell, at both sides of
  one with deposits.

A statement that holds in all of them is one about the physics assumed: Ohm's law in the
electrolyte and lithium that plates by the potential difference. One that holds in some is about
the inputs of one drawing.

What came out with elements of 2 um
-----------------------------------
Everywhere: lithium plates more opposite live particles (36 of 36 flat set-ups), the more so the
more are dead (12 of 12), and evenly, within 1 %, where none are (12 of 12). Deposits take more
than their share of the lithium's line, the flux along the lithium is largest at a tip, and the
potential drops most steeply below a deposit (180 of 180 each).

In some:

* Most of the current plates on the deposits in 116 of 180: in 52 of 60 without resistance, 38 of
  60 with 320 A/m2, 26 of 60 with 30 A/m2. With 320 A/m2, particles at one potential and two thirds
  dead it is 47 % as shipped, 52 % with the pitch of 12 um, 60, 55, 71 and 39 % for 50 x 12, 30 x
  20, 60 x 20 and 20 x 12 um at 20 um. That is 1.2 times their share of the line above the pitch of
  20 um, and 1.3 times above that of 12 um, for each shape: how long the deposits are decides
  first.
* The nonuniformity over the mean grows from 1 to 1000 A/m2 in 23 of 36 set-ups, falls in 6, and
  stays within 1 % of itself in 7. It grows in all with 30 A/m2. As shipped it falls, from 9.6 to
  8.7 %; with half of the bed dead instead of a third it grows, from 16.4 to 18.8 %.
* Von Mises stress is largest at a tip in 18 of 30 with rigid lithium and in 24 of 30 with elastic;
  6 GPa come before the live particles are empty in 30 and in 21 of 30. Rigid and elastic lithium
  press with more than 40 MPa at the end of small strain (30 of 30 each); yielded lithium never
  does (0 of 10; 0.7 to 1.9 MPa).

In few or none: in all of the electrolyte the flux is largest at a tip in 10 of 180, none with a
lithium that resists; in the other 170 it is at a live particle of the front row. With a dead share
and particles as shipped it is in 1 of 30. No set-up has 6 GPa at a tip while small strain holds (0
of 60): at its end it is 1.7 to 3.3 GPa with rigid lithium and 0.5 to 0.8 GPa with elastic.

Run it with ``python cases/zheng2023_geometry.py [--out DIR] [--size "2 um"] [--no-films]``.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import fem
from fem.constants import FARADAY
from fem.materials import library
from fem.plot.paint import key_of_particles
from fem.plot.scene import Scene
from fem.results.history import Frame
from fem.results.result import Result
from fem.runs.accepted import Accepted
from fem.runs.ensemble import Ensemble
from fem.runs.simulation import simulate

Floats = NDArray[np.float64]

HERE = Path(__file__).parent
FLAT, DEPOSITS, GROWTH = (
    HERE / f"zheng2023_{name}.toml" for name in ("flat", "protrusions", "growth")
)
WIDTH = 420.0  # um
BEDS: Mapping[str, Mapping[str, Any]] = {
    "pitch 20": {},
    "pitch 12": {
        "geometry.anode.thickness": "90 um",
        "geometry.cathode.thickness": "60 um",
        "geometry.cathode.particles.columns": 35,
    },
}
SHAPES = ((30, 12), (50, 12), (30, 20), (60, 20), (20, 12))
"""Depth and half width of the deposits in um."""
LITHIUM: Mapping[str, Mapping[str, str]] = {
    "none": {"area_resistance": "1e-8 ohm*m^2"},  # 1/30000 of what the separator resists
    "i0 320": {"exchange_current_density": "320 A/m^2"},
    "i0 30": {"exchange_current_density": "30 A/m^2"},
}
PARTICLES: Mapping[str, Mapping[str, str]] = {
    "one potential": {"exchange_current_density": "2 A/m^2"},
    # An ohmic layer beside which the electrolyte between the particles is nothing.
    "equal flux": {"area_resistance": "100 ohm*m^2"},
}
DEAD: Mapping[str, float] = {"third": 1 / 3, "half": 1 / 2, "two thirds": 2 / 3}
CURRENTS = (1.0, 10.0, 100.0, 1000.0)
"""Applied, in A/m^2; the paper's is 100."""
PAPER = 100.0
CASE_LITHIUM, CASE_PARTICLES, CASE_DEAD = "i0 320", "one potential", "two thirds"
"""The set-up of ``zheng2023_protrusions.toml``."""
REPORTED, CRITICAL = 6e9, 40e6
"""Von Mises stress that the paper reads off at the least, and pressure that drives a crack, Pa."""
SMALL_STRAIN = 0.1
"""Plated thickness over the radius of the tip up to which stress is taken as proportional to it."""
EVEN = 0.01
"""Change, and unevenness, below which there is none."""
NEAR = 2e-6
"""Distance in m from a tip, or from the rim of a particle, at which something is there."""
BLACK, BLUE, ORANGE = "#222222", "#0072B2", "#D55E00"
COLOURS = dict(zip(LITHIUM, (BLACK, BLUE, ORANGE), strict=True))
NAMES = {"none": "no resistance", "i0 320": "320 A/m²", "i0 30": "30 A/m²"}


@dataclass(frozen=True)
class Plan:
    """What is computed: names and shapes out of the tables above."""

    beds: tuple[str, ...] = tuple(BEDS)
    shapes: tuple[tuple[int, int], ...] = SHAPES
    lithium: tuple[str, ...] = tuple(LITHIUM)
    particles: tuple[str, ...] = tuple(PARTICLES)
    dead: tuple[str, ...] = tuple(DEAD)
    currents: tuple[float, ...] = CURRENTS
    size: str = "2 um"
    changes: Mapping[str, Any] | None = None


class Setup(NamedTuple):
    """One cell; `shape` is that of the deposits, empty for flat lithium."""

    bed: str
    dead: str
    lithium: str
    particles: str
    shape: str = ""


def middle(share: float) -> list[str]:
    """The interval of this share of the width, in the middle."""
    return [f"{0.5 * WIDTH * (1.0 + sign * share)!r} um" for sign in (-1, 1)]


def kinetics(lithium: str, particles: str) -> dict[str, Any]:
    """The changes that set both laws."""
    return {
        "kinetics.anode": dict(LITHIUM[lithium]),
        "kinetics.cathode": dict(PARTICLES[particles]),
    }


# %%
# Flat lithium
# ------------
# Dead patterns, kinetics and currents differ on one mesh: the electrolyte is condensed once a bed,
# and a set-up is then a small dense problem. What is read off is plating averaged over 2 um of arc.
# In a snapshot the profile keeps its shape, so thickness is it times time: whatever grows in
# proportion to time is uneven in proportion to time. ``zheng2023_growth.py`` has what adds to that.


@dataclass(frozen=True)
class Flat:
    """Flat lithium at all currents, arrays (currents,).

    `excess` is the largest plating over its mean, minus one; `spread` the largest less the least
    in A/m^2; `opposite` the mean opposite live columns over that opposite dead ones.
    """

    excess: Floats
    spread: Floats
    opposite: Floats


def solve_flat(
    plan: Plan, say: Callable[[str], None]
) -> tuple[dict[Setup, Flat], dict[Setup, float]]:
    """All flat set-ups; and, if all are live, the largest plating over its mean, minus one."""
    found, pristine = {}, {}
    for bed in plan.beds:
        base = fem.Case.load(FLAT).replace(
            {**BEDS[bed], "mesh.size": plan.size, "mechanics": {"enabled": False}}
            | dict(plan.changes or {})
        )

        def member(
            dead: str, laws: tuple[str, str], current: float, base: fem.Case = base
        ) -> fem.Case:
            table = {"between": middle(DEAD[dead])} if dead else {}
            return base.replace(
                {
                    "inactive": table,
                    "operation.current_density": f"{current!r} A/m^2",
                    **kinetics(*laws),
                }
            )

        laws = list(itertools.product(plan.lithium, plan.particles))
        hardest = [member(plan.dead[-1], pair, max(plan.currents)) for pair in laws]
        ensemble = Ensemble.of(member(plan.dead[0], laws[0], PAPER), examples=hardest)
        say(f"flat, {bed}: {ensemble.operator.size} modes, error {ensemble.error:.0e}")
        x, mean = ensemble.anode.x * 1e6, ensemble.anode.mean
        for dead, pair in itertools.product(("", *plan.dead), laws):
            outcome = ensemble.solve([member(dead, pair, i) for i in plan.currents])
            assert not any(outcome.messages), outcome.messages
            profiles = outcome.plating
            means = np.array([mean(profile) for profile in profiles])
            excess = profiles.max(axis=1) / means - 1.0
            if not dead:
                pristine[Setup(bed, "none", *pair)] = float(excess.max())
                continue
            below = np.abs(x - 0.5 * WIDTH) < 0.5 * WIDTH * DEAD[dead]
            opposite = profiles[:, ~below].mean(axis=1) / profiles[:, below].mean(axis=1)
            found[Setup(bed, dead, *pair)] = Flat(excess, np.ptp(profiles, axis=1), opposite)
    return found, pristine


# %%
# Lithium with deposits
# ---------------------
# One mesh for each bed, shape and dead share; six kinetics on it, with all fields.


@dataclass(frozen=True)
class Focus:
    """How current arrives at lithium with deposits.

    `share` of the current plates on the deposits, which are `extent` of the line; `tip` is the
    largest plating at a tip over the applied current. `at_tip` says whether plating along the
    lithium is largest at a tip. The current in all of the electrolyte is largest (`hottest`, in
    A/m^2) at "tip", "front row" or "elsewhere". `drop` is the largest potential drop over the
    distance from the bed to the lithium above it, of columns with a deposit over those without.
    """

    share: float
    extent: float
    tip: float
    at_tip: bool
    hottest: float
    where: str
    drop: float


def protrusions(shape: tuple[int, int]) -> list[dict[str, str]]:
    """Three deposits as in the shipped case, of another shape."""
    depth, half_width = shape
    size = {"depth": f"{depth} um", "half_width": f"{half_width} um", "fillet": "2 um"}
    return [{"x": f"{x} um", **size} for x in (150, 210, 270)]


def close_to_tip(result: Result, at: tuple[float, float]) -> bool:
    """Whether a place (m) is at the tip of a deposit."""
    return min(np.hypot(*np.subtract(at, d.tip)) for d in result.geometry.deposits) < NEAR


def focus(result: Result) -> Focus:
    """Read a run off."""
    anode, geometry = result.anode, result.geometry
    # The line is flat at lithium_y and below it on a deposit: integrate the part below.
    below = np.where(anode.y < geometry.lithium_y - 1e-9, 1.0, 0.0)
    top = int(np.argmax(anode.running_mean(anode.plating)))
    hottest, *at = result.largest_current()
    front = geometry.particles
    gap = np.hypot(front.x - at[0], front.y - at[1]) - 0.5 * front.diameter
    first = int(np.argmin(gap))
    in_front = gap[first] < NEAR and front.y[first] > front.y.max() - 1e-9 and front.active[first]
    at_tip = close_to_tip(result, (at[0], at[1]))
    bed = float(result.case.geometry.cathode.thickness)
    xs = np.linspace(0.0, geometry.width, 85)
    on_lithium = np.interp(xs, anode.x, result.along_anode("phi_e"))
    height = np.interp(xs, anode.x, anode.y) - bed
    drop = (np.array([result.at("phi_e", x, bed) for x in xs]) - on_lithium) / height
    deposit = np.any([np.abs(xs - d.tip[0]) < d.half_width for d in geometry.deposits], axis=0)
    return Focus(
        share=anode.mean(below * anode.plating) / anode.mean(anode.plating),
        extent=anode.mean(below),
        tip=float(np.max(result.metrics["tip_over_applied"])),
        at_tip=close_to_tip(result, (float(anode.x[top]), float(anode.y[top]))),
        hottest=hottest,
        where="tip" if at_tip else "front row" if in_front else "elsewhere",
        drop=float(drop[deposit].max() / drop[~deposit].max()),
    )


# %%
# Stress is solved with the dead share and the particles of the shipped case. With rigid or elastic
# lithium it is proportional to the plated thickness, so it is quoted where small strain ends: a
# thickness of a tenth of the tip's radius b^2/a. Yielded lithium has its pressure at any thickness.


@dataclass(frozen=True)
class Stress:
    """Stress at the tips for one model of lithium, in Pa, at the end of small strain.

    `at_tip` says whether von Mises stress along the lithium is largest at a tip, `time` when small
    strain ends, `reached` when 6 GPa would come, `empty` how long the live particles last, in s.
    """

    tip: float
    pressure: float
    at_tip: bool
    time: float
    reached: float
    empty: float


def stress(result: Result) -> Stress:
    """Read a run off, for its model of lithium."""
    anode, metrics, deposits = result.anode, result.metrics, result.geometry.deposits
    lithium = result.case.mechanics.lithium
    tips = np.asarray(metrics["von_mises_tip_Pa"])
    most = int(np.argmax(tips))
    deposit, seconds = deposits[most], float(result.case.operation.plating_time)
    thickness = anode.at(*deposit.tip, anode.running_mean(anode.thickness))
    factor = SMALL_STRAIN * deposit.half_width**2 / deposit.depth / thickness
    grows = lithium != "yielded"
    along = anode.running_mean(result.along_anode("von_mises"))
    top = int(np.argmax(along))
    return Stress(
        tip=float(tips[most]) * (factor if grows else 1.0),
        pressure=metrics[f"lithium_pressure_{lithium}_Pa"] * (factor if grows else 1.0),
        at_tip=close_to_tip(result, (float(anode.x[top]), float(anode.y[top]))),
        time=seconds * factor,
        reached=seconds * REPORTED / float(tips[most]) if grows else float("inf"),
        empty=empty_time(result),
    )


def empty_time(result: Result) -> float:
    """How long the live particles last in s, if nothing limits diffusion."""
    discs, active = result.particles, library()[result.case.geometry.cathode.particles.material]
    area = np.pi / 4 * (discs.diameter[discs.active] ** 2).sum() / result.geometry.width
    window = active["stoichiometry_max"].value - active["stoichiometry_min"].value
    return float(area * FARADAY * active["max_concentration"].value * window / result.applied)


def solve_deposits(
    plan: Plan, say: Callable[[str], None]
) -> tuple[dict[Setup, Focus], dict[tuple[Setup, str], Stress]]:
    """All set-ups with deposits, and stress by set-up and model of lithium."""
    found: dict[Setup, Focus] = {}
    pressed: dict[tuple[Setup, str], Stress] = {}
    base = fem.Case.load(DEPOSITS).replace(
        {"mesh.size": plan.size, "mechanics.compare_lithium": [], **(plan.changes or {})}
    )
    for bed, shape in itertools.product(plan.beds, plan.shapes):
        words = "{} x {}".format(*shape)
        say(f"deposits of {words} um, {bed}")
        for dead in plan.dead:
            changes = {
                **BEDS[bed],
                "geometry.anode.protrusions": protrusions(shape),
                "inactive.outside": middle(1.0 - DEAD[dead]),
                "mechanics.enabled": False,
            }
            cell = fem.Cell.of(base.replace(changes))
            for pair in itertools.product(plan.lithium, plan.particles):
                setup = Setup(bed, dead, *pair, words)
                found[setup] = focus(fem.run(cell.replace(kinetics(*pair))))
                if (dead, pair[1]) != (CASE_DEAD, CASE_PARTICLES):
                    continue
                for lithium in ("rigid", "elastic", "yielded"):
                    # Yielded lithium has one pressure, whatever plates.
                    if lithium != "yielded" or pair[0] == CASE_LITHIUM:
                        model = {"mechanics.enabled": True, "mechanics.lithium": lithium}
                        result = fem.run(cell.replace(kinetics(*pair) | model))
                        pressed[setup, lithium] = stress(result)
    return found, pressed


# %%
# Verdicts
# --------


@dataclass(frozen=True)
class Verdict:
    """A statement, and the set-ups in which it was asked and holds or not."""

    claim: str
    asked: tuple[tuple[Setup, bool], ...]
    note: str = ""

    @classmethod
    def of(cls, claim: str, asked: Iterable[tuple[Setup, Any]], note: str = "") -> Verdict:
        return cls(claim, tuple((setup, bool(holds)) for setup, holds in asked), note)

    @property
    def counts(self) -> tuple[int, int]:
        """In how many it holds, of how many."""
        return sum(holds for _, holds in self.asked), len(self.asked)

    def among(self, name: str, value: str) -> str:
        """The same of those set-ups whose field `name` has a value, as text."""
        some = [holds for setup, holds in self.asked if getattr(setup, name) == value]
        return f"{sum(some)}/{len(some)}" if some else "-"


def verdicts(
    flat: Mapping[Setup, Flat],
    pristine: Mapping[Setup, float],
    found: Mapping[Setup, Focus],
    pressed: Mapping[tuple[Setup, str], Stress],
    plan: Plan,
) -> list[Verdict]:
    """All statements."""
    at = plan.currents.index(PAPER)

    def applied(setup: Setup) -> float:
        return float(1.0 + flat[setup].excess[at])

    fewer = [
        (setup, (np.diff([applied(setup._replace(dead=dead)) for dead in plan.dead]) > 0).all())
        for setup in flat
        if setup.dead == plan.dead[0]
    ]
    growth = {setup: each.excess[-1] / each.excess[0] - 1.0 for setup, each in flat.items()}
    of = {
        lithium: [(s, each) for (s, model), each in pressed.items() if model == lithium]
        for lithium in ("rigid", "elastic", "yielded")
    }
    made = [
        Verdict.of(
            "flat: plates preferentially opposite live particles (Z1)",
            ((s, each.opposite[at] > 1.0) for s, each in flat.items()),
        ),
        Verdict.of("flat: the more are dead, the more opposite the live ones (Z3)", fewer),
        Verdict.of(
            f"flat: even within {100 * EVEN:g} % if all are live (Z4, coated)",
            ((s, excess < EVEN) for s, excess in pristine.items()),
        ),
        Verdict.of(
            "flat: difference grows with current (Z1, absolute)",
            ((s, (np.diff(each.spread) > 0).all()) for s, each in flat.items()),
        ),
        Verdict.of(
            "flat: nonuniformity over the mean grows with current (Z1)",
            ((s, rise > EVEN) for s, rise in growth.items()),
            f"by more than {100 * EVEN:g} % of itself from {plan.currents[0]:g} to "
            f"{plan.currents[-1]:g} A/m2",
        ),
        Verdict.of(
            "flat: it falls with current",
            ((s, rise < -EVEN) for s, rise in growth.items()),
        ),
        Verdict.of(
            "Fig. 4c: largest potential drop between deposits and live bed (Z2a)",
            ((s, each.drop > 1.0) for s, each in found.items()),
        ),
        Verdict.of(
            "Fig. 4d: along the lithium flux is largest at a tip (Z2a)",
            ((s, each.at_tip) for s, each in found.items()),
        ),
        Verdict.of(
            "Fig. 4d: in all of the electrolyte flux is largest at a tip",
            ((s, each.where == "tip") for s, each in found.items()),
        ),
        Verdict.of(
            "it is largest at a live particle of the front row instead",
            ((s, each.where == "front row") for s, each in found.items()),
        ),
        Verdict.of(
            "most of the flux plates on the deposits",
            ((s, each.share > 0.5) for s, each in found.items()),
        ),
        Verdict.of(
            "deposits take more than their share of the lithium's line",
            ((s, each.share > each.extent) for s, each in found.items()),
        ),
    ]
    for lithium in ("rigid", "elastic"):
        some = of[lithium]
        made += [
            Verdict.of(
                f"{lithium} lithium: von Mises stress is largest at a tip (Z2b)",
                ((s, each.at_tip) for s, each in some),
            ),
            Verdict.of(
                f"{lithium} lithium: 6 GPa while small strain holds (Z2b)",
                ((s, each.tip >= REPORTED) for s, each in some),
                "thickness below a tenth of the tip's radius",
            ),
            Verdict.of(
                f"{lithium} lithium: 6 GPa before the live particles are empty",
                ((s, each.reached < each.empty) for s, each in some),
            ),
        ]
    return made + [
        Verdict.of(
            f"{lithium} lithium: pressure beyond 40 MPa (Z2c)",
            ((s, each.pressure > CRITICAL) for s, each in of[lithium]),
        )
        for lithium in ("rigid", "elastic", "yielded")
    ]


def table(
    numbers: Sequence[Verdict],
    flat: Mapping[Setup, Flat],
    found: Mapping[Setup, Focus],
    plan: Plan,
) -> str:
    """Verdicts and numbers as text."""
    groups = [("lithium", name) for name in plan.lithium]
    groups += [("particles", name) for name in plan.particles]
    groups += [("bed", name) for name in plan.beds] + [("dead", name) for name in plan.dead]
    columns = [(field, name, max(len(name), 5) + 2) for field, name in groups]
    heads = "".join(f"{name:>{width}}" for _, name, width in columns)
    lines = [f"{'what is said':<70}{'holds in':>11}{heads}"]
    for verdict in numbers:
        k, n = verdict.counts
        by = "".join(f"{verdict.among(field, name):>{width}}" for field, name, width in columns)
        lines.append(f"{verdict.claim:<70}{f'{k} of {n}':>11}{by}")
        if verdict.note:
            lines.append(f"  ({verdict.note})")
    shipped = [
        each.where for setup, each in found.items()
        if (setup.dead, setup.particles) == (CASE_DEAD, CASE_PARTICLES)
    ]  # fmt: skip
    lines += [
        "",
        "Nonuniformity grows with time: in proportion to it absolutely, and not at all over the "
        "mean, in every snapshot,",
        "since plating keeps its profile. zheng2023_growth.py has what adds to that.",
        f"With particles and dead share of the shipped case the largest flux of all is at a tip in "
        f"{shipped.count('tip')} of {len(shipped)},",
        f"at a particle of the front row in {shipped.count('front row')}.",
        "",
        "Share of the current that three deposits take, and their share of the line, in %; largest "
        "plating at a tip over the",
        f"applied current ({CASE_DEAD} dead, particles at one potential)",
        f"{'bed':<10}{'deposit/um':<12}{'line':>5}"
        + "".join(f"{name:>9}{'tip':>7}" for name in plan.lithium),
    ]
    for bed, shape in itertools.product(plan.beds, plan.shapes):
        words = "{} x {}".format(*shape)
        row = [found[Setup(bed, CASE_DEAD, w, CASE_PARTICLES, words)] for w in plan.lithium]
        shares = "".join(f"{100 * each.share:9.1f}{each.tip:7.2f}" for each in row)
        lines.append(f"{bed:<10}{words:<12}{100 * row[0].extent:5.1f}{shares}")
    lines += [
        "",
        "Flat lithium: largest plating over its mean, minus one, in %, by current in A/m2",
        f"{'bed':<10}{'dead':<12}{'lithium':<9}{'particles':<15}"
        + "".join(f"{current:>8g}" for current in plan.currents),
    ]
    for setup, each in flat.items():
        lines.append(
            f"{setup.bed:<10}{setup.dead:<12}{setup.lithium:<9}{setup.particles:<15}"
            + "".join(f"{100 * value:8.2f}" for value in each.excess)
        )
    return "\n".join(lines)


def write_csv(
    file: Path, found: Mapping[Setup, Focus], pressed: Mapping[tuple[Setup, str], Stress]
) -> None:
    """A row a set-up with deposits; stress where it was solved, with units in the names."""
    rows = []
    for setup, each in found.items():
        row: dict[str, Any] = setup._asdict() | asdict(each)
        row["hottest_A_m2"] = row.pop("hottest")
        for lithium in ("rigid", "elastic", "yielded"):
            one = pressed.get((setup, lithium))
            row[f"von_mises_tip_{lithium}_Pa"] = "" if one is None else one.tip
            row[f"pressure_{lithium}_Pa"] = "" if one is None else one.pressure
        rows.append(row)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def draw_shares(found: Mapping[Setup, Focus]) -> Figure:
    """Share of the current on deposits against their share of the line; tips against the same."""
    with fem.plot.style():
        figure, axes = plt.subplots(1, 2, figsize=(6.9, 3.2), layout="constrained")
        for lithium in dict.fromkeys(setup.lithium for setup in found):
            for bed, marker in zip(BEDS, "os", strict=True):
                some = [e for s, e in found.items() if s.lithium == lithium and s.bed == bed]
                extent = [100 * each.extent for each in some]
                look = {"color": COLOURS[lithium], "markersize": 3.5, "fillstyle": "none"}
                label = f"{NAMES[lithium]}, {bed} µm"
                axes[0].plot(extent, [100 * e.share for e in some], marker, label=label, **look)
                axes[1].plot(extent, [e.tip for e in some], marker, **look)
        line = np.array([25.0, 65.0])
        axes[0].plot(line, line, color="0.5", linewidth=0.8, label="their share of the line")
        axes[0].axhline(50.0, color="0.5", linewidth=0.8, linestyle=":")
        axes[1].axhline(1.0, color="0.5", linewidth=0.8, linestyle=":")
        axes[0].set(ylabel="current on the deposits (%)", xlim=line, ylim=(25, 100))
        axes[1].set(ylabel="plating at a tip over applied", xlim=line, ylim=(0, None))
        for ax in axes:
            ax.set_xlabel("deposits' share of the lithium's line (%)")
        figure.legend(loc="outside upper center", ncols=4, frameon=False)
    return figure


# %%
# Accumulated lithium
# -------------------
# The paper's figure S13 and movies S1 and S2, for a bed that is all live and one whose middle third
# is dead: in time, with a surface that moves and particles in which lithium diffuses
# (``zheng2023_growth.toml``). It is drawn as lithium over place and time.


def grow(size: str, until: str = "100 s") -> dict[str, tuple[Result, list[Frame]]]:
    """Both runs with the states of all their steps."""
    case = fem.Case.load(GROWTH).replace(
        {
            "mesh.size": size,
            "operation.steps": [{"charge": f"{PAPER!r} A/m^2", "until": {"time": until}}],
        }
    )
    runs = {}
    every: dict[str, dict[str, Any]] = {"all live": {"inactive": {}}, "a third dead": {}}
    for name, changes in every.items():
        frames: list[Frame] = []

        def keep(step: Accepted, frames: list[Frame] = frames) -> None:
            frames.append(replace(step.frame(), result=step.result()))

        runs[name] = simulate(case.replace(changes), observers=[keep]), frames
    return runs


def draw_accumulated(runs: Mapping[str, tuple[Result, Sequence[Frame]]]) -> Figure:
    """Plated thickness over place and time, and below it the cell at the end."""
    most = max(frames[-1].anode.thickness.max() for _, frames in runs.values()) * 1e6
    with fem.plot.style():
        figure, axes = plt.subplots(2, len(runs), figsize=(7.2, 4.2), layout="constrained")
        handles: list[Any] = []
        for (name, (result, frames)), (above, below) in zip(runs.items(), axes.T, strict=True):
            x = frames[0].anode.x * 1e6
            time = [frame.time for frame in frames]
            # The line moves straight up: places along it stay those of the first state.
            lithium = [
                np.interp(x, f.anode.x * 1e6, f.anode.running_mean(f.anode.thickness)) * 1e6
                for f in frames
            ]
            levels = np.linspace(0.0, most, 16)
            drawn = above.contourf(x, time, lithium, levels=levels, cmap="viridis")
            above.contour(x, time, lithium, levels=levels, colors="white", linewidths=0.3)
            last = lithium[-1]
            above.set(
                xlabel="x (µm)", ylabel="time (s)",
                title=f"{name}: {np.min(last):.2f} to {np.max(last):.2f} µm at the end",
            )  # fmt: skip
            fem.plot.flux(result, below)
            handles = key_of_particles(Scene.of(result)) or handles
        figure.colorbar(drawn, ax=axes[0], label="plated lithium (µm)", format="%.2f")
        figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    return figure


# %%
# Run it all
# ----------


def main(
    out: str | Path = "out/zheng2023_geometry",
    plan: Plan | None = None,
    films: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Solve, count, draw and print; table, figures, films and ``set_ups.csv`` go to `out`.

    Returns the verdicts, and the numbers of all set-ups in SI units.
    """
    plan = plan or Plan()
    flat, pristine = solve_flat(plan, say)
    found, pressed = solve_deposits(plan, say)
    numbers = verdicts(flat, pristine, found, pressed, plan)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "set_ups.csv", found, pressed)
    figures = {"shares": draw_shares(found)}
    if films:
        say("lithium in time")
        runs = grow("4 um")
        figures["accumulated"] = draw_accumulated(runs)
        for name, (_, frames) in runs.items():
            fem.plot.animate(frames, folder / f"{name.replace(' ', '_')}.gif")
    for name, figure in figures.items():
        for suffix in ("png", "pdf"):
            figure.savefig(folder / f"{name}.{suffix}", dpi=200)
        plt.close(figure)
    text = table(numbers, flat, found, plan)
    (folder / "table.txt").write_text(text + "\n", encoding="utf-8")
    counts = {each.claim: each.counts for each in numbers}
    (folder / "numbers.json").write_text(json.dumps(counts, indent=1), encoding="utf-8")
    print(text)
    return {
        "verdicts": numbers, "flat": flat, "pristine": pristine, "deposits": found,
        "stress": pressed,
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The claims of Zheng 2023 in other geometries.")
    parser.add_argument("--out", default="out/zheng2023_geometry", help="folder of the results")
    parser.add_argument("--size", default="2 um", help='element size on interfaces, as "1 um"')
    parser.add_argument("--no-films", action="store_true", help="without the runs in time")
    given = parser.parse_args()
    main(given.out, Plan(size=given.size), not given.no_films, lambda line: print(line, flush=True))
