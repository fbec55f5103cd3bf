"""
Interfaces that open under stack pressure: the two powders of Zhou 2025
=======================================================================

Zhou et al. (ACS Energy Lett. 10 (2025) 966) cycle NCM811 among coarse and among fine Li6PS5Cl
under 30, 10 and 2 MPa. The first cycle gives 18, 20 and 22 mAh/g more with the fine powder, and
after 100 cycles 84.0, 74.3 and 63.3 % of the capacity are left with the coarse one, 90.3, 88.9
and 85.6 % with the fine one. Here particles shrink as they are charged (-5.1 %; -7 % as a
variant), and faces may part, without adhesion or with a bond of 50 MPa and 1 J/m^2.

Electrolyte grains are not resolved mechanically. What stands for a powder is where particles lie:
among grains of 10 um they crowd together, among grains of 2.5 um they are spread. That is the one
difference that a case file can say without a picture. It leaves out what may matter more, pores
beside particles (the paper: 11.3 and 4.4 % of pellets) and less contact from the start
(``zhou2025_contact_area.py``). What each result hangs on, and what would refute that, is printed
with it. No value was chosen because it agrees.

What came out
-------------
Without adhesion 99 % of the faces are open after 4.7, 21.5 and 67.8 mAh/g under 2, 10 and 30 MPa
(coarse), of the 228 mAh/g that the window holds: nearly in proportion to the pressure, as it has to
be while the electrolyte is elastic. With the fine powder nine tenths are open after as much charge;
the last few percent hold on for longer. Bonded, under 10 MPa, it is 58.2 in place of 21.5 mAh/g.
Numbers by packing, and what was not run: ``docs/pressure.md``.

What a loose particle gives is not settled by this: it conducts below a gap of 2 nm, and nothing
in a plane says where in its room it lies. Those held amidst it die; among fine grains some were
found leaning on a side, and went on reacting with all of their faces open. Capacities after that
moment, dead shares and the comparison of fine and coarse by them are therefore no prediction. The
charge up to it is.

Run it with ``python cases/zhou2025_pressure.py [--out DIR] [--quick]``; what was solved is kept in
DIR, so that it can be stopped and taken up.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import fem
from fem.constants import FARADAY
from fem.errors import SolveError
from fem.materials import library
from fem.results.history import Event, History, Log
from fem.runs.simulation import Accepted, simulate

CASE = Path(__file__).with_suffix(".toml")
FACES = "interfaces.particle_electrolyte"
KINDS: Mapping[str, Mapping[str, Any]] = {
    "coarse": {},
    "fine": {"geometry.cathode.particles.grains.diameter": "2.5 um"},
}
BONDS: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    # The stiffness lets a bond stretch by 0.5 nm before it softens, of 40 nm until it is gone.
    # Bonds that are rigid before they soften take steps of less than a second as they snap.
    "cohesive": {
        FACES: {
            "bond": "cohesive",
            "strength": "50 MPa",
            "toughness": "1 J/m^2",
            "stiffness": "1e17 Pa/m",
        }
    },
}
PRESSURES = (2, 10, 30)
"""In MPa: the paper's."""
CYCLE = (
    {"charge": "0.65 A/m^2", "until": {"voltage": "4.25 V"}},
    {"discharge": "0.65 A/m^2", "until": {"voltage": "2.8 V"}},
)
PACKINGS = (2, 3)
"""Seeds of other packings than the case file's; they are run until all faces are open."""
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "as in the case file": {},
    "a spring": {"stack.stiffness": "8e10 Pa/m"},
    "-7 %": {"materials.NCM811.volume_change": "-7 %"},
    "conduction by pressure": {
        FACES: {"bond": "none", "conduction": "linear", "contact_pressure": "50 MPa"}
    },
    "three cycles": {"operation.steps": [{"repeat": 3, "steps": list(CYCLE)}]},
    **{f"packing {seed}": {"geometry.cathode.particles.seed": seed} for seed in PACKINGS},
}
"""What is assumed otherwise, without adhesion."""
RETENTION = {
    "coarse": {2: 63.3, 10: 74.3, 30: 84.0},
    "fine": {2: 85.6, 10: 88.9, 30: 90.3},
}
"""Of the capacity after 100 cycles in %, under a pressure in MPa: the paper's text."""
GAIN = {2: 22.0, 10: 20.0, 30: 18.0}
"""Fine over coarse in the first cycle, in mAh/g: the paper's text."""
VERDICTS = (
    (
        "Without adhesion all faces open early in the first charge, later under more pressure.",
        "electrolyte that bridges over a particle and bears the pressure without it, and faces "
        "that carry nothing from the press at the start",
        "contact that lasts to -5 % under 2 to 30 MPa without adhesion, seen in sections",
    ),
    (
        "How much a loose particle still gives is not told by mechanics.",
        "conducts_below = 2 nm, and where in its room a loose particle lies: in a plane nothing "
        "says so, while in space it rests on something",
        "a capacity that stays as it is with another conducts_below",
    ),
    (
        "Fine and coarse differ by where particles lie, and by nothing else.",
        "electrolyte without pores: as drawn, all faces touch in either powder",
        "a fine and a coarse composite of equal contact area and unlike retention",
    ),
    (
        "All of a face in contact conducts, however little presses on it.",
        'conduction = "full"; the variant has it grow up to 50 MPa',
        "a charge-transfer resistance that falls with the stack pressure while nothing is open",
    ),
)
"""What came out, what it hangs on, and what would refute that."""


