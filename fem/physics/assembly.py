"""Solids of any drawing, with supports, loads and faces that may part: mechanics without a cell.

What a cell does with its electrolyte and particles can be done here with any mesh whose regions
are drawn, step by step: laws of solids and of bonds, swelling, a plate that presses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, identity, kron

from fem.forms import mechanics as forms
from fem.laws.bonds import BondLaw
from fem.laws.elasticity import energy_density
from fem.laws.solids import SolidLaw
from fem.laws.swelling import by_axis, in_plane
from fem.mesh import Ints, Mesh
from fem.physics.bonds import interfaces, merged, sheets
from fem.physics.constraints import AffineMap, Constraints
from fem.physics.elastic import BodyHistory, SolidBody
from fem.physics.equilibrium import Border, Loads
from fem.physics.faces import Faces, Parted
from fem.physics.parting import Parting
from fem.solve.active import Settled
from fem.spaces import Space, interpolation

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Where = Callable[[Floats, Floats], Bools]
"""Which nodes, from their coordinates x and y in m."""
Swollen = float | tuple[float, float, float]
"""A relative change of volume; or strain along and across an axis, and its angle in rad."""

X, Y = 0, 1


@dataclass(frozen=True)
class Support:
    """Nodes whose displacement along an axis is none, or that of a rigid plate.

    Attributes
    ----------
    where
        Which nodes.
    axis
        0 for x, 1 for y.
    pressure
        Of a plate in Pa, positive where it presses against the axis; `None` for a wall.
    stiffness
        Of what the plate leans on, per area in Pa/m.
    """

    where: Where
    axis: int
    pressure: float | None = None
    stiffness: float = 0.0


@dataclass(frozen=True)
class SolidState:
    """Solids in equilibrium, from which a next step starts.

    Attributes
    ----------
    displacement
        Of all unknowns (n, 2) in m.
    parted
        How the faces of all pairs stand to each other.
    rise
        Displacement of each plate in m.
    stress, out_of_plane
        (4, nt, nq) in Pa at quadrature points; strain out of the plane.
    history
        What solids remember.
    energy
        Elastic energy of solids and bonds in J per m of depth.
    iterations, norms
        Of Newton's method, and its relative residuals.
    """

    unknowns: Floats
    displacement: Floats
    parted: Parted
    rise: tuple[float, ...]
    stress: Floats
    out_of_plane: float
    history: BodyHistory
    energy: float
    iterations: int
    norms: tuple[float, ...]


class Solids:
    """Solids with faces that may part.

    Parameters
    ----------
    mesh
        Its regions of active material are bodies apart from the rest.
    laws
        Of each region of the mesh by its number.
    supports
        Walls and plates.
    particle_electrolyte, particle_particle
        What holds faces of these kinds together; `None` for a perfect bond.
    generalised
        Whether the strain out of the plane is that of no force there; it is none otherwise.

    Attributes
    ----------
    body, faces
        The solids, and their faces that may part.
    """

    def __init__(
        self,
        mesh: Mesh,
        laws: Mapping[int, SolidLaw],
        supports: Sequence[Support],
        particle_electrolyte: BondLaw | None = None,
        particle_particle: BondLaw | None = None,
        generalised: bool = False,
    ) -> None:
        elements = np.flatnonzero(np.isin(mesh.region, list(laws)))
        index = {law: k for k, law in enumerate(dict.fromkeys(laws.values()))}
        of_region = np.full(len(mesh.geometry.regions), -1)
        of_region[list(laws)] = [index[law] for law in laws.values()]
        space = Space(mesh, elements, sheets(mesh, elements, separate=True))
        self.mesh = mesh
        self.body = SolidBody(space, tuple(index), of_region[mesh.region[elements]])
        self.supports = tuple(supports)
        bonds = {
            "particle_electrolyte": particle_electrolyte,
            "particle_particle": particle_particle,
        }
        held = [(each, bonds[each.kind]) for each in interfaces(space)]
        bonded = [each.pairs for each, law in held if law is None]
        fused, self._plates = _map(mesh, space, self.supports, merged(bonded, len(space)))
        self.map, faces = Faces.of(fused, space, held)
        if faces is None:
            raise ValueError("no faces may part: give a law for particle_electrolyte")
        self.faces: Faces = faces
        size = self.map.matrix.shape[1]
        self._springs = np.zeros(size)
        self._length = float(np.sqrt(space.basis.dx.sum())) if generalised else 0.0

    def start(self) -> SolidState:
        """Virgin solids at rest, all faces touching."""
        space = self.body.space
        shape = np.asarray(space.basis.dx).shape
        return SolidState(
            unknowns=np.zeros(self.map.matrix.shape[1] + (self._length > 0.0)),
            displacement=np.zeros((len(space), 2)),
            parted=self.faces.start(),
            rise=(0.0,) * len(self._plates),
            stress=np.zeros((4, *shape)),
            out_of_plane=0.0,
            history=self.body.start(),
            energy=0.0,
            iterations=0,
            norms=(),
        )

    def step(
        self,
        state: SolidState,
        swelling: Mapping[int, Swollen] | None = None,
        duration: float = 0.0,
        pressure: float | None = None,
    ) -> SolidState:
        """The state after a step from `state`, which is not changed.

        Parameters
        ----------
        swelling
            Of regions by their number: the relative change of volume, a third of which strains each
            axis; or strain along and across an axis, and its angle from the x axis in rad.
        duration
            Of the step in s, for laws that know time.
        pressure
            Of the first plate in Pa, if another than at first.

        Raises
        ------
        SolveError
            If no equilibrium is found.
        """
        space = self.body.space
        swelled = _swollen(self.mesh.region[space.elements], swelling or {})
        forces = self.body.swelling_forces(swelled)
        nothing = np.zeros(self.map.matrix.shape[0])
        load, springs = np.zeros(self.map.matrix.shape[1]), self._springs.copy()
        for number, (unknown, support, length) in enumerate(self._plates):
            press = support.pressure or 0.0
            if number == 0 and pressure is not None:
                press = pressure
            load[unknown] = -press * length
            springs[unknown] = support.stiffness * length
        border = Border(np.zeros((len(load), 0)), np.zeros(0), np.zeros(0), np.zeros(0))
        system = Parting(
            [self.body], self.map, springs, load, Loads(nothing, nothing, 0.0, swelled, forces),
            border, (state.history,), self._length, duration,
            faces=self.faces, parted=state.parted,
        )  # fmt: skip
        return self._state(system, system.settle(state.unknowns), swelled)

    def _state(self, system: Parting, found: Settled, swelled: Floats) -> SolidState:
        x = found.solution
        answer = system.answers(x)[0]
        z, strain = x[: self.map.matrix.shape[1]], system.out_of_plane(x)
        displacement = np.asarray(self.map.matrix @ z).reshape(-1, 2)
        parted = system.found(found)
        body = self.body
        stress = forms.stress_at(
            body.space.basis, body.space.triangles, displacement, strain, body.lam, body.mu, swelled
        )
        energy = self.faces.energy(parted.opening, parted.bonding) + answer.energy
        energy += self._linear_energy(stress)
        if not body.linear:
            stress = stress + answer.stress
        rise = tuple(float(z[unknown]) for unknown, _, _ in self._plates)
        return SolidState(
            unknowns=x,
            displacement=displacement,
            parted=parted,
            rise=rise,
            stress=stress,
            out_of_plane=strain,
            history=answer.history,
            energy=energy,
            iterations=found.iterations,
            norms=found.norms,
        )

    def _linear_energy(self, stress: Floats) -> float:
        """Elastic energy of what obeys Hooke's law in J per m of depth."""
        body = self.body
        linear = body.mu > 0.0
        lam, mu = body.lam[linear, None], body.mu[linear, None]
        density = energy_density(stress[:, linear], lam, mu)
        return float((density * np.asarray(body.space.basis.dx)[linear]).sum())


