"""The charge problem with its electrolyte on modes of current: what a step in time solves.

The electrolyte is linear. What it does to reactions is known from the potentials ``V w + c`` along
all surfaces that modes of current out of them make (`fem.physics.condensed`), with amplitudes w in
A/m^2 and a constant c in V. These take the place of its potential among the unknowns; the laws, at
every node and quadrature point, stay as they are. Each mode asks that the loads b of the laws
project onto its amplitude,

    P b = w,      P = (L' D^-1 L)^-1 L' D^-1

with the loads L of the modes and the lengths D of the nodes. P keeps totals: currents balance to
rounding.

What is left out is what loads besides the modes, ``r = b - L w``, do to potentials. Where the field
was solved for last, that is known: it stays, as a correction of V w + c, and only what r has
changed by since then is left out. How large an error that is follows from r alone
(`Reduction.error`). Where it is too large there is no solution here, and the field has to be solved
for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import NDArray
from scipy.linalg import lu_factor, lu_solve
from scipy.sparse import block_diag, csc_matrix, csr_matrix, diags, vstack
from scipy.sparse.linalg import splu

from fem.errors import SolveError
from fem.mesh import Ints
from fem.physics.charge import GENERAL, ChargeProblem
from fem.physics.condensed import traces
from fem.physics.equations import ChargeEquations
from fem.physics.layout import ChargeSolution, Drive, Layout, Response, apply
from fem.physics.modes import Chain, nodal_loads, resolved
from fem.physics.responses import chains_on, completed
from fem.solve.newton import Newton, find

Floats = NDArray[np.float64]

CLOSED, OPEN = (3, 15), 24
"""Modes of closed outlines, at the least and at the most, and of lines."""
FEW = 400
"""Modes in all up to which closed outlines have more than the least."""
MOST_MODES = 1_500
"""Modes up to which they are made: dense factors take a time that grows as their cube."""
LARGEST = 40_000_000
"""Numbers that potentials along surfaces may take: 320 MB."""
ERROR = 1e-5
"""Largest error of a current density, over the mean of the surface, that modes may leave."""
WORN_OUT = 4
"""Steps of Newton's method after which a tangent is made anew."""
SETTINGS = Newton(tolerance=GENERAL.tolerance, max_iterations=15)


