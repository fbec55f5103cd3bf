"""
Cracks that open and close while a cell cycles (Watanabe 2025)
==============================================================

The cell of ``watanabe2025_cracks.toml`` with wet-milled (WM) and with hand-milled (HM) electrolyte
among the same LiCoO2, below the same separator, for two cycles: how far faces part, what share of
them is closed, which particles have no contact left, and what the first discharge does not give
back. What is assumed is varied: adhesion, swelling along the crystals' axes or alike in all
directions, and a tenth of the current, which is what a slice of a cathode ten times as thick gets.
``watanabe2025_solids.py`` asks the same of discs without a cell, whose plates may also be free.

Run it with ``python cases/watanabe2025_cracks.py [--quick] [--out DIR]``.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import fem
from fem.results.result import Result
from fem.runs.simulation import Accepted, simulate

Floats = NDArray[np.float64]

CASE = Path(__file__).with_suffix(".toml")
KINDS: Mapping[str, Mapping[str, Any]] = {
    "WM": {},
    "HM": {
        "title": "Watanabe 2025: cracks around LiCoO2 in hand-milled Li10GeP2S12",
        "geometry.cathode.electrolyte": "LGPS_HM",
    },
}
BOND = {"bond": "cohesive", "strength": "50 MPa", "toughness": "1 J/m^2", "stiffness": "1e16 Pa/m"}
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "as in the case file": {},
    "other axes, 2": {"mechanics.axis.seed": 2},
    "other axes, 3": {"mechanics.axis.seed": 3},
    "adhesion": {"interfaces.particle_electrolyte": BOND, "interfaces.particle_particle": BOND},
    "isotropic swelling": {"mechanics.axis": None},
    "0.05 C": {
        "operation.steps": [
            {
                "repeat": 2,
                "steps": [
                    {
                        way: "0.59 A/m^2",
                        "until": {"voltage": volts, "stoichiometry": x},
                        "on_infeasible": "next",
                    }
                    for way, volts, x in (
                        ("charge", "3.6 V", 0.52),
                        ("discharge", "1.9 V", 0.94),
                    )
                ],
            }
        ]
    },
}
QUICK = {
    "mesh.size": "2 um",
    "mesh.growth": 1.0,
    "stepping.stoichiometry": 0.2,
    "stepping.tolerance": 0.1,
}

# %%
# What is measured
# ----------------


@dataclass(frozen=True)
class Found:
    """A run: rows of its history (n,), and a number a half cycle.

    `gap`, `between` and `dead` hold at the end of each half cycle: the mean gap between particles
    and electrolyte in m, the widest one between particles in m, and the share of the active
    material that does not react. `passed` is the charge in Ah/m^2; `charge` what the cell holds.
    """

    charge: Floats
    mean_gap: Floats
    closed: Floats
    gap: Floats
    widest: Floats
    between: Floats
    dead: Floats
    passed: Floats
    ended: tuple[str, ...]

    @property
    def kept(self) -> float:
        """Share of the mean gap of the first charge that is left after the first discharge."""
        return float(self.gap[1] / self.gap[0]) if len(self.gap) > 1 else float("nan")

    @property
    def lost(self) -> Floats:
        """Share of each charge that the discharge after it does not give back."""
        charged, given = self.passed[: len(self.passed) // 2 * 2].reshape(-1, 2).T
        return np.asarray(1.0 - given / charged)


class Ends:
    """An observer that keeps the full states at the ends of half cycles."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def __call__(self, accepted: Accepted) -> None:
        if accepted.ended_by:
            self.results.append(accepted.result())


def measure(result: Result, ends: Sequence[Result]) -> Found:
    """The numbers of a run with the states at the ends of its half cycles."""
    history = result.history
    assert history is not None
    rows = np.array([row for row, *_ in history.events])
    passed = np.abs(np.diff(history["charged_Ah_m2"][np.r_[0, rows]]))
    passed += np.abs(np.diff(history["discharged_Ah_m2"][np.r_[0, rows]]))
    return Found(
        charge=history["charged_Ah_m2"] - history["discharged_Ah_m2"],
        mean_gap=history["gap_mean_m"],
        closed=1.0 - history["open_fraction"],
        gap=history["gap_mean_m"][rows],
        widest=history["gap_max_m"][rows],
        between=np.array([_between(each) for each in ends]),
        dead=history["dead_fraction"][rows],
        passed=passed,
        ended=tuple(why for *_, why in history.events),
    )


def _between(result: Result) -> float:
    """Widest gap between particles in m."""
    faces = result.faces
    assert faces is not None
    return float(faces.gap[faces.kind == "particle_particle"].max(initial=0.0))


# %%
# Table and figures
# -----------------

COLUMNS = (
    "variant", "electrolyte", "half_cycle", "mean_gap_m", "widest_gap_m",
    "widest_between_particles_m", "dead_share", "charge_Ah_m2", "ended_by",
)  # fmt: skip


