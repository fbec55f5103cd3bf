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
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import fem
from fem.effective.transport import of_case as transport
from fem.materials import library
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


def cycles(count: int, current: str = "5.9 A/m^2") -> dict[str, Any]:
    """The steps of the case file, more or less often, or with another current."""
    ways = ("charge", "3.6 V", 0.52), ("discharge", "1.9 V", 0.94)
    steps = [
        {way: current, "until": {"voltage": v, "stoichiometry": x}, "on_infeasible": "next"}
        for way, v, x in ways
    ]
    return {"operation.steps": [{"repeat": count, "steps": steps}]}


def crossing(gap: str) -> dict[str, Any]:
    """Faces without a bond that carry current up to another gap."""
    table = {"bond": "none", "conducts_below": gap}
    return {"interfaces.particle_electrolyte": table, "interfaces.particle_particle": table}


COARSE = {"mesh.size": "2 um", "mesh.growth": 1.0, "stepping.tolerance": 0.05}
"""Elements of variants."""
ONCE = {**COARSE, **cycles(1)}
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "as in the case file": {},
    "four cycles": {**COARSE, **cycles(4)},
    "other axes, 2": {**ONCE, "mechanics.axis.seed": 2},
    "other axes, 3": {**ONCE, "mechanics.axis.seed": 3},
    "crosses 0.5 nm": {**ONCE, **crossing("0.5 nm")},
    "crosses 10 nm": {**ONCE, **crossing("10 nm")},
    "crosses 50 nm": {**ONCE, **crossing("50 nm")},
    "adhesion": {
        **ONCE,
        "interfaces.particle_electrolyte": BOND,
        "interfaces.particle_particle": BOND,
    },
    "isotropic swelling": {**ONCE, "mechanics.axis": None},
    "0.05 C": {**COARSE, **cycles(1, "0.59 A/m^2")},
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
    material that does not react. `cut` is the share of facets between particles that carry no
    electrons, `widths` gaps in m and the length in m that each stands for. `passed` is the charge
    in Ah/m^2; `charge` what the cell holds.
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
    cut: Floats
    widths: tuple[tuple[Floats, Floats], ...]

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
        cut=np.array([_cut(each) for each in ends]),
        widths=tuple(_widths(each) for each in ends),
    )


def _between(result: Result) -> float:
    """Widest gap between particles in m."""
    faces = result.faces
    assert faces is not None
    return float(faces.gap[faces.kind == "particle_particle"].max(initial=0.0))


def _cut(result: Result) -> float:
    """Share of facets between particles that are open all along by more than electrons cross."""
    faces, bond = result.faces, result.case.interfaces.particle_particle
    assert faces is not None
    inner = faces.kind == "particle_particle"
    pairs = np.stack([faces.particle, faces.other])[:, inner]
    _, which = np.unique(np.sort(pairs, axis=0), axis=1, return_inverse=True)
    least = np.full(which.max(initial=-1) + 1, np.inf)
    np.minimum.at(least, which.ravel(), faces.apart[inner])
    return float(np.mean(least > float(bond.conducts_below))) if len(least) else 0.0


def _widths(result: Result) -> tuple[Floats, Floats]:
    """Gaps of all faces in m, and the length of each in m, by Simpson's rule."""
    faces = result.faces
    assert faces is not None
    start, end, middle = np.stack([faces.x, faces.y])[:, faces.edges].transpose(2, 0, 1)
    length = np.hypot(*(middle - start)) + np.hypot(*(end - middle))
    weights = np.zeros(len(faces.x))
    np.add.at(weights, faces.edges, length[:, None] * np.array([1.0, 1.0, 4.0]) / 6.0)
    return np.maximum(faces.apart, 0.0), weights


# %%
# A thick cathode, reduced
# ------------------------
# 400 um are 50 particles deep. What is left out of them here is mechanics: a column of discs on a
# lattice, ideal wiring, and an electrolyte that conducts as much as the drawn microstructure's
# does. What cracks then take away is told by a chain: where each facet is cut with a probability,
# of n particles on the way from the collector a share of (1/n) sum (1 - p)^k is still joined. In
# space paths run side by side, so that this is an upper bound of what a thick cathode loses.

PITCH = 10.0
"""Of the column in um: discs of 8 um fill half of the area."""
ROWS = {40: 4, 400: 40}
"""Particles of the column, by the thickness of the cathode in um."""


def conducts(changes: Mapping[str, Any]) -> float:
    """What the drawn microstructure conducts from bottom to top, relative to its electrolyte."""
    case = fem.Case.load(CASE, {**changes, **COARSE})
    cathode: Any = case.geometry.cathode
    material = library(overrides=case.materials)[cathode.electrolyte]
    along = transport(case).metrics["ionic_conductivity_y_S_m"]
    return float(along / material["ionic_conductivity"].value)