class Reduction:
    """The electrolyte of a charge problem on modes.

    Attributes
    ----------
    chains, counts
        Of all surfaces, and how many modes each has.
    loads
        L (nodes, n) in m: of the modes, at the nodes of all surfaces, row after row.
    potentials
        V (nodes, n) in V m^2/A.
    """

    def __init__(
        self, problem: ChargeProblem, chains: Sequence[Chain], counts: Sequence[int]
    ) -> None:
        self.problem, self.chains, self.counts = problem, tuple(chains), tuple(counts)
        patches = [surface.patches for surface in problem.surfaces]
        self.loads: csc_matrix = nodal_loads(patches, chains, counts)
        self.potentials: Floats = np.empty(self.loads.shape)
        for part, found in traces(problem, self.loads):
            self.potentials[:, part] = found
        ones = [each.loads(np.ones(each.weights.shape)).ravel() for each in patches]
        self._lengths: Floats = np.concatenate(ones)
        self._first = np.cumsum([0, *(each.nodes.size for each in patches)])
        self._tables: csr_matrix = (diags(1.0 / self._lengths) @ self.loads).tocsr()
        self._mass = (self.loads.T @ self._tables).tocsc()
        self._factors = splu(self._mass)
        self._layouts: dict[object, _Reduced] = {}

    @classmethod
    def of(cls, problem: ChargeProblem, cuts: Ints) -> Reduction | None:
        """That of a charge problem; `None` where it would be larger than it is useful.

        `cuts` are as in `fem.physics.modes.chains_of`.
        """
        chains = completed(problem, chains_on(problem, cuts))
        rims = sum(chain.kind == "closed" for chain in chains)
        share = (FEW - OPEN * (len(chains) - rims)) // max(1, rims)
        # A wave has a sine and a cosine.
        counts = resolved(chains, int(np.clip(2 * (share // 2) - 1, *CLOSED)), OPEN)
        nodes = sum(surface.patches.nodes.size for surface in problem.surfaces)
        if sum(counts) > MOST_MODES or sum(counts) * nodes > LARGEST:
            return None
        return cls(problem, chains, counts)

    @property
    def size(self) -> int:
        """How many unknowns the electrolyte has: amplitudes and the constant."""
        return sum(self.counts) + 1

    def trace(self, solution: ChargeSolution, surface: int) -> Floats:
        """Potential of the electrolyte at the nodes of a surface (k, m) in V."""
        rows, unknowns = slice(*self._first[surface : surface + 2]), solution.potential
        values = self.potentials[rows] @ unknowns[:-1] + unknowns[-1]
        values += solution.correction[0, rows]
        return np.asarray(values.reshape(self.problem.surfaces[surface].patches.nodes.shape))

    def amplitudes(self, loads: Sequence[Floats]) -> Floats:
        """Modes (n,) in A/m^2 of nodal loads (k, m) of all surfaces: P b."""
        every = np.concatenate([b.ravel() for b in loads])
        return np.asarray(self._factors.solve(self._tables.T @ every))

    def in_field(self, known: ChargeSolution) -> ChargeSolution:
        """A solution on modes with the potential (n,) that these and its correction make."""
        if len(known.potential) != self.size:
            return known
        every = self.loads @ known.potential[:-1] + known.correction[1]
        loads = np.split(every, self._first[1:-1])
        shaped = tuple(b.reshape(old.shape) for b, old in zip(loads, known.loads, strict=True))
        return replace(known, potential=self.problem.potential(replace(known, loads=shaped)))

    def corrected(self, found: ChargeSolution) -> ChargeSolution:
        """A solution for the field with what modes do not make of it."""
        every = np.concatenate([b.ravel() for b in found.loads])
        nodes = [self.problem.space.number[s.patches.nodes] for s in self.problem.surfaces]
        field = np.concatenate([found.potential[each].ravel() for each in nodes])
        w = self.amplitudes(found.loads)
        # Modes leave the first unknown at 0.
        potentials = field - found.potential[0] - self.potentials @ w
        return replace(found, correction=np.stack([potentials, every - self.loads @ w]))

    def solve(
        self,
        layout: Layout,
        drives: Sequence[Drive],
        responses: Sequence[Response],
        start: ChargeSolution,
    ) -> ChargeSolution | None:
        """Potentials and amplitudes at which all currents balance; `None` where modes do not do.

        `layout` is that of the field.
        """
        if layout.key not in self._layouts:
            if len(self._layouts) > 3:
                self._layouts.clear()
            self._layouts[layout.key] = _Reduced(self, layout)
        reduced = self._layouts[layout.key]
        start = self.on_modes(start)
        beside = reduced.nodal(start.correction[0])
        equations = ChargeEquations(reduced.layout, drives, responses, start, beside)
        tangents = [start.tangent] if isinstance(start.tangent, _Tangent) else []
        steps = 0

        def direction(z: Floats, residual: Floats, forcing: float) -> Floats:
            nonlocal steps
            slopes = equations.begin(z)
            if not tangents or steps == WORN_OUT or tangents[-1].reduced is not reduced:
                tangents.append(_Tangent(reduced, equations, slopes))
            steps += 1
            return tangents[-1].step(equations, residual)

        try:
            found = find(
                equations.residual, direction, equations.start(start), equations.norm,
                "phi_e", SETTINGS, rounding=equations.rounding,
            )  # fmt: skip
        except (SolveError, LinAlgError):
            return None
        z, films = found.solution, equations.films()
        solution = equations.solution(z, start.films, found.iterations, 0, found.residual)
        solution = replace(
            solution,
            unknowns=layout.size,
            correction=start.correction,
            tangent=tangents[-1] if tangents else None,
        )
        return solution if self.error(solution, films, equations.scale) <= ERROR else None

    def error(self, solution: ChargeSolution, films: Sequence[float], scale: float) -> float:
        """Largest error of a current density, over the mean of its surface, that modes leave.

        `films` are the conductances per area of all surfaces in S/m^2; `scale`, in A per m, is a
        current that all surfaces together take at the least.
        """
        every = np.concatenate([b.ravel() for b in solution.loads])
        beside = every - self.loads @ solution.potential[:-1] - solution.correction[1]
        flow = np.add.reduceat(np.abs(every), self._first[:-1])
        length = np.add.reduceat(self._lengths, self._first[:-1])
        surface = np.array([chain.surface for chain in self.chains])
        mean = np.maximum(flow / length, scale / length.sum())[surface]
        return float(
            np.max(np.array(films)[surface] * self.impedances * self.streams(beside) / mean)
        )

    # -------------------------------------------------------------------------------- its parts

    @cached_property
    def _along(self) -> tuple[Ints, Ints]:
        """Nodes along all chains, one after the other, and where each chain begins among them."""
        found = []
        for chain in self.chains:
            patches = self.problem.surfaces[chain.surface].patches
            start = self._first[chain.surface] + chain.row * patches.nodes.shape[1]
            found.append(start + patches.edges[chain.edges][:, [0, 2]].ravel())
        return np.concatenate(found), np.cumsum([0, *map(len, found[:-1])])

    def streams(self, loads: Floats) -> Floats:
        """Root mean square of what flows between points of each chain (chains,) in A per m.

        A potential is conjugate to its stream function: along a straight line, or around a disc,
        that is this number over the conductivity, whatever modes the loads (nodes,) have.
        """
        nodes, starts = self._along
        lengths = self._lengths[nodes]
        whole = np.add.reduceat(lengths, starts)
        count = np.diff([*starts, len(nodes)])
        stream = np.cumsum(loads[nodes])
        stream -= np.repeat(np.add.reduceat(lengths * stream, starts) / whole, count)
        return np.asarray(np.sqrt(np.add.reduceat(lengths * stream**2, starts) / whole))

    @cached_property
    def impedances(self) -> Floats:
        """Potential over what `streams` tells of the last mode of each chain (chains,) in ohm m."""
        last = np.cumsum(self.counts) - 1
        loads = self.loads[:, last]
        made = np.asarray(loads.multiply(self.potentials[:, last]).sum(axis=0)).ravel()
        size = self._mass.diagonal()[last]
        length = np.array([chain.length for chain in self.chains])
        streams = np.array([self.streams(mode)[k] for k, mode in enumerate(loads.T.toarray())])
        found = made / np.sqrt(size * length) / streams
        # The first mode of all, which returns through itself, meets nothing if it is the only one.
        return np.asarray(np.where(found > 0.0, found, found.max()))

    def on_modes(self, known: ChargeSolution) -> ChargeSolution:
        """A solution with unknowns of this kind, where it was solved for the field."""
        if len(known.potential) == self.size:
            return known
        unknowns = np.append(self.amplitudes(known.loads), known.potential[0])
        correction = known.correction
        if correction.shape[1] != len(self._lengths):
            correction = np.zeros((2, len(self._lengths)))
        return replace(known, potential=unknowns, correction=correction)


class _Reduced:
    """A layout with the electrolyte on modes, and what Newton's steps need of it."""

    def __init__(self, reduction: Reduction, layout: Layout) -> None:
        n, ions = reduction.size - 1, layout.ions
        self._rows = rows = np.concatenate(
            [
                (
                    reduction._first[k]
                    + part.rows[:, None] * layout.surfaces[k].patches.nodes.shape[1]
                    + part.nodes
                ).ravel()
                for k, part in zip(layout.live, layout.parts, strict=True)
            ]
        )
        assert isinstance(layout.trace, csr_matrix)
        others = layout.trace[:, ions:].toarray()
        constant = -np.ones((len(rows), 1))
        tables = reduction._tables[rows]
        blocks = [-reduction._mass, csr_matrix((1, 1)), layout.conductance[ions:, ions:]]
        beside = csr_matrix(np.hstack([constant, others]).T)
        shift = n + 1 - ions
        self.layout = replace(
            layout,
            ions=n + 1,
            conductance=block_diag(blocks, format="csr"),
            first=tuple(place + shift for place in layout.first),
            trace=np.hstack([-reduction.potentials[rows], constant, others]),
            adjoint=vstack([tables.T, beside], format="csr"),
        )
        # What potentials along the surfaces are in modes, (n, size).
        self.across: Floats = reduction._factors.solve(
            np.asarray(reduction.loads[rows].T @ self.layout.trace)
        )
        self.places, self.tables = _by_row(self.layout, tables, n)
        padded = np.vstack([self.across, np.zeros(self.layout.size)])
        self.across_rows = [padded[place] for place in self.places]
        self.conductance: Floats = self.layout.conductance.toarray()

    def nodal(self, every: Floats) -> list[Floats]:
        """Values at the nodes of all surfaces (nodes,) at those of each part (k, m)."""
        patches = [part.patches for part in self.layout.parts]
        values = np.split(every[self._rows], np.cumsum([p.nodes.size for p in patches])[:-1])
        return [v.reshape(p.nodes.shape) for v, p in zip(values, patches, strict=True)]


def _by_row(layout: Layout, tables: csr_matrix, n: int) -> tuple[list[Ints], list[Floats]]:
    """Modes of each row of each part (k, r), `n` where it has fewer, and their values (k, m, r)."""
    places, values, start = [], [], 0
    for part in layout.parts:
        k, m = part.patches.nodes.shape
        own = [tables[start + m * row : start + m * (row + 1)].tocsc() for row in range(k)]
        modes = [np.flatnonzero(np.diff(each.indptr)) for each in own]
        most = max(map(len, modes))
        place, value = np.full((k, most), n), np.zeros((k, m, most))
        for row, which in enumerate(modes):
            place[row, : len(which)] = which
            value[row, :, : len(which)] = own[row][:, which].toarray()
        places.append(place)
        values.append(value)
        start += k * m
    return places, values


@dataclass(frozen=True)
class _Answer:
    """How a surface answers near a state: loads are ``inverse (M_eta d + sum of M_s miss)``."""

    by_difference: Floats
    by_state: dict[str, Floats]
    inverse: Floats | None


class _Tangent:
    """The equations linearised at a state, for the steps of Newton's method from there.

    In them, but not in residuals, potentials along surfaces are what is left of them in modes.
    """

    def __init__(
        self, reduced: _Reduced, equations: ChargeEquations, slopes: Sequence[tuple[int, float]]
    ) -> None:
        layout = reduced.layout
        self.reduced = reduced
        self._answers: list[_Answer] = []
        n = layout.ions - 1
        gained = np.zeros((n + 1, layout.size))
        for j, part in enumerate(layout.parts):
            patches, response = part.patches, equations.responses[j]
            _, by_difference, by_state = equations.last[j]
            inverse = None
            if response.answering:
                left = np.eye(patches.nodes.shape[1])
                for name in response.answering:
                    matrix = response.inner[name].matrix
                    assert matrix is not None
                    left = left - patches.mass(by_state[name]) @ matrix
                inverse = np.asarray(np.linalg.inv(left), dtype=float)
            self._answers.append(_Answer(by_difference, dict(by_state), inverse))
            place, table = reduced.places[j], reduced.tables[j]
            loads = np.stack(
                [patches.loads(by_difference * patches.at_points(mode))
                 for mode in np.moveaxis(table, 2, 0)], axis=2,
            )  # fmt: skip
            if inverse is not None:
                loads = inverse @ loads
            gain = table.transpose(0, 2, 1) @ loads
            gained[place] += gain @ reduced.across_rows[j]
        gained = gained[:n]
        matrix = reduced.conductance.copy()
        matrix[:n] += gained
        # What is summed over a piece is the amplitude of its first mode.
        matrix[n:] += reduced.across[:, n:].T @ gained
        for place_, slope in slopes:
            matrix[place_, place_] += slope
        self._factors = lu_factor(matrix, overwrite_a=True, check_finite=False)

    def step(self, equations: ChargeEquations, residual: Floats) -> Floats:
        """The step of all unknowns from a residual, which was evaluated last."""
        reduced, layout = self.reduced, self.reduced.layout
        shifts = []
        for j, (part, answer) in enumerate(zip(layout.parts, self._answers, strict=True)):
            shift = np.zeros(part.patches.nodes.shape)
            for name in equations.responses[j].answering:
                miss = part.patches.at_points(equations.mismatch[j, name])
                shift += part.patches.loads(answer.by_state[name] * miss)
            shifts.append(shift if answer.inverse is None else apply(answer.inverse, shift))
        rhs = -residual[: layout.size] - layout.gathered(shifts)
        u = lu_solve(self._factors, rhs, check_finite=False)
        parts = [u]
        modes = np.append(reduced.across @ u, 0.0)
        for j, name in equations.answering:
            patches, answer = layout.parts[j].patches, self._answers[j]
            matrix, inverse = equations.responses[j].inner[name].matrix, answer.inverse
            assert matrix is not None and inverse is not None
            difference = apply(reduced.tables[j], modes[reduced.places[j]])
            loads = patches.loads(answer.by_difference * patches.at_points(difference))
            loads = apply(inverse, loads) + shifts[j]
            parts.append((equations.mismatch[j, name] + apply(matrix, loads)).ravel())
        return np.concatenate(parts)
