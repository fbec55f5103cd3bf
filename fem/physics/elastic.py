"""Solid bodies: a space with its laws and what follows from them; the surface of lithium."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import splu
from skfem import Basis

from fem.forms import inelastic
from fem.forms import mechanics as forms
from fem.forms.interface import Edges, shape, shape_slope
from fem.geometry import Phase
from fem.laws.elasticity import bulk_modulus, lame
from fem.laws.elasticity import stress as hooke
from fem.laws.solids import (
    EQUIVALENT,
    STRAIN,
    History,
    LinearElastic,
    SolidLaw,
    dissipation,
    referred,
)
from fem.mesh import Ints, Mesh
from fem.parameters import Elastic
from fem.physics.bonds import sheets
from fem.spaces import Space

Floats = NDArray[np.float64]
Laws = Mapping[int, SolidLaw]
BodyHistory = tuple[History, ...]
"""The history of each law of a body, at the quadrature points of its triangles."""

NO_LAWS: Laws = MappingProxyType({})


class Tangent(NamedTuple):
    """How the forces of a body change with its displacement and the out-of-plane strain.

    `stiffness` (2n, 2n) in Pa and `confined` in N are the changes of nodal forces and of the force
    out of the plane by their own; `dilation` (2n,) in N/m is the change of nodal forces by the
    out-of-plane strain, and of the force out of the plane by displacements.
    """

    stiffness: csr_matrix
    dilation: Floats
    confined: float


class Answer(NamedTuple):
    """Forces (2n,) and the force out of the plane that hold a body; stress, energy and history.

    `stress` (4, nt, nq) and `energy` (J per m of depth) are those of triangles without a linear
    law only, zero elsewhere; `dissipated` is what the step turns into heat there.
    """

    forces: Floats
    thrust: float
    stress: Floats
    energy: float
    history: BodyHistory
    dissipated: float = 0.0


@dataclass(frozen=True)
class SolidBody:
    """A solid part of the cell: its space, its distinct laws, and which of them triangles obey.

    `law_of` (nt,) is an index into `laws`.
    """

    space: Space
    laws: tuple[SolidLaw, ...]
    law_of: Ints

    @classmethod
    def of(
        cls,
        mesh: Mesh,
        elastic: Elastic,
        elements: Ints,
        laws: Laws = NO_LAWS,
        separate: bool = False,
    ) -> SolidBody:
        """The body that `elements` of `mesh` make up.

        Parameters
        ----------
        laws
            By region, for those that do not obey Hooke's law with the moduli of `elastic`.
        separate
            Whether particles have displacements of their own where they meet others and the
            electrolyte; whether they are bonded is for `Conditions` to say.
        """
        lam, mu = lame(elastic.youngs_modulus, elastic.poisson_ratio)
        found: dict[SolidLaw, int] = {}
        index = np.zeros(len(mesh.geometry.regions), dtype=int)
        for region in np.unique(mesh.region[elements]).tolist():
            law = laws.get(region) or LinearElastic(float(lam[region]), float(mu[region]))
            index[region] = found.setdefault(law, len(found))
        space = Space(mesh, elements, sheets(mesh, elements, separate))
        return cls(space, tuple(found), index[mesh.region[elements]])

    @classmethod
    def composite(
        cls, mesh: Mesh, elastic: Elastic, laws: Laws = NO_LAWS, separate: bool = False
    ) -> SolidBody:
        """All solids but lithium: electrolyte, active material, and pieces that are cut off."""
        apart = np.isin(mesh.geometry.phases[mesh.region], [Phase.LITHIUM, Phase.VOID])
        return cls.of(mesh, elastic, np.flatnonzero(~apart), laws, separate)

    @cached_property
    def linear(self) -> bool:
        """Whether all of the body obeys Hooke's law."""
        return all(isinstance(law, LinearElastic) for law in self.laws)

    @property
    def symmetric(self) -> bool:
        """Whether its tangent stiffness is."""
        return all(law.symmetric for law in self.laws)

    @cached_property
    def lam(self) -> Floats:
        """Lame's first constant of each triangle in Pa; 0 where another law holds."""
        return self._modulus("lam")

    @cached_property
    def mu(self) -> Floats:
        """The shear modulus of each triangle in Pa; 0 where another law holds."""
        return self._modulus("mu")

    def _modulus(self, name: str) -> Floats:
        linear = [isinstance(law, LinearElastic) for law in self.laws]
        found = [getattr(law, name) if is_linear else 0.0 for law, is_linear in
                 zip(self.laws, linear, strict=True)]  # fmt: skip
        return np.array(found)[self.law_of]

    @cached_property
    def stiffness(self) -> csr_matrix:
        """The stiffness matrix (2n, 2n) in Pa of the triangles that obey Hooke's law."""
        return forms.stiffness(self.space, self.lam, self.mu).tocsr()

    @cached_property
    def dilation(self) -> Floats:
        """Forces (2n,) of these for a unit out-of-plane strain, in N/m per m of depth."""
        return forms.dilation(self.space, self.lam)

    @cached_property
    def confined_modulus(self) -> float:
        """Force of these out of the plane in N per unit of strain there, displacements held."""
        return float(((self.lam + 2.0 * self.mu)[:, None] * self.space.basis.dx).sum())

    def swelling_forces(self, swelling: Floats) -> tuple[Floats, float]:
        """What holds a linear body still that swells, as in `fem.forms.mechanics.free_strain`.

        Returns
        -------
        Forces (2n,) by which it presses on the nodes in N/m, and out of the plane in N.
        """
        basis = self.space.basis
        if swelling.ndim == 3:
            free = forms.free_strain(basis, swelling)
            sigma = hooke(free, self.lam[:, None], self.mu[:, None])
            thrust = float((sigma[2] * np.asarray(basis.dx)).sum())
            dofs, size = self.space.triangles, len(self.space)
            return forms.internal_forces(basis, dofs, sigma, size), thrust
        modulus = bulk_modulus(self.lam, self.mu)[:, None]
        pressure = modulus * forms.at_points(basis, swelling)
        thrust = float((pressure * np.asarray(basis.dx)).sum())
        return forms.dilation(self.space, pressure), thrust

    # -------------------------------------------------------------------------- other laws

    @cached_property
    def _others(self) -> list[tuple[int, SolidLaw, Ints, Basis]]:
        """Number, law, triangles and basis of each law that is not Hooke's."""
        found = []
        for number, law in enumerate(self.laws):
            if not isinstance(law, LinearElastic):
                which = np.flatnonzero(self.law_of == number)
                part = Space(self.space.mesh, self.space.elements[which])
                found.append((number, law, which, part.basis))
        return found

    def start(self) -> BodyHistory:
        """The history of virgin material."""
        points = self.space.basis.dx.shape[1]
        return tuple(
            law.start((int((self.law_of == number).sum()), points))
            for number, law in enumerate(self.laws)
        )

    def _strain(
        self, which: Ints, basis: Basis, displacement: Floats, out: float, swelling: Floats | None
    ) -> Floats:
        """Strain (4, k, nq) of the triangles `which` less what swelling makes of it."""
        dofs = self.space.triangles[which]
        own = None if swelling is None else swelling[..., which, :]
        return inelastic.strain(basis, dofs, displacement, out, own)

    def answer(
        self,
        displacement: Floats,
        out: float,
        swelling: Floats | None,
        history: BodyHistory,
        duration: float,
        swelled: tuple[Floats, float] | None = None,
    ) -> Answer:
        """What holds the body at nodal displacements (n, 2) in m and an out-of-plane strain.

        The step has taken `duration` seconds since `history`.
        `swelling` is at the nodes of its triangles, a relative change of volume (nt, 6) or a
        strain (4, nt, 6), and `swelled` the `swelling_forces` of it where they are known.
        """
        flat = displacement.ravel()
        forces = self.stiffness @ flat + out * self.dilation
        thrust = float(self.dilation @ flat) + out * self.confined_modulus
        if swelling is not None:
            pressing, known = swelled or self.swelling_forces(swelling)
            forces, thrust = forces - pressing, thrust - known
        points = self.space.basis.dx.shape if self._others else (0, 0)
        stress, energy, heat, new = np.zeros((4, *points)), 0.0, 0.0, list(history)
        for number, law, which, basis in self._others:
            strain = self._strain(which, basis, displacement, out, swelling)
            response = law.respond(strain, history[number], duration)
            sigma, new[number] = response.stress, response.history
            dofs, dx = self.space.triangles[which], np.asarray(basis.dx)
            forces += inelastic.internal_forces(basis, dofs, sigma, len(self.space))
            thrust += float((sigma[2] * dx).sum())
            energy += float((law.energy(strain, new[number]) * dx).sum())
            stress[:, which] = sigma
            heat += float((dissipation(history[number], response) * dx).sum())
        return Answer(forces, thrust, stress, energy, tuple(new), heat)

    def referred(self, displacement: Floats, out: float, history: BodyHistory) -> BodyHistory:
        """A history as it is told from the shape that the body has at a displacement."""
        new = list(history)
        for number, _, which, basis in self._others:
            dofs = self.space.triangles[which]
            strain = self._strain(which, basis, displacement, out, None)
            new[number] = referred(history[number], strain, forms.turn(basis, dofs, displacement))
        return tuple(new)

    def unstressed(self, history: BodyHistory) -> Floats:
        """Area (nt, nq) in m^2 that stands at each point, had the reference no stress.

        Only laws that remember strain tell a stress of their reference.
        """
        found = np.array(self.space.basis.dx)
        for number, _, which, _ in self._others:
            if STRAIN in history[number]:
                found[which] *= np.exp(history[number][STRAIN][:3].sum(axis=0))
        return found

    def filled(self, history: BodyHistory, areas: Floats) -> BodyHistory:
        """A history with so much pressure that `unstressed` is `areas` (nt, nq)."""
        new = list(history)
        lacking = np.log(areas / self.unstressed(history)) / 3.0
        for number, _, which, _ in self._others:
            known = history[number][STRAIN].copy()
            known[:3] += lacking[which]
            new[number] = {**history[number], STRAIN: known}
        return tuple(new)

    def flowed(self, history: BodyHistory) -> Floats:
        """Equivalent inelastic strain (nt, nq) at the quadrature points; 0 where none can be."""
        found = np.zeros(self.space.basis.dx.shape)
        for number, _, which, _ in self._others:
            found[which] = history[number].get(EQUIVALENT, 0.0)
        return found

    def gross(self, stress: Floats) -> float:
        """Norm in N/m of all nodal forces that a stress makes, those in balance included.

        `stress` is that of an `Answer`.
        """
        total = 0.0
        for _, _, which, basis in self._others:
            dofs, size = self.space.triangles[which], len(self.space)
            forces = inelastic.internal_forces(basis, dofs, stress[:, which], size, gross=True)
            total += float(np.linalg.norm(forces))
        return total

    def tangent(
        self,
        displacement: Floats,
        out: float,
        swelling: Floats | None,
        history: BodyHistory,
        duration: float,
    ) -> Tangent:
        """The derivative of `answer`; its out-of-plane row is taken to be its column."""
        stiffness, dilation = self.stiffness, self.dilation
        confined, size = self.confined_modulus, len(self.space)
        for number, law, which, basis in self._others:
            strain = self._strain(which, basis, displacement, out, swelling)
            moduli = law.respond(strain, history[number], duration).tangent
            dofs = self.space.triangles[which]
            stiffness = stiffness + inelastic.tangent_stiffness(basis, dofs, moduli, size).tocsr()
            dilation = dilation + inelastic.internal_forces(basis, dofs, moduli[:, 2], size)
            confined += float((moduli[2, 2] * np.asarray(basis.dx)).sum())
        return Tangent(stiffness, dilation, confined)