def column(name: str, thickness: int, factor: float) -> fem.Case:
    """A cathode of a thickness in um for one cycle, whose composite conducts by a factor."""
    rows = ROWS[thickness]
    share = np.pi * 4.0**2 / PITCH**2
    particles = {
        "layout": "lattice", "rows": rows, "columns": 1, "diameter": "8 um", "material": "LCO",
    }  # fmt: skip
    changes: dict[str, Any] = {
        **KINDS[name],
        **cycles(1),
        "geometry.width": f"{PITCH} um",
        "geometry.cathode.thickness": f"{PITCH * rows} um",
        "geometry.anode.thickness": "100 um",
        "geometry.cathode.particles": particles,
        "geometry.cathode.wiring": {"kind": "ideal"},
        # A lattice of discs conducts about (1 - f)/(1 + f), Maxwell's estimate.
        "geometry.cathode.conductivity_factor": factor * (1.0 + share) / (1.0 - share),
        "mechanics": {"enabled": False},
        "interfaces": {},
        "stack": None,
        "mesh.size": "2 um",
        "stepping.tolerance": 0.02,
    }
    return fem.Case.load(CASE, changes)


def joined(cut: float, count: int) -> float:
    """Mean share of a chain of particles that is joined to its start, each facet cut by chance."""
    return float(np.mean((1.0 - cut) ** np.arange(count)))


def thick(cut: Mapping[str, float]) -> list[str]:
    """Capacities of thin and thick columns, and what chains of cut facets leave of them."""
    said = [f"{'':<6}{'um':>5}{'charge':>9}{'discharge/Ah m-2':>18}{'mean V':>8}{'joined':>8}"]
    for name in KINDS:
        factor = conducts(KINDS[name])
        for thickness, rows in ROWS.items():
            result = fem.run(column(name, thickness, factor))
            assert result.history is not None
            charged = result.history["charged_Ah_m2"]
            given = result.history["discharged_Ah_m2"]
            on = result.history["step"] == result.history["step"].min()
            mean = np.trapezoid(result.history["Voltage / V"][on], charged[on]) / charged[on][-1]
            said.append(
                f"{name:<6}{thickness:>5}{charged[-1]:9.2f}{given[-1]:18.2f}{mean:8.3f}"
                f"{joined(cut[name], rows):8.2f}"
            )
    return said


# %%
# Table and figures
# -----------------

