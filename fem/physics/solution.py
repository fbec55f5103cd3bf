"""A solved elastic or inelastic state: displacements, stresses, energies and loads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from skfem import Basis

from fem.forms import mechanics as forms
from fem.laws.elasticity import energy_density, hydrostatic
from fem.mesh import Ints
from fem.physics.elastic import BodyHistory
from fem.physics.faces import Faces, Parted
from fem.physics.kinematics import Conditions
from fem.spaces import Space

Floats = NDArray[np.float64]

_ALL = slice(None)


@dataclass(frozen=True)
class Support:
    """What the top does: pressure of the plate in Pa, its rise in m, and its spring's energy.

    The energy is in J per m of depth; there is no rise where nothing tells the height of the top.
    """

    pressure: float = 0.0
    rise: float | None = None
    energy: float = 0.0


class Inelastic(NamedTuple):
    """What laws that are not linear make of a body, 0 where one is.

    Stress (4, nt, nq) in Pa, elastic energy in J per m of depth, equivalent inelastic strain
    (nt, nq), and what the step has turned into heat in J per m of depth.
    """

    stress: Floats
    energy: float
    strain: Floats
    dissipated: float


@dataclass(frozen=True)
class MechanicsSolution:
    """Displacements in m, stresses in Pa.

    Attributes
    ----------
    bodies
        The spaces with a displacement: electrolyte and particles, then lithium if elastic.
    lame
        Lame's constants (lambda, mu) of the triangles of each body, 0 where a law is not linear.
    displacements
        Nodal displacement (n, 2) of each body.
    out_of_plane
        Out-of-plane strain.
    nodes, pressure
        Mesh nodes on Li|SE and the pressure there (compression positive).
    iterations
        Of the linear solver.
    swelling
        At the six nodes of each triangle of the first body, a relative change of volume (nt, 6)
        or a strain (4, nt, 6) in the order xx, yy, zz, 2xy; `None` for none.
    plating_forces
        Forces (N,) in N per m of depth that do the work of plating on a change of thickness.
    load_work
        Work of the top's dead weight and spring on the cell, in J per m of depth.
    top
        What the plate on top does.
    thickness
        The plated thickness at all mesh nodes (N,) that was solved for.
    before, history
        What the laws of all bodies remembered at the start of the step, and a trial of what they
        remember at its end: the caller commits it by handing it to the next solve.
    duration
        Of the step in s.
    unknowns
        What was solved for: a later solve may start from it.
    norms
        Residual norms of Newton's method, relative to that of no displacement; empty where all
        laws are linear.
    notes
        What is to be told of the solids, in words.
    parted, faces
        How faces that may part stand to each other, and these; `None` where none may.
    lost, shrinking_forces
        Thickness (m,) in m that electrolyte has lost at its pairs with particles, `None` for none,
        and the forces (m,) in N per m of depth that do work as more is lost.
    law_of
        Of each body which of its laws triangles obey (nt,).
    """

    conditions: Conditions
    bodies: tuple[Space, ...]
    lame: tuple[tuple[Floats, Floats], ...]
    displacements: tuple[Floats, ...]
    out_of_plane: float
    nodes: Ints
    pressure: Floats
    iterations: int
    plating_forces: Floats
    load_work: float
    swelling: Floats | None = None
    top: Support = Support()
    thickness: Floats | None = None
    before: tuple[BodyHistory, ...] = ()
    history: tuple[BodyHistory, ...] = ()
    duration: float = 0.0
    unknowns: Floats | None = None
    norms: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    parted: Parted | None = None
    faces: Faces | None = None
    lost: Floats | None = None
    shrinking_forces: Floats = field(default_factory=lambda: np.zeros(0))
    law_of: tuple[Ints, ...] = ()
    inelastic: tuple[Inelastic | None, ...] = ()
    """Of each body, `None` where all of it is linear."""

    def stress(self, body: int = 0) -> Floats:
        """Stress (4, nt, nq) at the quadrature points of a body: xx, yy, zz, xy."""
        sigma = self._linear_stress(self.bodies[body].basis, body)
        other = self._inelastic(body)
        return sigma if other is None else sigma + other.stress

    def stress_at_nodes(self, body: int = 0) -> Floats:
        """Stress (4, nt, 6) at the nodes of each triangle, one-sided."""
        return self.stress_in(forms.nodal_basis(self.bodies[body]), body)

    def stress_in(self, basis: Basis, body: int = 0, which: Ints | slice = _ALL) -> Floats:
        """Stress (4, k, nq) at the quadrature points of `basis`, which holds triangles `which`.

        Where a law is not linear, stress is known at the quadrature points of the body alone: a
        linear function of position is fitted to these in each triangle.
        """
        sigma = self._linear_stress(basis, body, which)
        other = self._inelastic(body)
        if other is None:
            return sigma
        return np.asarray(sigma + other.stress[:, which] @ self._fit(basis, body))

    def inelastic_strain_at_nodes(self, body: int = 0) -> Floats:
        """Equivalent inelastic strain (nt, 6) at the nodes of each triangle, one-sided.

        A linear function of position is fitted in each triangle and cut off at 0.
        """
        other = self._inelastic(body)
        if other is None:
            return np.zeros(self.bodies[body].triangles.shape)
        fit = self._fit(forms.nodal_basis(self.bodies[body]), body)
        return np.asarray(np.maximum(other.strain @ fit, 0.0))

    @property
    def dissipated(self) -> float:
        """What yielding and creep have turned into heat in the step, in J per m of depth."""
        return sum(other.dissipated for other in self.inelastic if other is not None)

    def _fit(self, basis: Basis, body: int) -> Floats:
        """From the quadrature points of a body to those of `basis` by linear functions."""
        own, wanted = (np.vstack([np.ones(b.X.shape[1]), b.X]) for b in (
            self.bodies[body].basis, basis))  # fmt: skip
        return np.asarray(np.linalg.pinv(own) @ wanted)

    def hydrostatic(self, nodes: Ints, elements: Ints) -> Floats:
        """Mean normal stress tr(sigma)/3 (k, m) of `stress_inside` in Pa."""
        return hydrostatic(self.stress_inside(nodes, elements))

    def stress_inside(self, nodes: Ints, elements: Ints) -> Floats:
        """Stress in Pa at nodes of particles, from inside the particles.

        Parameters
        ----------
        nodes
            Mesh nodes of each particle, (k, m).
        elements
            Triangles of the mesh that make up each particle, (k, nt). No two particles share a
            node.

        Returns
        -------
        (4, k, m): means over the triangles of the particle around each node, weighted by area.
        """
        space = self.bodies[0]
        inside = Space(space.mesh, elements.ravel())
        which = np.searchsorted(space.elements, inside.elements)
        sigma = self.stress_in(forms.nodal_basis(inside), 0, which)
        weights = np.asarray(space.basis.dx)[which].sum(axis=1, keepdims=True)
        number = inside.triangles.ravel()
        weights = np.broadcast_to(weights, sigma.shape[1:])
        *totals, weight = (
            np.bincount(number, weights=each.ravel(), minlength=len(inside))[inside.number[nodes]]
            for each in (*(weights * sigma), weights)
        )
        return np.stack(totals) / weight

    @property
    def elastic_energy(self) -> float:
        """Energy that bodies and bonds could give back, in J per m of depth."""
        total = 0.0
        if self.faces is not None and self.parted is not None:
            total = self.faces.energy(self.parted.opening, self.parted.bonding)
        for k, space in enumerate(self.bodies):
            lam, mu = (m[:, None] for m in self.lame[k])
            sigma, dx = self._linear_stress(space.basis, k), space.basis.dx
            other = self._inelastic(k)
            if other is not None:
                linear = np.flatnonzero(mu[:, 0] > 0.0)
                lam, mu, sigma, dx = lam[linear], mu[linear], sigma[:, linear], dx[linear]
                total += other.energy
            total += float((energy_density(sigma, lam, mu) * dx).sum())
        return total

    def _inelastic(self, body: int) -> Inelastic | None:
        return self.inelastic[body] if self.inelastic else None

    def _linear_stress(self, basis: Basis, body: int, which: Ints | slice = _ALL) -> Floats:
        """Stress of Hooke's law at the quadrature points of `basis` with the triangles `which`."""
        lam, mu = self.lame[body]
        swelling = self.swelling if body == 0 else None
        return forms.stress_at(
            basis, self.bodies[body].triangles[which], self.displacements[body],
            self.out_of_plane, lam[which], mu[which],
            None if swelling is None else swelling[..., which, :],
        )  # fmt: skip
