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
from fem.mesh import Mesh
from fem.mesh.layers import layered
from fem.physics.congruent import ParticleBundle, ParticleGroup
from fem.physics.stages import Condensed, Gradient, Response, Unchanged, Uniform, Waves
from fem.spaces import Space

Floats = NDArray[np.float64]
Diffusivity = float | Callable[[Floats], Floats]
"""In m^2/s: a constant, or a function of the stoichiometry."""
Kind = Literal["resolved", "averaged", "fixed"]

KEPT = 6
"""Numbers c for which factors of a constant matrix are kept: the stages of recent steps."""


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
    def condensed(self, c: complex, guess: Floats) -> Condensed:
        """The stage ``x = base + c dx/dt(x)``, c >= 0 in s; ``1 / (j omega)`` of a sine wave.

        Parameters
        ----------
        guess
            The state (k, size) near the solution at which D(x) is evaluated. If it is accurate to
            second order in the step, so is the method.
        """

    def following(self, c: complex, guess: Floats) -> Response | None:
        """How surface values follow loads in that stage: its `response` alone."""
        return self.condensed(c, guess).response


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

    def condensed(self, c: complex, guess: Floats) -> Condensed:
        return Unchanged(self._piece)


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

    def condensed(self, c: complex, guess: Floats) -> Condensed:
        return Uniform(self._offset(guess), c * self._taken, self._nodes)

    def _offset(self, state: Floats) -> Floats:
        """Mean less surface value for a total load of 1 A/m: (k,), or (1,) for constant D."""
        d = self._diffusivity
        return self._bend / (d(state[:, 0]) if callable(d) else np.array([d]))


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
        self._known: dict[complex, Condensed] = {}

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

    def condensed(self, c: complex, guess: Floats) -> Condensed:
        if callable(self._diffusivity):
            return self._stage(c, self._stiffness(guess))
        if c not in self._known:
            while len(self._known) >= KEPT:
                del self._known[next(iter(self._known))]
            self._known[c] = self._stage(c, self._constant_stiffness)
        return self._known[c]

    def following(self, c: complex, guess: Floats) -> Response | None:
        if not isinstance(c, complex):
            return super().following(c, guess)
        return self._waves.response(self._mass, self._stiffness(guess), c)

    @cached_property
    def _waves(self) -> Waves:
        blocks = len(self._weights)
        return Waves(self._mass, self._surface, blocks, FARADAY * self.max_concentration)

    def _stage(self, c: complex, stiffness: csr_matrix) -> Condensed:
        charge_density = FARADAY * self.max_concentration
        return Gradient(self._mass, stiffness, c, self._weights, self._surface, charge_density)

    def _stiffness(self, guess: Floats) -> csr_matrix:
        if callable(self._diffusivity):
            return self._variable_stiffness(guess, self._diffusivity)
        return self._constant_stiffness

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
