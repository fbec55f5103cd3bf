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

if TYPE_CHECKING:
    from fem.physics.equilibrium import Equilibrium, State
    from fem.physics.parting import Parting

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Tangents = tuple[csr_matrix, Floats, Floats]
"""As of `Equilibrium.tangent`."""
Factors = tuple[Ints, Factorised]
"""Which unknowns were free, and the factors of their matrix."""

ENOUGH = 25
"""Iterations of conjugate gradients after which factors are made anew."""
FREED = 100
"""So many more unknowns than factors know, and these do not serve."""
KEPT = 2
"""Sets of which factors are kept: that at the start of a step, and that at its end."""
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


def across(system: Parting, matrix: csr_matrix) -> csr_matrix:
    """A matrix with the weak springs across openings."""
    openings = system.faces.openings
    return (matrix + openings.T @ diags(system.springs_across) @ openings).tocsr()


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
    solve = pivoted(inner) if factors or not symmetric else _solver(system, inner, free)
    z = solve(right[free])
    if len(corner):
        lower = columns[free]
        known = np.stack([solve(column) for column in upper[free].T], axis=1)
        border = np.linalg.solve(corner - lower.T @ known, below - lower.T @ z)
        z = z - known @ border
    found[free] = z
    curvature = float(z @ (inner @ z))
    full = np.append(found, border[-1] * system.length) if system.length else found
    return full, curvature


def _solver(system: Parting, matrix: csr_matrix, free: Ints) -> Callable[[Floats], Floats]:
    """Conjugate gradients with factors of an earlier tangent, as long as these serve."""
    same = all(part.linear for part in system.parts)
    bare = all(isinstance(law, Touching) for law in system.faces.laws)

    def solve(right: Floats) -> Floats:
        loose = bool(system.loose.any())
        try:
            if system.factors is None and bare and (same or not loose):
                system.factors = (free, system.virgin.factors(system, free))
                if same:
                    return np.asarray(system.factors[1].precondition(right))
            # What is held by next to nothing needs factors.
            fits = system.factors is not None and len(free) - len(system.factors[0]) <= FREED
            if fits and not loose:
                found = _near(system, matrix, free, right)
                if found is not None:
                    return found
            if bare and same:
                system.factors = (free, system.virgin.factors(system, free))
            else:
                system.factors = (free, Factorised(matrix))
        except SolveError as error:
            raise SolveError(str(error), field="displacement", cures=CURES) from error
        return np.asarray(system.factors[1].precondition(right))

    return solve


def _near(system: Parting, matrix: csr_matrix, free: Ints, right: Floats) -> Floats | None:
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
    found, failed = cg(matrix, right, rtol=1e-9, maxiter=ENOUGH, M=operator, callback=step)
    system.iterations += count[0]
    return None if failed else np.array(found, dtype=float)


def convex(tangent: Floats) -> Floats:
    """The part of tangents (2, 2, m) that does not soften."""
    value, way = np.linalg.eigh(np.moveaxis(tangent, 2, 0))
    kept = (way * np.maximum(value, 0.0)[:, None, :]) @ way.transpose(0, 2, 1)
    return np.asarray(np.moveaxis(kept, 0, 2))
