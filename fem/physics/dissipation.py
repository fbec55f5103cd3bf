"""What solids and bonds spend between two states in equilibrium: mean stresses times changes."""

from __future__ import annotations

import numpy as np

from fem.physics.solution import MechanicsSolution

STRAIN = "inelastic_strain"
"""Under which laws of solids remember their inelastic strain (4, nt, nq), 2xy last."""


def plastic_work(old: MechanicsSolution, new: MechanicsSolution) -> float:
    """Work of the mean stress on what inelastic strain has changed, in J per m of depth."""
    total = 0.0
    for body, (before, after) in enumerate(zip(old.history, new.history, strict=True)):
        if not any(STRAIN in history for history in after):
            continue
        mean = 0.5 * (old.stress(body) + new.stress(body))
        weights = np.asarray(new.bodies[body].basis.dx)
        for number, history in enumerate(after):
            if STRAIN in history:
                mine = new.law_of[body] == number
                change = history[STRAIN] - before[number][STRAIN]
                total += float(((mean[:, mine] * change).sum(axis=0) * weights[mine]).sum())
    return total


def faces_work(old: MechanicsSolution, new: MechanicsSolution) -> tuple[float, float]:
    """Work spent on bonds, and by faces that press on each other, in J per m of depth."""
    faces = new.faces
    if faces is None or old.parted is None or new.parted is None:
        return 0.0, 0.0
    change = new.parted.opening - old.parted.opening
    pulls = [faces.pull(each.opening, each.bonding, 0.0)[0].traction for each in
             (old.parted, new.parted)]  # fmt: skip
    total = 0.5 * (old.parted.traction + new.parted.traction)
    bonds = 0.5 * (pulls[0] + pulls[1])
    stored = [faces.energy(each.opening, each.bonding) for each in (old.parted, new.parted)]
    of_bonds = float((bonds * change).sum(axis=0) @ faces.weights)
    of_contact = float(((total - bonds) * change).sum(axis=0) @ faces.weights)
    return of_bonds - (stored[1] - stored[0]), of_contact
