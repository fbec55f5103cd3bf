"""What the verification tests of diffusion share: particles, their time steps, loads on them.

Everything is in units in which F c_max = 1, so that a current density is a flux of stoichiometry.
The time steps are written here once more, with the stages of the package and nothing else of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from harness import Field, Floats, family, geometry, l2_error, polygon
from skfem import Basis, ElementTriP2, MeshTri

from fem.constants import FARADAY
from fem.geometry.curves import Arc
from fem.geometry.types import OUTSIDE, Geometry, Outline, Phase
from fem.mesh import Mesh, assemble
from fem.physics.congruent import ParticleGroup, groups
from fem.physics.particles import Condensed, Diffusion, Diffusivity, Kind, diffusion_model
from fem.spaces import Space

UNIT = 1.0 / FARADAY
"""The concentration c_max with F c_max = 1."""

# ---------------------------------------------------------------------------- shapes


def disc_in_ring(outer: float = 1.25) -> Geometry:
    """Active material of radius 1 (region 1) inside a ring of electrolyte (region 0)."""
    quarters = [(0.5 * np.pi * q, 0.5 * np.pi * (q + 1)) for q in range(4)]
    return geometry(
        [Outline(Arc((0.0, 0.0), (outer, outer), q), 0, OUTSIDE) for q in quarters]
        + [Outline(Arc((0.0, 0.0), (1.0, 1.0), q), 1, 0) for q in quarters],
        (Phase.ELECTROLYTE, Phase.ACTIVE),
    )


def discs(size: float, count: int) -> list[Particle]:
    """Discs of radius 1 on nested meshes."""
    return [Particle.of(mesh) for mesh in family(disc_in_ring(), size, count)]


def layers(ticks: Floats, width: float, phases: Sequence[Phase], heights: Sequence[float]) -> Mesh:
    """Flat layers, one above the other from y = 0, in one column of rectangles cut in two.

    Parameters
    ----------
    ticks
        Where y is divided; `heights`, the upper ends of the layers, must be among them.
    """
    plain = MeshTri.init_tensor(np.array([0.0, width]), ticks)
    ends = np.array([0.0, *heights])
    outlines, pairs, outline = [], [], []
    for k, (low, high) in enumerate(pairwise(ends)):
        below = k - 1 if k else OUTSIDE
        bottom, right, top, left = polygon((0.0, low), (width, low), (width, high), (0.0, high))
        outlines += [Outline(bottom, k, below), Outline(right, k, OUTSIDE)]
        outlines += [Outline(left, k, OUTSIDE)]
        if k == len(heights) - 1:
            outlines.append(Outline(top, k, OUTSIDE))
    drawn = geometry(outlines, phases)
    facets = plain.facets.T.astype(np.int64)
    middle = plain.p[:, facets].mean(axis=2)
    for number, o in enumerate(outlines):
        (x0, y0), (x1, y1) = o.curve.point(np.array([0.0, 1.0])).T
        on = np.abs((middle[0] - x0) * (y1 - y0) - (middle[1] - y0) * (x1 - x0)) < 1e-12 * width
        on &= (middle[1] >= min(y0, y1) - 1e-12 * width) & (
            middle[1] <= max(y0, y1) + 1e-12 * width
        )
        pairs.append(facets[on])
        outline.append(np.full(int(on.sum()), number))
    region = np.searchsorted(ends[1:], plain.p[1, plain.t].mean(axis=0))
    triangles = plain.t.T.astype(np.int64)
    return assemble(
        plain.p, triangles, region, np.concatenate(pairs), np.concatenate(outline), drawn
    )


# ---------------------------------------------------------------------------- one particle


@dataclass(frozen=True)
class Particle:
    """The only particle of a mesh, with what the tests read off its state."""

    mesh: Mesh
    group: ParticleGroup

    @classmethod
    def of(cls, mesh: Mesh) -> Particle:
        (group,) = groups(mesh, [0])
        return cls(mesh, group)

    def model(self, kind: Kind = "resolved", diffusivity: Diffusivity = 1.0) -> Diffusion:
        return diffusion_model(kind, self.mesh, self.group, UNIT, diffusivity)

    @property
    def places(self) -> Floats:
        """Coordinates of the state's nodes (2, n)."""
        return self.mesh.nodes[:, self.group.state_nodes[0]]

    @property
    def surface_places(self) -> Floats:
        """Coordinates of the surface nodes (2, m)."""
        return self.mesh.nodes[:, self.group.nodes[0]]

    def loads(self, density: float) -> Floats:
        """Nodal loads (1, m) of a uniform current density."""
        edges = self.group.patches(self.mesh).all_edges
        nodes = self.mesh.nodes.shape[1]
        load = edges.load(np.full(edges.weights.shape, density), np.arange(nodes), nodes)
        return load[self.group.nodes]

    def surface_mass(self) -> Floats:
        """The matrix (m, m) with entries ``integral of w_a w_b ds`` on the surface."""
        edges = self.group.patches(self.mesh).all_edges
        nodes = self.mesh.nodes.shape[1]
        whole = edges.mass(np.ones(edges.weights.shape), np.arange(nodes), nodes)
        return whole[self.group.nodes[0]][:, self.group.nodes[0]].toarray()

    def probe(self, state: Floats, points: Floats) -> Floats:
        """Values of the state at points (2, p) in triangles with straight edges."""
        full = np.zeros(self.mesh.nodes.shape[1])
        full[self.group.state_nodes[0]] = state[0]
        t = self.mesh.skfem.t
        straight = MeshTri(np.ascontiguousarray(self.mesh.nodes[:, : t.max() + 1]), t)
        return np.asarray(Basis(straight, ElementTriP2()).probes(points) @ full)

    def at_radius(self, state: Floats, radius: float) -> float:
        """Mean of the state over a circle around the origin."""
        angle = 2.0 * np.pi * np.arange(16) / 16
        points = radius * np.stack([np.cos(angle), np.sin(angle)])
        return float(self.probe(state, points).mean())

    def l2_error(self, state: Floats, exact: Field) -> float:
        """The L2 norm of the error against a function of x and y."""
        space = Space(self.mesh, self.group.elements[0])
        assert np.array_equal(space.nodes, self.group.state_nodes[0])
        return l2_error(space, state[0], exact)


