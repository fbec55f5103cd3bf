"""Small cells with random packings, laws, pressures and currents, and what becomes of a cycle.

``python random_cells.py NUMBER`` runs one of them and prints a line of JSON: how it ended.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import fem
from fem.runs.accepted import Accepted
from fem.runs.simulation import simulate

ENDS = {"LCO": (3.0, 4.15), "NCM811": (2.9, 4.25)}
"""Voltages between which a cycle of each material goes."""
STARTS = {"LCO": 0.9, "NCM811": 0.85}
Random = np.random.Generator


def case_of(number: int, folder: Path) -> fem.Case:
    """A cell and a cycle drawn at random, the same for the same number.

    5 to 15 discs, apart or clipped where they overlap; a table of the latter goes into `folder`.
    """
    random = np.random.default_rng([11, number])
    material = str(random.choice(["LCO", "NCM811"]))
    electrolyte = str(random.choice(["LPSCl", "LGPS_WM", "LGPS_HM"]))
    diameter = random.uniform(2.4, 3.6)
    touching = random.random() < 0.5
    width, height = random.uniform(9.0, 14.0), random.uniform(7.0, 10.0)
    place = _overlapping if touching else _apart
    particles = place(random, diameter, width, height, folder) | {"material": material}
    charge, discharge = (f"{_between(random, 0.1, 1e3):.3g} A/m^2" for _ in range(2))
    low, high = ENDS[material]
    plastic = random.random() < 0.5
    creeps = random.random() < 0.25
    pressure = random.choice([0.0, random.uniform(0.0, 30.0), random.uniform(0.0, 30.0)])
    lithium = "viscoplastic" if creeps else str(random.choice(["rigid", "elastic"]))
    axis: dict[str, Any] = {}
    if material == "LCO" and random.random() < 0.5:
        axis = {"axis": {"kind": "drawn", "within": "space", "seed": int(random.integers(99))}}
    return fem.Case.from_dict(
        {
            "geometry": {
                "width": f"{width:.4g} um",
                "anode": {"thickness": "3 um"},
                "separator": {"material": electrolyte, "thickness": "3 um"},
                "cathode": {
                    "electrolyte": electrolyte,
                    "thickness": f"{height:.4g} um",
                    "particles": particles,
                    "wiring": _wiring(random, touching),
                },
            },
            "kinetics": {
                "anode": {"exchange_current_density": f"{_between(random, 10, 1e3):.3g} A/m^2"},
                "cathode": {
                    "exchange_current_density": f"{_between(random, 0.1, 10):.3g} A/m^2",
                    "stoichiometry": STARTS[material],
                    "diffusion": str(random.choice(["averaged", "resolved"])),
                },
            },
            "operation": {
                "kind": "protocol",
                "steps": [
                    {"charge": charge, "until": {"voltage": f"{high} V"}, "on_infeasible": "next"},
                    {"discharge": discharge, "until": {"voltage": f"{low} V"}},
                ],
            },
            "mechanics": {
                "lithium": lithium,
                "solids": "plastic" if plastic else "elastic",
                "swelling": True,
                "kinematics": "plane strain" if lithium == "rigid" else
                str(random.choice(["plane strain", "generalised plane strain"])),
                "contact": str(random.choice(["stick", "slide"])),
                **axis,
            },
            "interfaces": {
                "particle_electrolyte": _bond(random, pressed=pressure > 0.0),
                "particle_particle": _bond(random, pressed=False),
            },
            "stack": {
                "pressure": f"{pressure:.4g} MPa",
                "stiffness": str(
                    random.choice(["0 Pa/m", f"{_between(random, 1e10, 1e13):.3g} Pa/m", "held"])
                ),
            },
            "mesh": {"size": f"{random.uniform(0.15, 0.25) * diameter:.3g} um", "growth": 0.5},
            "stepping": {"tolerance": 0.01, "first": "0.1 s", "stoichiometry": 0.1},
        }
    )  # fmt: skip


def _between(random: Random, low: float, high: float) -> float:
    return float(10.0 ** random.uniform(np.log10(low), np.log10(high)))


def _apart(
    random: Random, diameter: float, width: float, height: float, folder: Path
) -> dict[str, Any]:
    """A packing with electrolyte between all particles."""
    found: dict[str, Any] = {
        "layout": "random",
        "fraction": round(random.uniform(0.3, 0.5), 3),
        "diameter": f"{diameter:.4g} um",
        "gap": f"{random.uniform(0.3, 0.6):.3g} um",
        "seed": int(random.integers(1000)),
    }
    if random.random() < 0.3:
        found["spread"] = round(random.uniform(1.05, 1.25), 3)
    return found


def _overlapping(
    random: Random, diameter: float, width: float, height: float, folder: Path
) -> dict[str, Any]:
    """Discs dropped at random, some of which touch others along facets and stand on the edges."""
    discs: list[tuple[float, float, float]] = []
    most = int(random.integers(6, 16))
    for _ in range(3000):
        d = 0.8 * diameter * random.uniform(0.8, 1.2)
        x, y = random.uniform(0.35 * d, width - 0.35 * d), random.uniform(0.5 * d, height - 0.5 * d)
        if len(discs) < 2:  # on the collector
            y = 0.47 * d
        near = [np.hypot(x - u, y - v) / (0.5 * (d + e)) for u, v, e in discs]
        if all(0.85 < each < 0.95 or each > 1.12 for each in near):
            discs.append((x, y, d))
        if len(discs) == most:
            break
    path = folder / "discs.csv"
    rows = [f"{x:.6f},{y:.6f},{d:.6f}" for x, y, d in discs]
    path.write_text("\n".join(["x,y,diameter", *rows]) + "\n", encoding="utf-8")
    return {"layout": "file", "file": str(path), "overlap": "clip"}


def _wiring(random: Random, touching: bool) -> dict[str, Any]:
    """How electrons come; where they come through contacts, some particles have none."""
    kind = str(random.choice(["ideal", "effective", "resolved" if touching else "ideal"]))
    if kind == "effective":
        return {"kind": kind, "conductivity": f"{_between(random, 0.01, 10):.3g} S/m"}
    if kind == "resolved":
        return {"kind": kind, "contact_gap": "0.5 um", "contact_resistance": "1e-3 ohm*m"}
    return {"kind": kind}


def _bond(random: Random, pressed: bool) -> dict[str, Any]:
    """None with or without friction, cohesive of all kinds down to brittle ones, or perfect.

    Where nothing is `pressed` at the start all faces that touch conduct.
    """
    kind = str(random.choice(["none", "none", "cohesive", "cohesive", "perfect"]))
    if kind == "perfect":
        return {"bond": kind}
    found: dict[str, Any] = {"bond": kind}
    if random.random() < 0.5:
        found["friction"] = round(random.uniform(0.05, 0.5), 3)
    conduction = str(random.choice(["full", "linear", "power"]))
    if conduction != "full" and pressed:
        found |= {"conduction": conduction,
                  "contact_pressure": f"{_between(random, 0.01, 1.0):.3g} GPa"}  # fmt: skip
    if kind == "cohesive":
        strength, toughness = _between(random, 5e6, 1e8), _between(random, 0.1, 5.0)
        found |= {"strength": f"{strength:.4g} Pa", "toughness": f"{toughness:.4g} J/m^2"}
        if random.random() < 0.5:
            stiffness = _between(random, 2.0, 100.0) * 0.5 * strength**2 / toughness
            found["stiffness"] = f"{stiffness:.4g} Pa/m"
        if random.random() < 0.4:
            found["viscosity"] = f"{_between(random, 0.1, 100.0):.3g} s"
    return found


class Told:
    """What observers have seen: rows that are not finite, and how many there were."""

    def __init__(self) -> None:
        self.rows, self.wrong = 0, set[str]()

    def __call__(self, accepted: Accepted) -> None:
        self.rows += 1
        still = accepted.row["capacity_Ah_m2"] == 0.0
        resistance = accepted.view.cell.wires.resistance(accepted.state.held)
        for name, value in accepted.row.items():
            # A ratio to what was plated says nothing before anything is, and a resistance nothing
            # where no path leads through.
            means_nothing = (still and name.endswith("_over_mean")) or (
                name == "electronic_resistance_ohm_m2" and resistance == np.inf
            )
            if not (np.isfinite(value) or means_nothing):
                self.wrong.add(name)


def outcome(number: int) -> dict[str, Any]:
    """How a cycle of a random cell ends: `ended` by its events, an `error`, or `wrong` numbers."""
    began, told = time.process_time(), Told()
    found: dict[str, Any] = {"number": number}
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        case = case_of(number, Path(name))
        try:
            history = simulate(case, observers=[told]).history
            assert history is not None
            found["ended"] = [why for *_, why in history.events]
            found["work_error"] = float(history["work_error"].max(initial=0.0))
        except fem.FemError as error:
            found["error"] = f"{type(error).__name__}: {error}"
    return found | {
        "rows": told.rows, "wrong": sorted(told.wrong),
        "seconds": round(time.process_time() - began, 1),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(outcome(int(sys.argv[1]))))
