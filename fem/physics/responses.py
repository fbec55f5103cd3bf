"""Modes of current along a piece of surface with kinks: what it answers to the other surfaces.

Beside a kink the current is no polynomial, and elements resolve it as they can: modes that do not
know the mesh come no nearer to a full solve than elements do to the truth. But what arrives from
the other electrode is smooth, so that a few dozen currents span all that can. They are found on the
mesh itself. With a conductance G per area on the pieces with kinks, currents f of the other
surfaces are answered by

    (K + integral of G w w ds) phi = B f,     i = -G phi,

for some G from next to none to as good as perfect: uniform (slow kinetics), and in the shape of the
current itself (Tafel's law, whose slope is the current). Their singular vectors are the modes, the
largest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csc_matrix, csr_matrix

from fem.mesh import Ints
from fem.physics.charge import ChargeProblem
from fem.physics.modes import Chain, chains_of, nodal_loads
from fem.solve.condense import dissected
from fem.solve.linear import Factorised, TwoLevel

Floats = NDArray[np.float64]
Solve = Callable[[Floats], Floats]

LARGEST_FACTORISED = 400_000
"""Unknowns up to which the electrolyte's P2 matrix is factorised once for all modes."""
EXACT, NEARLY = 1e-13, 1e-8
"""Relative residuals of an operator, and of what merely spans modes."""
STATES = 6
"""Uniform conductances, in equal ratios from that of all the length in electrolyte to `THIN`."""
THIN = 0.01
"""Thickness of electrolyte, over the shortest edge, that resists as good as nothing."""
SKETCHES = 16
"""Random sums of the other surfaces' modes. Waves fade on the way as exp(-2 pi distance / length):
far fewer of them arrive than there are modes."""
SOURCES = 3, 24
"""Modes that are summed, of closed chains and of others."""
NEGLIGIBLE = 1e-10
"""Singular values, over the largest, of what is rounding."""


def chains_on(problem: ChargeProblem, kinks: Ints) -> list[Chain]:
    """The chains of all surfaces; those with kinks (mesh nodes) have no modes yet."""
    mesh = problem.space.mesh
    x = mesh.nodes[0]
    walls = np.flatnonzero((x == 0.0) | (x == mesh.geometry.width))
    return [
        chain
        for number, surface in enumerate(problem.surfaces)
        for chain in chains_of(number, surface.patches, kinks, walls)
    ]


def responses(problem: ChargeProblem, chains: Sequence[Chain]) -> dict[int, Floats]:
    """The modes (count, ne, nq) of those chains that have some of their own, by number."""
    places = [k for k, chain in enumerate(chains) if chain.kind == "response"]
    if not places:
        return {}
    kinked = [chains[k] for k in places]
    answers = list(_answers(problem, kinked, [c for c in chains if c.kind != "response"]))
    return {
        place: _table(np.concatenate([a[k] for a in answers], axis=1), kinked[k].weights)
        for k, place in enumerate(places)
    }


def gathered(problem: ChargeProblem) -> csc_matrix:
    """Sums at the unknowns of the electrolyte of loads at the nodes of all surfaces, (n, nodes)."""
    space = problem.space
    nodes = np.concatenate([space.number[s.patches.nodes].ravel() for s in problem.surfaces])
    entries = (np.ones(len(nodes)), (nodes, np.arange(len(nodes))))
    return csc_matrix(entries, shape=(len(space), len(nodes)))


def loads_of(problem: ChargeProblem, chains: Sequence[Chain], counts: Sequence[int]) -> csc_matrix:
    """Nodal loads of the modes of chains (unknowns of the electrolyte, n)."""
    loads = nodal_loads([each.patches for each in problem.surfaces], chains, counts)
    return (gathered(problem) @ loads).tocsc()


def balanced(problem: ChargeProblem) -> Solve:
    """Potentials (n, k) of loads (n, k) that add up to 0; the first unknown is held at 0."""
    inner, space = problem.electrolyte.conductance[1:, 1:].tocsr(), problem.space
    solve = (
        Factorised(inner, dissected(inner, space.mesh.nodes[:, space.nodes[1:]])).precondition
        if inner.shape[0] <= LARGEST_FACTORISED
        else _two_level(inner, space.from_p1[1:], EXACT)
    )

    def with_first(loads: Floats) -> Floats:
        found = np.zeros_like(loads)
        found[1:] = solve(np.ascontiguousarray(loads[1:]))
        return found

    return with_first