# %%
# Runs
# ----


@dataclass(frozen=True)
class Run:
    """One cell: kind of powder, bond, stack pressure in MPa, and what else is assumed."""

    kind: str
    bond: str
    pressure: int
    variant: str = "as in the case file"

    @property
    def name(self) -> str:
        """Of its files."""
        words = f"{self.kind} {self.bond} {self.pressure} MPa"
        if self.variant != "as in the case file":
            words += " " + self.variant
        return words.replace("%", "percent").replace(" ", "_")

    def case(self, changes: Mapping[str, Any]) -> fem.Case:
        """The case file with what this run changes, then `changes`."""
        mine = {"stack.pressure": f"{self.pressure} MPa", **VARIANTS[self.variant]}
        return fem.Case.load(CASE, {**KINDS[self.kind], **BONDS[self.bond], **mine, **changes})


GRID = tuple(Run(kind, bond, p) for bond in BONDS for p in PRESSURES for kind in KINDS)
OTHERS = (
    Run("coarse", "none", 10, "-7 %"),
    Run("coarse", "none", 10, "a spring"),
    Run("coarse", "none", 10, "conduction by pressure"),
    Run("fine", "none", 10, "conduction by pressure"),
    Run("coarse", "none", 30, "three cycles"),
)
SEEDS = tuple(
    Run(kind, "none", p, f"packing {seed}")
    for seed in PACKINGS
    for p in PRESSURES
    for kind in KINDS
)
QUICK = tuple(run for run in GRID + OTHERS if run.kind == "coarse")
SMALL: Mapping[str, Any] = {
    "geometry.width": "12 um",
    "geometry.cathode.thickness": "14 um",
    "geometry.cathode.particles.fraction": 0.23,
    "geometry.cathode.particles.grains": None,
}
"""Two particles, of which each run takes seconds; there is no powder then."""


@dataclass(frozen=True)
class Outcome:
    """What came of a run; capacities in mAh per g of active material.

    The first cycle has `charge` and `discharge`, the last one that was begun `last`; `theory` is
    what the window of the material holds. Open share, dead share and largest gap in m are those at
    the end of the first charge; `touching` is the charge up to where 99 % of the faces are open.
    `opened` is the volume strain of the active material, on average, with which half of the faces
    have opened, `parted` that with 99 % of them, `lost` that with the first dead particle (nan if
    it never comes to that). `pressure` is the least and greatest of the stack in Pa, `yielded` the
    largest share of the electrolyte that has yielded, `ended` what ended each step, and `failed`
    what the run died of, or why it was stopped: all else then tells how far it came.
    """

    charge: float = float("nan")
    discharge: float = float("nan")
    last: float = float("nan")
    theory: float = float("nan")
    open_share: float = float("nan")
    dead_share: float = float("nan")
    gap: float = float("nan")
    touching: float = float("nan")
    opened: float = float("nan")
    parted: float = float("nan")
    lost: float = float("nan")
    pressure: tuple[float, float] = (float("nan"), float("nan"))
    yielded: float = float("nan")
    ended: tuple[str, ...] = ()
    failed: str = ""

    @property
    def utilization(self) -> float:
        """Discharge of the first cycle over what the window holds."""
        return self.discharge / self.theory


