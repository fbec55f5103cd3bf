"""Solids of any drawing, with supports, loads and faces that may part: mechanics without a cell.

What a cell does with its electrolyte and particles can be done here with any mesh whose regions
are drawn, step by step: laws of solids and of bonds, swelling, a plate that presses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.errors import InputError
from fem.forms import mechanics as forms
from fem.forms.interface import Edges
from fem.geometry.drawn import Drawn, drawn
from fem.laws.bonds import BondLaw
from fem.laws.elasticity import energy_density
from fem.laws.solids import SolidLaw
from fem.laws.swelling import by_axis, in_plane
from fem.mesh import Ints, Mesh, generate
from fem.physics.bonds import SolidInterface, faces_between, merged, sheets_of
from fem.physics.borders import Support, Traction, edges_of, map_of, nodes_of
from fem.physics.dissipation import Spent, faces_work, flow_work
from fem.physics.elastic import BodyHistory, SolidBody
from fem.physics.equilibrium import Border, Loads
from fem.physics.faces import Faces, Parted
from fem.physics.parting import Parting
from fem.physics.tangents import Virgin
from fem.solve.active import Settled
from fem.spaces import Space

Floats = NDArray[np.float64]
Name = str | int
"""A region, by its name or number."""
Swollen = float | tuple[float, float, float]
"""A relative change of volume; or strain along and across an axis, and its angle in rad."""


Load = Support | Traction
Clearance = Callable[[Floats, Floats], Floats]
NO_BONDS: Mapping[Any, Any] = MappingProxyType({})
NO_SWELLING: Mapping[Any, Swollen] = MappingProxyType({})
NO_LOADS: Mapping[Any, float] = MappingProxyType({})


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

    @property
    def snapped(self) -> bool:
        """Whether bonds let go in a jump, through states that are not in equilibrium."""
        return self.parted.jump.snapped

    @property
    def released(self) -> float:
        """Energy in J per m of depth that a jump set free; also what little coarse steps pretend.

        That vanishes with shorter steps, a jump does not.
        """
        return self.parted.jump.released


class Solids:
    """Solids with faces that may part.

    Parameters
    ----------
    mesh
        Its regions are the pieces.
    laws
        Of each region. What has none is a hole.
    supports
        Walls and plates.
    bonds
        What holds faces of two regions together: law by the pair of regions. Where none is given
        the bond is perfect.
    tractions
        Loads on the border.
    generalised
        Whether the strain out of the plane is that of no force there; it is none otherwise.
    clearances
        Gap in m of faces that are drawn as one line although they do not touch everywhere, from
        coordinates in m: a small fraction of an element.

    Attributes
    ----------
    body, faces
        The solids, and their faces that may part.

    Raises
    ------
    InputError
        If a region is not one of the mesh, two regions of a bond do not touch, or a support or
        traction is nowhere.
    """

    def __init__(
        self,
        mesh: Mesh,
        laws: Mapping[Name, SolidLaw] | Mapping[int, SolidLaw] | Mapping[str, SolidLaw],
        supports: Sequence[Support],
        bonds: Mapping[tuple[Name, Name], BondLaw]
        | Mapping[tuple[int, int], BondLaw]
        | Mapping[tuple[str, str], BondLaw] = NO_BONDS,
        tractions: Sequence[Traction] = (),
        generalised: bool = False,
        clearances: Mapping[tuple[Name, Name], Clearance] = NO_BONDS,
    ) -> None:
        self.mesh = mesh
        law_of = {self.region(name): law for name, law in laws.items()}
        elements = np.flatnonzero(np.isin(mesh.region, list(law_of)))
        index = {law: k for k, law in enumerate(dict.fromkeys(law_of.values()))}
        of_region = np.full(len(mesh.geometry.regions), -1)
        of_region[list(law_of)] = [index[law] for law in law_of.values()]
        space = Space(mesh, elements, sheets_of(mesh, elements, mesh.region[elements]))
        self.body = SolidBody(space, tuple(index), of_region[mesh.region[elements]])
        self.supports, self.tractions = tuple(supports), tuple(tractions)
        facing = faces_between(space)
        asked = {self._pair(pair, facing): law for pair, law in bonds.items()}
        bonded = [each.pairs for pair, each in facing.items() if pair not in asked]
        self._fused = merged(bonded, len(space))
        self._nodes = [nodes_of(space, each) for each in self.supports]
        self._edges = [edges_of(space, each) for each in self.tractions]
        self.map, self._plates = map_of(space, self.supports, self._nodes, self._fused)
        kept = [(each, None) for pair, each in facing.items() if pair not in asked]
        parting = [(facing[pair], law) for pair, law in asked.items()]
        self.map, faces = Faces.of(self.map, [space], [*parting, *kept])
        if faces is None:
            raise InputError(
                "no faces of these solids may part",
                cure="give the bond of a pair of regions: fem.Touching() for none",
            )
        clear = {self._pair(pair, facing): gap for pair, gap in clearances.items()}
        gaps = [clear.get(pair, _no_gap)(*mesh.nodes[:, facing[pair].nodes]) for pair in asked]
        self.faces = replace(faces, clearance=np.concatenate([np.zeros(0), *gaps]))
        size = self.map.matrix.shape[1]
        self._springs, self._virgin = np.zeros(size), Virgin()
        self._length = float(np.sqrt(space.basis.dx.sum())) if generalised else 0.0

    @classmethod
    def of(
        cls,
        outlines: Sequence[Drawn],
        size: float,
        laws: Mapping[str, SolidLaw],
        supports: Sequence[Support],
        bonds: Mapping[tuple[str, str], BondLaw] = NO_BONDS,
        tractions: Sequence[Traction] = (),
        generalised: bool = False,
    ) -> Solids:
        """Solids drawn by the outlines of their regions, in elements of about a size in m.

        Parameters
        ----------
        outlines
            Curves (`fem.Line`, `fem.Arc`, coordinates in m) with the names of the regions on their
            left and right; `None` for nothing.

        Raises
        ------
        InputError
            As the class itself; or if the outlines do not close.
        """
        mesh = generate(drawn(outlines), size, max_size=size)
        return cls(mesh, laws, supports, bonds, tractions, generalised)

    def region(self, name: Name) -> int:
        """The number of a region."""
        names = [region.name for region in self.mesh.geometry.regions]
        if isinstance(name, str) and name in names:
            return names.index(name)
        if not isinstance(name, str) and 0 <= name < len(names):
            return int(name)
        raise InputError(
            "the drawing has no such region", given=repr(name), allowed=", ".join(names)
        )

    def _pair(
        self, pair: tuple[Name, Name], facing: Mapping[tuple[int, int], SolidInterface]
    ) -> tuple[int, int]:
        first, second = sorted(self.region(name) for name in pair)
        if (first, second) not in facing:
            raise InputError(
                "the two regions of a bond share no outline, or have no laws",
                given=" and ".join(repr(name) for name in pair),
                cure="name two regions that touch along an outline of the drawing",
            )
        return first, second

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
        swelling: Mapping[int, Swollen] | Mapping[str, Swollen] = NO_SWELLING,
        loads: Mapping[Load, float] = NO_LOADS,
        duration: float = 0.0,
    ) -> SolidState:
        """The state after a step from `state`, which is not changed.

        Parameters
        ----------
        swelling
            Of regions since the start: the relative change of volume, a third of which strains each
            axis; or strain along and across an axis, and its angle from the x axis in rad.
        loads
            At the end of the step: the pressure of a plate in Pa, the displacement of a wall in m,
            what a traction is multiplied by. For those that are not named these are the pressure
            they were made with, 0 and 1.
        duration
            Of the step in s, for laws that know time.

        Raises
        ------
        SolveError
            If no equilibrium is found.
        """
        space = self.body.space
        given = {self.region(name): value for name, value in swelling.items()}
        swelled = _swollen(self.mesh.region[space.elements], given)
        forces = self.body.swelling_forces(swelled)
        load, springs = np.zeros(self.map.matrix.shape[1]), self._springs.copy()
        for unknown, support, length in self._plates:
            load[unknown] = -loads.get(support, support.pressure or 0.0) * length
            springs[unknown] = support.stiffness * length
        moved, pressing = np.zeros(self.map.matrix.shape[0]), np.zeros(self.map.matrix.shape[0])
        for support, nodes in zip(self.supports, self._nodes, strict=True):
            if support.pressure is None:
                moved[2 * nodes + support.axis] = loads.get(support, 0.0)
        for traction, edges in zip(self.tractions, self._edges, strict=True):
            pressing += loads.get(traction, 1.0) * self._pressing(traction, edges)
        border = Border(np.zeros((len(load), 0)), np.zeros(0), np.zeros(0), np.zeros(0))
        system = Parting(
            [self.body], self.map, springs, load, Loads(moved, pressing, 0.0, swelled, forces),
            border, (state.history,), self._length, duration,
            faces=self.faces, parted=state.parted, virgin=self._virgin,
        )  # fmt: skip
        return self._state(system, system.settle(state.unknowns), swelled)

    def spent(self, old: SolidState, new: SolidState) -> Spent:
        """Work that was spent between two states in equilibrium, by mean stresses and tractions.

        With the elastic energy it makes up the work of the loads to rounding.
        """
        body = self.body
        weights = np.asarray(body.space.basis.dx)
        histories = old.history, new.history
        flow = flow_work(histories, body.law_of, old.stress, new.stress, weights)
        return Spent(flow, *faces_work(self.faces, old.parted, new.parted))

    def _pressing(self, traction: Traction, edges: Edges) -> Floats:
        """Forces (2n,) in N/m of a traction."""
        size = len(self.body.space)
        x, y = np.einsum("xea,aq->xeq", edges.coordinates, edges.shapes)
        parts = [edges.load(np.broadcast_to(part, x.shape), np.arange(size), size)
                 for part in traction.of(x, y)]  # fmt: skip
        return np.stack(parts, axis=1).ravel()

    def _state(self, system: Parting, found: Settled, swelled: Floats) -> SolidState:
        x = found.solution
        answer = system.answers(x)[0]
        z, strain = x[: self.map.matrix.shape[1]], system.out_of_plane(x)
        displacement = system.displacements(x).reshape(-1, 2)
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


def _no_gap(x: Floats, y: Floats) -> Floats:
    return np.zeros_like(x)
