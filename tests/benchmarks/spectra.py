"""Spectra of whole cells in units of a snapshot: alike particles, and particles that all differ.

python tests/benchmarks/spectra.py                        # 40 discs of different size at random
python tests/benchmarks/spectra.py --lattice              # 40 discs that are alike
python tests/benchmarks/spectra.py --particles 20 --size 2
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

import fem
from fem.cell.composition import Cell
from fem.runs.spectrum import about, resting

DIAMETER, FRACTION = 8e-6, 0.45
FREQUENCIES = np.logspace(6, -3, 91).tolist()


def case_of(particles: int, size: float, lattice: bool) -> fem.Case:
    """Discs of NCM811 in a bed four of them high, and both double layers."""
    cell = DIAMETER * float(np.sqrt(0.25 * np.pi / FRACTION))
    columns = particles // 4
    bed: dict[str, Any] = {
        "rows": 4, "columns": columns, "diameter": f"{DIAMETER} m", "material": "NCM811",
    } if lattice else {
        "layout": "random", "fraction": FRACTION, "diameter": f"{DIAMETER} m", "spread": 1.2,
        "gap": "0.3 um", "seed": 1, "material": "NCM811",
    }  # fmt: skip
    return fem.Case.from_dict({
        "geometry": {
            "width": f"{columns * cell} m",
            "anode": {"thickness": "20 um"},
            "separator": {"material": "LPSCl", "thickness": "20 um"},
            "cathode": {"electrolyte": "LPSCl", "thickness": f"{4 * cell} m", "particles": bed},
        },
        "kinetics": {
            "anode": {"exchange_current_density": "320 A/m^2",
                      "double_layer_capacitance": "0.1 F/m^2"},
            "cathode": {"exchange_current_density": "2 A/m^2", "stoichiometry": 0.5,
                        "double_layer_capacitance": "0.2 F/m^2"},
        },
        "operation": {"kind": "protocol", "steps": [{"impedance": ["1 MHz", "1 mHz"]}]},
        "mechanics": {"enabled": False},
        "mesh": {"size": f"{size} um"},
    })  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--particles", type=int, default=40)
    parser.add_argument("--size", type=float, default=1.0)
    parser.add_argument("--lattice", action="store_true")
    asked = parser.parse_args()

    case = case_of(asked.particles, asked.size, asked.lattice)
    snapshot = case.replace({"operation": {"current_density": "10 A/m^2"}})
    began = time.process_time()
    fem.run(snapshot)
    unit = time.process_time() - began
    print(f"snapshot, cold            {unit:7.2f} s of one core")

    began = time.process_time()
    cell = Cell.of(case)
    state = resting(cell)
    taken = time.process_time() - began
    count = len(cell.mesh.geometry.particles)
    print(
        f"{count} particles in {len(cell.particles)} groups, "
        f"{len(cell.charge.space)} unknowns in the electrolyte"
    )
    print(f"the cell at rest          {taken:7.2f} s  {taken / unit:5.1f} snapshots")
    for processes in (False, True):
        began = time.process_time()
        found = about(cell, state, FREQUENCIES, processes)
        taken = time.process_time() - began
        words = f"and {len(found.without)} left out" if processes else ""
        print(
            f"91 frequencies {words:14} {taken:7.2f} s  {taken / unit:5.1f} snapshots, "
            f"{found.full} solutions in full"
        )


if __name__ == "__main__":
    main()
