"""
Where particles strand that lose contact: full or empty (Kim 2024, Zheng 2023)
==============================================================================

NCM811 shrinks as it is charged, LiCoO2 swells along its axis. A particle that lets go keeps the
lithium it has then. So dead particles should be found empty in the one and full in the other: a
test of sign that needs nothing to be fitted. Here are both in one and the same cell, that of
``watanabe2025_cracks.toml`` with Li6PS5Cl and bonds of 50 MPa and 1 J/m2 (assumption), charged and
discharged once at the same rate: only the active material differs. Electrons come from particle to
particle through facets, so that a particle also strands where the chain to it is cut; with ideal
wiring (``--ideal``) only the loss of all of its faces kills it. With ``--interphase`` LiCoO2 also
stands in Li6PS5Cl that oxidises and shrinks, and in Li3YCl6.

Run it with ``python cases/stranded_state.py [--quick] [--ideal] [--interphase] [--out DIR]``.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import fem
from fem.results.result import Result

Floats = NDArray[np.float64]

CASE = Path(__file__).with_name("watanabe2025_cracks.toml")
BOND = {"bond": "cohesive", "strength": "50 MPa", "toughness": "1 J/m^2", "stiffness": "1e16 Pa/m"}


class Material(NamedTuple):
    """An active material: its window (empty, full) as it is used, and what else is changed."""

    name: str
    window: tuple[float, float]
    changes: Mapping[str, Any]


def _shrinking(change: float) -> Material:
    """NCM811 that changes its volume by so much between the ends of its window."""
    empty, full = 0.30, 0.90
    strain = f"{change / (full - empty):.6f}*x"
    changes = {
        "materials.NCM811.volume_strain": strain,
        "materials.NCM811.chemical_diffusivity": "1e-13 m^2/s",  # as LCO: only strain is to differ
        "mechanics.axis": None,
    }
    return Material("NCM811", (empty, full), changes)


MATERIALS: Mapping[str, Material] = {
    "NCM811, -7 %": _shrinking(0.07),
    "NCM811, -5.1 %": _shrinking(0.051),
    "LCO, +2.7 % along its axis": Material("LCO", (0.52, 0.94), {}),
}
OXIDISED = {
    "growth": "self-limiting",
    "current_density": "30 mA/m^2",
    "passivation_thickness": "10 nm",
}
"""Assumed: some 20 nm of electrolyte in a charge of two hours, 6 nm of which are lost."""
REACTING: Mapping[str, Material] = {
    "LCO, LPSCl that oxidises": Material(
        "LCO", (0.52, 0.94), {"interphase.particle_electrolyte": OXIDISED}
    ),
    "LCO, Li3YCl6": Material(
        "LCO",
        (0.52, 0.94),
        {
            "interphase.particle_electrolyte": OXIDISED,
            "geometry.cathode.electrolyte": "LYC",
            "geometry.separator.material": "LYC",
            "materials.LYC.hardness": "1 GPa",
        },
    ),
}
"""The same with electrolyte that shrinks, and with one that does not react.

