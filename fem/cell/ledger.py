"""The ledger of a run: lithium and charge are neither made nor lost, work becomes energy.

Charge is integrated on every surface by the rates of the steps; lithium in the particles is read
off their concentration fields, and plated lithium off the line. So an error of diffusion, of a
transfer between meshes or of stepping shows here, whatever model is used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.cell.blocks import Content
from fem.cell.composition import Cell
from fem.cell.sites import stores
from fem.constants import FARADAY
from fem.forms.diffusion import shapes
from fem.laws.elasticity import hydrostatic
from fem.physics.dissipation import faces_work, plastic_work
from fem.physics.mechanics import MechanicsSolution
from fem.solve.stepping import combine

Floats = NDArray[np.float64]

LEAST_ENERGY = 1e-13
"""In J per m of depth: what a nanometre of lithium does against a pascal over 100 um."""
LEAST_SHARE = 1e-7
"""Of all lithium in the particles: less than this is not worth a relative error."""
TYPICAL = 3e4
"""Lithium in active material in mol/m^3, where the run does not read how much it is."""


@dataclass(frozen=True)
class Ledger:
    """Balances since the start of the run, per m of depth.

    Attributes
    ----------
    in_particles
        Change of lithium in the particles in mol.
    in_electrolyte
        Of that in the electrolyte: what was oxidised has given a mole for each of electrons.
    plated
        Lithium plated less stripped in mol.
    cathode, anode
        Charge given at the active material and by lithium in C; they cancel.
    throughput
        Charge that has gone through the cell, whatever its direction, in C.
    least
        What errors compare with at the least, in C: a share of all lithium that is far below any
        use, for cells that only rest.
    """

    in_particles: float
    plated: float
    cathode: float
    anode: float
    throughput: float
    least: float
    in_electrolyte: float = 0.0

    @property
    def lithium_error(self) -> float:
        """Lithium lost or made, over all that was moved."""
        return self._relative(FARADAY * (self.in_particles + self.plated + self.in_electrolyte))

    @property
    def charge_error(self) -> float:
        """Charge that only one electrode gave, over all that was passed."""
        return self._relative(self.cathode + self.anode)

    def _relative(self, charge: float) -> float:
        scale = max(self.throughput, self.least)
        return abs(charge) / scale if scale else 0.0


def ledger(cell: Cell, initial: Content, content: Content, throughput: float) -> Ledger:
    """The balances between two contents of a cell; particles count whether they react or not."""
    change = combine(content, (-1.0, initial))
    plated = float(cell.lithium.charge(change).sum())
    plated += sum(float(each.charge(change).sum()) for each in stores(cell))
    amount = held = given = 0.0
    for each in cell.particles:
        charge = float(each.charge(change).sum())
        given += charge
        # A fixed stoichiometry stands for a store that is not part of the drawing.
        amount += -charge / FARADAY if cell.fixed else float(each.amounts(change).sum())
        known = float(each.model.amount(each.stoichiometry(initial)).sum())
        held += known or TYPICAL * float(each.model.areas.sum())
    least = LEAST_SHARE * FARADAY * held
    side = sum(float(each.charge(change).sum()) for each in cell.oxidation)
    return Ledger(
        amount, plated / FARADAY, given + side, -plated, throughput, least, -side / FARADAY
    )


@dataclass(frozen=True)
class Passed:
    """What has gone through a cell since the start, by direction, per m of depth.

    Attributes
    ----------
    charged, discharged
        Charge of steps in time that charge, and of those that discharge, in C; never negative.
    energy_charged, energy_discharged
        Electrical energy taken up, and given, in J.
    """

    charged: float = 0.0
    discharged: float = 0.0
    energy_charged: float = 0.0
    energy_discharged: float = 0.0

    @property
    def throughput(self) -> float:
        """All charge whatever its direction in C."""
        return self.charged + self.discharged

    def after(self, charge: float, energy: float) -> Passed:
        """The same after a step; both are positive on charge."""
        return Passed(
            self.charged + max(charge, 0.0),
            self.discharged + max(-charge, 0.0),
            self.energy_charged + max(energy, 0.0),
            self.energy_discharged + max(-energy, 0.0),
        )


@dataclass(frozen=True)
class Work:
    """Work on solids since the start of a run and what has become of it, in J per m of depth.

    Attributes
    ----------
    done
        By plating against the pressure on lithium, by swelling against the stress in the particles,
        by electrolyte that shrinks against its tension, and by the stack's load.
    turned_over
        The same with every part counted positive, which errors compare with.
    plastic
        Spent on inelastic flow.
    bonds
        Spent on bonds that part: more than they could give back.
    contact
        Of faces that press on each other: friction, and what pressures do as faces touch or part
        within a step, which vanishes with its length.
    """

    done: float = 0.0
    turned_over: float = 0.0
    plastic: float = 0.0
    bonds: float = 0.0
    contact: float = 0.0

    def after(self, old: MechanicsSolution, new: MechanicsSolution, change: Floats) -> Work:
        """The work once the thickness at the mesh nodes has changed by `change` (N,) in m.

        Mean forces times changes: in equilibrium at both ends that is the work on the solids to
        rounding, and it is exact where solids are linear.
        """
        plating = 0.5 * float((old.plating_forces + new.plating_forces) @ change)
        load = new.load_work - old.load_work
        parts = (plating, load, -_swelling_work(old, new), _shrinking_work(old, new))
        bonds, contact = faces_work(new.faces, old.parted, new.parted)
        return Work(
            self.done + sum(parts),
            self.turned_over + sum(abs(part) for part in parts),
            self.plastic + plastic_work(old, new),
            self.bonds + bonds,
            self.contact + contact,
        )

    @property
    def spent(self) -> float:
        """What elastic energy does not hold."""
        return self.plastic + self.bonds + self.contact

    def error(self, energy: float) -> float:
        """Work that is not found in the change of elastic `energy` or spent, over all of it."""
        return abs(energy + self.spent - self.done) / max(self.turned_over, LEAST_ENERGY)


def _shrinking_work(old: MechanicsSolution, new: MechanicsSolution) -> float:
    """Work on solids of electrolyte that loses volume, in J per m of depth."""
    if old.lost is None or new.lost is None:
        return 0.0
    return 0.5 * float((old.shrinking_forces + new.shrinking_forces) @ (new.lost - old.lost))


def _swelling_work(old: MechanicsSolution, new: MechanicsSolution) -> float:
    """Work of the stress on growing particles, in J per m of depth."""
    if old.swelling is None or new.swelling is None:
        return 0.0
    space = new.bodies[0]
    change = (new.swelling - old.swelling) @ shapes(space)
    if change.ndim == 3:  # a strain xx, yy, zz, 2xy
        density = (0.5 * (old.stress() + new.stress()) * change).sum(axis=0)
    else:
        density = 0.5 * (hydrostatic(old.stress()) + hydrostatic(new.stress())) * change
    return float((density * np.asarray(space.basis.dx)).sum())
