"""The equations of the charge problem: residual, linearisation, and what a solution says.

The unknowns are u = (electrolyte potential phi_e, potentials of terminals that are not given, drops
in the wires of each terminal) and, on every surface, the state variables s that answer to the
current through it. With the trace T of a surface, which makes of u the difference of potentials
across it, and nodal loads b,

    K u + sum of T' b = I,      b = integral of i(T u, s) w ds,      s = rest + R b.

K holds the conductances of electrolyte and wires. Where no R is there, this is the gradient of a
convex energy. A terminal of given power has P / V in place of its current, with its own potential
V: exact in the solution, but convex no more. Then, or where an R is there, s and b are eliminated
surface by surface in each Newton step, which leaves

    (K + sum of T' B T) du = r,      B = (1 - sum over s of M_s R_s)^-1 M_eta

with the mass matrices M of the law's derivatives: a small dense block a row, nearly symmetric.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import LinearOperator

from fem.laws.kinetics import current_density, overpotential
from fem.physics.layout import ChargeSolution, Drive, Layout, Response, apply

Floats = NDArray[np.float64]
Block = tuple[Floats | csr_matrix, Floats]
"""Nodal loads against differences of potentials, and the loads where these do not change."""

LEAST_EXCHANGE = 1e-4
"""Residuals compare at the least with this share of the exchange current: some microvolts."""
EPSILON = float(np.finfo(float).eps)


class ChargeEquations:
    """Residual and linearisation for given drives and responses; unknowns z = (u, s, s, ...).

    Lists hold an entry for each live surface of the layout. `beside` are potentials of the
    electrolyte there (k, m) that do not come from the unknowns.
    """

    def __init__(
        self,
        layout: Layout,
        drives: Sequence[Drive],
        responses: Sequence[Response],
        start: ChargeSolution | None,
        beside: Sequence[Floats] | None = None,
    ) -> None:
        self.layout, self.drives, self._whole = layout, tuple(drives), tuple(responses)
        self.responses = [
            responses[k].cut(part) for k, part in zip(layout.live, layout.parts, strict=True)
        ]
        self.size = layout.size
        self.answering = [(j, name) for j, r in enumerate(self.responses) for name in r.answering]
        self._powers = [
            (layout.ions + place, float(drives[k].power or 0.0))
            for place, k in enumerate(layout.free)
            if drives[k].power is not None
        ]
        self.convex = not self.answering and not self._powers
        given = np.array([drive.potential or 0.0 for drive in drives])
        others = beside or [np.zeros(terminal.shape) for terminal in layout.terminal]
        self._offset = [given[k] - phi for k, phi in zip(layout.terminal, others, strict=True)]
        self._fixed = [k for k, drive in enumerate(drives) if drive.potential is not None]
        self._imposed = np.zeros(self.size)
        for place, k in enumerate(layout.free):
            self._imposed[layout.ions + place] = drives[k].current or 0.0
        self.mismatch, self._at = dict[tuple[int, str], Floats](), np.empty(0)
        self._sizes = {
            (j, name): max(1.0, float(np.abs(self.responses[j].inner[name].rest).max()))
            for j, name in self.answering
        }
        self.scale = self._scale(start)

    # ------------------------------------------------------------------------- scale and start

    def _scale(self, start: ChargeSolution | None) -> float:
        """The current that residuals compare with: the imposed one, or what flowed before.

        Between terminals of given potentials, no more than the electrolyte or any one of them could
        take at the difference; where all is at rest, a share of the exchange current.
        """
        imposed = sum(map(abs, self._currents(start)))
        flowed = 0.5 * sum(float(np.abs(b).sum()) for b in (start.loads if start else ()))
        scale = max(imposed, flowed)
        if imposed and self.convex:
            return scale
        layout = self.layout
        kinetics = layout.kinetics
        least = LEAST_EXCHANGE * min(
            (law.exchange_current_density or 1.0) * layout.lengths[k] for k, law in kinetics.items()
        )
        if scale:
            return float(max(scale, least))
        means = self._means({})
        given = [(self.drives[k].potential or 0.0) - means[k] for k in self._fixed]
        span = max(given) - min(given)
        limits = [
            float(abs(current_density(np.array(sign * span), kinetics[k])[0])) * layout.lengths[k]
            for k in self._fixed
            for sign in (-1.0, 1.0)
        ]
        conductance = layout.conductance.diagonal()[: layout.ions].max()
        return float(max(least, min(span * float(conductance), *limits)))

    def _currents(self, known: ChargeSolution | None) -> list[float]:
        """Imposed currents; those of given powers at the potentials of a known solution or rest."""
        if not self._powers:
            return [drive.current or 0.0 for drive in self.drives]
        if known is not None:
            potentials = list(known.voltages)
        else:
            means, fixed = self._means({}), self._fixed[0]
            given = self.drives[fixed].potential or 0.0
            potentials = [given + means.get(k, 0.0) - means[fixed] for k in range(len(self.drives))]
        pairs = zip(self.drives, potentials, strict=True)
        return [d.current_at(v) if v else 0.0 for d, v in pairs]

    def _means(self, flows: Mapping[int, float]) -> dict[int, float]:
        """How far each terminal stands above phi_e on the mean, in V.

        At uniform current densities of terminals (A/m^2), state variables included.
        """
        layout = self.layout
        rests = []
        for j, (part, response) in enumerate(zip(layout.parts, self.responses, strict=True)):
            loads = self._uniform(j, flows)
            nodal = {name: each.at(loads) for name, each in response.inner.items()}
            rest = response.law.equilibrium(response.state(part.patches, nodal))
            rests.append(layout.main[j] * np.broadcast_to(rest, part.patches.weights.shape))
        mean = layout.totals(rests) / np.maximum(layout.lengths, np.finfo(float).tiny)
        return {
            k: float(mean[k] + overpotential(np.array(flows.get(k, 0.0)), law))
            for k, law in layout.kinetics.items()
        }

    def _uniform(self, j: int, flows: Mapping[int, float]) -> Floats:
        """Nodal loads of a live surface (k, m) at uniform current densities of terminals."""
        patches, terminal = self.layout.parts[j].patches, self.layout.terminal_of_edges[j]
        density = np.array([flows.get(k, 0.0) for k in range(len(self.drives))])[terminal]
        return patches.loads(np.broadcast_to(density[..., None], patches.weights.shape))

    def start(self, known: ChargeSolution | None) -> Floats:
        """The unknowns to begin with: those of a known solution, or of mean currents."""
        layout, n = self.layout, self.layout.ions
        if known is not None:
            free = [known.voltages[k] for k in layout.free]
            inner = [
                # A variable that has just begun to answer starts from where it rests.
                (layout.parts[j].nodal(known.inner[layout.live[j]][name])
                if name in known.inner[layout.live[j]] else self.responses[j].inner[name].rest)
                .ravel()
                for j, name in self.answering
            ]  # fmt: skip
            return np.concatenate([known.potential, free, *known.drops, *inner])
        currents = self._currents(None)
        total = sum(currents)
        lengths = layout.lengths
        flows = {k: currents[k] / lengths[k] for k in layout.kinetics}
        if len(self._fixed) == 1:
            flows[self._fixed[0]] = -total / lengths[self._fixed[0]]
        means = self._means(flows)
        potential = float(
            np.mean([(self.drives[k].potential or 0.0) - means[k] for k in self._fixed])
        )
        u = np.zeros(self.size)
        u[:n] = potential
        for place, k in enumerate(layout.free):
            u[n + place] = potential + means[k]
        inner = [
            self.responses[j].inner[name].at(self._uniform(j, flows)).ravel()
            for j, name in self.answering
        ]
        return np.concatenate([u, *inner])

    # ------------------------------------------------------------------ residual and tangent

    def state(self, z: Floats) -> list[dict[str, Floats]]:
        """State variables of each surface by name, (k, m)."""
        found = [{name: each.rest for name, each in r.inner.items()} for r in self.responses]
        place = self.size
        for j, name in self.answering:
            end = place + found[j][name].size
            found[j][name] = z[place:end].reshape(found[j][name].shape)
            place = end
        return found

    def reactions(self, z: Floats) -> list[tuple[Floats, Floats, Mapping[str, Floats]]]:
        """Of each surface at its quadrature points: current density and its derivatives."""
        out = []
        across = self.layout.across(z[: self.size])
        for j, state in enumerate(self.state(z)):
            patches, response = self.layout.parts[j].patches, self.responses[j]
            difference = self._offset[j] + across[j]
            out.append(response.law(patches.at_points(difference), response.state(patches, state)))
        return out

    def residual(self, z: Floats) -> Floats:
        """Currents that do not balance (A per m of depth); s less what the loads make of it."""
        layout = self.layout
        self.last, self._at = self.reactions(z), z
        loads = [
            part.patches.loads(reaction[0])
            for part, reaction in zip(layout.parts, self.last, strict=True)
        ]
        value = np.zeros_like(z)
        value[: self.size] = layout.conductance @ z[: self.size] - self._imposed
        value[: self.size] += layout.gathered(loads)
        for place, power in self._powers:
            value[place] -= power / z[place]
        state, place = self.state(z), self.size
        for j, name in self.answering:
            miss = self.responses[j].inner[name].at(loads[j]) - state[j][name]
            self.mismatch[j, name] = miss
            value[place : place + miss.size] = -miss.ravel()
            place += miss.size
        return value

    def norm(self, residual: Floats) -> float:
        """Size of a residual: of currents against `scale`, of s against its own size."""
        parts = [float(np.linalg.norm(residual[: self.size])) / self.scale]
        place = self.size
        for key in self.answering:
            end = place + self.mismatch[key].size
            parts.append(float(np.abs(residual[place:end]).max()) / self._sizes[key])
            place = end
        return max(parts)

    def rounding(self, z: Floats) -> float:
        """What rounding of the unknowns may leave of `norm`, where `residual` was evaluated last.

        An overpotential is the difference of potentials of volts, and where reactions are fast, or
        one electrode is far faster than the other, its last digit is a current that can be seen.
        """
        layout = self.layout
        size = np.abs(z[: self.size])
        loads = []
        for part, offset, (_, slope, _) in zip(layout.parts, self._offset, self.last, strict=True):
            potentials = part.patches.at_points(np.abs(offset) + 2.0 * size.max())
            loads.append(part.patches.loads(slope * potentials))
        currents = abs(layout.conductance) @ size + np.abs(layout.gathered(loads))
        parts = [EPSILON * float(np.linalg.norm(currents)) / self.scale]
        for j, name in self.answering:
            matrix = self.responses[j].inner[name].matrix
            assert matrix is not None
            change = apply(abs(matrix), EPSILON * np.abs(loads[j]))
            parts.append(float(change.max()) / self._sizes[j, name])
        return max(parts)

    def tangent(self) -> csr_matrix:
        """K + sum of T' M T where `residual` was evaluated last; exact if no variable answers."""
        return self.layout.tangent([by_difference for _, by_difference, _ in self.last])

    def begin(self, z: Floats) -> list[tuple[int, float]]:
        """Begin a linearisation at z: what given powers add to its diagonal, places and values."""
        state = self.state(z)
        for (j, name), size in self._sizes.items():
            # What a variable has grown to is what its rounding is a share of.
            self._sizes[j, name] = max(size, float(np.abs(state[j][name]).max()))
        return [(place, power / z[place] ** 2) for place, power in self._powers]

    def films(self) -> tuple[float, ...]:
        """Mean conductance per area there of each of all surfaces; 0 where nothing reacts."""
        found = [0.0] * len(self.layout.surfaces)
        for k, part, (_, density, _) in zip(
            self.layout.live, self.layout.parts, self.last, strict=True
        ):
            found[k] = float((density * part.patches.weights).sum() / part.patches.length)
        return tuple(found)

    def linearise(self, z: Floats, residual: Floats) -> Linear:
        """The Newton system at z, where `residual` was evaluated last."""
        layout, slopes = self.layout, self.begin(z)
        rhs = -residual[: self.size]
        blocks: list[Block] = []
        films = [0.0] * len(layout.surfaces)
        for j, part in enumerate(layout.parts):
            patches, response = part.patches, self.responses[j]
            _, by_difference, by_state = self.last[j]
            if response.answering:
                left, shift = np.eye(patches.nodes.shape[1]), np.zeros((*patches.nodes.shape, 1))
                for name in response.answering:
                    change, matrix = patches.mass(by_state[name]), response.inner[name].matrix
                    assert matrix is not None
                    left = left - change @ matrix
                    shift = shift + change @ self.mismatch[j, name][..., None]
                right = np.concatenate([patches.mass(by_difference), shift], axis=2)
                solved = np.linalg.solve(left, right)
                blocks.append((np.ascontiguousarray(solved[..., :-1]), solved[..., -1]))
            else:
                sparse = patches.sparse_mass(by_difference)
                blocks.append((sparse, np.zeros(patches.nodes.shape)))
            share = apply(blocks[-1][0], np.ones(patches.nodes.shape))
            films[layout.live[j]] = float(share.sum() / patches.length)

        rhs -= layout.gathered([shift for _, shift in blocks])

        def multiply(u: Floats) -> Floats:
            u = np.asarray(u).ravel()
            moved = zip(blocks, layout.across(u), strict=True)
            loads = [apply(block, difference) for (block, _), difference in moved]
            out = np.asarray(layout.conductance @ u + layout.gathered(loads))
            for place, slope in slopes:
                out[place] += slope * u[place]
            return out

        operator = LinearOperator((self.size, self.size), multiply, dtype=float)
        return Linear(operator, rhs, tuple(films), blocks, self)

    # ---------------------------------------------------------------------------- the solution

    def solution(
        self,
        z: Floats,
        films: tuple[float, ...],
        iterations: int,
        linear_iterations: int,
        residual: float,
    ) -> ChargeSolution:
        """What is known at the unknowns `z`; currents add up to the imposed ones exactly."""
        layout, n = self.layout, self.layout.ions
        voltages = [drive.potential or 0.0 for drive in self.drives]
        for place, k in enumerate(layout.free):
            voltages[k] = float(z[n + place])
        patches = [surface.patches for surface in layout.surfaces]
        loads = [np.zeros(each.nodes.shape) for each in patches]
        currents = [np.zeros(each.weights.shape) for each in patches]
        for k, part, density in zip(layout.live, layout.parts, self._balanced(z), strict=True):
            part.put_nodes(loads[k], part.patches.loads(density))
            part.put_points(currents[k], density)
        return ChargeSolution(
            potential=z[:n].copy(),
            voltages=tuple(voltages),
            drops=tuple(
                z[a:b].copy() for a, b in zip(layout.first[:-1], layout.first[1:], strict=True)
            ),
            inner=tuple(
                {name: each.at(b) for name, each in response.inner.items()}
                for response, b in zip(self._whole, loads, strict=True)
            ),
            loads=tuple(loads),
            currents=tuple(currents),
            films=films,
            unknowns=self.size,
            iterations=iterations,
            linear_iterations=linear_iterations,
            residual=residual,
        )

    def _balanced(self, z: Floats) -> list[Floats]:
        """Current densities at `z` whose totals are the imposed currents, and cancel, to rounding.

        What a solver's tolerance has left is spread evenly over each terminal: over a long rest it
        would add up to lithium that nobody gave.
        """
        layout = self.layout
        known = np.array_equal(z, self._at)
        densities = [density for density, *_ in (self.last if known else self.reactions(z))]
        totals = layout.totals(densities)
        wanted = totals.copy()
        for place, k in enumerate(layout.free):
            wanted[k] = self.drives[k].current_at(float(z[layout.ions + place]))
        wanted[self._fixed[0]] -= wanted.sum()
        lengths = layout.lengths
        shift = np.divide(wanted - totals, lengths, out=np.zeros_like(totals), where=lengths > 0.0)
        terminals = zip(densities, layout.terminal_of_edges, layout.main, strict=True)
        return [
            density + main * shift[terminal][..., None] for density, terminal, main in terminals
        ]


@dataclass(frozen=True)
class Linear:
    """The linear system of a Newton step, for u, and the way back to all unknowns."""

    operator: LinearOperator
    rhs: Floats
    films: tuple[float, ...]
    blocks: list[Block]
    equations: ChargeEquations

    def expand(self, u: Floats) -> Floats:
        """The step of all unknowns from that of u."""
        equations = self.equations
        parts, across = [u], equations.layout.across(u)
        for j, name in equations.answering:
            block, shift = self.blocks[j]
            matrix = equations.responses[j].inner[name].matrix
            assert matrix is not None
            loads = apply(block, across[j]) + shift
            parts.append((equations.mismatch[j, name] + apply(matrix, loads)).ravel())
        return np.concatenate(parts)
