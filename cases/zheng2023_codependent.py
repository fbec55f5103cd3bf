"""
Both electrodes together: what dead particles do to lithium, and how they come to be
====================================================================================

Zheng et al. (Sci. Bull. 68 (2023) 813) conclude that the electrodes fail together: dead particles
make the current gather on the others, and lithium opposite these is stripped and plated more.

**Part A, amount or rate.** The flat cell of ``zheng2023_flat.toml`` without mechanics: how much
lithium is plated opposite live columns of the cathode, and how fast, with none, a third or two
thirds of the particles dead by width or by depth, charged to 4.2 V or by a fixed charge; and what
a foil that is used up in places does to the cathode above it.

**Part B, the loop.** ``zheng2023_codependent.toml``: particles that shrink, part from the
electrolyte and die, electrolyte that is oxidised, electrons, a foil that is used up in places, and
flaws that lithium may enter. As bare and as coated, with each mechanism left out in turn, and with
the particles that are dead at the end dead from the start.

Each row of part A stands beside what was expected before it was computed, and what would refute it.
The page ``docs/codependent.md`` has the numbers.

Run it with ``python cases/zheng2023_codependent.py [--part A|B] [--only NAME ...] [--cycles N]
[--seed N] [--size "3 um"] [--out DIR]``.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fem
from fem.results.result import Result

Floats = NDArray[np.float64]
Changes = Mapping[str, Any]

FOLDER = Path(__file__).parent
FLAT = FOLDER / "zheng2023_flat.toml"
LOOP = FOLDER / "zheng2023_codependent.toml"


# %%
# Part A: amount or rate
# ----------------------

CURRENT = 7.7
"""A/m2 of the cells that were imaged: 0.1 C of 7.7 mAh/cm2."""
TO_VOLTAGE = {"charge": f"{CURRENT} A/m^2", "until": {"voltage": "4.2 V"}}
BY_CHARGE = {"charge": f"{CURRENT} A/m^2", "until": {"capacity": "0.4 mAh/cm^2"}}
SNAPPED: Changes = {
    "mechanics": {"enabled": False},
    "kinetics.cathode.stoichiometry": 0.9,
    "kinetics.cathode.diffusion": "averaged",
    "stepping": {"tolerance": 0.01, "first": "1 s", "stoichiometry": 0.1, "thickness": "2 um"},
}
WIDTH_PATTERNS: dict[str, Changes] = {
    "none": {},
    "1/3 by width": {"between": ["140 um", "280 um"]},
    "2/3 by width": {"outside": ["140 um", "280 um"]},
}
PARTICLES: dict[str, Changes] = {
    "as drawn": {},
    "fast": {
        "materials.NCM811.chemical_diffusivity": "1e-12 m^2/s",
        "kinetics.cathode.exchange_current_density": "20 A/m^2",
    },
}
"""Surfaces run ahead of the mean by the current of a particle over its diffusivity."""
COLUMNS = 21
DEPTH_PATTERNS: dict[str, Changes] = {
    "1/5 by depth": {"ids": list(range(COLUMNS))},
    "2/5 by depth": {"ids": list(range(2 * COLUMNS))},
    "3/5 by depth": {"ids": list(range(3 * COLUMNS))},
}


@dataclass(frozen=True)
class Amount:
    """Lithium opposite live columns at the end of a charge.

    `plated` in m, mean over the columns with a live particle; `most` anywhere; `rate` and
    `focusing` are the largest plating over the applied current, over 2 um, at the start and the
    end. `share` of the particles is dead.
    """

    pattern: str
    share: float
    plated: float
    most: float
    rate: float
    focusing: float


def flat(inactive: Changes, step: Changes, size: str, more: Changes | None = None) -> fem.Case:
    """The flat cell in time."""
    case = fem.Case.load(FLAT).replace(
        {
            **SNAPPED,
            "operation": {"kind": "protocol", "temperature": "303.15 K", "steps": [dict(step)]},
            "inactive": dict(inactive),
            "mesh.size": size,
        }
    )
    return case.replace(dict(more or {}))


def amount(pattern: str, case: fem.Case) -> Amount:
    """Charge a cell, and measure lithium opposite live columns."""
    result = fem.run(case)
    anode, particles, history = result.anode, result.particles, result.history
    assert history is not None
    live = np.unique(particles.x[particles.active])
    pitch = 20e-6
    opposite = np.abs(anode.x[:, None] - live).min(axis=1) <= 0.501 * pitch
    focusing = history["focusing_max_over_mean"]
    return Amount(
        pattern,
        1.0 - float(np.mean(particles.active)),
        float(anode.thickness[opposite].mean()),
        float(anode.thickness.max()),
        float(focusing[0]),
        float(focusing[-1]),
    )


def tell_amounts(size: str, particles: str, patterns: Mapping[str, Changes], until: str) -> None:
    """Print a row a pattern, the first of which has no dead particle."""
    step = {"to 4.2 V": TO_VOLTAGE, "0.4 mAh/cm2": BY_CHARGE}[until]
    whole: Amount | None = None
    for pattern, inactive in patterns.items():
        found = amount(pattern, flat(inactive, step, size, PARTICLES[particles]))
        whole = whole or found
        print(
            f"{particles:<11}{until:<12}{pattern:<14}{1e6 * found.plated:>8.3f}"
            f"{found.plated / whole.plated:>8.3f}{found.most / whole.most:>8.3f}"
            f"{1.0 / (1.0 - found.share):>9.3f}{found.rate:>9.4f}{found.focusing:>9.4f}",
            flush=True,
        )


BARE: Changes = {
    "geometry.anode.reserve": "1 um",
    "geometry.anode.fading": "0.1 um",
    "kinetics.cathode.stoichiometry": 0.5,
    "stepping.thickness": "0.2 um",
}
"""A thin foil that is stripped: 1 um in all."""


def bare_patch(size: str) -> None:
    """What particles give above foil that is used up, over all others, as it is.

    First the middle third of the particles is dead while 1 um of lithium is stripped: the foil
    goes first opposite the live ones. What live particles take there is compared with a foil that
    is not used up.
    """
    step = {
        "discharge": f"{CURRENT} A/m^2",
        "until": {"capacity": "0.2 mAh/cm^2"},
        "on_infeasible": "next",
    }
    for name, more in (("thin", BARE), ("thick", {**BARE, "geometry.anode.reserve": "20 um"})):
        result = fem.run(flat(WIDTH_PATTERNS["1/3 by width"], step, size, more))
        assert result.history is not None
        particles, anode = result.particles, result.anode
        x, live = particles.x, particles.active
        side = live & ((x < 70e-6) | (x > 350e-6))
        beside = live & ~side
        far = (anode.x < 70e-6) | (anode.x > 350e-6)
        middle = (anode.x > 140e-6) & (anode.x < 280e-6)
        print(
            f"{name:<7}{result.history['capacity_Ah_m2'][-1]:>9.3f}"
            f"{1e6 * anode.thickness.min():>9.3f}{1e6 * anode.thickness.max():>9.3f}"
            f"{anode.plating[far].mean():>9.3f}{anode.plating[middle].mean():>9.3f}"
            f"{particles.current[side].mean() / particles.current[beside].mean():>9.4f}"
            f"{result.history['Voltage / V'][-1]:>9.4f}",
            flush=True,
        )


def part_a(size: str) -> None:
    """Print what part A finds."""
    print(
        "particles  until       dead            um, opp. over    most     1/(1-f)  rate at  rate at"
    )
    print("                                      live     none    over             start    end")
    every = {**WIDTH_PATTERNS, **DEPTH_PATTERNS}
    tell_amounts(size, "as drawn", every, "to 4.2 V")
    tell_amounts(size, "fast", WIDTH_PATTERNS, "to 4.2 V")
    tell_amounts(size, "as drawn", every, "0.4 mAh/cm2")
    print(
        "expected: to 4.2 V 0.72 and 0.38 of none; rates 1.10 and 1.21; by depth below 1.01; at a"
    )
    print("fixed charge 1/(1-f), that is 1.50 and 3.00, if the separator let all of a pattern pass")
    print("refuted if a dead third raised the amount between voltage limits")
    print("foil    Ah/m2    least um  most um   far     middle   far/near   V")
    bare_patch(size)
    print("expected: particles above bare foil take less; refuted if the last column but one is 1")


# %%
# Part B: the loop
# ----------------
# What a coating changes is assumed, and stands here alone: tougher bonds, a third of the side
# reaction, and a resistance of its own.

COATED: Changes = {
    "interfaces.particle_electrolyte.toughness": "4 J/m^2",
    "interphase.particle_electrolyte.coating_factor": 0.33,
    "interphase.particle_electrolyte.coating_resistance": "5 ohm*cm^2",
}
VARIANTS: dict[str, Changes] = {
    "bare": {},
    "coated": COATED,
    "damage at once": {"interfaces.particle_electrolyte.viscosity": "0 s"},
    "no interphase": {"interphase": {}},
    "ideal wiring": {"geometry.cathode.wiring": "ideal"},
    "no fading foil": {"geometry.anode.fading": None},
    "bonds that hold": {"interfaces": {}},
    "5 MPa": {"stack.pressure": "5 MPa"},
}


@dataclass(frozen=True)
class Row:
    """A cycle: what was given, and how the cell stands at the end of its charge.

    Attributes
    ----------
    capacity
        Given on discharge, in Ah/m2.
    dead, opened
        Share of the active material that does not react, and of the particles' surface that is
        open; nan where nothing parts.
    focusing
        Largest plating over the mean.
    roughness
        Standard deviation of the plated thickness along lithium, in m.
    intensity
        Largest K of flaws so far, over the toughness.
    side
        Charge of the side reaction so far, in Ah/m2.
    """

    cycle: int
    capacity: float
    dead: float
    opened: float
    focusing: float
    roughness: float
    intensity: float
    side: float


def loop(changes: Changes, cycles: int, seed: int, size: str | None = None) -> fem.Case:
    """The case of part B."""
    more = {} if size is None else {"mesh.size": size}
    return fem.Case.load(LOOP).replace(
        {
            "operation.steps[0].repeat": cycles,
            "geometry.cathode.particles.seed": seed,
            **more,
            **changes,
        }
    )


def rows_of(result: Result) -> list[Row]:
    """Each computed cycle of a run."""
    history = result.history
    assert history is not None
    time, nothing = history["Test Time / s"], np.full(len(history), np.nan)
    column = history.columns
    found = []
    for cycle in result.cycles:
        within = (time >= cycle["begin_s"]) & (time <= cycle["end_s"])
        # A step begins with a row of no length, at the time at which the one before it ended.
        charges = (column["Current / A"] > 0.0) & (column["dt_s"] > 0.0)
        charge = np.flatnonzero(within & charges)
        if not charge.size:
            continue
        at = int(charge[-1])
        frame = min(result.frames, key=lambda kept: abs(kept.time - time[at]))
        thickness = frame.anode.thickness
        found.append(
            Row(
                cycle["cycle"],
                cycle["discharge_capacity_Ah_m2"],
                float(column.get("dead_fraction", nothing)[at]),
                float(column.get("open_fraction", nothing)[at]),
                float(column["focusing_max_over_mean"][at]),
                float(np.sqrt(frame.anode.mean((thickness - frame.anode.mean(thickness)) ** 2))),
                float(column.get("flaw_intensity_over_toughness", nothing)[: at + 1].max()),
                float(column.get("side_charge_Ah_m2", np.zeros(len(history)))[at]),
            )
        )
    return found


HEADS = ("variant", "seed", *Row.__dataclass_fields__)


def told(name: str, seed: int, row: Row) -> str:
    """A row of the printed table."""
    return (
        f"{name:<16}{seed:>4}{row.cycle:>4}{row.capacity:>9.3f}{row.dead:>8.3f}{row.opened:>8.3f}"
        f"{row.focusing:>8.3f}{1e9 * row.roughness:>9.1f}{row.intensity:>9.4f}{row.side:>9.4f}"
    )


def told_of(stage: str) -> None:
    """What a run is at, beside the table."""
    print(stage, file=sys.stderr, flush=True)


def run(
    name: str, changes: Changes, cycles: int, seed: int, out: Path, size: str | None
) -> tuple[int, ...]:
    """Run a variant, print its cycles, and append them to the table; ids of dead particles."""
    try:
        result = fem.run(loop(changes, cycles, seed, size), told_of)
    except fem.errors.SolveError as error:
        print(f"{name:<16}{seed:>4}  not solved: {str(error).splitlines()[0]}", flush=True)
        return ()
    assert result.history is not None
    with (out / "codependent.csv").open("a", newline="", encoding="utf-8") as stream:
        for row in rows_of(result):
            print(told(name, seed, row), flush=True)
            csv.writer(stream).writerow([name, seed, *vars(row).values()])
    endings = [f"{why}" for *_, why in result.history.events]
    dead = tuple(np.flatnonzero(~result.particles.active).tolist())
    print(f"{'':<16}    ends: {', '.join(endings)}; dead: {list(dead)}", flush=True)
    return dead


def part_b(only: Sequence[str], cycles: int, seed: int, out: Path, size: str | None = None) -> None:
    """Run variants one by one, and again with those that died dead from the start ("frozen")."""
    out.mkdir(parents=True, exist_ok=True)
    table = out / "codependent.csv"
    if not table.exists():
        table.write_text(",".join(HEADS) + "\n", encoding="utf-8")
    print("variant         seed cyc   Ah/m2    dead    open focusing rough nm   K/Kc    side Ah/m2")
    for name in only:
        dead = run(name, VARIANTS[name], cycles, seed, out, size)
        if dead:
            # Bonds hold: nothing but which particles are dead is taken over.
            frozen = {**VARIANTS[name], "interfaces": {}, "inactive.ids": list(dead)}
            run(f"{name}, frozen", frozen, cycles, seed, out, size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--part", choices=("A", "B"), help="both if left out")
    parser.add_argument("--only", nargs="+", choices=tuple(VARIANTS), default=tuple(VARIANTS))
    parser.add_argument("--cycles", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", help="element size on interfaces (3 um; 4 um in part A)")
    parser.add_argument("--out", default="out/zheng2023_codependent")
    chosen = parser.parse_args()
    if chosen.part != "B":
        part_a(chosen.size or "4 um")
    if chosen.part != "A":
        part_b(chosen.only, chosen.cycles, chosen.seed, Path(chosen.out), chosen.size)


if __name__ == "__main__":
    main()
