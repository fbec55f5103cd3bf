"""What a step in time costs, against a cold snapshot of the same cell, and what it keeps.

    python tests/benchmarks/in_time.py speed [--runs 5] [--size 1]
    python tests/benchmarks/in_time.py memory [--steps 2000]

`speed` charges the flat seed cell with all 105 particles at 10 A/m^2, resolved and averaged, on
modes of the electrolyte and in its field, without writing anything. A cold snapshot is what a user
pays who solves one instant: spaces, assembly and Newton's method, the mesh being there, or all from
the case on. `memory` takes many steps in a small cell and prints what the process holds.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import time
from itertools import pairwise, product
from pathlib import Path

import fem
from fem.runs.simulation import Accepted, simulate
from fem.runs.snapshot import moment

CASES = Path(__file__).parents[2] / "cases"
SETTLED = 8
"""Steps after which the start of the current is over."""
PARTS = {
    "step": ("steps.py", "step"),
    "charge on modes, all": ("reduced.py", "solve"),
    "charge in the field, all": ("charge.py", "solve"),
    "preconditioner": ("linear.py", "precondition"),
    "linearisation": ("equations.py", "linearise"),
    "residual": ("equations.py", "residual"),
    "diffusion without loads": ("stages.py", "unloaded"),
    "factors of diffusion": ("particles.py", "condensed"),
    "row of the history": ("view.py", "row"),
}


def in_time(size: str, electrolyte: str = "modes", diffusion: str = "resolved") -> fem.Case:
    """The flat seed cell with 105 particles, for ten minutes."""
    case = fem.Case.load(CASES / "zheng2023_flat.toml")
    step = {"charge": "10 A/m^2", "until": {"time": "600 s"}}
    return case.replace(
        {
            "inactive": {},
            "kinetics.cathode.stoichiometry": 0.9,
            "kinetics.cathode.diffusion": diffusion,
            "operation": {"kind": "protocol", "temperature": "303.15 K", "steps": [step]},
            "mechanics.enabled": False,
            "mesh.size": f"{size} um",
            "stepping.electrolyte": electrolyte,
        }
    )


def cold(size: str) -> tuple[float, float]:
    """Seconds of one cold snapshot: of its solve, and from the case to the end of it."""
    case = fem.Case.load(CASES / "zheng2023_flat.toml").replace(
        {
            "inactive": {},
            "mechanics.enabled": False,
            "operation.current_density": "10 A/m^2",
            "mesh.size": f"{size} um",
        }
    )
    first = time.process_time()
    meshed = fem.Cell.of(case)
    begin = time.process_time()
    # Assembled anew: a cell that another was made from would lend its electrolyte.
    moment(fem.Cell(case, meshed.mesh, meshed.parameters))
    end = time.process_time()
    return end - begin, end - first


def speed(runs: int, size: str) -> None:
    """Least of all runs, in seconds of the processor: other work on the machine only adds."""
    kinds = list(product(("modes", "field"), ("resolved", "averaged")))
    cells = {kind: fem.Cell.of(in_time(size, *kind)) for kind in kinds}
    begin = time.process_time()
    assert cells["modes", "resolved"].potentials.reduction is not None
    condensing = time.process_time() - begin
    solves, wholes = [], []
    steps: dict[tuple[str, str], list[float]] = {kind: [] for kind in kinds}
    for _ in range(runs):
        solve, whole = cold(size)
        solves.append(solve)
        wholes.append(whole)
        for kind, cell in cells.items():
            stamps: list[float] = []
            simulate(cell, observers=[lambda _, stamps=stamps: stamps.append(time.process_time())])
            steps[kind].append(statistics.mean(b - a for a, b in pairwise(stamps[SETTLED:])))
    unknowns = len(cells["field", "resolved"].charge.space)
    print(f"{unknowns} unknowns in the electrolyte, 105 particles")
    print(f"cold snapshot: solve {min(solves):.3f} s, from the case {min(wholes):.3f} s")
    print(f"condensing the electrolyte, once: {condensing:.2f} s")
    for (electrolyte, diffusion), found in steps.items():
        least = min(found)
        print(
            f"  {electrolyte}, {diffusion}: step {least:.4f} s, {least / min(solves):.3f} of the "
            f"solve, {least / min(wholes):.3f} of the whole"
        )
    for kind in kinds:
        print(", ".join(kind))
        profiled(cells[kind])


def profiled(cell: fem.Cell) -> None:
    """Where the time of a step goes; a profile makes all of it longer."""
    profile = cProfile.Profile(time.process_time)
    count = [0]

    def watch(accepted: Accepted) -> None:
        if accepted.number == SETTLED:
            profile.enable()
        elif accepted.number > SETTLED:
            count[0] += 1
        if accepted.final:
            profile.disable()

    simulate(cell, observers=[watch])
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for name, (file, function) in PARTS.items():
        rows = [v for k, v in stats.items() if k[0].endswith(file) and k[2] == function]
        total = sum(row[3] for row in rows)
        calls = sum(row[0] for row in rows)
        if calls:
            print(f"  {name:30s} {total / count[0]:.4f} s a step, {calls / count[0]:.1f} calls")


def memory(steps: int) -> None:
    case = fem.Case.load(CASES / "kodama2024_faraday.toml")
    case = case.replace(
        {
            "operation.steps": [
                {"charge": "0.2 mA/cm^2", "until": {"time": f"{steps} s"}},
            ],
            "stepping.longest": "1 s",
            "stepping.first": "1 s",
            "geometry.anode.motion": "kept",
        }
    )
    page = 4096

    def held() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * page / 2**20

    seen: dict[int, float] = {}

    def watch(accepted: Accepted) -> None:
        if accepted.number % 100 == 0:
            seen[accepted.number] = held()

    simulate(case, observers=[watch])
    for number, size in seen.items():
        print(f"{number:6d} steps {size:8.2f} MiB")
    first, last = seen[100], seen[max(seen)]
    print(f"growth from step 100 to {max(seen)}: {100 * (last / first - 1):.2f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    quick = commands.add_parser("speed")
    quick.add_argument("--runs", type=int, default=5)
    quick.add_argument("--size", default="1")
    long = commands.add_parser("memory")
    long.add_argument("--steps", type=int, default=2000)
    arguments = parser.parse_args()
    if arguments.command == "speed":
        speed(arguments.runs, arguments.size)
    else:
        memory(arguments.steps)


if __name__ == "__main__":
    main()
