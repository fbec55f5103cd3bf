"""
A deposit in an electrolyte that yields: what is left of several gigapascals
============================================================================

The maps of zheng2023.py show the stress of rigid lithium in an electrolyte that is elastic whatever
the stress: several gigapascals at the tips of deposits. Here the middle deposit grows by 2 um in
time, and solids carry its surface along: each step plates a layer between electrolyte and lithium,
equilibrium decides which of them gives way, and the next step begins from the shape that they have
by then, with the stress that they have. Four assumptions are compared:

* lithium that is rigid, an electrolyte that is elastic, and the shape as drawn (as before);
* lithium that is rigid, in an electrolyte that yields at a third of its hardness;
* lithium that is elastic, in the same;
* lithium that creeps by the power law of the library, in the same.

What came out, once 2 um have been plated where most is, with elements of 2 um near the deposit:

* As before, the stress grows with the thickness without end: 9.1 GPa at the tip, where lithium
  presses with 6.8 GPa.
* In an electrolyte that yields, von Mises at the tip stays at its 0.33 GPa (0.32 with rigid and
  0.33 with elastic lithium), from 0.1 and 0.4 um on. The pressure rises to 0.57 and 0.63 GPa: that
  of a hole widened without end in such a solid would tend to k (1 + ln G/k) = 0.97 GPa.
* Lithium that creeps is pressed out of its slot instead. It presses with 2.3 MPa, von Mises is
  4 MPa, and the electrolyte never yields. Whether it does is decided by the lithium.
* Most of the lithium lifts the foil, whatever it is: by 1.6 um (rigid), 1.4 um (elastic) and 1.7 um
  (creeping), which is all of it. The tip goes into the electrolyte by 0.3, 0.4 and 0 um.

Lithium gains the volume that was plated to 1e-12. Energy is missing by 0.3, 0.7 and 0.06 %, which
is the error of steps of small strain. A third of the hardness is the assumption that decides the
second row, and the power law of virgin lithium in bulk the last one: lithium of a micrometre was
seen to bear a hundred times as much. Under a free top nothing resists the lift.

Run it with ``python cases/zheng2023_yielding.py [--out DIR] [--size "2 um"]``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import fem
from fem.geometry import Phase
from fem.materials import library
from fem.mesh import Mesh

Floats = NDArray[np.float64]

CASE = Path(__file__).parent / "zheng2023_yielding.toml"
BLACK, BLUE, ORANGE, GREEN = "#222222", "#0072B2", "#D55E00", "#009E73"
KINDS: dict[str, tuple[str, str, str, str]] = {
    "rigid, elastic, as drawn": ("rigid", "elastic", "kept", BLACK),
    "rigid, yielding": ("rigid", "plastic", "moved", ORANGE),
    "elastic, yielding": ("elastic", "plastic", "moved", BLUE),
    "creeping, yielding": ("viscoplastic", "plastic", "moved", GREEN),
}
"""Lithium, electrolyte, surface and colour of each, by what it is called."""


# %%
# One run
# -------
# What a run tells at every step is in its history; the surface at its end is read off the mesh.


@dataclass(frozen=True)
class Growth:
    """A run: arrays over its accepted steps after the start.

    Attributes
    ----------
    thickness
        Greatest plated thickness in m.
    mises, pressure
        Mean von Mises stress in the electrolyte within 2 um of the tip, and mean pressure on the
        lithium, in Pa.
    advance, lift
        How far the tip has gone into the electrolyte, and the top of the lithium up, in m.
    line
        Vertices (2, n) of the surface at the end from left to right, in m.
    errors
        Greatest `swept_error`, `lithium_error` and `charge_error`, and the last `work_error` and
        `rebalanced_fraction`; nan where the surface is as drawn.
    """

    thickness: Floats
    mises: Floats
    pressure: Floats
    advance: float
    lift: float
    line: Floats
    errors: dict[str, float]


def surface(mesh: Mesh) -> Floats:
    """Vertices (2, n) of the lithium's surface from left to right, in m."""
    rows = mesh.interface(Phase.LITHIUM)
    outlines = dict.fromkeys(mesh.outline[rows].tolist())
    drawn = [np.asarray(mesh.nodes[:, mesh.vertices_along(k)]) for k in outlines]
    parts = [part if part[0, 0] < part[0, -1] else part[:, ::-1] for part in drawn]
    order = np.argsort([float(part[0].mean()) for part in parts]).tolist()
    return np.hstack([parts[k] for k in order])


def run(case: fem.Case, lithium: str, solids: str, motion: str) -> Growth:
    """Let the deposit grow under these assumptions."""
    cell = fem.Cell.of(
        case.replace(
            {
                "mechanics.lithium": lithium,
                "mechanics.solids": solids,
                "geometry.anode.motion": motion,
            }
        )
    )
    result = fem.run(cell)
    history = result.history
    assert history is not None
    later = slice(1, None)
    found = {
        name: float(np.nanmax(history[name][later]) if worst else history[name][-1])
        for name, worst in (
            ("swept_error", True),
            ("lithium_error", True),
            ("charge_error", True),
            ("work_error", False),
            ("rebalanced_fraction", False),
        )
        if name in history.columns
    }
    drawn = cell.mesh.geometry
    tips = [geometry.deposits[0].tip[1] for geometry in (drawn, result.geometry)]
    return Growth(
        thickness=history["thickness_max_m"][later],
        mises=history["von_mises_tip_max_Pa"][later],
        pressure=history["lithium_pressure_Pa"][later],
        advance=tips[0] - tips[1],
        lift=result.geometry.height - drawn.height,
        line=surface(result.mesh),
        errors=found,
    )


