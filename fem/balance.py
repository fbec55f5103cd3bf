"""The ledger of a run: lithium and charge are neither made nor lost, work becomes energy.

Charge is integrated on every surface by the rates of the steps; lithium in the particles is read
off their concentration fields, and plated lithium off the line. So an error of diffusion, of a
transfer between meshes or of stepping shows here, whatever model is used.
"""

from __future__ import annotations

from dataclasses import dataclass

from fem.constants import FARADAY
from fem.coupling import Cell
from fem.solve.stepping import Content, combine


@dataclass(frozen=True)
class Ledger:
    """Balances since the start of the run, per m of depth.

    Attributes
    ----------
    in_particles
        Change of lithium in the particles in mol.
    plated
        Lithium plated less stripped in mol.
    cathode, anode
        Charge given by the active material and by lithium in C; they cancel.
    throughput
        Charge that has gone through the cell, whatever its direction, in C.
    """

    in_particles: float
    plated: float
    cathode: float
    anode: float
    throughput: float

    @property
    def lithium_error(self) -> float:
        """Lithium lost or made, over all that was moved."""
        return self._relative(FARADAY * (self.in_particles + self.plated))

    @property
    def charge_error(self) -> float:
        """Charge that only one electrode gave, over all that was passed."""
        return self._relative(self.cathode + self.anode)

    def _relative(self, charge: float) -> float:
        return abs(charge) / self.throughput if self.throughput else 0.0


def ledger(cell: Cell, initial: Content, content: Content, throughput: float) -> Ledger:
    """The balances between two contents of a cell."""
    change = combine(content, (-1.0, initial))
    given = [float(q.sum()) for q in cell.given(change)]
    plated = sum(float(q.sum()) for q in cell.plated(change))
    amounts = [
        # A fixed stoichiometry stands for a store that is not part of the drawing.
        -charge / FARADAY if cell.fixed else float(model.amount(x).sum())
        for model, x, charge in zip(cell.diffusion, cell.stoichiometry(change), given, strict=True)
    ]
    return Ledger(sum(amounts), plated / FARADAY, sum(given), -plated, throughput)
