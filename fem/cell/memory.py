"""What solids remember, as blocks of a cell's state: histories at points, and how faces stand.

All of it is held: a step reads it as it was, and sets it anew when it is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.cell.blocks import Block, Content, Place
from fem.laws.bonds import GAP, SLIP
from fem.physics.equilibrium import History
from fem.physics.faces import Parted
from fem.physics.mechanics import MechanicsProblem, MechanicsSolution

Floats = NDArray[np.float64]

SOLIDS, FACES = "solids", "faces"
UNITS = {"opening": "m", "lag": "m", "resistance": "Pa", "released": "J/m"}
"""Of what laws remember; what is not here is a strain."""


@dataclass(frozen=True)
class SolidMemory:
    """Packs what a mechanics problem remembers into blocks, and takes it out again."""

    problem: MechanicsProblem

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Of virgin solids whose faces were never parted."""
        found = []
        for name, values in self._packed(self.problem.start(), self._start).items():
            last = name.rpartition(".")[2]
            place = Place.FACES if name.startswith(FACES) else Place.SOLID_POINTS
            unit = UNITS.get(last, "1" if last != "unknowns" else "m")
            laws = name.count(".") > 1  # what is remembered at points, not where faces stand
            found.append(
                Block(name, unit, f"{last} of solids", place, values, evolves=False, adds_up=laws)
            )
        size = self.problem.map.matrix.shape[1] + self.problem.generalised
        start = np.zeros(size)
        found.append(
            Block(
                f"{SOLIDS}.unknowns",
                "m",
                "where Newton's method starts from",
                Place.SOLID_POINTS,
                start,
                evolves=False,
            )
        )
        return tuple(found)

    @property
    def _start(self) -> Parted | None:
        return None if self.problem.faces is None else self.problem.faces.start()

    def history(self, held: Content) -> History:
        """What the laws of all bodies remember."""
        return tuple(
            tuple(
                {key: held[f"{SOLIDS}.{body}.{law}.{key}"] for key in history}
                for law, history in enumerate(laws)
            )
            for body, laws in enumerate(self.problem.start())
        )

    def parted(self, held: Content) -> Parted | None:
        """How faces stand to each other; `None` where none may part."""
        start = self._start
        if start is None:
            return None
        bonding = tuple(
            {key: held[f"{FACES}.{kind}.{key}"] for key in history}
            for kind, history in enumerate(start.bonding)
        )
        opening = np.stack([held[f"{FACES}.gap"], held[f"{FACES}.slip"]])
        traction = np.stack([held[f"{FACES}.tension"], held[f"{FACES}.shear"]])
        released = float(held[f"{FACES}.released"][0])
        return Parted(opening, traction, held[f"{FACES}.closed"] > 0.0, bonding, released=released)

    def known(self, held: Content) -> Parted:
        """The same where some may."""
        found = self.parted(held)
        assert found is not None
        return found

    def packed(self, solution: MechanicsSolution) -> dict[str, Floats]:
        """What a solved state remembers."""
        assert solution.unknowns is not None
        return self._packed(solution.history, solution.parted) | {
            f"{SOLIDS}.unknowns": solution.unknowns
        }

    def restarted(self, history: History) -> dict[str, Floats]:
        """A history that solids go on with from rest, in the shape that this problem has."""
        size = self.problem.map.matrix.shape[1] + self.problem.generalised
        return self._packed(history, None) | {f"{SOLIDS}.unknowns": np.zeros(size)}

    @staticmethod
    def _packed(histories: History, parted: Parted | None) -> dict[str, Floats]:
        found = {
            f"{SOLIDS}.{body}.{law}.{key}": np.asarray(values)
            for body, laws in enumerate(histories)
            for law, history in enumerate(laws)
            for key, values in history.items()
        }
        if parted is not None:
            found |= {
                f"{FACES}.gap": parted.opening[GAP],
                f"{FACES}.slip": parted.opening[SLIP],
                f"{FACES}.tension": parted.traction[GAP],
                f"{FACES}.shear": parted.traction[SLIP],
                f"{FACES}.closed": parted.closed.astype(float),
                f"{FACES}.released": np.array([parted.released]),
            }
            found |= {
                f"{FACES}.{kind}.{key}": np.asarray(values)
                for kind, history in enumerate(parted.bonding)
                for key, values in history.items()
            }
        return found
