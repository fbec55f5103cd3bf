"""What a run reports of particles: a table of them, and the current along their rims."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.frozen import Frozen

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ParticleTable(Frozen):
    """One entry a particle in order of its id; arrays (n,).

    `inactivity` says why it does not react (`fem.geometry.Inactivity`), empty if it does.
    `current` is what it gives to the electrolyte in A per m of depth (positive on charge, zero if
    inactive); `stoichiometry` is nan for inactive particles and where the case gives none.
    `since` is the time in s since which a particle does not react, nan for one that does or was
    inactive as drawn; `open_fraction` the share of its surface on the electrolyte whose gap is
    open, nan where faces do not part. `axis` and `tilt` are angles in rad of the axis of its
    crystal, from the x axis and out of the plane; nan where the case gives none. `interphase` is
    the mean thickness in m of oxidised electrolyte on it, and `side_charge` what that has given
    since the start in C per m of depth; nan where none is oxidised.
    """

    x: Floats
    y: Floats
    diameter: Floats
    inactivity: NDArray[np.str_]
    current: Floats
    stoichiometry: Floats
    since: Floats
    open_fraction: Floats
    axis: Floats
    tilt: Floats
    interphase: Floats
    side_charge: Floats

    @property
    def active(self) -> NDArray[np.bool_]:
        """Whether each particle reacts."""
        return np.asarray(self.inactivity == "")


@dataclass(frozen=True, eq=False)
class Rims(Frozen):
    """Where particles meet electrolyte, in short pieces; arrays (n,).

    `particle` is the id of the particle, `length` that of the piece in m, and `current_density`
    what the particle gives there in A/m^2 (positive on charge). Length times current density adds
    up to the currents of `ParticleTable`. Rims of particles that are inactive as drawn are left
    out.
    """

    particle: NDArray[np.int64]
    length: Floats
    current_density: Floats