def outcome(case: fem.Case, history: History) -> Outcome:
    """What a run tells: a pure function of its history."""
    cathode: Any = case.geometry.cathode
    ncm = library(overrides=case.materials)["NCM811"]
    low, high = ncm["stoichiometry_min"].value, ncm["stoichiometry_max"].value
    density, most = ncm["density"].value, ncm["max_concentration"].value
    mass = cathode.particles.fraction * float(cathode.thickness) * density  # kg/m2
    whole = most * FARADAY / 3600.0 / density  # Ah/kg, or mAh/g, if x fell from 1 to 0
    step, charged = history["step"], history["charged_Ah_m2"] / mass
    discharged = history["discharged_Ah_m2"] / mass
    first = step == 0
    end = int(np.flatnonzero(first)[-1])
    final = step[-1] - 1 + step[-1] % 2  # the last discharge that was begun
    last = discharged[step <= final][-1] - discharged[step < final][-1] if final > 0 else 0.0
    strain = charged / whole / (high - low) * ncm["volume_change"].value
    half, nearly = (first & (history["open_fraction"] > share) for share in (0.5, 0.99))
    lost = first & (history["dead_particles"] > 0.0)
    pressure = history["stack_pressure_Pa"]
    return Outcome(
        charge=float(charged[end]),
        discharge=float(discharged[step <= 1][-1]),
        last=float(last),
        theory=(high - low) * whole,
        open_share=float(history["open_fraction"][end]),
        dead_share=float(history["dead_fraction"][end]),
        gap=float(history["gap_max_m"][end]),
        touching=_first(charged, nearly),
        opened=_first(strain, half),
        parted=_first(strain, nearly),
        lost=_first(strain, lost),
        pressure=(float(pressure.min()), float(pressure.max())),
        yielded=float(np.max(history["plastic_area_fraction"])),
        ended=tuple(why for _, _, _, why in history.events),
    )


def _first(values: NDArray[np.float64], where: NDArray[np.bool_]) -> float:
    return float(values[where][0]) if where.any() else float("nan")


class Stopped(Exception):
    """A run that was ended before its protocol was through, and why."""


class Rows:
    """An observer that keeps what a run tells, also of one that gives up or is stopped.

    It stops a run after `seconds` of processor time, or once 99 % of the faces are `open`.
    """

    def __init__(self, seconds: float = np.inf, when_open: bool = False) -> None:
        self.log, self.events = Log(), tuple[Event, ...]()
        self._until, self._when_open = time.process_time() + seconds, when_open

    def __call__(self, accepted: Accepted) -> None:
        self.log.add(accepted.row)
        self.events = accepted.events
        if self._when_open and accepted.row["open_fraction"] > 0.99:
            raise Stopped("all faces are open")
        if time.process_time() > self._until:
            raise Stopped("its time was up")


def solve(run: Run, changes: Mapping[str, Any], folder: Path, seconds: float = np.inf) -> Outcome:
    """The outcome of a run, which is read from `folder` if it was solved before.

    The history is written beside it. A run that no solver could finish, or that took more than
    `seconds` of processor time, is an outcome with the message, and with the numbers up to there.
    """
    case = run.case(changes)
    file = folder / f"{run.name}-{case.sha256[:8]}.json"
    if not file.exists():
        rows, failed = Rows(seconds, run.variant.startswith("packing")), ""
        try:
            simulate(case, observers=[rows])
        except (SolveError, Stopped) as error:
            failed = str(error).splitlines()[0]
        found = Outcome(failed=failed)
        if len(rows.log):
            history = rows.log.history(rows.events)
            with file.with_suffix(".csv").open("w", newline="", encoding="utf-8") as stream:
                table = csv.writer(stream)
                table.writerow(history.columns)
                table.writerows(zip(*history.columns.values(), strict=True))
            found = replace(outcome(case, history), failed=failed)
        file.write_text(json.dumps(asdict(found), indent=1), encoding="utf-8")
    known = json.loads(file.read_text("utf-8"))
    return Outcome(**known | {"pressure": tuple(known["pressure"]), "ended": tuple(known["ended"])})


# %%
# Tables and figure
# -----------------

Found = Mapping[Run, Outcome]


def line(run: Run, found: Outcome) -> str:
    """A run in the table of runs."""
    start = f"{run.kind:<8}{run.bond:<10}{run.pressure:>3}  {run.variant:<24}"
    if np.isnan(found.charge):
        return start + found.failed
    low, high = (p / 1e6 for p in found.pressure)
    return start + (
        f"{found.charge:8.1f}{found.discharge:11.1f}{found.last:8.1f}{found.utilization:8.3f}"
        f"{found.open_share:8.3f}{found.dead_share:8.3f}{found.gap * 1e9:8.1f}"
        f"{found.touching:8.1f}{100 * found.opened:8.2f}{100 * found.parted:8.2f}"
        f"{100 * found.lost:8.2f}{low:9.2f}{high:8.2f}"
        f"{found.yielded:8.3f}  {', '.join([*found.ended, *[found.failed] * bool(found.failed)])}"
    )


