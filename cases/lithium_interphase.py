"""
Interphase at lithium by local rate: Zheng 2023 and Zhou 2025
=============================================================

Zheng et al. (Sci. Bull. 68 (2023) 813) etch the lithium of two cells after 100 cycles. That of the
bare cathode has sulfides and polysulfides down to the deepest etch, 160 nm; that of the coated one
has few. They conclude that uneven currents speed up the side reaction. Zhou et al. (ACS Energy
Lett. 10 (2025) 966) find that the impedance of lithium on the electrolyte grows less where the
cathode has fine electrolyte. This script asks what a law of growth must be for uneven currents to
do that.

Assumed: what is plated reduces electrolyte besides, a share of its own thickness that goes with a
power m - 1 of the local current density, so that the rate goes with its power m; the layer
resists nothing. The bare cathode has a part of its particles dead in the middle, the coated one
has none; both are charged with 7.7 A/m2 (Zheng's tomography cell at 0.1 C) from x = 0.9 to 4.2 V.
The share is not known: one of 1e-4 is taken, and what 160 nm in 100 such charges would ask for is
told. Zhou's cells are those of ``zhou2025_cell.toml`` at one instant, with coarse and with fine
grains; their layers grow by the currents of that instant.

Expected: thicker opposite live particles; the coated layer less than half of the bare one; coarse
above fine. It would be refuted as a cause if the bare layer were no thicker than the coated one for
any m, or the powers needed differed from those that a cell shows at different currents.

``docs/interphases.md`` has what came out.

Run it with ``python cases/lithium_interphase.py [--part zheng|zhou] [--seeds N] [--size "5 um"]``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fem
from fem.results.result import Result

Floats = NDArray[np.float64]

FOLDER = Path(__file__).parent
FLAT, GRAINS = FOLDER / "zheng2023_flat.toml", FOLDER / "zhou2025_cell.toml"
CURRENT = 7.7
"""In A/m2: 0.1 C of the cell that was etched."""
SHARE = 1e-4
"""Electrolyte reduced over lithium plated at that current density: an assumption."""
DEEP, CYCLES = 160e-9, 100
POWERS = (1.0, 2.0, 4.0, 8.0)
DEAD: Mapping[str, Sequence[str] | None] = {
    "all live": None,
    "a third dead": ("140 um", "280 um"),
    "two thirds dead": ("70 um", "350 um"),
}
FINE = {"geometry.cathode.particles.grains.diameter": "1.7 um"}


# %%
# Zheng: dead particles in the middle


@dataclass(frozen=True)
class Layer:
    """A layer after one charge: its mean, and its thickness at the wall and in the middle (m).

    Opposite a wall all particles are live; in the middle they are not, in a cell that has dead
    ones. `plated` is the mean thickness of the lithium.
    """

    mean: float
    live: float
    dead: float
    plated: float

    @property
    def share_for_the_paper(self) -> float:
        """That makes the layer opposite live particles 160 nm thick in 100 such charges."""
        return SHARE * DEEP / (CYCLES * self.live)


def zheng(dead: Sequence[str] | None, power: float, size: str, changes: Mapping[str, Any]) -> Layer:
    """Charge the flat cell of the paper to 4.2 V."""
    law: dict[str, Any] = {"growth": "linear", "plating_share": SHARE}
    if power != 1.0:
        law |= {"plating_exponent": power, "reference_current_density": f"{CURRENT} A/m^2"}
    case = fem.Case.load(
        FLAT,
        {
            "title": "Zheng 2023: interphase at lithium",
            "inactive": {} if dead is None else {"between": list(dead)},
            "kinetics.cathode.stoichiometry": 0.9,
            "kinetics.cathode.diffusion": "averaged",
            "operation": {
                "kind": "protocol",
                "temperature": "303.15 K",
                "steps": [{"charge": f"{CURRENT} A/m^2", "until": {"voltage": "4.2 V"}}],
            },
            "mechanics": {"enabled": False},
            "interphase.lithium_electrolyte": law,
            "stepping": {"tolerance": 1e-2, "stoichiometry": 0.05, "thickness": "2 um"},
            "mesh": {"size": size},
            **changes,
        },
    )
    return _read(fem.run(case))


def _read(result: Result) -> Layer:
    anode, grown = result.anode, result.anode.interphase
    assert grown is not None
    ends = np.interp([0.0, 0.5 * result.geometry.width], anode.x, grown)
    return Layer(anode.mean(grown), float(ends[0]), float(ends[1]), anode.mean(anode.thickness))


def zheng_table(size: str, changes: Mapping[str, Any]) -> Iterator[str]:
    """Layers by power and share of dead particles, over those of the cell with none."""
    yield (
        f"{'m':>4}  {'cell':16}{'plated':>9}{'opposite live':>15}{'middle':>9}"
        f"{'live/coated':>13}{'per charge':>12}{'share for 160 nm':>18}"
    )
    for power in POWERS:
        coated: Layer | None = None
        for name, dead in DEAD.items():
            found = zheng(dead, power, size, changes)
            coated = coated or found
            ratio = found.live / coated.live
            yield (
                f"{power:4g}  {name:16}{1e6 * found.plated:6.2f} um"
                f"{1e9 * found.live:12.4g} nm{1e9 * found.dead:6.4g} nm{ratio:13.3f}"
                f"{ratio * coated.plated / found.plated:12.3f}"
                f"{100 * found.share_for_the_paper:16.3g} %"
            )


# %%
# Zhou: coarse and fine electrolyte


def zhou(changes: Mapping[str, Any]) -> Floats:
    """Means along the lithium of ``(i / mean)^m``, by power: layers over that of even current."""
    anode = fem.run(fem.Case.load(GRAINS, changes)).anode
    even = anode.mean(anode.plating)
    return np.array([anode.mean((anode.plating / even) ** power) for power in POWERS])


def zhou_table(seeds: Sequence[int], changes: Mapping[str, Any]) -> Iterator[str]:
    """Excess of the layers over that of an even current, coarse and fine, and which is larger."""
    seed = "geometry.cathode.particles.seed"
    found = {
        name: np.array([zhou({**changes, **grains, seed: k}) for k in seeds]) - 1.0
        for name, grains in (("coarse", {}), ("fine", FINE))
    }
    yield "Layer at lithium over that of an even current, less 1; means of the seeds"
    yield f"{'':8}" + "".join(f"{f'm = {power:g}':>12}" for power in POWERS)
    for name, values in found.items():
        yield f"{name:8}" + "".join(f"{value:12.2e}" for value in values.mean(axis=0))
    wins = (found["coarse"] > found["fine"]).sum(axis=0)[1:]
    yield "coarse above fine in " + ", ".join(f"{win} of {len(seeds)}" for win in wins) + " pairs"


def main(
    parts: Sequence[str] = ("zheng", "zhou"),
    seeds: int = 3,
    size: str = "5 um",
    changes: Mapping[str, Any] | None = None,
) -> list[str]:
    """Run, print and return the tables."""
    lines: list[str] = []
    tables = {
        "zheng": lambda: zheng_table(size, changes or {}),
        "zhou": lambda: zhou_table(range(1, seeds + 1), {"mesh.size": "0.8 um", **(changes or {})}),
    }
    for part in parts:
        for line in tables[part]():
            print(line, flush=True)
            lines.append(line)
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Interphase at lithium by local rate.")
    parser.add_argument("--part", choices=("zheng", "zhou"), nargs="+", default=["zheng", "zhou"])
    parser.add_argument("--seeds", type=int, default=3, help="samples of each powder")
    parser.add_argument("--size", default="5 um", help="elements of the flat cell")
    given = parser.parse_args()
    main(given.part, given.seeds, given.size)