@dataclass(frozen=True)
class LithiumSurface:
    """The line on which one lithium body meets the electrolyte.

    `nodes` (m,) are its mesh nodes, ascending; `normals` (2, m) the unit normals there, out of the
    lithium. Pores may interrupt it. `contact` are all edges on which the lithium meets a solid of
    the composite, rows `rows` of the mesh's: those of `edges`, and others where nothing is plated.
    """

    edges: Edges
    nodes: Ints
    normals: Floats
    contact: Edges
    rows: Ints

    @classmethod
    def of(cls, mesh: Mesh, which: Ints, others: Ints) -> LithiumSurface:
        """The surface that the outline edges `which` make up, beside `others` without plating."""
        edges = Edges.of(mesh, which)
        nodes = np.unique(edges.nodes)
        contact = edges
        if len(others):
            turned = mesh.edges[others]
            backwards = mesh.phase_sides[others, 0] != Phase.LITHIUM
            turned = np.where(backwards[:, None], turned[:, [1, 0, 2]], turned)
            every = np.concatenate([edges.nodes, turned])
            contact = Edges(every, mesh.nodes[:, every])
        return cls(edges, nodes, edges.nodal_normals(nodes), contact, np.append(which, others))

    @classmethod
    def all(cls, mesh: Mesh) -> list[LithiumSurface]:
        """Those of all lithium bodies, the foil first."""
        left, right = mesh.phase_sides.T
        rest = [Phase.ACTIVE, Phase.IDLE]
        lithium = np.where(left == Phase.LITHIUM, 0, np.where(right == Phase.LITHIUM, 1, -1))
        other = np.where(lithium == 0, right, left)
        dry = np.flatnonzero((lithium >= 0) & np.isin(other, rest))
        body = np.array([region.body for region in mesh.geometry.regions])
        owner = body[mesh.sides[dry, lithium[dry]]]
        return [
            cls.of(mesh, which, dry[owner == number])
            for number, which in mesh.interface_by_body(Phase.LITHIUM).items()
        ]

    def swept(self, step: Floats) -> float:
        """Area in m^2 that the line sweeps by displacements (2, m) in m of `nodes`."""
        step = step[:, np.searchsorted(self.nodes, self.edges.nodes)]
        u, weights = np.polynomial.legendre.leggauss(3)
        shapes, slopes = shape(0.5 * (u + 1.0)), shape_slope(0.5 * (u + 1.0))
        x, y = step @ shapes
        # Half way, since the line itself becomes longer or shorter as it goes.
        tx, ty = (self.edges.coordinates + 0.5 * step) @ slopes
        return float(((x * ty - y * tx) @ (0.5 * weights)).sum())

    def pressure(self, force: Floats) -> Floats:
        """Pressure in Pa from forces on the nodes, through the mass matrix of the line.

        Parameters
        ----------
        force
            Forces on the electrolyte at `nodes` in N/m, x and y: (2, m), or (2, m, n) for n loads.
        """
        local = np.full(int(self.nodes.max()) + 1, -1)
        local[self.nodes] = np.arange(len(self.nodes))
        mass = self.edges.mass(np.ones(self.edges.weights.shape), local, len(self.nodes))
        solve = splu(mass.tocsc()).solve
        nx, ny = self.normals.reshape(2, -1, *(1,) * (force.ndim - 2))
        return np.asarray(solve(force[0]) * nx + solve(force[1]) * ny)
