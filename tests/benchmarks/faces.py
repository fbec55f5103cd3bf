"""A cycle of the seed cell whose particles may part from their electrolyte: where its time goes.

python tests/benchmarks/faces.py                          # all 105 particles, elements of 2 um
python tests/benchmarks/faces.py --columns 7 --size 3     # a piece of it
python tests/benchmarks/faces.py --elastic                # nothing yields
python tests/benchmarks/faces.py --elastic --loads        # single loads, beside bonded solids
python tests/benchmarks/faces.py --profile cycle.prof     # for pstats
"""

from __future__ import annotations

import argparse
import cProfile
import time
from pathlib import Path

import numpy as np

import fem
from fem.cell.composition import Cell
from fem.geometry import Phase
from fem.runs.accepted import Accepted
from fem.runs.simulation import simulate

SEED_CELL = Path(__file__).parents[2] / "cases" / "zheng2023_flat.toml"


def case_of(columns: int, size: float, elastic: bool) -> fem.Case:
    """LiCoO2 without a bond, 5 MPa on top: from x = 0.93 to 4.15 V, and back to x = 0.91."""
    particles = {"rows": 5, "columns": columns, "diameter": "10 um", "material": "LCO"}
    steps = [
        {"charge": "10 A/m^2", "until": {"voltage": "4.15 V"}},
        {"discharge": "10 A/m^2", "until": {"stoichiometry": 0.91}},
    ]
    solids = {} if elastic else {"solids": "plastic"}
    case = fem.Case.load(SEED_CELL).to_dict()
    case.pop("inactive", None)
    return fem.Case.from_dict(case | {
        "geometry": case["geometry"] | {
            "width": f"{20 * columns} um",
            "cathode": case["geometry"]["cathode"] | {"particles": particles},
        },
        "kinetics": {
            "anode": {"exchange_current_density": "320 A/m^2"},
            "cathode": {"exchange_current_density": "2 A/m^2", "stoichiometry": 0.93,
                        "diffusion": "averaged"},
        },
        "materials": {"LPSCl": {"yield_strength": "137 MPa"}},
        "operation": {"kind": "protocol", "steps": steps},
        "mechanics": {"lithium": "elastic", "swelling": True, **solids},
        "interfaces": {"particle_electrolyte": {"bond": "none"}},
        "stack": {"pressure": "5 MPa"},
        "mesh": {"size": f"{size} um"},
        "stepping": {"tolerance": 0.01, "first": "1 s", "stoichiometry": 0.1},
    })  # fmt: skip


def loads(case: fem.Case) -> None:
    """Solids whose particles shrink at once: bonded, and in contact with ever more faces open."""
    for bonded in (True, False):
        case = (
            case.replace({"interfaces": {}})
            if bonded
            else case.replace({"interfaces.particle_electrolyte.bond": "none"})
        )
        stress = Cell.of(case).stress
        assert stress is not None
        problem = stress.problem()
        composite = problem.bodies[0]
        active = np.isin(composite.elements, problem.mesh.elements(Phase.ACTIVE))
        nothing, before, parted = np.zeros(problem.mesh.nodes.shape[1]), None, None
        # Strain over pressure / stiffness of the electrolyte; each is asked for twice.
        for strain in (0.0, 0.0, 1.0, 1.0, 4.0, 4.0, 16.0, 16.0, 2.0, 2.0):
            swelling = np.where(active, -strain * 5e6 / 28e9, 0.0)[:, None] * np.ones(6)
            spent = time.process_time()
            found = problem.solve(nothing, swelling, None, before, parted=parted)
            spent = time.process_time() - spent
            told = "bonded"
            if found.parted is not None:
                before, parted = found, found.parted
                weights = problem.faces.weights if problem.faces is not None else nothing
                told = f"open {weights[~parted.closed].sum() / weights.sum():.3f}"
            print(f"shrinkage {strain:4.1f} p/E  {told:10s}  {spent:6.2f} s CPU", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--columns", type=int, default=21)
    parser.add_argument("--size", type=float, default=2.0)
    parser.add_argument("--elastic", action="store_true")
    parser.add_argument("--profile")
    parser.add_argument("--loads", action="store_true")
    asked = parser.parse_args()
    if asked.loads:
        loads(case_of(asked.columns, asked.size, asked.elastic))
        return
    began, spent = time.perf_counter(), time.process_time()
    cell = Cell.of(case_of(asked.columns, asked.size, asked.elastic))
    assert cell.stress is not None
    problem = cell.stress.problem()
    assert problem.faces is not None
    print(f"{problem.map.matrix.shape[1]} unknowns, {len(problem.faces)} pairs of faces")

    def tell(accepted: Accepted) -> None:
        row = accepted.row
        print(
            f"{accepted.number:3d} {row['Test Time / s']:8.1f} s {row['Voltage / V']:.5f} V "
            f"open {row['open_fraction']:.6f} wall {time.perf_counter() - began:6.1f} s "
            f"CPU {time.process_time() - spent:6.1f} s {accepted.ended_by}", flush=True,
        )  # fmt: skip

    profile = cProfile.Profile() if asked.profile else None
    if profile is not None:
        profile.enable()
    simulate(cell, observers=[tell])
    if profile is not None:
        profile.disable()
        profile.dump_stats(asked.profile)
    print(f"wall {time.perf_counter() - began:.1f} s, CPU {time.process_time() - spent:.1f} s")


if __name__ == "__main__":
    main()