# ---------------------------------------------------------------------------- loads

Loads = Callable[[Condensed, Floats, float], Floats]
"""Loads (k, m) of a stage from its response, its base and its time."""


def given(loads: Floats) -> Loads:
    """The same loads at all times."""
    return lambda stage, base, time: loads


def surface_held(value: float | Floats) -> Loads:
    """Loads that hold the surface at a stoichiometry: ``s + R b = value``."""

    def loads(stage: Condensed, base: Floats, time: float) -> Floats:
        response = np.broadcast_to(stage.response, (1, *stage.response.shape[-2:]))
        return np.linalg.solve(response, (value - stage.surface(base))[..., None])[..., 0]

    return loads


def transfer(particle: Particle, coefficient: float, outside: float) -> Loads:
    """The law ``i_n = coefficient (x - outside)``: ``b = W (s + R b - outside)``."""
    weights = coefficient * particle.surface_mass()

    def loads(stage: Condensed, base: Floats, time: float) -> Floats:
        matrix = np.eye(len(weights)) - weights @ stage.response
        return np.linalg.solve(matrix, weights @ (stage.surface(base) - outside)[0])[None]

    return loads


# ---------------------------------------------------------------------------- time steps

GAMMA = 2.0 - np.sqrt(2.0)
"""Where TR-BDF2 has its inner stage: both stages then share one matrix."""


@dataclass
class Run:
    """A state on its way in time; `rate` is dx/dt at its end, if known."""

    model: Diffusion
    loads: Loads
    state: Floats
    time: float = 0.0
    rate: Floats | None = None
    last: Floats | None = None
    """Loads at the end of the last step."""

    def _stage(self, c: float, base: Floats, guess: Floats, time: float) -> tuple[Floats, Floats]:
        stage = self.model.condensed(c, guess)
        self.last = self.loads(stage, base, time)
        state = stage.state(base, self.last)
        return state, (state - base) / c

    def backward_euler(self, dt: float) -> None:
        """One step of order 1."""
        self.time += dt
        self.state, self.rate = self._stage(dt, self.state, self.state, self.time)

    def tr_bdf2(self, dt: float) -> None:
        """One step of order 2: a trapezoidal stage to gamma dt, then a backward difference."""
        assert self.rate is not None
        c, weight = 0.5 * GAMMA * dt, 0.25 * np.sqrt(2.0) * dt
        x, rate, end = self.state, self.rate, self.time + dt
        inner = self.time + GAMMA * dt
        _, middle = self._stage(c, x + c * rate, x + GAMMA * dt * rate, inner)
        base = x + weight * (rate + middle)
        self.state, self.rate = self._stage(c, base, x + dt * rate, end)
        self.time = end

    def to(self, times: Iterable[float], steps: int = 8) -> Iterable[float]:
        """Go to each of `times` in steps that begin small and double, after a jump at the start.

        A first step of backward Euler forgets the jump; `steps` steps follow at each length.
        """
        for end in times:
            if self.rate is None:
                self.backward_euler(1e-6 * end)
            while self.time < end * (1.0 - 1e-12):
                dt = self.time / steps
                count = max(1, min(steps, int(np.ceil((end - self.time) / dt - 1e-9))))
                dt = min(dt, (end - self.time) / count)
                for _ in range(count):
                    self.tr_bdf2(dt)
            yield self.time
