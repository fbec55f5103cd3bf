"""Geometry, mesh and Newton of the protrusion case against NGSolve at the same error.

    python tests/benchmarks/pipeline.py [--runs 5]        (needs the extra `bench`)

Both solve the cell with sharp feet, where a fifth-order solution is known. NGSolve's element size
is the one at which second order errs as much as this package does at `mesh.size` 1 um; its third
and fourth order are listed too. Runs alternate, so that a drifting machine hits both alike; medians
are printed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CASES = HERE.parents[1] / "cases"
REFERENCE = 0.29113511
"""Overpotential in V by NGSolve, fifth order, element size 2 um and below."""
PEERS = {
    "NGSolve, order 2": ("0.65", "2"),
    "NGSolve, order 3": ("1.0", "3"),
    "NGSolve, order 4": ("2.0", "4"),
}

OURS = """
import json, time
import fem
from fem.runs.snapshot import moment
case = fem.Case.load({case!r}).replace({{
    "geometry.anode.protrusions": [
        {{"x": f"{{x}} um", "depth": "30 um", "half_width": "12 um"}} for x in (150, 210, 270)],
    "kinetics.anode.exchange_current_density": "20 A/m^2",
    "mesh.size": "{size} um", "mechanics.enabled": False}})
begin = time.perf_counter()
cell = fem.Cell.of(case)
found = moment(cell).solved
seconds = time.perf_counter() - begin
print(json.dumps({{"unknowns": found.unknowns, "overpotential_V": found.voltages[1],
    "iterations": found.iterations, "mesh_s": cell.seconds_mesh,
    "solve_s": seconds - cell.seconds_mesh}}))
"""


def run(command: list[str]) -> dict[str, float]:
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--size", default="1")
    arguments = parser.parse_args()
    script = OURS.format(case=str(CASES / "zheng2023_protrusions.toml"), size=arguments.size)
    commands = {"assb-fem, order 2": [sys.executable, "-c", script]}
    for name, options in PEERS.items():
        commands[name] = [sys.executable, str(HERE / "ngsolve_cell.py"), *options]
    results: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    for _ in range(arguments.runs):
        for name, command in commands.items():
            results[name].append(run(command))
    ours = [r["mesh_s"] + r["solve_s"] for r in results["assb-fem, order 2"]]
    for name, rows in results.items():
        total = [r["mesh_s"] + r["solve_s"] for r in rows]
        ratio = statistics.median(a / b for a, b in zip(ours, total, strict=True))
        print(
            f"{name:18s} {rows[0]['unknowns']:7.0f} unknowns  "
            f"relative error {abs(rows[0]['overpotential_V'] / REFERENCE - 1):.1e}  "
            f"mesh {statistics.median(r['mesh_s'] for r in rows):.2f} s  "
            f"solve {statistics.median(r['solve_s'] for r in rows):.2f} s  "
            f"total {statistics.median(total):.2f} s  ours/this {ratio:.2f}"
        )


if __name__ == "__main__":
    main()
