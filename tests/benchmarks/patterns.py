"""Snapshots of random patterns of dead particles on one condensed electrolyte.

``python tests/benchmarks/patterns.py [SIZE] [COUNT]`` prints what the operator of the flat seed
cell costs, in snapshots, and what a pattern costs (30 % dead, i0 20 and 2 A/m2).
"""

from __future__ import annotations

import sys
import time

import fem
from fem.runs.ensemble import Ensemble

SIZE = sys.argv[1] if len(sys.argv) > 1 else "1 um"
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 1000


def main() -> None:
    case = fem.Case.load("cases/zheng2023_flat.toml").replace(
        {
            "mesh.size": SIZE,
            "mechanics.enabled": False,
            "kinetics.anode.exchange_current_density": "20 A/m^2",
            "inactive": {"fraction": 0.3, "seed": 0},
        }
    )
    began = time.perf_counter()
    fem.run(case)
    snapshot = time.perf_counter() - began
    began = time.perf_counter()
    ensemble = Ensemble.of(case)
    operator = time.perf_counter() - began
    cases = [case.replace({"inactive.seed": seed}) for seed in range(COUNT)]
    began = time.perf_counter()
    found = ensemble.solve(cases)
    each = (time.perf_counter() - began) / COUNT
    assert all(metrics is not None for metrics in found.metrics)
    print(
        f"snapshot {snapshot:.2f} s, operator {operator:.2f} s ({operator / snapshot:.1f} of them)"
    )
    print(
        f"{ensemble.operator.size} modes, error {ensemble.error:.1e}, {1e3 * each:.2f} ms a pattern"
    )


if __name__ == "__main__":
    main()
