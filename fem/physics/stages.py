"""Implicit stages of diffusion, ``x = base + c dx/dt(x)``, solved for any nodal loads.

Inside a particle a stage is linear: what loads do to it is known once and for all. With
``c = 1 / (j omega)`` a stage is a sine wave, and all that it says is complex.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import splu

from fem.mesh import Ints

Floats = NDArray[np.float64]
Response = NDArray[Any]
"""Of floats, or of complex numbers where c is."""
SYMMETRIC = {"SymmetricMode": True}


class Condensed(ABC):
    """An implicit stage ``x = base + c dx/dt(x)``, solved for any nodal loads b."""

    response: Response | None
    """Change of the surface values with the loads, (m, m) for all or (k, m, m), in 1/(A/m).

    `None` where loads change nothing.
    """

    @abstractmethod
    def unloaded(self, base: Floats) -> Floats:
        """The state (k, n) without loads."""

    @abstractmethod
    def loaded(self, unloaded: Floats, loads: Floats) -> Floats:
        """The state (k, n) at loads b (k, m) in A per m of depth, b > 0 where lithium leaves.

        What is `unloaded` needs to be found only once for any number of loads.
        """

    @abstractmethod
    def at_surface(self, unloaded: Floats) -> Floats:
        """The surface values (k, m) of a state without loads; loads add ``response @ b``."""

    def state(self, base: Floats, loads: Floats) -> Floats:
        """The state (k, n) at loads b (k, m)."""
        return self.loaded(self.unloaded(base), loads)

    def surface(self, base: Floats) -> Floats:
        """The surface values (k, m) without loads."""
        return self.at_surface(self.unloaded(base))


class Unchanged(Condensed):
    """A stage in which nothing moves, of one value for each `piece` of the surface nodes (k, m)."""

    response = None

    def __init__(self, piece: Ints) -> None:
        self._piece = piece

    def unloaded(self, base: Floats) -> Floats:
        return base

    def loaded(self, unloaded: Floats, loads: Floats) -> Floats:
        return unloaded

    def at_surface(self, unloaded: Floats) -> Floats:
        return np.asarray(unloaded[self._piece, 0])


class Uniform(Condensed):
    """All surface nodes at one value: the mean, less `offset` (k or 1,) times the total load."""

    def __init__(self, offset: Floats, taken: complex, surface_nodes: int) -> None:
        self._taken = taken
        self._nodes = surface_nodes
        ones = np.ones((surface_nodes, surface_nodes))
        response = -(taken + offset)[:, None, None] * ones
        self.response = response[0] if len(offset) == 1 else response

    def unloaded(self, base: Floats) -> Floats:
        return base

    def loaded(self, unloaded: Floats, loads: Floats) -> Floats:
        return np.asarray(unloaded - self._taken * loads.sum(axis=1, keepdims=True))

    def at_surface(self, unloaded: Floats) -> Floats:
        return np.repeat(unloaded, self._nodes, axis=1)


class Gradient(Condensed):
    """``(M + c K) x = M base - c b / (F c_max)`` in B blocks, one for all particles or one each.

    Solved for the changes that drift and loads make, whose means are known from the loads alone:
    they are put right after each solve, so that no lithium is lost to rounding however large c is.
    """

    def __init__(
        self,
        mass: csr_matrix,
        stiffness: csr_matrix,
        c: complex,
        weights: Floats,
        surface: Ints,
        charge_density: float,
    ) -> None:
        self._drift = (-c * stiffness).tocsr()
        self._weights = weights
        self._surface = surface
        self.response = None
        self._changes: Response | None = None
        if not c:
            return
        matrix = (mass + c * stiffness).tocsc()
        # Columns one by one: supernodes of larger problems do not pay here.
        self._lu = splu(matrix, "MMD_AT_PLUS_A", 0.0, relax=1, panel_size=1, options=SYMMETRIC)
        blocks, m, taken = len(weights), len(surface), c / charge_density
        loads = np.zeros((blocks, weights.shape[1], m), dtype=type(c))
        loads[:, surface, np.arange(m)] = -taken
        self._changes = self._solve(loads, np.full((blocks, m), -taken))
        response = self._changes[:, surface]
        self.response = response[0] if blocks == 1 else response

    def unloaded(self, base: Floats) -> Floats:
        if self._changes is None:
            return base
        blocks = len(self._weights)
        rows = base.reshape(blocks, -1, base.shape[1]).transpose(0, 2, 1)
        rhs = (self._drift @ rows.reshape(-1, rows.shape[2])).reshape(rows.shape)
        change = self._solve(rhs, np.zeros((blocks, rows.shape[2])))
        return np.asarray(base + change.transpose(0, 2, 1).reshape(base.shape))

    def loaded(self, unloaded: Floats, loads: Floats) -> Floats:
        if self._changes is None:
            return unloaded
        blocks = len(self._weights)
        given = loads.reshape(blocks, -1, loads.shape[1])
        change = given @ self._changes.transpose(0, 2, 1)
        return np.asarray(unloaded + change.reshape(unloaded.shape))

    def at_surface(self, unloaded: Floats) -> Floats:
        return np.asarray(unloaded[:, self._surface])

    def _solve(self, rhs: Response, total: Response) -> Response:
        """Solution (B, n, r) of which the integral is `total` (B, r), the sum of `rhs`."""
        # One by one: on several right-hand sides, threads of BLAS wait for each other at every one
        # of the small blocks, up to 100 times longer than the work takes when the machine is busy.
        columns = rhs.reshape(-1, rhs.shape[2]).T
        found = np.stack([self._lu.solve(b) for b in columns], axis=1).reshape(rhs.shape)
        missing = total - np.einsum("bn,bnr->br", self._weights, found)
        found += (missing / self._weights.sum(axis=1)[:, None])[:, None]
        return np.asarray(found)


class Waves:
    """The response of surface values to loads in ``(M + c K) x = -c b / (F c_max)`` alone, any c.

    Of alike unknowns in each of B blocks; the surface is eliminated last, so that what factors
    leave of it is the answer, and nothing is solved for (`Gradient` does for each surface node).
    """

    def __init__(self, mass: csr_matrix, surface: Ints, blocks: int, charge_density: float) -> None:
        self._size = mass.shape[0] // blocks
        self._starts = self._size * np.arange(blocks)
        self._charge_density = charge_density
        inner = np.setdiff1d(np.arange(self._size), surface)
        self._inner = len(inner)
        # Mass and stiffness have entries at the same places: one order serves all c.
        one = mass[inner][:, inner].tocsc()
        found = splu(one, "MMD_AT_PLUS_A", 0.0, relax=1, panel_size=1, options=SYMMETRIC)
        self._order = np.concatenate([inner[np.argsort(found.perm_c)], surface])

    def response(self, mass: csr_matrix, stiffness: csr_matrix, c: complex) -> Response:
        """Change of the surface values with the loads, (m, m) or (B, m, m), in 1/(A/m)."""
        matrix = (mass + c * stiffness).tocsr()
        found = np.stack([self._left(matrix, self._order + start) for start in self._starts])
        response = -c / self._charge_density * np.linalg.inv(found)
        return response[0] if len(response) == 1 else response

    def _left(self, matrix: csr_matrix, order: Ints) -> Response:
        """What elimination of all but the last unknowns of an order leaves of these (m, m)."""
        block, n = matrix[order][:, order].tocsc(), self._inner
        lu = splu(block, "NATURAL", 0.0, relax=1, panel_size=1, options=SYMMETRIC)
        return np.asarray((lu.L[n:, n:] @ lu.U[n:, n:]).toarray())