# %%
# Table and figure
# ----------------


def as_text(runs: dict[str, Growth], strength: float) -> str:
    """Stress at some thicknesses, where the lithium has gone, and how well it closes."""
    marks = (0.1e-6, 0.5e-6, 1e-6, 2e-6)
    lines = [
        f"The electrolyte yields at {strength / 1e9:.3f} GPa.",
        "",
        "von Mises at the tip / pressure on the lithium in GPa, by greatest thickness",
        f"{'lithium, electrolyte':26}" + "".join(f"{1e6 * m:>15g} um" for m in marks),
    ]
    for name, one in runs.items():
        cells = [
            "/".join(f"{np.interp(m, one.thickness, values, right=np.nan) / 1e9:.4f}" for values in
                     (one.mises, one.pressure))
            for m in marks
        ]  # fmt: skip
        lines.append(f"{name:26}" + "".join(f"{cell:>18}" for cell in cells))
    lines += ["", "Way of the tip into the electrolyte, and of the top of the lithium, in um"]
    for name, one in runs.items():
        if KINDS[name][2] == "moved":
            lines.append(f"{name:26}{1e6 * one.advance:8.3f}{1e6 * one.lift:8.3f}")
    lines += ["", "Errors"]
    for name, one in runs.items():
        told = ", ".join(f"{key} {value:.1e}" for key, value in one.errors.items())
        lines.append(f"{name:26}{told}")
    return "\n".join(lines)


def draw(runs: dict[str, Growth], drawn: Floats, strength: float) -> Figure:
    """von Mises stress and pressure against thickness, and the surface at the end."""
    with fem.plot.style():
        figure, axes = plt.subplots(1, 3, figsize=(6.9, 2.8), layout="constrained")
        for name, one in runs.items():
            colour = KINDS[name][3]
            for ax, values in zip(axes, (one.mises, one.pressure), strict=False):
                ax.semilogy(1e6 * one.thickness, values / 1e9, color=colour, label=name)
            if KINDS[name][2] == "moved":
                axes[2].plot(*(1e6 * one.line), color=colour)
        axes[0].axhline(strength / 1e9, color=BLACK, ls=":", lw=0.8)
        axes[0].annotate(
            "yield stress", (0.98, 1.08 * strength / 1e9), xycoords=("axes fraction", "data"),
            ha="right", va="bottom", fontsize=7,
        )  # fmt: skip
        axes[0].set(ylabel="von Mises stress at the tip (GPa)")
        axes[1].set(ylabel="pressure on the lithium (GPa)")
        for ax in axes[:2]:
            ax.set(xlabel="greatest thickness (µm)", xlim=(0, 2), ylim=(1e-4, 20))
        axes[2].plot(*(1e6 * drawn), color=BLACK, ls="--", lw=0.8)
        axes[2].set(xlabel="x (µm)", ylabel="y (µm)", title="surface (dashed: as drawn)")
        axes[2].set_aspect("equal")
        figure.legend(
            *axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False
        )
    return figure


# %%
# Run it all
# ----------


def main(
    out: str | Path = "out/zheng2023_yielding",
    size: str = "2 um",
    kinds: Sequence[str] = tuple(KINDS),
    changes: dict[str, Any] | None = None,
) -> dict[str, Growth]:
    """Solve, draw and print everything; figure and table go to `out`.

    Parameters
    ----------
    size
        Element size on interfaces.
    kinds
        Which of `KINDS`.
    changes
        Of the case, as for `fem.Case.replace`.

    Returns
    -------
    The runs by their names.
    """
    case = fem.Case.load(CASE).replace({"mesh.size": size, **(changes or {})})
    runs = {name: run(case, *KINDS[name][:3]) for name in kinds}
    strength = library()["LPSCl"]["hardness"].value / 3.0
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    figure = draw(runs, surface(fem.Cell.of(case).mesh), strength)
    with fem.plot.style():
        figure.savefig(folder / "yielding.png", dpi=200)
        figure.set_layout_engine("none")  # settled by the first drawing
        figure.savefig(folder / "yielding.pdf")
    text = as_text(runs, strength)
    (folder / "table.txt").write_text(text + "\n", encoding="utf-8")
    # Of what gives way, lithium or electrolyte; the elastic run is that of zheng2023.py.
    tips = [float(one.mises.max()) / 1e9 for name, one in runs.items() if KINDS[name][2] == "moved"]
    if tips:
        told = {"von_mises_tip_GPa": [min(tips), max(tips)]}
        (folder / "numbers.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    print(text)
    return runs


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A deposit in an electrolyte that yields.")
    parser.add_argument("--out", default="out/zheng2023_yielding", help="folder of what is made")
    parser.add_argument("--size", default="2 um", help='element size on interfaces, as "2 um"')
    given = parser.parse_args()
    main(given.out, given.size)