LOOSE = (
    "No prediction: charge, discharge, last, utilization and dead share once faces have let go",
    '("touch"). Weak springs hold a loose particle amidst its room; nothing physical does so.',
)
"""Printed above the tables: what of them says nothing of a cell."""
HEADER = (
    f"{'powder':<8}{'bond':<10}{'MPa':>3}  {'variant':<24}{'charge':>8}{'discharge':>11}{'last':>8}"
    f"{'utiliz.':>8}{'open':>8}{'dead':>8}{'gap/nm':>8}{'touch':>8}{'half/%':>8}{'all/%':>8}{'loss/%':>8}"
    f"{'p least':>9}{'most':>8}{'yield':>8}  ended by"
)


def beside_the_paper(found: Found) -> list[str]:
    """What the paper has and what came out; what decides it, and what would refute that."""
    lines = [f"{'':<34}{'paper':>22}" + "".join(f"{bond:>24}" for bond in BONDS)]
    for kind in KINDS:
        paper = " < ".join(f"{RETENTION[kind][p]:g}" for p in PRESSURES)
        cells = [_row(found, kind, bond, "discharge") for bond in BONDS]
        lines.append(f"{kind + ': 2, 10, 30 MPa':<34}{paper + ' %':>22}" + _cells(cells))
        for name, words in (("charge", "the charge before"), ("touching", "until all is open")):
            cells = [_row(found, kind, bond, name) for bond in BONDS]
            lines.append(f"{'  ' + words:<34}{'':>22}" + _cells(cells))
        cells = [_order(found, kind, bond) for bond in BONDS]
        lines.append(f"{'  order of these by pressure':<34}{'rises':>22}" + _cells(cells))
    paper = ", ".join(f"{GAIN[p]:+g}" for p in PRESSURES)
    for name, words, given in (("discharge", "fine - coarse", paper), ("touching", "", "")):
        gains = [", ".join(_gain(found, bond, p, name) for p in PRESSURES) for bond in BONDS]
        lines.append(f"{words or '  until all is open':<34}{given:>22}" + _cells(gains))
    for what, decides, refutes in VERDICTS:
        lines += [f"{what}", f"    decided by  {decides}", f"    refuted by  {refutes}"]
    return lines


def _row(found: Found, kind: str, bond: str, name: str) -> str:
    cells = [found.get(Run(kind, bond, p)) for p in PRESSURES]
    return ", ".join("-" if cell is None else _value(cell, name) for cell in cells)


def _whole(found: Outcome, name: str) -> bool:
    """Whether a capacity is that of a half cycle that was run to its end, or of a moment in it."""
    if name == "touching":
        return bool(np.isfinite(found.touching))
    return len(found.ended) > ("charge", "discharge").index(name)


def _value(found: Outcome, name: str) -> str:
    """A capacity; `>` before a run's last if the run ended too early, or before 99 % were open."""
    if _whole(found, name):
        return f"{getattr(found, name):.1f}"
    least = found.discharge if name == "discharge" else found.charge
    return "-" if np.isnan(least) or (name == "discharge" and not found.ended) else f">{least:.1f}"


def _order(found: Found, kind: str, bond: str) -> str:
    """Whether contact lasts longer under more pressure, of runs that were solved."""
    cells = [found.get(Run(kind, bond, p)) for p in PRESSURES]
    known = [each.touching for each in cells if each is not None and np.isfinite(each.touching)]
    if len(known) < 2:
        return "-"
    steps = np.diff(known)
    return "rises" if (steps > 0.0).all() else "falls" if (steps < 0.0).all() else "mixed"


def _gain(found: Found, bond: str, pressure: int, name: str) -> str:
    fine, coarse = (found.get(Run(kind, bond, pressure)) for kind in ("fine", "coarse"))
    if fine is None or coarse is None or not (_whole(fine, name) and _whole(coarse, name)):
        return "-"
    return f"{getattr(fine, name) - getattr(coarse, name):+.1f}"


def _cells(texts: Sequence[str]) -> str:
    return "".join(f"{text:>24}" for text in texts)


def _drawn(found: Outcome, name: str) -> bool:
    return _whole(found, "charge" if name == "open_share" else name)


