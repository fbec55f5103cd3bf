"""What a step in time costs, against a cold snapshot of the same cell, and what it keeps.

    python tests/benchmarks/in_time.py speed [--runs 5] [--size 1]
    python tests/benchmarks/in_time.py memory [--steps 2000]

`speed` charges the flat seed cell with all 105 particles resolved at 10 A/m^2, without writing
anything. A cold snapshot is what a user pays who solves one instant: spaces, assembly and Newton's
method, the mesh being there. `memory` takes many steps in a small cell and prints what the process
holds.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import time
from itertools import pairwise
from pathlib import Path

import fem
from fem.runs.simulation import Accepted, simulate
from fem.runs.snapshot import moment

CASES = Path(__file__).parents[2] / "cases"
SETTLED = 8
"""Steps after which the start of the current is over."""
PARTS = {
    "preconditioner": ("linear.py", "precondition"),
    "Krylov method, all": ("linear.py", "solve_near"),
    "linearisation": ("equations.py", "linearise"),
    "residual": ("equations.py", "residual"),
    "preparing the preconditioner": ("charge.py", "_prepare"),
    "diffusion in the particles": ("particles.py", "state"),
    "factors of diffusion": ("particles.py", "condensed"),
    "row of the history": ("view.py", "row"),
}


def in_time(size: str) -> fem.Case:
    """The flat seed cell with 105 resolved particles, for ten minutes."""
    case = fem.Case.load(CASES / "zheng2023_flat.toml")
    step = {"charge": "10 A/m^2", "until": {"time": "600 s"}}
    return case.replace(
        {
            "inactive": {},
            "kinetics.cathode.stoichiometry": 0.9,
            "operation": {"kind": "protocol", "temperature": "303.15 K", "steps": [step]},
            "mechanics.enabled": False,
            "mesh.size": f"{size} um",
        }
    )


def cold(size: str) -> float:
    """Seconds of one cold snapshot solve."""
    case = fem.Case.load(CASES / "zheng2023_flat.toml").replace(
        {
            "inactive": {},
            "mechanics.enabled": False,
            "operation.current_density": "10 A/m^2",
            "mesh.size": f"{size} um",
        }
    )
    meshed = fem.Cell.of(case)
    begin = time.perf_counter()
    # Assembled anew: a cell that another was made from would lend its electrolyte.
    moment(fem.Cell(case, meshed.mesh, meshed.parameters))
    return time.perf_counter() - begin


def speed(runs: int, size: str) -> None:
    snapshots, steps, unknowns = [], [], 0
    for _ in range(runs):
        snapshots.append(cold(size))
        stamps: list[float] = []

        def stamp(accepted: Accepted, stamps: list[float] = stamps) -> None:
            stamps.append(time.perf_counter())

        result = simulate(in_time(size), observers=[stamp])
        unknowns = result.metrics["degrees_of_freedom"]
        steps.append(statistics.mean(b - a for a, b in pairwise(stamps[SETTLED:])))
    ratio = statistics.median(a / b for a, b in zip(steps, snapshots, strict=True))
    print(f"{unknowns} unknowns in the electrolyte, 105 particles")
    print(f"cold snapshot {statistics.median(snapshots):.3f} s")
    print(f"accepted step {statistics.median(steps):.3f} s, step/snapshot {ratio:.2f}")

    profile = cProfile.Profile()
    count = [0]

    def watch(accepted: Accepted) -> None:
        if accepted.number == SETTLED:
            profile.enable()
        elif accepted.number > SETTLED:
            count[0] += 1

    simulate(in_time(size), observers=[watch])
    profile.disable()
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for name, (file, function) in PARTS.items():
        rows = [v for k, v in stats.items() if k[0].endswith(file) and k[2] == function]
        total = sum(row[3] for row in rows)
        calls = sum(row[0] for row in rows)
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
