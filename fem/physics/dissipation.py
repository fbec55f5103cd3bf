"""What solids and bonds spend between two states in equilibrium: mean stresses times changes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fem.laws.solids import STRAIN
from fem.physics.elastic import BodyHistory
from fem.physics.faces import Faces, Parted
from fem.physics.solution import MechanicsSolution

Floats = NDArray[np.float64]


class Spent(NamedTuple):
    """Work in J per m of depth that cannot be had back: by flow, on bonds, by faces that rub."""

    flow: float
    bonds: float
    contact: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.flow + self.bonds + self.contact


def plastic_work(old: MechanicsSolution, new: MechanicsSolution) -> float:
    """Work of the mean stress on what inelastic strain has changed, in J per m of depth."""
    return sum(
        flow_work((before, after), new.law_of[body], old.stress(body), new.stress(body),
                  np.asarray(new.bodies[body].basis.dx))
        for body, (before, after) in enumerate(zip(old.history, new.history, strict=True))
        if any(STRAIN in history for history in after)
    )  # fmt: skip


def flow_work(
    histories: tuple[BodyHistory, BodyHistory],
    law_of: NDArray[np.int64],
    old: Floats,
    new: Floats,
    weights: Floats,
) -> float:
    """The same for one body: histories before and after, stresses (4, nt, nq), weights (nt, nq)."""
    total = 0.0
    for number, (before, after) in enumerate(zip(*histories, strict=True)):
        if STRAIN in after:
            mine = law_of == number
            mean = 0.5 * (old[:, mine] + new[:, mine])
            change = after[STRAIN] - before[STRAIN]
            total += float(((mean * change).sum(axis=0) * weights[mine]).sum())
    return total


def faces_work(faces: Faces | None, old: Parted | None, new: Parted | None) -> tuple[float, float]:
    """Work spent on bonds, and by faces that press on each other, in J per m of depth."""
    if faces is None or old is None or new is None:
        return 0.0, 0.0
    change = new.opening - old.opening
    pulls = [faces.pull(each.opening, each.bonding, 0.0)[0].traction for each in (old, new)]
    total = 0.5 * (old.traction + new.traction)
    bonds = 0.5 * (pulls[0] + pulls[1])
    stored = [faces.energy(each.opening, each.bonding) for each in (old, new)]
    of_bonds = float((bonds * change).sum(axis=0) @ faces.weights)
    of_contact = float(((total - bonds) * change).sum(axis=0) @ faces.weights)
    return of_bonds - (stored[1] - stored[0]), of_contact
