"""
Why lithium grows uneven: kinetics, geometry, or particles that run dry
=======================================================================

Zheng et al. (Sci. Bull. 68 (2023) 813, section 2.7 and figure S13) report that lithium above a
cathode whose central third is dead grows more uneven with time and with current. Three things could
do that, and this script switches them one by one:

* **kinetics**: interfaces whose resistance falls with the current;
* **geometry**: the lithium surface moves, so the separator gets thinnest where most is plated;
* **particles**: those that give most lithium run dry first, and others take over.

Each current (10, 100 and 1000 A/m2) runs with the lithium surface kept or moved, with particles
that keep their stoichiometry or in which lithium diffuses, and with three laws of the lithium
interface: Butler-Volmer, an ohmic layer of the same resistance, and next to no resistance. All pass
the same charge, 1 mAh/cm2, or as much of it as the particles give. The case file states the
diffusivity.

The measure is the relative nonuniformity: greatest less least plated thickness over its mean, as in
the columns `thickness_max_over_mean` and `thickness_min_over_mean` of `history.csv`. A profile that
does not change keeps it at one value, however much is plated.

What came out with the values of the case file, in per cent of the mean:

* Kinetics alone give 20.1, 19.6 and 20.2 at 10, 100 and 1000 A/m2: two effects cancel.
  Butler-Volmer lithium softens, which adds 2.5 points at 1000 A/m2 over the ohmic layer. Particles
  of one potential soften too, and those beside the dead third take over more of its share: with an
  ohmic layer the nonuniformity falls from 20.1 to 17.7, without resistance from 27.3 to 24.3.
* The moving surface adds a quarter of a point per um of lithium: 1.2, 1.2 and 1.3 after 1 mAh/cm2.
* Running dry adds 0.2, 0.6 and 2.1 points. At 10 A/m2 the cell gets through 1 mAh/cm2; the first
  surface is empty after 110 s at 100 A/m2, and after 0.73 s at 1000 A/m2.

So in relative terms lithium grows slightly more uneven with time whatever the current, and more
uneven with current mostly by particles that run dry. In absolute terms the difference grows in
proportion to the charge.

At 1000 A/m2 a rim of 0.1 um is emptied, far thinner than an element; the layers at the surfaces
of particles resolve it. Elements of 4, 2 and 1 um (a particle's outline takes no more than 1.75 um)
give 0.733, 0.733 and 0.731 s, and layers a quarter as thin 0.734 s. At 100 A/m2 elements of 4 and
2 um differ by less than 0.1 %.

Run it with ``python cases/zheng2023_growth.py [--out DIR] [--size "4 um"]``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import fem
from fem.constants import FARADAY, GAS_CONSTANT
from fem.measures.anode import AnodeProfile

Floats = NDArray[np.float64]

CASE = Path(__file__).parent / "zheng2023_growth.toml"
CURRENTS = (10.0, 100.0, 1000.0)
"""Applied current densities in A/m^2."""
CAPACITY = 10.0
"""Charge to pass in A h/m^2: 1 mAh/cm2."""
EARLY = 0.1
"""A charge in A h/m^2 that all runs reach: after 36 s at 10 A/m^2, after 0.36 s at 1000 A/m^2."""
MOTIONS = ("kept", "moved")
DIFFUSIONS = ("fixed", "resolved")
SWITCHES = [(motion, diffusion) for diffusion in DIFFUSIONS for motion in MOTIONS]
LAWS = ("Butler-Volmer", "ohmic", "none")
BLACK, BLUE, ORANGE, GREEN = "#222222", "#0072B2", "#D55E00", "#009E73"


def anode_law(case: fem.Case, law: str) -> dict[str, Any]:
    """The table `kinetics.anode` of a law; "ohmic" has the slope of Butler-Volmer at no current."""
    table: dict[str, Any] = case.to_dict()["kinetics"]["anode"]
    if law == "Butler-Volmer":
        return table
    if law == "none":
        return {"area_resistance": "1e-8 ohm*m^2"}  # a thirty-thousandth of the separator's
    i0 = case.kinetics.anode.exchange_current_density
    assert i0 is not None
    thermal = GAS_CONSTANT * float(case.operation.temperature) / FARADAY
    return {"area_resistance": f"{thermal / float(i0)!r} ohm*m^2"}


# %%
# One run
# -------
# The cell is drawn and meshed twice, with its surface kept and moved; all laws, currents and models
# of diffusion share these. 36 runs with elements of 4 um take about six minutes of one core. The
# surface moves once a twentieth of an element was plated; with elements of 2 um it adds 1.188
# instead of 1.187 points.


@dataclass(frozen=True)
class Growth:
    """A run: arrays over its accepted steps, from the first after the start.

    Attributes
    ----------
    time, capacity
        In s, and in A h/m^2 of cell width.
    nonuniformity
        Greatest less least plated thickness over its mean, thickness averaged over 2 um.
    mean_thickness
        In m.
    ended_by
        The named event.
    profile
        Lithium at the end.
    """

    time: Floats
    capacity: Floats
    nonuniformity: Floats
    mean_thickness: Floats
    ended_by: str
    profile: AnodeProfile

    def at(self, capacity: float) -> float:
        """Nonuniformity once so much has passed (A h/m^2); nan beyond the end."""
        if capacity > self.capacity[-1] * (1 + 1e-9):
            return float("nan")
        return float(np.interp(capacity, self.capacity, self.nonuniformity))


@cache
def drawn(case: fem.Case, motion: str) -> fem.Cell:
    """The cell of `case`, made once for all that runs on it."""
    return fem.Cell.of(case.replace({"geometry.anode.motion": motion}))


def run(case: fem.Case, current: float, law: str, motion: str, diffusion: str) -> Growth:
    """Charge `case` at a current until `CAPACITY` has passed or it can give no more."""
    step = {"charge": f"{current!r} A/m^2", "until": {"capacity": f"{CAPACITY!r} A*h/m^2"}}
    result = fem.run(
        drawn(case, motion).replace(
            {
                "kinetics.anode": anode_law(case, law),
                "kinetics.cathode.diffusion": diffusion,
                "operation.steps": [step],
                # Thickness matters to the rest of the cell only if its surface moves.
                "stepping.thickness": "0.25 um" if motion == "moved" else "5 um",
            }
        )
    )
    history = result.history
    assert history is not None
    later = slice(1, None)
    return Growth(
        time=history["Test Time / s"][later],
        capacity=history["capacity_Ah_m2"][later],
        nonuniformity=(history["thickness_max_over_mean"] - history["thickness_min_over_mean"])[
            later
        ],
        mean_thickness=history["thickness_mean_m"][later],
        ended_by=history.events[-1][3],
        profile=result.anode,
    )


Key = tuple[float, str, str, str]
"""Current, law, motion, diffusion."""

# %%
# What belongs to what
# --------------------
# With the surface kept and the stoichiometry fixed nothing changes in time: the nonuniformity is
# one number, which only kinetics can make depend on the current. What the other switches add to it
# is theirs. They are compared at equal charge: early, where all runs have data, and at the end of
# each resolved run.


@dataclass(frozen=True)
class Parts:
    """Relative nonuniformity at a charge (A h/m^2) and what makes it up.

    `kinetics` is that of a surface that is kept and particles that are fixed; `geometry` and
    `particles` are what moving the one and resolving the other add; `total` is with both. `total`
    and `particles` are nan where particles have run dry before.
    """

    current: float
    law: str
    capacity: float
    kinetics: float
    geometry: float
    particles: float
    total: float


def parts(runs: dict[Key, Growth], current: float, law: str, capacity: float) -> Parts:
    """Take the nonuniformity at a charge apart."""
    value = {switches: runs[current, law, *switches].at(capacity) for switches in SWITCHES}
    base = value["kept", "fixed"]
    return Parts(
        current,
        law,
        capacity,
        kinetics=base,
        geometry=value["moved", "fixed"] - base,
        particles=value["kept", "resolved"] - base,
        total=value["moved", "resolved"],
    )


def table(runs: dict[Key, Growth], currents: Sequence[float], laws: Sequence[str]) -> list[Parts]:
    """The parts early, at the end of each resolved run, and after the whole charge."""
    rows = []
    for law in laws:
        for current in currents:
            ends = min(runs[current, law, motion, "resolved"].capacity[-1] for motion in MOTIONS)
            charges = [EARLY, CAPACITY] if np.isclose(ends, CAPACITY) else [EARLY, ends, CAPACITY]
            rows += [parts(runs, current, law, charge) for charge in charges]
    return rows


def as_text(runs: dict[Key, Growth], rows: Sequence[Parts], currents: Sequence[float]) -> str:
    """What ended each run, and the parts."""
    lines = ["Butler-Volmer lithium, moved surface, resolved particles: how each run ends"]
    for current in currents:
        growth = runs[current, "Butler-Volmer", "moved", "resolved"]
        lines.append(
            f"  {current:5g} A/m2: {growth.ended_by} after {growth.time[-1]:.4g} s, "
            f"{growth.capacity[-1] / 10:.3f} mAh/cm2, {growth.mean_thickness[-1] * 1e6:.3f} um"
        )
    kept = runs[currents[0], "Butler-Volmer", "kept", "fixed"]
    lines += [
        f"1 mAh/cm2 plates {kept.mean_thickness[-1] / kept.capacity[-1] * 10 * 1e6:.4f} um.",
        "",
        "Relative nonuniformity in %, and its parts (- : particles have run dry)",
        "law            current A/m2  charge mAh/cm2  kinetics  + geometry  + particles  all",
    ]
    for row in rows:
        cells = [
            "-" if np.isnan(v) else f"{round(100 * v, 2) + 0.0:.2f}"
            for v in (row.kinetics, row.geometry, row.particles, row.total)
        ]
        lines.append(
            f"{row.law:13}  {row.current:12g}  {row.capacity / 10:14.3f}  {cells[0]:>8}  "
            f"{cells[1]:>10}  {cells[2]:>11}  {cells[3]:>5}"
        )
    return "\n".join(lines)


# %%
# Figure
# ------

STYLES = {
    ("kept", "fixed"): (BLACK, "--", "kept, fixed: kinetics alone"),
    ("moved", "fixed"): (BLUE, "-", "surface moved"),
    ("kept", "resolved"): (ORANGE, "-", "particles resolved"),
    ("moved", "resolved"): (GREEN, "-", "both"),
}
LAW_STYLES = {
    "Butler-Volmer": (BLUE, "-", "o"),
    "ohmic": (ORANGE, "--", "s"),
    "none": (BLACK, ":", "^"),
}


def draw(runs: dict[Key, Growth], currents: Sequence[float], laws: Sequence[str]) -> Figure:
    """Nonuniformity against time for each current; against current; lithium at the end."""
    with fem.plot.style():
        figure, axes = plt.subplots(2, 3, figsize=(6.9, 4.8), layout="constrained")
        for ax, current in zip(axes[0], currents, strict=False):
            for switches, (colour, line, label) in STYLES.items():
                growth = runs[current, "Butler-Volmer", *switches]
                ax.plot(growth.time, 100 * growth.nonuniformity, line, color=colour, label=label)
                if growth.ended_by != "capacity":
                    end = growth.time[-1], 100 * growth.nonuniformity[-1]
                    seen = "a surface is empty" if switches == SWITCHES[-1] else None
                    ax.plot(*end, "x", color=colour, mew=1.5, markersize=6, label=seen)
            ax.set(xlabel="time (s)", title=f"{current:g} A/m²", xlim=(0, None), ylim=(19, 24))
        axes[0, 0].set_ylabel("nonuniformity (%)")
        for law in laws:
            colour, line, marker = LAW_STYLES[law]
            for axis, motion in ((0, "kept"), (1, "moved")):
                values = [100 * runs[i, law, motion, "fixed"].nonuniformity[-1] for i in currents]
                axes[1, axis].semilogx(
                    currents, values, line, color=colour, marker=marker, markersize=4, label=law
                )
                axes[1, axis].set(xlabel="current density (A/m²)", ylim=(17, 34))
        axes[1, 0].set(ylabel="nonuniformity (%)", title="kept, at any time")
        axes[1, 1].set(title="moved, 1 mAh/cm²")
        axes[1, 0].legend(title="lithium interface", loc="upper right", frameon=False)
        for current, colour in zip(currents, (BLUE, ORANGE, GREEN), strict=False):
            profile = runs[current, "Butler-Volmer", "moved", "fixed"].profile
            axes[1, 2].plot(
                profile.x * 1e6, profile.thickness * 1e6, color=colour, label=f"{current:g} A/m²"
            )
        axes[1, 2].set(xlabel="x (µm)", ylabel="plated lithium (µm)", title="moved, 1 mAh/cm²")
        axes[1, 2].legend(frameon=False)
        figure.legend(
            *axes[0, len(currents) - 1].get_legend_handles_labels(),
            loc="outside upper center",
            ncols=5,
            frameon=False,
        )
    return figure


# %%
# Run it all
# ----------


def main(
    out: str | Path = "out/zheng2023_growth",
    size: str = "4 um",
    currents: Sequence[float] = CURRENTS,
    laws: Sequence[str] = LAWS,
) -> dict[str, Any]:
    """Solve, draw and print everything; figure and table go to `out`.

    Parameters
    ----------
    size
        Element size on interfaces.
    currents, laws
        Current densities in A/m^2, and laws of lithium, "Butler-Volmer" among them.

    Returns
    -------
    The runs and the rows of the table, in SI units and A h/m^2.
    """
    case = fem.Case.load(CASE).replace({"mesh.size": size})
    runs = {
        (current, law, motion, diffusion): run(case, current, law, motion, diffusion)
        for current in currents
        for law in laws
        for motion, diffusion in SWITCHES
    }
    rows = table(runs, currents, laws)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    figure = draw(runs, currents, laws)
    with fem.plot.style():
        figure.savefig(folder / "growth.png", dpi=200)
        figure.set_layout_engine("none")  # settled by the first drawing
        figure.savefig(folder / "growth.pdf")
    text = as_text(runs, rows, currents)
    (folder / "table.txt").write_text(text + "\n", encoding="utf-8")
    rises = [100 * float(np.subtract(*one.nonuniformity[[-1, 0]])) for one in runs.values()]
    told = {"points_more_uneven_with_time": [min(rises), max(rises)]}
    (folder / "numbers.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    print(text)
    return {"runs": runs, "table": rows}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What makes lithium grow uneven.")
    parser.add_argument("--out", default="out/zheng2023_growth", help="folder of figure and table")
    parser.add_argument("--size", default="4 um", help='element size on interfaces, such as "2 um"')
    given = parser.parse_args()
    main(given.out, given.size)
