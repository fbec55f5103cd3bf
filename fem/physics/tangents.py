"""Newton's steps of solids whose faces may part: what is kept of their matrices, and linear solves.

Of virgin solids all follows from the mesh, the conditions and which openings are held. So factors
are kept from one step to the next, which changes no digit: what is found does not depend on whether
they were known already.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags, identity
from scipy.sparse.linalg import LinearOperator, cg

from fem.errors import SolveError
from fem.laws.bonds import Touching
from fem.mesh import Ints
from fem.solve.active import Held
from fem.solve.linear import Factorised, pivoted
from fem.solve.substructure import Substructure

if TYPE_CHECKING:
    from fem.physics.equilibrium import Equilibrium, State
    from fem.physics.parting import Parting

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Tangents = tuple[csr_matrix, Floats, Floats]
"""As of `Equilibrium.tangent`."""
Solve = Callable[[Floats, float], Floats]
"""What solves for a right-hand side to a relative residual."""
Factors = tuple[Ints, Factorised]
"""Which unknowns were free, and the factors of their matrix."""

ENOUGH = 12
"""Iterations of conjugate gradients after which factors are made anew."""
PATIENCE = 300
"""So often factors have been of no use in a step, and they are made anew for each tangent of it."""
FREED = 100
"""So many more unknowns than factors know, and these do not serve."""
KEPT = 2
"""Sets of which factors are kept: that at the start of a step, and that at its end."""
MOST_GAPS = 6000
"""Gaps onto which elastic solids are condensed: a dense matrix of 0.3 GB."""
CURES = (
    "a smaller step in time, or less swelling at once",
    "a viscosity of the bond, where it snaps open",
)


@dataclass
class Virgin:
    """Stiffness of the virgin solids of one mechanics problem, and what was made of it."""

    _tangents: Tangents | None = None
    _scale: float | None = None
    _known: list[tuple[bytes, Factorised]] = field(default_factory=list)
    _condensed: Substructure | None = None
    _refused: bool = False

    def tangents(self, system: Equilibrium) -> Tangents:
        """Those of its solids at rest."""
        if self._tangents is None:
            self._tangents = system.tangent(self._rest(system))
        return self._tangents

    def scale(self, system: Equilibrium) -> float:
        """A typical stiffness of one displacement in Pa, whatever conditions tie together."""
        if self._scale is None:
            found = [
                part.tangent(*state).stiffness.diagonal()
                for part, state in zip(system.parts, self._rest(system), strict=True)
            ]
            self._scale = float(np.median(np.concatenate(found)))
        return self._scale

    @staticmethod
    def _rest(system: Equilibrium) -> list[State]:
        return [
            (np.zeros((len(part.space), 2)), 0.0, None, part.start(), 0.0) for part in system.parts
        ]

    def condensed(self, system: Parting) -> Substructure | None:
        """The stiffness condensed onto gaps; `None` where these are too many, or it cannot be."""
        gaps = system.faces.gaps[system.faces.gaps >= 0]
        if self._condensed is None and not self._refused:
            self._refused = len(gaps) > MOST_GAPS
            try:
                if not self._refused:
                    matrix = across(system, self.tangents(system)[0], system.anchored)
                    self._condensed = Substructure(matrix, _points(system), gaps)
            except SolveError:
                self._refused = True
        return self._condensed

    def factors(self, system: Parting, free: Ints) -> Factorised:
        """Of the stiffness of `free` unknowns, the others held."""
        key = free.tobytes() + system.springs_across.tobytes()
        for known, factors in self._known:
            if known == key:
                return factors
        matrix = across(system, self.tangents(system)[0])[free][:, free].tocsr()
        made = Factorised(matrix)
        self._known = [*self._known[1 - KEPT :], (key, made)]
        return made


def across(system: Parting, matrix: csr_matrix, springs: Floats | None = None) -> csr_matrix:
    """A matrix with the weak springs across openings, those of now if left out."""
    openings = system.faces.openings
    springs = system.springs_across if springs is None else springs
    return (matrix + openings.T @ diags(springs) @ openings).tocsr()


def newton(
    system: Parting,
    tangents: Tangents,
    bonds: Floats,
    unknowns: Floats,
    residual: Floats,
    held: Held,
    factors: bool,
) -> tuple[Floats, float]:
    """Newton's step with a tangent of solids and of bonds (2, 2, m), and the curvature along it.

    Raises
    ------
    SolveError
        If there is none.
    """
    matrix, columns, corner = tangents
    faces, way = system.faces, system.way
    if bonds.any():
        matrix = (matrix + faces.stiffness(bonds)).tocsr()
    matrix = across(system, matrix)
    n = matrix.shape[0]
    mask = held.mask[:n]
    found = np.where(mask, held.target[:n] - unknowns[:n], 0.0)
    slides, upper = np.flatnonzero(way), columns
    if len(slides):
        # Rows of slips get the force on their gaps, which makes the matrix unsymmetric.
        rub = faces.friction[slides] * way[slides]
        place = (faces.slips[slides], faces.gaps[slides])
        rubs = (identity(n) + coo_matrix((rub, place), shape=(n, n))).tocsr()
        matrix, upper = (rubs @ matrix).tocsr(), rubs @ columns
    below = -columns.T @ found
    right = -residual[:n] - matrix @ found
    if system.length:
        below[-1] -= residual[-1] * system.length
    free = np.flatnonzero(~mask)
    inner = matrix[free][:, free].tocsr()
    symmetric = not len(slides) and all(part.symmetric for part in system.parts)
    # Bonds that soften leave no minimum for conjugate gradients to find.
    solve = _exactly(pivoted(inner)) if factors or not symmetric else _solver(system, inner, free)
    z = solve(right[free], system.forcing)
    if len(corner):
        lower = columns[free]
        close = min(system.forcing, 1e-6)
        known = np.stack([solve(column, close) for column in upper[free].T], axis=1)
        border = np.linalg.solve(corner - lower.T @ known, below - lower.T @ z)
        z = z - known @ border
    found[free] = z
    curvature = float(z @ (inner @ z))
    full = np.append(found, border[-1] * system.length) if system.length else found
    return full, curvature


def _exactly(solve: Callable[[Floats], Floats]) -> Solve:
    """The same whatever tolerance is asked for."""
    return lambda right, tolerance: solve(right)


def _solver(system: Parting, matrix: csr_matrix, free: Ints) -> Solve:
    """Conjugate gradients with factors of an earlier tangent, as long as these serve."""
    same = all(part.linear for part in system.parts)
    bare = all(isinstance(law, Touching) for law in system.faces.laws)
    if same and bare and system.again:
        found = _condensed(system, free)
        if found is not None:
            return found

    exact: list[Factorised] = []

    def solve(right: Floats, tolerance: float) -> Floats:
        if exact:
            return np.asarray(exact[0].precondition(right))
        loose = bool(system.loose.any())
        try:
            if system.factors is None and bare and (same or not loose):
                system.factors = (free, system.virgin.factors(system, free))
                if same:
                    return np.asarray(system.factors[1].precondition(right))
            # What is held by next to nothing needs factors.
            fits = system.factors is not None and len(free) - len(system.factors[0]) <= FREED
            if fits and not loose and system.misses < PATIENCE:
                found = _near(system, matrix, free, right, tolerance)
                if found is not None:
                    return found
                system.misses += 1
            if bare and same:
                system.factors = (free, system.virgin.factors(system, free))
            else:
                system.factors = (free, Factorised(matrix))
        except SolveError as error:
            raise SolveError(str(error), field="displacement", cures=CURES) from error
        exact.append(system.factors[1])
        return np.asarray(exact[0].precondition(right))

    return solve


def _condensed(system: Parting, free: Ints) -> Solve | None:
    """By the stiffness of elastic solids condensed onto their gaps, where that serves."""
    faces = system.faces
    gaps = faces.gaps
    more = system.springs_across - system.anchored
    place = np.flatnonzero((gaps >= 0) & (more[0::2] > 0.0))
    if more.any() and np.count_nonzero(more) > len(place):
        return None  # openings that follow from others are no diagonal entries
    condensed = system.virgin.condensed(system)
    if condensed is None or not condensed.serves(free):
        return None
    springs = np.zeros(system.map.matrix.shape[1])
    springs[gaps[place]] = more[2 * place]
    try:
        return _exactly(condensed.solver(free, springs))
    except SolveError:
        return None


def _points(system: Parting) -> Floats:
    """Where unknowns lie (2, n): amidst the nodes that they move."""
    places = [part.space.mesh.nodes[:, part.space.nodes] for part in system.parts]
    moves = abs(system.map.matrix)
    weight = np.asarray(moves.sum(axis=0)).ravel()
    at = moves.T @ np.repeat(np.concatenate(places, axis=1), 2, axis=1).T
    return np.asarray(at.T / np.where(weight > 0.0, weight, 1.0))


def _near(
    system: Parting, matrix: csr_matrix, free: Ints, right: Floats, tolerance: float
) -> Floats | None:
    """By the factors at hand; `None` if that takes too long."""
    assert system.factors is not None
    before, factors = system.factors
    number = np.full(system.size, -1)
    number[before] = np.arange(len(before))
    mine = np.flatnonzero(number[free] >= 0)
    theirs = number[free[mine]]
    diagonal, count = matrix.diagonal(), [0]

    def precondition(r: Floats) -> Floats:
        inner = np.zeros(len(before))
        inner[theirs] = r[mine]
        found = r / diagonal
        found[mine] = factors.precondition(inner)[theirs]
        return np.asarray(found)

    def step(_: Floats) -> None:
        count[0] += 1

    operator = LinearOperator(matrix.shape, precondition, dtype=float)
    found, failed = cg(matrix, right, rtol=tolerance, maxiter=ENOUGH, M=operator, callback=step)
    system.iterations += count[0]
    return None if failed else np.array(found, dtype=float)


def convex(tangent: Floats) -> Floats:
    """The part of tangents (2, 2, m) that does not soften."""
    value, way = np.linalg.eigh(np.moveaxis(tangent, 2, 0))
    kept = (way * np.maximum(value, 0.0)[:, None, :]) @ way.transpose(0, 2, 1)
    return np.asarray(np.moveaxis(kept, 0, 2))
