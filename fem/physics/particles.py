"""Lithium in particles of active material: which are alike, and how it diffuses in them.

The state of a particle is its stoichiometry x. On its surface the current density i_n takes
lithium out, ``-D c_max grad(x) . n = i_n / F``. Three models answer the same questions:

* ``resolved``: Fick's law on the particle's triangles, with constant D or D(x);
* ``averaged``: one mean value, and the surface off it as in steady diffusion;
* ``fixed``: the stoichiometry does not change.

An implicit stage of any one-step method reads ``x = base + c dx/dt(x)`` with c in s. Inside the
particle it is linear, so all that the reactions need of it is the surface value as an affine
function of the nodal loads ``b_a = integral of i_n w_a ds``: `Condensed`.

Particles with equal meshes form a group (`fem.physics.congruent`): one matrix serves them all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import SuperLU, splu

from fem.constants import FARADAY
from fem.forms.diffusion import diffusion, mass, shapes
from fem.forms.interface import Edges
from fem.geometry import Phase
from fem.mesh import Ints, Mesh
from fem.mesh.layers import layered
from fem.physics.congruent import ParticleBundle, ParticleGroup
from fem.spaces import Space

Floats = NDArray[np.float64]
Diffusivity = float | Callable[[Floats], Floats]
"""In m^2/s: a constant, or a function of the stoichiometry."""
Kind = Literal["resolved", "averaged", "fixed"]

KEPT = 6
"""Numbers c for which factors of a constant matrix are kept: the stages of recent steps."""


class Condensed(ABC):
    """An implicit stage ``x = base + c dx/dt(x)``, solved for any nodal loads b."""

    response: Floats | None
    """Change of the surface values with the loads, (m, m) for all or (k, m, m), in 1/(A/m).

    `None` where loads change nothing.
    """

    @abstractmethod
    def state(self, base: Floats, loads: Floats) -> Floats:
        """The state (k, n) at loads b (k, m) in A per m of depth, b > 0 where lithium leaves."""

    @abstractmethod
    def surface(self, base: Floats) -> Floats:
        """The surface values (k, m) without loads; loads add ``response @ b``."""


class Diffusion(ABC):
    """How stoichiometry moves inside the particles of a group.

    States are arrays (k, size), loads are ``b_a = integral of i_n w_a ds`` (k, m) in A per m of
    depth, positive where lithium leaves.
    """

    size: int
    """Values in the state of one particle."""
    moves: ClassVar[bool] = True
    """Whether the stoichiometry follows the current."""

    def __init__(
        self, mesh: Mesh, group: ParticleGroup | ParticleBundle, max_concentration: float
    ) -> None:
        self.max_concentration = max_concentration
        self.areas = group.areas(mesh)
        """Of each particle (k,), in m^2."""

    def initial(self, stoichiometry: float) -> Floats:
        """The state (k, size) of uniform stoichiometry."""
        return np.full((len(self.areas), self.size), float(stoichiometry))

    def amount(self, state: Floats) -> Floats:
        """Lithium in each particle (k,) in mol per m of depth."""
        return np.asarray(self.max_concentration * self.areas * self.mean(state))

    @abstractmethod
    def mean(self, state: Floats) -> Floats:
        """Mean stoichiometry of each particle over its area (k,)."""

    def at_nodes(self, state: Floats) -> Floats:
        """The state at the mesh nodes of each particle (k, n), or its only value (k, 1)."""
        return state

    def projected(self, state: Floats) -> Floats:
        """The same as the P2 functions of the mesh that hold the same lithium, triangle by triangle
        as nearly as they can."""
        return state

    @abstractmethod
    def surface(self, state: Floats, loads: Floats | None = None) -> Floats:
        """Stoichiometry at the surface nodes (k, m); `loads` (none if left out) may bend it."""

    def at_surface(self) -> Floats:
        """1 for the values of a state that lie at the surface, else 0, to broadcast: (size,)."""
        return np.ones(self.size)

    @abstractmethod
    def condensed(self, c: float, guess: Floats) -> Condensed:
        """The stage ``x = base + c dx/dt(x)``, c >= 0 in s.

        Parameters
        ----------
        guess
            The state (k, size) near the solution at which D(x) is evaluated. If it is accurate to
            second order in the step, so is the method.
        """


def diffusion_model(
    kind: Kind,
    mesh: Mesh,
    group: ParticleGroup,
    max_concentration: float,
    diffusivity: Diffusivity,
    layers: int = 0,
) -> Diffusion:
    """The model `kind` of a group: ``resolved`` or ``averaged``.

    Parameters
    ----------
    max_concentration
        Lithium concentration at stoichiometry 1 in mol/m^3.
    diffusivity
        D in m^2/s, a constant or a function of the stoichiometry.
    layers
        How often the triangles at the surface are halved towards it, where resolved.
    """
    if kind == "averaged":
        return Averaged(mesh, group, max_concentration, diffusivity)
    return Resolved(mesh, group, max_concentration, diffusivity, layers)


# ---------------------------------------------------------------------- models without a gradient


class Fixed(Diffusion):
    """The stoichiometry stays as it is, whatever the current: for particles of any shape."""

    size = 1
    moves = False

    def __init__(self, mesh: Mesh, group: ParticleBundle, max_concentration: float) -> None:
        super().__init__(mesh, group, max_concentration)
        self._piece = group.patches(mesh).piece_of_node

    def mean(self, state: Floats) -> Floats:
        return state[:, 0]

    def surface(self, state: Floats, loads: Floats | None = None) -> Floats:
        return np.asarray(state[self._piece, 0])

    def condensed(self, c: float, guess: Floats) -> Condensed:
        return _Unchanged(self)


class _Unchanged(Condensed):
    """A stage in which nothing moves."""

    response = None

    def __init__(self, model: Diffusion) -> None:
        self._model = model

    def state(self, base: Floats, loads: Floats) -> Floats:
        return base

    def surface(self, base: Floats) -> Floats:
        return self._model.surface(base)


class Averaged(Diffusion):
    """One mean stoichiometry, and a surface value off it by what steady diffusion needs.

    A uniform current density i on a disc of radius R gives ``x_surface - x_mean = -i R / (4 F D
    c_max)`` in the steady state, and on one side of a slab of thickness L ``-i L / (3 F D c_max)``.
    For other round shapes R is twice the area over the perimeter.
    """

    size = 1

    def __init__(
        self, mesh: Mesh, group: ParticleGroup, max_concentration: float, diffusivity: Diffusivity
    ) -> None:
        super().__init__(mesh, group, max_concentration)
        self._diffusivity, self._nodes = diffusivity, len(group.surface)
        edges = Edges.of(mesh, mesh.interface_by_body(Phase.ACTIVE)[int(group.ids[0])])
        area = float(self.areas[0])
        flat = np.ptp(edges.normals, axis=(1, 2)).max() < 1e-9
        path = area / edges.length / (3.0 if flat else 2.0)
        charge_density = FARADAY * max_concentration
        self._bend = path / (edges.length * charge_density)
        self._taken = 1.0 / (area * charge_density)

    def mean(self, state: Floats) -> Floats:
        return state[:, 0]

    def surface(self, state: Floats, loads: Floats | None = None) -> Floats:
        total = 0.0 if loads is None else loads.sum(axis=1)
        value = state[:, 0] - self._offset(state) * total
        return np.repeat(value[:, None], self._nodes, axis=1)

    def condensed(self, c: float, guess: Floats) -> Condensed:
        return _Uniform(self._offset(guess), c * self._taken, self._nodes)

    def _offset(self, state: Floats) -> Floats:
        """Mean less surface value for a total load of 1 A/m: (k,), or (1,) for constant D."""
        d = self._diffusivity
        return self._bend / (d(state[:, 0]) if callable(d) else np.array([d]))


class _Uniform(Condensed):
    """All surface nodes at one value: the mean, less `offset` (k or 1,) times the total load."""

    def __init__(self, offset: Floats, taken: float, surface_nodes: int) -> None:
        self._taken = taken
        self._nodes = surface_nodes
        ones = np.ones((surface_nodes, surface_nodes))
        response = -(taken + offset)[:, None, None] * ones
        self.response = response[0] if len(offset) == 1 else response

    def state(self, base: Floats, loads: Floats) -> Floats:
        return np.asarray(base - self._taken * loads.sum(axis=1, keepdims=True))

    def surface(self, base: Floats) -> Floats:
        return np.repeat(base, self._nodes, axis=1)


# ---------------------------------------------------------------------------------- Fick's law


class Resolved(Diffusion):
    """Fick's law on the triangles.

    With constant D, one matrix serves all particles of the group; with D(x), each has its own.
    The states begin with the values at the nodes of the mesh; those of the layers into which the
    triangles at the surface are cut follow.
    """

    def __init__(
        self,
        mesh: Mesh,
        group: ParticleGroup,
        max_concentration: float,
        diffusivity: Diffusivity,
        layers: int = 0,
    ) -> None:
        super().__init__(mesh, group, max_concentration)
        self._surface = group.surface
        self._diffusivity = diffusivity
        self._nodes = group.state_nodes
        nodes = mesh.nodes[:, self._nodes[0]]
        self._layered = layered(group.triangles(mesh), nodes, group.surface[group.edges], layers)
        blocks = len(group) if callable(diffusivity) else 1
        fine, order = self._layered.mesh(nodes, mesh, blocks)
        self.size = order.shape[1]
        self._space = Space(fine, np.arange(len(fine.region)))
        self._order = self._space.number[order].ravel()
        self._mass = self._ordered(mass(self._space))
        self._weights = np.asarray(self._mass.sum(axis=0)).reshape(blocks, -1)
        self._known: dict[float, Condensed] = {}

    def mean(self, state: Floats) -> Floats:
        return np.asarray((state * self._weights).sum(axis=1) / self._weights.sum(axis=1))

    def surface(self, state: Floats, loads: Floats | None = None) -> Floats:
        return state[:, self._surface]

    def at_nodes(self, state: Floats) -> Floats:
        return state[:, : self._layered.prolongation.shape[1]]

    def projected(self, state: Floats) -> Floats:
        known = self._layered.prolongation
        if known.shape[0] == known.shape[1]:
            return state
        return np.asarray(self._projection.solve(known.T @ (self._one_mass @ state.T)).T)

    @cached_property
    def _one_mass(self) -> csr_matrix:
        """The mass matrix of one particle (size, size)."""
        return self._mass[: self.size, : self.size]

    @cached_property
    def _projection(self) -> SuperLU:
        known = self._layered.prolongation
        return splu((known.T @ self._one_mass @ known).tocsc())

    def places(self, mesh: Mesh) -> Floats:
        """Coordinates (k, size, 2) in m of the values of a state, on the mesh as it is now."""
        known = self._layered.prolongation
        return np.stack([known @ mesh.nodes[:, nodes].T for nodes in self._nodes])

    def at_surface(self) -> Floats:
        found = np.zeros(self.size)
        found[self._surface] = 1.0
        return found

    def condensed(self, c: float, guess: Floats) -> Condensed:
        if callable(self._diffusivity):
            return self._stage(c, self._variable_stiffness(guess, self._diffusivity))
        if c not in self._known:
            while len(self._known) >= KEPT:
                del self._known[next(iter(self._known))]
            self._known[c] = self._stage(c, self._constant_stiffness)
        return self._known[c]

    def _stage(self, c: float, stiffness: csr_matrix) -> Condensed:
        charge_density = FARADAY * self.max_concentration
        return _Stage(self._mass, stiffness, c, self._weights, self._surface, charge_density)

    @cached_property
    def _constant_stiffness(self) -> csr_matrix:
        value = np.full((len(self._space.elements), 1), self._diffusivity)
        return self._ordered(diffusion(self._space, value))

    def _variable_stiffness(
        self, guess: Floats, diffusivity: Callable[[Floats], Floats]
    ) -> csr_matrix:
        values = np.empty(len(self._space))
        values[self._order] = guess.ravel()
        at_points = values[self._space.triangles] @ shapes(self._space)
        return self._ordered(diffusion(self._space, diffusivity(at_points)))

    def _ordered(self, matrix: csr_matrix) -> csr_matrix:
        """Unknowns of the space in the order of the states, particle after particle."""
        return matrix[self._order][:, self._order]


class _Stage(Condensed):
    """``(M + c K) x = M base - c b / (F c_max)`` in B blocks, one for all particles or one each.

    Solved for the change ``x - base``, whose mean is known from the loads alone: it is put right
    after each solve, so that no lithium is lost to rounding however large c is.
    """

    def __init__(
        self,
        mass: csr_matrix,
        stiffness: csr_matrix,
        c: float,
        weights: Floats,
        surface: Ints,
        charge_density: float,
    ) -> None:
        self._drift = (-c * stiffness).tocsr()
        self._taken = c / charge_density
        self._weights = weights
        self._surface = surface
        self.response = None
        symmetric = {"SymmetricMode": True}
        matrix = (mass + c * stiffness).tocsc()
        self._lu = splu(matrix, "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=symmetric)
        if not c:
            return
        blocks, m = len(weights), len(surface)
        loads = np.zeros((blocks, weights.shape[1], m))
        loads[:, surface, np.arange(m)] = -self._taken
        response = self._solve(loads, np.full((blocks, m), -self._taken))[:, surface]
        self.response = response[0] if blocks == 1 else response

    def state(self, base: Floats, loads: Floats) -> Floats:
        blocks = len(self._weights)
        rows = base.reshape(blocks, -1, base.shape[1]).transpose(0, 2, 1)
        taken = -self._taken * loads.reshape(blocks, -1, loads.shape[1]).transpose(0, 2, 1)
        rhs = (self._drift @ rows.reshape(-1, rows.shape[2])).reshape(rows.shape)
        rhs[:, self._surface] += taken
        change = self._solve(rhs, taken.sum(axis=1))
        return np.asarray(base + change.transpose(0, 2, 1).reshape(base.shape))

    def surface(self, base: Floats) -> Floats:
        nothing = np.zeros((len(base), len(self._surface)))
        return np.asarray(self.state(base, nothing)[:, self._surface])

    def _solve(self, rhs: Floats, total: Floats) -> Floats:
        """Solution (B, n, r) of which the integral is `total` (B, r), the sum of `rhs`."""
        # One by one: on several right-hand sides, threads of BLAS wait for each other at every one
        # of the small blocks, up to 100 times longer than the work takes when the machine is busy.
        columns = rhs.reshape(-1, rhs.shape[2]).T
        found = np.stack([self._lu.solve(b) for b in columns], axis=1).reshape(rhs.shape)
        missing = total - np.einsum("bn,bnr->br", self._weights, found)
        found += (missing / self._weights.sum(axis=1)[:, None])[:, None]
        return np.asarray(found)