def _swollen(region: Ints, given: Mapping[int, Swollen]) -> Floats:
    """Swelling at the nodes of triangles in regions (nt,), a strain if any of it has an axis."""
    directed = any(isinstance(value, tuple) for value in given.values())
    found = np.zeros((4, len(region), 6) if directed else (len(region), 6))
    for number, value in given.items():
        mine = region == number
        if isinstance(value, tuple):
            along, across, angle = value
            strain = by_axis(np.asarray(along), np.asarray(across), in_plane(angle))
            found[:, mine] = strain[:, None, None]
        elif directed:
            found[:3, mine] = value / 3.0
        else:
            found[mine] = value
    return found


Plates = list[tuple[int, Support, float]]
"""Of each plate its unknown, support and length in m."""


def _map(
    mesh: Mesh, space: Space, supports: Sequence[Support], place: Ints
) -> tuple[AffineMap, Plates]:
    """Unknowns of the solids, of which those with one number in `place` move together."""
    first = np.unique(place, return_index=True)[1]
    count = len(first)
    x, y = mesh.nodes[:, space.nodes[first]]
    constraints = Constraints(2 * count, mesh.nodes.shape[1])
    plates = []
    for support in supports:
        there = np.flatnonzero(support.where(x, y))
        dofs = 2 * there + support.axis
        if support.pressure is None:
            constraints.hold(dofs)
            continue
        constraints.bind(dofs)
        along = (y if support.axis == X else x)[there]
        plates.append((constraints.added, support, float(np.ptp(along))))
        constraints.unknowns(dofs, np.zeros(len(dofs), dtype=int), np.ones(len(dofs)), 1)
    triangles = place[space.triangles]
    up = interpolation(triangles, count)
    from_p1 = kron(up, identity(2), format="csr")
    rigid = np.zeros((2 * count, 3))
    rigid[X::2, 0] = rigid[Y::2, 1] = 1.0
    nothing = csr_matrix((mesh.nodes.shape[1], mesh.nodes.shape[1]))
    affine = constraints.build(from_p1, nothing, rigid)
    unknown = (2 * place[:, None] + np.arange(2)).ravel()
    rows = np.arange(len(unknown))
    spread = coo_matrix((np.ones(len(rows)), (rows, unknown)), shape=(len(rows), 2 * count)).tocsr()
    matrix = (spread @ affine.matrix).tocsr()
    start = matrix.shape[1] - affine.added
    map_ = replace(affine, matrix=matrix, jump=csr_matrix((matrix.shape[0], mesh.nodes.shape[1])))
    return map_, [(start + number, support, length) for number, support, length in plates]
