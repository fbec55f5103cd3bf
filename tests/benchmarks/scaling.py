"""Growth of time and memory of the charge problem from 1e5 to 4e6 unknowns.

    python tests/benchmarks/scaling.py [--levels 4] [--size "1 um"]

The protrusion case is meshed once at 1 um and refined uniformly; every level runs in a process of
its own, so that its peak memory is its own. Prints a row a level and the fitted exponents.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

CASES = Path(__file__).parents[2] / "cases"


def one_level(level: int, size: str, mechanics: bool) -> dict[str, float | str]:
    """Solve the shipped protrusion case on its mesh refined `level` times."""
    import fem
    from fem.parameters import resolve
    from fem.physics.elastic import SolidBody
    from fem.physics.mechanics import Conditions, MechanicsProblem
    from fem.runs.snapshot import moment

    case = fem.Case.load(CASES / "zheng2023_protrusions.toml")
    drawn = fem.Cell.of(case.replace({"mesh.size": size, "mechanics.enabled": False}))
    mesh = drawn.mesh
    for _ in range(level):
        mesh = mesh.refined()
    if mechanics:
        elastic = resolve(case, mesh.geometry).elastic
        begin = time.perf_counter()
        body = SolidBody.composite(mesh, elastic)
        problem = MechanicsProblem(mesh, elastic, Conditions("rigid"), body)
        assembled = time.perf_counter()
        solution = problem.solve(np.full(mesh.nodes.shape[1], 1e-6))
        unknowns, iterations, linear = 2 * len(body.space), 1, solution.iterations
    else:
        begin = time.perf_counter()
        cell = fem.Cell(drawn.case, mesh, drawn.parameters)
        assembled = time.perf_counter()
        found = moment(cell).solved
        unknowns, iterations, linear = found.unknowns, found.iterations, found.linear_iterations
    return {
        "unknowns": unknowns,
        "assembly_s": assembled - begin,
        "solve_s": time.perf_counter() - assembled,
        "newton": iterations,
        "linear": linear,
        "peak_GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    } | ({"method": problem.method} if mechanics else {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--levels", type=int, default=4)
    parser.add_argument("--size", default="1 um", help="element size of the first level")
    parser.add_argument("--mechanics", action="store_true")
    parser.add_argument("--level", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.level is not None:
        print(json.dumps(one_level(arguments.level, arguments.size, arguments.mechanics)))
        return
    rows = []
    for level in range(arguments.levels):
        command = [sys.executable, __file__, "--level", str(level), "--size", arguments.size]
        command += ["--mechanics"] if arguments.mechanics else []
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        rows.append(json.loads(output.splitlines()[-1]))
        print(
            "  ".join(
                f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in rows[-1].items()
            )
        )
    x = np.log([row["unknowns"] for row in rows])
    for name in ("assembly_s", "solve_s", "peak_GB"):
        slope = np.polyfit(x, np.log([row[name] for row in rows]), 1)[0]
        print(f"{name} grows as unknowns^{slope:.2f}")


if __name__ == "__main__":
    main()