def lines(variant: str, found: Mapping[str, Found | None]) -> list[str]:
    """Of the printed table."""
    said = []
    for name, each in found.items():
        if each is None:
            said.append(f"{variant:<22}{name:<4} not solved")
            continue
        gaps = "".join(f"{1e9 * gap:8.2f}" for gap in each.gap)
        between = "".join(f"{1e9 * gap:8.1f}" for gap in each.between)
        lost = "".join(f"{100 * part:7.1f}" for part in each.lost)
        dead = "".join(f"{100 * part:6.0f}" for part in each.dead)
        said.append(f"{variant:<22}{name:<4}{gaps} |{between} |{dead} |{lost}")
    return said


def curves(found: Mapping[str, Found | None]) -> Figure:
    """Gap and closed share against the state of charge."""
    with fem.plot.style():
        figure, axes = plt.subplots(1, 2, figsize=(6.4, 2.6), layout="constrained")
        for name, colour in (("WM", "tab:blue"), ("HM", "tab:red")):
            each = found[name]
            if each is None:
                continue
            axes[0].plot(each.charge, 1e9 * each.mean_gap, color=colour, label=name)
            axes[1].plot(each.charge, each.closed, color=colour, label=name)
        axes[0].set(ylabel="mean gap / nm", ylim=(0, None))
        axes[1].set(ylabel="share of the surface that is closed", ylim=(0, 1))
        for ax in axes:
            ax.set(xlabel="charge in the cell / Ah/m2", xlim=(0, None))
        axes[0].legend(frameon=False)
    return figure


PAPER = """
paper                             here                          decided by            refuted by
cracks open on charge             gaps at the end of charge     swelling along axes   gaps below 2 nm on charge
WM closes, HM stays               gaps after discharge          plates, adhesion      HM's void below 3 times WM's
mostly between LCO and LCO        widest gap between particles  axes; no weak LGPS    gaps at LCO/LGPS alone
several hundred nm to um wide     widest gap                    size, what collects   widths do not grow with length
discharge 1 splits WM from HM     charge not given back         paths of electrons    equal losses
no new cracks in cycles 2 to 4    gaps of cycle 2 and 1         no hardening, no      gaps that grow by cycle
                                                                fatigue
"""  # noqa: E501
COLLECTED = 0.0063
"""Linear strain of LCO that swells by 1.9 %: a bound of what one crack in a layer would collect."""


def main(
    out: str | Path = "out/watanabe2025_cracks",
    quick: bool = False,
    variants: Sequence[str] = tuple(VARIANTS),
) -> dict[str, dict[str, Found | None]]:
    """Run all, print the table and write it, the figures and a map of the widest gaps."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, dict[str, Found | None]] = {}
    print(f"{'':<26}mean gap/nm, half cycles | widest LCO/LCO/nm | dead/% | lost/%")
    with (folder / "cracks.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for variant in variants[:1] if quick else variants:
            found[variant] = {}
            for name, kind in KINDS.items():
                changes = {**kind, **VARIANTS[variant], **(QUICK if quick else {})}
                ends = Ends()
                result = attempt(fem.Case.load(CASE, changes), f"{variant}, {name}", ends)
                each = None if result is None else measure(result, ends.results)
                found[variant][name] = each
                print(lines(variant, {name: each})[0], flush=True)
                if each is None:
                    continue
                for half in range(len(each.gap)):
                    writer.writerow(
                        [variant, name, half + 1, each.gap[half], each.widest[half],
                         each.between[half], each.dead[half], each.passed[half], each.ended[half]]
                    )  # fmt: skip
                stream.flush()
                if variant == variants[0]:
                    for end, state in zip(("charged", "discharged"), ends.results, strict=False):
                        figure = fem.plot.gaps(state).figure
                        figure.savefig(folder / f"gaps_{name}_{end}.png", dpi=200)
                        plt.close("all")
            figure = curves(found[variant])
            figure.savefig(folder / f"curves_{variant.replace(' ', '_')}.png", dpi=200)
            plt.close(figure)
    print(PAPER)
    for thickness in (40, 400):
        width = COLLECTED * thickness
        print(f"all that {thickness} um swell in one crack, at 0.63 %: {width:.2f} um")
    return found


def attempt(case: fem.Case, name: str, ends: Ends) -> Result | None:
    """A run; `None` if the solver gives up, which is told."""
    try:
        return simulate(case, observers=[ends])
    except fem.SolveError as failed:
        print(f"{name}: {failed}", flush=True)
        return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Cracks that open and close.")
    parser.add_argument(
        "--out", default="out/watanabe2025_cracks", help="folder of what is written"
    )
    parser.add_argument("--quick", action="store_true", help="a coarse run of the case file alone")
    given = parser.parse_args()
    main(given.out, given.quick)