Assumption: Li3YCl6 is as hard as Li6PS5Cl.
"""
QUICK = {"mesh.size": "2 um", "mesh.growth": 1.0, "stepping.tolerance": 0.1}


EXPECTED = (
    ("NCM811, -7 %", "at least 80 % of the dead below the middle of the window"),
    ("NCM811, -5.1 %", "at least 80 % of the dead below the middle of the window"),
    ("LCO, +2.7 % along its axis", "at least 80 % of the dead above; <= 20 % dead after charge"),
)
"""What was expected before anything was run, from the signs of the strains."""


def case_of(material: Material, quick: bool = False, ideal: bool = False) -> fem.Case:
    """One cycle of a cell of a material, at C/2, within its window.

    `ideal` wiring brings electrons to all particles; else they pass facets that touch.
    """
    empty, full = material.window
    changes: dict[str, Any] = {
        "geometry.cathode.particles.material": material.name,
        "geometry.cathode.electrolyte": "LPSCl",
        "geometry.separator.material": "LPSCl",
        **({"geometry.cathode.wiring": {"kind": "ideal"}} if ideal else {}),
        "kinetics.cathode.stoichiometry": full,
        "operation.steps": [
            {"charge_rate": 0.5, "until": {"stoichiometry": empty}, "on_infeasible": "next"},
            {"discharge_rate": 0.5, "until": {"stoichiometry": full}, "on_infeasible": "next"},
        ],
        "interfaces.particle_electrolyte": BOND,
        "interfaces.particle_particle": BOND,
        "output.frames": 80,
        **material.changes,
    }
    return fem.Case.load(CASE, {**changes, **(QUICK if quick else {})})


class Stranded(NamedTuple):
    """How particles of a run ended, one entry a particle.

    `x` is the stoichiometry at the last kept state before the particle died, nan if it is alive;
    `open_share` that of its surface on the electrolyte at the end; `dead_charged` is the share of
    the active material that does not react after the charge.
    """

    x: Floats
    why: NDArray[np.str_]
    open_share: Floats
    charged_x: Floats
    ended: tuple[str, ...]
    dead_charged: float


def stranded(result: Result) -> Stranded:
    """Particles that died, and with how much lithium."""
    history = result.history
    assert history is not None
    table = result.particles
    x = np.full(len(table.x), np.nan)
    for k, since in enumerate(table.since):
        if table.inactivity[k]:
            # From one kept state to the next x changes by about a hundredth of the window.
            before = [f.stoichiometry[k] for f in result.frames if f.time <= since]
            known = [value for value in before if np.isfinite(value)]
            x[k] = known[-1] if known else np.nan
    row = history.events[0][0]
    time = history["Test Time / s"][row]
    near = min(result.frames, key=lambda frame: abs(frame.time - time))
    ended = tuple(why for *_, why in history.events)
    dead = float(history["dead_fraction"][row])
    return Stranded(x, table.inactivity, table.open_fraction, near.stoichiometry, ended, dead)


def told(name: str, each: Stranded, middle: float) -> str:
    """A line of the table."""
    dead = each.why != ""
    below, above = int((each.x < middle).sum()), int((each.x > middle).sum())
    whys = ", ".join(sorted(set(each.why[dead].tolist()))) or "none dead"
    return (
        f"{name:<28}{f'{dead.sum()} of {len(dead)}':>9}{below:>7}{above:>7}  {middle:.3f}"
        f"{100 * each.dead_charged:12.0f}{np.nanmean(each.open_share):12.3f}  {whys};"
        f" {', '.join(each.ended)}"
    )


def main(
    out: str | Path = "out/stranded_state",
    quick: bool = False,
    ideal: bool = False,
    materials: Sequence[str] = tuple(MATERIALS),
) -> dict[str, Stranded | None]:
    """Run all, print a table beside what was expected, and write the particles' states."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Stranded | None] = {}
    print(f"{'':<28}{'dead':>9}{'below':>7}{'above':>7}  middle  % dead, charged  open at the end")
    with (folder / "stranded.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("material", "particle", "stoichiometry", "why", "open_fraction"))
        for name in materials:
            material = {**MATERIALS, **REACTING}[name]
            try:
                each = found[name] = stranded(fem.run(case_of(material, quick, ideal)))
            except fem.SolveError as failed:
                found[name] = None
                print(f"{name}: {failed}", flush=True)
                continue
            print(told(name, each, sum(material.window) / 2), flush=True)
            for k in range(len(each.why)):
                writer.writerow((name, k, each.x[k], each.why[k], each.open_share[k]))
            stream.flush()
    for name, words in EXPECTED:
        print(f"expected of {name}: {words}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Where particles strand that lose contact.")
    parser.add_argument("--out", default="out/stranded_state", help="folder of the table")
    parser.add_argument("--quick", action="store_true", help="coarse")
    parser.add_argument("--ideal", action="store_true", help="electrons reach all particles")
    parser.add_argument("--materials", nargs="+", choices=MATERIALS, default=tuple(MATERIALS))
    parser.add_argument("--interphase", action="store_true", help="also electrolyte that reacts")
    given = parser.parse_args()
    reacting = tuple(REACTING) if given.interphase else ()
    main(given.out, given.quick, given.ideal, (*given.materials, *reacting))
