"""The table of particles that a run reports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ParticleTable:
    """One entry a particle in order of its id; arrays (n,).

    `current` is what it gives to the electrolyte in A per m of depth (positive on charge, zero if
    inactive); `stoichiometry` is nan for inactive particles and where the
    case gives none.
    """

    x: Floats
    y: Floats
    diameter: Floats
    active: NDArray[np.bool_]
    current: Floats
    stoichiometry: Floats
