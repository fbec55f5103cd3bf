"""A loaded piece of solids that yield and creep, solved as a cell's mechanics is.

Drawings and meshes are those of `mechanics_harness`: plain coordinates, one unit is `UNIT` metres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from mechanics_harness import UNIT, Body, X, Y, nodes_on
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, identity, kron

from fem.laws.solids import SolidLaw, dissipation
from fem.mesh import Mesh
from fem.physics.constraints import Constraints
from fem.physics.elastic import Answer, BodyHistory, SolidBody
from fem.physics.equilibrium import Border, Equilibrium, Loads
from fem.spaces import Space

Floats = NDArray[np.float64]
Held = tuple[NDArray[np.int64], int, Floats | float]
"""Mesh nodes, an axis, and their displacement there, plain."""


@dataclass(frozen=True)
class Moment:
    """A state of balance; displacements (n, 2) are plain."""

    unknowns: Floats
    displacement: Floats
    out_of_plane: float
    answer: Answer
    dissipated: float
    iterations: int

    @property
    def history(self) -> BodyHistory:
        return self.answer.history


@dataclass
class Specimen:
    """All of a mesh as one bonded body, each region with a law of its own."""

    mesh: Mesh
    laws: Mapping[int, SolidLaw]
    generalised: bool = False
    _supports: dict = field(default_factory=dict)

    @cached_property
    def body(self) -> SolidBody:
        distinct = tuple(dict.fromkeys(self.laws.values()))
        index = np.array([distinct.index(self.laws[r]) for r in sorted(self.laws)])
        space = Space(self.mesh, np.arange(len(self.mesh.region)))
        return SolidBody(space, distinct, index[self.mesh.region])

    @cached_property
    def loads(self) -> Body:
        """Makes loads; its moduli do not matter."""
        count = len(self.mesh.geometry.regions)
        return Body(self.mesh, [1.0] * count, [0.3] * count)

    @property
    def points(self) -> Floats:
        return self.mesh.nodes / UNIT

    def wall(self, *outlines: int) -> NDArray[np.int64]:
        return nodes_on(self.mesh, *outlines)

    @property
    def symmetry(self) -> tuple[Held, Held]:
        """About x = 0 and y = 0."""
        x, y = self.points
        return (
            (np.flatnonzero(np.abs(x) < 1e-9), X, 0.0),
            (np.flatnonzero(np.abs(y) < 1e-9), Y, 0.0),
        )

    def solve(
        self,
        load: Floats | None = None,
        held: tuple[Held, ...] | None = None,
        before: Moment | None = None,
        duration: float = 0.0,
        swelling: Floats | None = None,
    ) -> Moment:
        """Balance under nodal forces (2n,) in N/m, from a state that is committed."""
        held = self.symmetry if held is None else held
        body = self.body
        size = 2 * len(body.space)
        jump = np.zeros(size)
        dofs = []
        for nodes, axis, value in held:
            dofs.append(2 * nodes + axis)
            jump[dofs[-1]] = np.asarray(value) * UNIT
        constraints = Constraints(size, self.mesh.nodes.shape[1])
        constraints.hold(np.concatenate(dofs))
        up = kron(body.space.from_p1, identity(2), format="csr")
        affine = constraints.build(up, csr_matrix((size, size)), np.zeros((size, 3)))
        swelled = None
        if swelling is not None:
            swelled = body.swelling_forces(swelling)
        pressing = np.zeros(size) if load is None else load
        none = np.zeros(0)
        border = Border(np.zeros((affine.matrix.shape[1], 0)), none, none, none)
        zero = np.zeros(affine.matrix.shape[1])
        history = body.start() if before is None else before.history
        length = float(np.sqrt(body.space.basis.dx.sum())) if self.generalised else 0.0
        system = Equilibrium(
            [body], affine, zero, zero, Loads(jump, pressing, 0.0, swelling, swelled), border,
            (history,), length, duration,
        )  # fmt: skip
        found = system.solve(None if before is None else before.unknowns)
        w, out = system.displacements(found.solution), system.out_of_plane(found.solution)
        answer = system.answers(found.solution)[0]
        return Moment(
            found.solution, w.reshape(-1, 2) / UNIT, out, answer,
            self._heat(w, out, swelling, history, duration), found.iterations,
        )  # fmt: skip

    def _heat(self, w, out, swelling, history, duration) -> float:
        """J/m of the step, of all laws that are not linear."""
        total = 0.0
        for number, law, which, basis in self.body._others:
            strain = self.body._strain(which, basis, w.reshape(-1, 2), out, swelling)
            found = law.respond(strain, history[number], duration)
            heat = dissipation(history[number], found)
            assert (heat >= 0.0).all()
            total += float((heat * np.asarray(basis.dx)).sum())
        return total

    def at(self, moment: Moment, x: float, y: float) -> Floats:
        """Displacement (plain) at the node at (x, y)."""
        distance = np.hypot(*(self.points - np.array([[x], [y]])))
        node = int(np.argmin(distance))
        assert distance[node] < 1e-9, f"no node at ({x}, {y})"
        return moment.displacement[node]

    def radius(self) -> Floats:
        """Of the quadrature points (nt, nq), plain."""
        return np.hypot(*np.asarray(self.body.space.basis.global_coordinates())) / UNIT
