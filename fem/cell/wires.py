"""The wires of a cell as they are in a state: contacts that fade, and the resistance of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from fem.case import Case
from fem.cell.blocks import Content
from fem.cell.build import web_of
from fem.cell.memory import SolidMemory
from fem.cell.paths import Paths
from fem.cell.stress import Stress
from fem.errors import InputError
from fem.mesh import Mesh
from fem.physics.wiring import Network, Web

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Wires:
    """How electrons get to the particles.

    Attributes
    ----------
    web
        As drawn; `None` where they meet no resistance.
    paths, memory
        Which contacts may let go, and how faces stand in a state; `None` where none does.
    width
        Of the cell in m.
    """

    web: Web | None
    paths: Paths | None
    memory: SolidMemory | None
    width: float

    @classmethod
    def of(cls, case: Case, mesh: Mesh, stress: Stress | None) -> Self:
        """Those of a cell.

        Raises
        ------
        InputError
            If contacts are to fade while no particles share faces.
        """
        paths = None if stress is None else stress.paths
        if getattr(case.geometry.wiring, "fading", False) and paths is None:
            raise InputError(
                "no particles share faces that could part, so that no contact fades",
                key=f"geometry.{case.geometry.source or 'cathode'}.wiring.fading",
                given=True,
                cure='draw particles that overlap, with overlap = "clip", or remove fading',
            )
        memory = None if stress is None else stress.memory
        return cls(web_of(case, mesh), paths, memory, mesh.geometry.width)

    def network(self, held: Content) -> Network | None:
        """The network of a state; `None` where it is as drawn."""
        if self.web is None or self.paths is None or not self.paths.fading:
            return None
        return self.web.network(self._share(held))

    def resistance(self, held: Content) -> float | None:
        """Resistance times area in ohm m^2 from an electrode on top to the collector.

        Infinite where no path leads there; `None` where electrons meet no resistance.
        """
        if self.web is None:
            return None
        across = self.web.across(self._share(held))
        return self.width / across if across > 0.0 else np.inf

    def _share(self, held: Content) -> Floats | float:
        """Share of what contacts conduct as drawn."""
        if self.web is None or self.paths is None or self.memory is None:
            return 1.0
        parted = self.memory.parted(held)
        return 1.0 if parted is None else self.paths.shares(parted, self.web.pairs)