def packings(found: Found) -> list[str]:
    """Charge until all is open over the seeds of the packing: mean and standard error of it."""
    lines = [f"{'until all is open, no adhesion':<34}{'2 MPa':>24}{'10 MPa':>24}{'30 MPa':>24}"]
    for kind in KINDS:
        cells = []
        for pressure in PRESSURES:
            mine = [
                each.touching
                for run, each in found.items()
                if (run.kind, run.bond, run.pressure) == (kind, "none", pressure)
                and run.variant in ("as in the case file", *map("packing {}".format, PACKINGS))
                and np.isfinite(each.touching)
            ]
            spread = np.std(mine, ddof=1) / len(mine) ** 0.5 if len(mine) > 1 else np.nan
            cells.append(f"{np.mean(mine):.1f} +- {spread:.1f} ({len(mine)})" if mine else "-")
        lines.append(f"{'  ' + kind + ', mean +- error (seeds)':<34}" + _cells(cells))
    return lines


def draw(found: Found) -> Figure:
    """First discharge, and share of the faces that is open, against the pressure."""
    with fem.plot.style():
        figure: Figure
        figure, axes = plt.subplots(1, 4, figsize=(8.4, 2.6), layout="constrained")
        names = (
            ("touching", "charge till 99 % open / mAh g$^{-1}$"),
            ("charge", "first charge / mAh g$^{-1}$"),
            ("discharge", "first discharge / mAh g$^{-1}$"),
            ("open_share", "open share after charge"),
        )
        for ax, (name, label) in zip(axes, names, strict=True):
            for kind, colour in (("coarse", "#D55E00"), ("fine", "#0072B2")):
                for bond, style in (("none", "o-"), ("cohesive", "s--")):
                    mine = [Run(kind, bond, p) for p in PRESSURES]
                    known = [run for run in mine if run in found and _drawn(found[run], name)]
                    if known:
                        ax.plot(
                            [run.pressure for run in known],
                            [getattr(found[run], name) for run in known],
                            style,
                            color=colour,
                            markerfacecolor=colour if bond == "none" else "white",
                            label=f"{kind}, {'no adhesion' if bond == 'none' else 'bonded'}",
                        )
            ax.set(xscale="log", xlabel="stack pressure / MPa", ylabel=label, ylim=(0, None))
            ax.set_xlim(1.6, 38)
            ax.set_xticks(PRESSURES, [str(p) for p in PRESSURES])
            ax.set_xticks([], minor=True)
        axes[3].set_ylim(0, 1.05)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4,
                      frameon=False)  # fmt: skip
    return figure


# %%
# Run it all
# ----------


def main(
    out: str | Path = "out/zhou2025_pressure",
    runs: Sequence[Run] = GRID + OTHERS + SEEDS,
    changes: Mapping[str, Any] | None = None,
    seconds: float = np.inf,
) -> dict[Run, Outcome]:
    """Solve, print the tables, write them and the figure into `out`; what was solved is kept."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    lines, found = [*LOOSE, HEADER], {}
    print("\n".join(lines))
    for run in runs:
        found[run] = solve(run, changes or {}, folder, seconds)
        lines.append(line(run, found[run]))
        print(lines[-1], flush=True)
    beside = [*packings(found), "", *beside_the_paper(found)]
    print("\n".join(["", *beside]))
    (folder / "table.txt").write_text("\n".join([*lines, "", *beside]) + "\n", encoding="utf-8")
    with (folder / "runs.csv").open("w", newline="", encoding="utf-8") as stream:
        rows = [asdict(run) | asdict(each) for run, each in found.items()]
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    figure = draw(found)
    figure.savefig(folder / "pressure.png", dpi=200)
    plt.close(figure)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Interfaces that open under stack pressure.")
    parser.add_argument("--out", default="out/zhou2025_pressure", help="folder of all that is made")
    parser.add_argument("--quick", action="store_true", help="cells of two particles")
    parser.add_argument("--pressures", nargs="+", type=int, choices=PRESSURES, default=PRESSURES)
    parser.add_argument("--bonds", nargs="+", choices=BONDS, default=tuple(BONDS))
    parser.add_argument("--minutes", type=float, default=np.inf, help="of processor time a run")
    given = parser.parse_args()
    chosen = [
        run
        for run in (QUICK if given.quick else GRID + OTHERS + SEEDS)
        if run.pressure in given.pressures and run.bond in given.bonds
    ]
    main(given.out, chosen, SMALL if given.quick else {}, 60.0 * given.minutes)
