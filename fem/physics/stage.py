"""One implicit stage of a cell in time: residual, linearisation, and what its solution says.

Within a stage the inner variable s of each surface follows the current through it,
``s = rest + R b`` with nodal loads ``b = integral of i_n w ds``: R is diffusion in the particles or
the elastic response of lithium and electrolyte, condensed onto the surface. Newton's method runs on
electrolyte potential, free electrode potentials and all s together; s and b are eliminated surface
by surface, which leaves for the potentials

    K dphi + T (dphi - dV) = r,      T = (1 - B_s R)^-1 B_eta

with the surface matrices B of the reaction's two derivatives. T is a small dense block a particle,
nearly symmetric, and weak against K.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.linalg import LinearOperator

from fem.laws.kinetics import Kinetics, overpotential
from fem.mesh import Ints
from fem.physics.surfaces import Patches, Reaction

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Electrode:
    """An equipotential with its reacting surfaces, one entry a group of congruent pieces."""

    name: str
    patches: tuple[Patches, ...]
    kinetics: Kinetics


@dataclass(frozen=True)
class Drive:
    """What is imposed on an electrode: its potential (V) or its current (A per m of depth)."""

    potential: float | None = None
    current: float | None = None


@dataclass(frozen=True)
class Response:
    """How a group of surfaces answers: ``s = rest + matrix b``.

    `rest` is (k, m), `matrix` (m, m) or (k, m, m); without a matrix s stays at rest.
    """

    reaction: Reaction
    rest: Floats
    matrix: Floats | None = None


@dataclass(frozen=True)
class CellSolution:
    """Potentials and reactions of a stage.

    Attributes
    ----------
    potential
        Electrolyte potential (n,) in V.
    voltages
        Potential of each electrode in V.
    inner
        Inner variable of each group of surfaces (k, m), electrode after electrode.
    loads
        Nodal loads of each group (k, m) in A per m of depth.
    currents
        Current density of each group at its quadrature points (k, ne, nq) in A/m^2.
    films
        Conductance per area of each group that the linear solver was prepared with.
    """

    potential: Floats
    voltages: tuple[float, ...]
    inner: tuple[Floats, ...]
    loads: tuple[Floats, ...]
    currents: tuple[Floats, ...]
    iterations: int
    linear_iterations: int
    residual: float
    films: tuple[float, ...]


@dataclass(frozen=True)
class Layout:
    """Where currents cross: the electrolyte's conductance and the surfaces on it.

    Attributes
    ----------
    conductance
        Of the electrolyte (n, n) in S per m of depth.
    electrodes
        All electrodes.
    patches, owner, dofs
        For each group of surfaces its pieces, the number of its electrode, and the unknowns of its
        nodes (k, m).
    """

    conductance: csr_matrix
    electrodes: tuple[Electrode, ...]
    patches: tuple[Patches, ...]
    owner: tuple[int, ...]
    dofs: tuple[Ints, ...]


@dataclass(frozen=True)
class Linear:
    """The linear system of a Newton step, for the potentials, and the way back to all unknowns."""

    operator: LinearOperator
    rhs: Floats
    films: tuple[float, ...]
    blocks: list[tuple[Floats | csr_matrix, Floats]]
    stage: StageEquations

    def expand(self, u: Floats) -> Floats:
        """The step of all unknowns from that of the potentials."""
        stage = self.stage
        parts = [u]
        for group, response in enumerate(stage.responses):
            if response.matrix is None:
                continue
            block, shift = self.blocks[group]
            loads = _apply(block, stage.drop(u, group)) + shift
            parts.append((stage.mismatch[group] + _apply(response.matrix, loads)).ravel())
        return np.concatenate(parts)


class StageEquations:
    """Residual and linearisation of one stage; the unknowns are (phi_e, free V, s, s, ...)."""

    def __init__(
        self,
        layout: Layout,
        drives: Sequence[Drive],
        responses: Sequence[Response],
        start: CellSolution | None,
    ) -> None:
        self.layout, self.drives, self.responses = layout, drives, responses
        self.n = layout.conductance.shape[0]
        self.free = tuple(k for k, drive in enumerate(drives) if drive.potential is None)
        self.size = self.n + len(self.free)
        self.mismatch: dict[int, Floats] = {}
        lengths = [float(p.weights.sum()) for p in layout.patches]
        # Residuals compare with the current that flows: what is imposed, what went on before, and
        # at the least what the exchange current drives at some microvolts.
        exchange = [
            1e-4 * (layout.electrodes[e].kinetics.exchange_current_density or 1.0) * length
            for e, length in zip(layout.owner, lengths, strict=True)
        ]
        self.scale = max(
            *(abs(drive.current or 0.0) for drive in drives),
            0.5 * sum(float(np.abs(b).sum()) for b in (start.loads if start else ())),
            min(exchange),
        )

    def unknown(self, electrode: int) -> int | None:
        """Place of an electrode's potential among the unknowns."""
        return self.n + self.free.index(electrode) if electrode in self.free else None

    def start(self, known: CellSolution | None) -> Floats:
        """The unknowns to begin with."""
        if known is not None:
            inner = [
                known.inner[g].ravel() for g, r in enumerate(self.responses) if r.matrix is not None
            ]
            free = [known.voltages[k] for k in self.free]
            return np.concatenate([known.potential, free, *inner])
        layout = self.layout
        mean: dict[int, float] = {}
        lengths: dict[int, float] = {}
        for group, e in enumerate(layout.owner):
            lengths[e] = lengths.get(e, 0.0) + float(layout.patches[group].weights.sum())
        total = sum(d.current or 0.0 for d in self.drives)
        inner = []
        for group, response in enumerate(self.responses):
            e, patches = layout.owner[group], layout.patches[group]
            s = response.rest
            if response.matrix is not None:
                flows = -total if e == 0 else self.drives[e].current or 0.0
                uniform = np.full(patches.weights.shape, flows / lengths[e])
                s = s + _apply(response.matrix, patches.loads(uniform))
                inner.append(s.ravel())
            rest = response.reaction.equilibrium(patches.at_points(s))
            mean[e] = mean.get(e, 0.0) + float((rest * patches.weights).sum())
        ground = self.drives[0].potential or 0.0
        eta = float(overpotential(np.array(-total / lengths[0]), layout.electrodes[0].kinetics))
        potential = ground - mean[0] / lengths[0] - eta
        free = [
            potential
            + mean[k] / lengths[k]
            + float(
                overpotential(
                    np.array((self.drives[k].current or 0.0) / lengths[k]),
                    layout.electrodes[k].kinetics,
                )
            )
            for k in self.free
        ]
        return np.concatenate([np.full(self.n, potential), free, *inner])

    def voltage(self, z: Floats, electrode: int) -> float:
        place = self.unknown(electrode)
        return float(self.drives[electrode].potential if place is None else z[place])  # type: ignore[arg-type]

    def inner(self, z: Floats) -> list[Floats]:
        """The inner variable of each group (k, m)."""
        found, place = [], self.size
        for response in self.responses:
            if response.matrix is None:
                found.append(response.rest)
            else:
                end = place + response.rest.size
                found.append(z[place:end].reshape(response.rest.shape))
                place = end
        return found

    def reactions(self, z: Floats) -> list[tuple[Floats, Floats, Floats]]:
        """Current density and its derivatives at the quadrature points of each group."""
        out = []
        for group, (response, s) in enumerate(zip(self.responses, self.inner(z), strict=True)):
            patches = self.layout.patches[group]
            phi = patches.at_points(z[self.layout.dofs[group]])
            voltage = self.voltage(z, self.layout.owner[group])
            out.append(response.reaction(voltage - phi, patches.at_points(s)))
        return out

    def residual(self, z: Floats) -> Floats:
        """Currents that do not balance (A per m of depth); s less what the loads make of it."""
        layout = self.layout
        self._reactions = self.reactions(z)
        value = np.zeros_like(z)
        value[: self.n] = layout.conductance @ z[: self.n]
        for k in self.free:
            value[self.unknown(k)] -= self.drives[k].current or 0.0
        place = self.size
        for group, (response, s) in enumerate(zip(self.responses, self.inner(z), strict=True)):
            loads = layout.patches[group].loads(self._reactions[group][0])
            np.subtract.at(value, layout.dofs[group], loads)
            unknown = self.unknown(layout.owner[group])
            if unknown is not None:
                value[unknown] += loads.sum()
            if response.matrix is not None:
                self.mismatch[group] = response.rest + _apply(response.matrix, loads) - s
                value[place : place + s.size] = -self.mismatch[group].ravel()
                place += s.size
        return value

    def norm(self, residual: Floats) -> float:
        """Size of a residual: of currents against the imposed one, of s against its own size."""
        parts = [float(np.linalg.norm(residual[: self.size])) / self.scale]
        place = self.size
        for response in self.responses:
            if response.matrix is not None:
                end = place + response.rest.size
                size = max(1.0, float(np.abs(response.rest).max()))
                parts.append(float(np.abs(residual[place:end]).max()) / size)
                place = end
        return max(parts)

    def drop(self, u: Floats, group: int) -> Floats:
        """Steps of ``V - phi_e`` at the nodes of a group (k, m)."""
        unknown = self.unknown(self.layout.owner[group])
        return np.asarray((0.0 if unknown is None else u[unknown]) - u[self.layout.dofs[group]])

    def linearise(self, z: Floats, residual: Floats) -> Linear:
        """The Newton system at the point where `residual` was evaluated last."""
        layout = self.layout
        rhs = -residual[: self.size]
        blocks: list[tuple[Floats | csr_matrix, Floats]] = []
        films = []
        for group, response in enumerate(self.responses):
            patches = layout.patches[group]
            _, by_eta, by_inner = self._reactions[group]
            if response.matrix is None:
                block: Floats | csr_matrix = _sparse_mass(patches, by_eta)
                shift = np.zeros(patches.nodes.shape)
                share = _apply(block, np.ones(patches.nodes.shape))
            else:
                change = patches.mass(by_inner)
                right = np.concatenate(
                    [patches.mass(by_eta), (change @ self.mismatch[group][..., None])], axis=2
                )
                left = np.eye(patches.nodes.shape[1]) - change @ response.matrix
                solved = np.linalg.solve(left, right)
                block, shift = np.ascontiguousarray(solved[..., :-1]), solved[..., -1]
                share = block.sum(axis=2)
            films.append(float(share.sum() / patches.weights.sum()))
            blocks.append((block, shift))
            np.add.at(rhs, layout.dofs[group], shift)
            unknown = self.unknown(layout.owner[group])
            if unknown is not None:
                rhs[unknown] -= shift.sum()

        def multiply(u: Floats) -> Floats:
            u = np.asarray(u).ravel()
            out = np.zeros(self.size)
            out[: self.n] = layout.conductance @ u[: self.n]
            for group, (block, _) in enumerate(blocks):
                loads = _apply(block, self.drop(u, group))
                np.subtract.at(out, layout.dofs[group], loads)
                unknown = self.unknown(layout.owner[group])
                if unknown is not None:
                    out[unknown] += loads.sum()
            return out

        operator = LinearOperator((self.size, self.size), multiply, dtype=float)
        return Linear(operator, rhs, tuple(films), blocks, self)

    def solution(
        self,
        z: Floats,
        iterations: int,
        linear: int,
        residual: float,
        films: tuple[float, ...],
    ) -> CellSolution:
        """What is known at the unknowns `z`."""
        currents = [reaction[0] for reaction in self.reactions(z)]
        loads = [p.loads(i) for p, i in zip(self.layout.patches, currents, strict=True)]
        inner = [
            r.rest if r.matrix is None else r.rest + _apply(r.matrix, b)
            for r, b in zip(self.responses, loads, strict=True)
        ]
        return CellSolution(
            potential=z[: self.n].copy(),
            voltages=tuple(self.voltage(z, k) for k in range(len(self.drives))),
            inner=tuple(inner),
            loads=tuple(loads),
            currents=tuple(currents),
            iterations=iterations,
            linear_iterations=linear,
            residual=residual,
            films=films,
        )


def _apply(matrix: Floats | csr_matrix, values: Floats) -> Floats:
    """A matrix for all pieces (m, m), one a piece (k, m, m), or sparse, times values (k, m)."""
    if isinstance(matrix, csr_matrix):
        return np.asarray((matrix @ values.ravel()).reshape(values.shape))
    if matrix.ndim == 2:
        return np.asarray(values @ matrix.T)
    return np.asarray(np.matmul(matrix, values[..., None])[..., 0])


def _sparse_mass(patches: Patches, density: Floats) -> csr_matrix:
    """The surface mass matrix of all pieces (k m, k m)."""
    k, m = patches.nodes.shape
    edges = (np.arange(k)[:, None, None] * m + patches.edges).reshape(-1, 3)
    pairs = patches.pair_loads(density).reshape(-1, 3, 3)
    rows = np.broadcast_to(edges[:, :, None], pairs.shape)
    entries = (pairs.ravel(), (rows.ravel(), rows.transpose(0, 2, 1).ravel()))
    return coo_matrix(entries, shape=(k * m, k * m)).tocsr()
