"""Growth of time and memory of the charge problem from 1e5 to 4e6 unknowns.

    python tests/benchmarks/scaling.py [--levels 4]

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


def one_level(level: int, mechanics: bool) -> dict[str, float | str]:
    """Solve the shipped protrusion case on its mesh refined `level` times."""
    import fem
    from fem import geometry, mesh, parameters
    from fem.physics.charge import ChargeProblem
    from fem.physics.elastic import SolidBody
    from fem.physics.mechanics import Conditions, MechanicsProblem
    from fem.runs import snapshot

    case = fem.Case.load(CASES / "zheng2023_protrusions.toml").replace({"mesh.size": "1 um"})
    drawn = geometry.build(case)
    numbers = parameters.resolve(case, drawn)
    cell = mesh.from_case(case, drawn)
    for _ in range(level):
        cell = cell.refined()
    begin = time.perf_counter()
    if mechanics:
        body = SolidBody.composite(cell, numbers.elastic)
        problem = MechanicsProblem(cell, numbers.elastic, Conditions("rigid"), body)
        assembled = time.perf_counter()
        solution = problem.solve(np.full(cell.nodes.shape[1], 1e-6))
        unknowns, iterations, linear = 2 * len(body.space), 1, solution.iterations
        method = problem.method
    else:
        charge = ChargeProblem(cell, numbers.conductivity)
        assembled = time.perf_counter()
        found = charge.solve(snapshot.terminals(case, cell, numbers))
        unknowns, iterations, linear = len(charge.space), found.iterations, found.linear_iterations
        method = found.method
    return {
        "unknowns": unknowns,
        "assembly_s": assembled - begin,
        "solve_s": time.perf_counter() - assembled,
        "newton": iterations,
        "linear": linear,
        "peak_GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "method": method,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--levels", type=int, default=4)
    parser.add_argument("--mechanics", action="store_true")
    parser.add_argument("--level", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.level is not None:
        print(json.dumps(one_level(arguments.level, arguments.mechanics)))
        return
    rows = []
    for level in range(arguments.levels):
        command = [sys.executable, __file__, "--level", str(level)]
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