COLUMNS = (
    "variant", "electrolyte", "half_cycle", "mean_gap_m", "widest_gap_m",
    "widest_between_particles_m", "dead_share", "cut_facets", "charge_Ah_m2", "ended_by",
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
        cut = "".join(f"{100 * part:6.0f}" for part in each.cut)
        said.append(f"{variant:<22}{name:<4}{gaps} |{between} |{dead} |{cut} |{lost}")
    both = [each for each in found.values() if each is not None and len(each.gap) > 1]
    if len(both) == 2:
        wet, hand = (float(each.gap[1]) for each in both)
        ratio = hand / wet if wet else float("inf")
        said.append(
            f"{variant:<22}mean gap on return, HM over WM: {ratio:.2f}, "
            + ("more than 3" if ratio > 3.0 else "which falls short of 3")
        )
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


SEEN = (0.3e-6, 3e-6)
"""Widths of cracks in m in the paper's text: several hundred nm to several um."""
BINS = np.geomspace(1e-10, 1e-5, 26)


def histogram(found: Mapping[str, Found | None]) -> Figure:
    """Length of the faces by the width of their gap, after charge and discharge."""
    with fem.plot.style():
        figure, axes = plt.subplots(1, 2, figsize=(6.4, 2.6), layout="constrained", sharey=True)
        for half, (ax, when) in enumerate(zip(axes, ("charge", "discharge"), strict=True)):
            ax.axvspan(1e9 * SEEN[0], 1e9 * SEEN[1], color="0.88", label="cracks of the paper")
            for name, colour in (("WM", "tab:blue"), ("HM", "tab:red")):
                each = found[name]
                if each is None or len(each.widths) <= half:
                    continue
                gap, length = each.widths[half]
                share, _ = np.histogram(gap, BINS, weights=length / length.sum())
                ax.stairs(100 * share, 1e9 * BINS, color=colour, label=name)
            ax.set(xscale="log", xlabel="gap / nm", xlim=(1e9 * BINS[0], 1e9 * BINS[-1]))
            ax.set_title(f"after the first {when}", fontsize=7)
        axes[0].set_ylabel("share of all faces / %")
        axes[0].legend(frameon=False)
    return figure


def wide(each: Found, half: int) -> str:
    """The gaps of a run after a half cycle: percentiles of their length, and what is seen."""
    gap, length = each.widths[half]
    order = np.argsort(gap)
    along = np.cumsum(length[order]) / length.sum()
    marks = [1e9 * float(gap[order][np.searchsorted(along, q)]) for q in (0.5, 0.9, 0.99)]
    part = float(length[gap >= SEEN[0]].sum() / length.sum())
    return (
        f"half of the faces below {marks[0]:.1f} nm, 90 % below {marks[1]:.1f}, 99 % below "
        f"{marks[2]:.1f}, widest {1e9 * gap.max():.1f}; {100 * part:.0f} % from 300 nm on"
    )


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
    """Run all, print the table, write it and figures; runs that `out` holds are not made again."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, dict[str, Found | None]] = {}
    print(f"{'':<26}mean gap/nm, half cycles | widest LCO/LCO/nm | dead/% | cut/% | lost/%")
    with (folder / "cracks.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for variant in variants[:1] if quick else variants:
            found[variant] = {}
            words = variant.replace(",", "").replace(" ", "_")
            for name, kind in KINDS.items():
                changes = {**kind, **VARIANTS[variant], **(QUICK if quick else {})}
                each = found[variant][name] = solve(changes, f"{words}_{name}", folder)
                if each is None:
                    continue
                for half in range(len(each.gap)):
                    writer.writerow(
                        [variant, name, half + 1, each.gap[half], each.widest[half],
                         each.between[half], each.dead[half], each.cut[half], each.passed[half],
                         each.ended[half]]
                    )  # fmt: skip
                stream.flush()
            print("\n".join(lines(variant, found[variant])), flush=True)
            for what, drawn in (("curves", curves), ("widths", histogram)):
                figure = drawn(found[variant])
                figure.savefig(folder / f"{what}_{words}.png", dpi=200)
                plt.close(figure)
            for name, each in found[variant].items():
                for half in range(min(2, len(each.widths) if each else 0)):
                    assert each is not None
                    print(f"  {name}, {('charged', 'discharged')[half]}: {wide(each, half)}")
    if not quick:
        print("\n".join(thick({name: pooled(found, name) for name in KINDS})))
    print(PAPER)
    for thickness in (40, 400):
        width = COLLECTED * thickness
        print(f"all that {thickness} um swell in one crack, at 0.63 %: {width:.2f} um")
    return found


def pooled(found: Mapping[str, Mapping[str, Found | None]], name: str) -> float:
    """Share of facets that are cut after the first discharge, of all axes that were drawn."""
    kinds = [each for variant, each in found.items() if variant.split(",")[0] in POOLED]
    cut = [pair[name].cut[1] for pair in kinds if pair[name] and len(pair[name].cut) > 1]
    return float(np.mean(cut)) if cut else 0.0


POOLED = ("as in the case file", "other axes")


def solve(changes: Mapping[str, Any], name: str, folder: Path) -> Found | None:
    """A run, read from `folder` if it was solved before; `None` if the solver gives up.

    Maps of the gaps after the first charge and discharge are drawn as it is solved.
    """
    case = fem.Case.load(CASE, changes)
    file = folder / f"{name}-{case.sha256[:8]}.json"
    if not file.exists():
        ends = Ends()
        try:
            each = measure(simulate(case, observers=[ends]), ends.results)
        except fem.SolveError as failed:
            print(f"{name}: {failed}", flush=True)
            return None
        for when, state in zip(("charged", "discharged"), ends.results, strict=False):
            figure = fem.plot.gaps(state).figure
            figure.savefig(folder / f"gaps_{name}_{when}.png", dpi=200)
            plt.close("all")
        file.write_text(json.dumps(asdict(each), default=np.ndarray.tolist), encoding="utf-8")
    known = json.loads(file.read_text("utf-8"))
    widths = tuple((np.array(gap), np.array(length)) for gap, length in known.pop("widths"))
    ended = tuple(known.pop("ended"))
    return Found(**{k: np.array(v) for k, v in known.items()}, ended=ended, widths=widths)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Cracks that open and close.")
    parser.add_argument(
        "--out", default="out/watanabe2025_cracks", help="folder of what is written"
    )
    parser.add_argument("--quick", action="store_true", help="a coarse run of the case file alone")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=tuple(VARIANTS))
    given = parser.parse_args()
    main(given.out, given.quick, given.variants)