def _two_level(matrix: csr_matrix, from_p1: csr_matrix, tolerance: float) -> Solve:
    """Solutions (n, k) for right sides (n, k)."""
    solver = TwoLevel(matrix, from_p1)
    return lambda loads: np.stack(
        [solver.solve(load, tolerance).solution for load in loads.T], axis=1
    )


def completed(problem: ChargeProblem, chains: Sequence[Chain]) -> list[Chain]:
    """The same chains, with the modes of those that have some of their own."""
    found = list(chains)
    for place, table in responses(problem, chains).items():
        found[place] = replace(found[place], table=table)
    return found


def _answers(
    problem: ChargeProblem, kinked: Sequence[Chain], others: Sequence[Chain]
) -> Iterator[list[Floats]]:
    """Currents (points, columns) along each of the kinked chains, for one conductance each time."""
    counts = [min(SOURCES[chain.kind != "closed"], (len(chain.edges) + 1) // 2) for chain in others]
    modes = loads_of(problem, others, counts)
    random = np.random.default_rng(0).standard_normal((modes.shape[1], SKETCHES))
    means = np.zeros((len(random), 1))
    means[np.cumsum([0, *counts[:-1]])] = 1.0
    loads = modes @ np.concatenate([means, random], axis=1)
    length = sum(chain.length for chain in kinked)
    shortest = min(float(chain.weights.sum(axis=1).min()) for chain in kinked)
    kappa = float(np.mean(problem.electrolyte.conductivity))
    for number, thickness in enumerate(np.geomspace(length, THIN * shortest, STATES)):
        conductance = [np.full(chain.weights.shape, kappa / thickness) for chain in kinked]
        uniform = _answer(problem, kinked, conductance, loads)
        yield uniform
        if number in (0, STATES - 1):
            continue  # without any resistance, and with nothing else, its shape does not matter
        shape = [
            np.abs(i[:, 0]).reshape(c.weights.shape) for i, c in zip(uniform, kinked, strict=True)
        ]
        mean = (
            sum(float((i * c.weights).sum()) for i, c in zip(shape, kinked, strict=True)) / length
        )
        bent = [g * i / mean for g, i in zip(conductance, shape, strict=True)]
        yield _answer(problem, kinked, bent, loads)


def _answer(
    problem: ChargeProblem, kinked: Sequence[Chain], conductance: Sequence[Floats], loads: Floats
) -> list[Floats]:
    """What kinked chains of a conductance in S/m^2 each (ne, nq) answer to loads (n, k).

    Beside the loads stand potentials of all chains but the first, since isolated lithium has its
    own.
    """
    space, traces, offsets = problem.space, [], []
    matrix = problem.electrolyte.conductance
    for chain, density in zip(kinked, conductance, strict=True):
        patches = problem.surfaces[chain.surface].patches
        nodes = space.number[patches.nodes[chain.row, patches.edges[chain.edges]]]
        local = np.einsum("eq,aq,bq->eab", density * chain.weights, patches.shapes, patches.shapes)
        rows = np.broadcast_to(nodes[:, :, None], local.shape)
        entries = (local.ravel(), (rows.ravel(), rows.transpose(0, 2, 1).ravel()))
        film = coo_matrix(entries, shape=matrix.shape).tocsr()
        matrix = matrix + film
        offsets.append(np.asarray(film.sum(axis=1)).ravel())
        traces.append((nodes, patches.shapes))
    right = np.column_stack([loads, *offsets[1:]])
    potentials = _two_level(matrix.tocsr(), space.from_p1, NEARLY)(right)
    found = []
    for number, ((nodes, shapes), density) in enumerate(zip(traces, conductance, strict=True)):
        drop = -np.einsum("eak,aq->eqk", potentials[nodes], shapes)
        if number:
            drop[..., loads.shape[1] + number - 1] += 1.0
        found.append((density[..., None] * drop).reshape(density.size, -1))
    return found


def _table(currents: Floats, weights: Floats) -> Floats:
    """Modes (count, ne, nq) that span currents (points, k); the first is 1, the largest value."""
    root = np.sqrt(weights.ravel())[:, None]
    constant = root / np.linalg.norm(root)
    rest = currents * root
    rest -= constant * (constant.T @ rest)
    vectors, sizes, _ = np.linalg.svd(rest, full_matrices=False)
    kept = vectors[:, sizes > NEGLIGIBLE * sizes[0]]
    table = np.concatenate([root, kept], axis=1) / root
    table /= np.abs(table).max(axis=0)
    return np.ascontiguousarray(table.T.reshape(-1, *weights.shape))
