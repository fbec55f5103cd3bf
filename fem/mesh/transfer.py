"""Amounts per quadrature point of a lithium line, carried to other edges of the same line."""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.polynomial import legendre
from scipy.spatial import cKDTree

from fem.geometry.types import Phase
from fem.mesh.cell import Floats, Ints, Mesh

_STEPS = 10
"""Newton steps for a place on an edge, whose nodes are spread almost evenly."""
_MORE = 2
"""Quadrature points on intersections beyond those of an edge."""


def transferred(
    amounts: Floats, old: Mesh, old_weights: Floats, new: Mesh, new_weights: Floats
) -> Floats:
    """Amounts on the Li|SE lines of a mesh on those of its successor, outline by outline.

    Outlines keep their ends in a new mesh, so nothing is smeared across feet or from one body to
    another. The sum over each outline stays to rounding.

    Parameters
    ----------
    amounts, old_weights
        Amounts (C per m depth, or any other) at the Gauss points of the edges
        ``old.interface("lithium")``, turned so that the electrolyte is on their right, and the
        points' weights in m; (ne, nq).
    new_weights
        The same of `new`, (me, nq).

    Returns
    -------
    Floats
        Amounts (me, nq).
    """
    result = np.empty_like(new_weights)
    before, after = _rows(old), _rows(new)
    for outline, rows in before.items():
        there = after[outline]
        result[there] = line_transfer(amounts[rows], old_weights[rows], new_weights[there])
    return result


def line_transfer(amounts: Floats, old_weights: Floats, new_weights: Floats) -> Floats:
    """Amounts at the Gauss points of one division of a line at those of another.

    The density (amount over weight) is a polynomial on each edge. It is projected on the
    polynomials of the new edges, exactly on the intersections of both divisions: the sum stays to
    rounding, and a smooth density is met with an error of order nq. An amount that has one sign on
    the old edges keeps it: where a polynomial would overshoot, it is drawn towards its mean.

    Parameters
    ----------
    amounts, old_weights
        Amounts at the Gauss points of the old edges in order along the line and their weights
        (ne, nq); the weights are arc lengths in m.
    new_weights
        Weights of the new edges in order (me, nq), in m. Places on both divisions are compared by
        arc length relative to the whole.

    Returns
    -------
    Floats
        Amounts (me, nq).
    """
    old, new = _Division(old_weights), _Division(new_weights)
    count = old_weights.shape[1]
    points, weights = legendre.leggauss(count + _MORE)
    scale = new.ends[-1] / old.ends[-1]
    density = _of_one_sign(amounts / old_weights, old_weights)

    cuts = np.union1d(old.ends, new.ends[1:-1] / scale)
    middle = 0.5 * (cuts[1:] + cuts[:-1])
    edge, target = old.edge(middle), new.edge(middle * scale)
    first, last = old.place(edge, cuts[:-1]), old.place(edge, cuts[1:])
    xi = first[:, None] + 0.5 * (last - first)[:, None] * (points + 1.0)
    # Density times speed has degree 2 nq - 2, which nq points would integrate exactly; shares are
    # polynomials in the new coordinate, not quite in the old one.
    values = _basis(xi, count)
    local = np.einsum("cpq,cq->cp", values, density[edge])
    parts = local * np.einsum("cpq,cq->cp", values, old.speed[edge])
    parts *= 0.5 * (last - first)[:, None] * weights
    place = new.place(target[:, None], old.arc(edge[:, None], xi) * scale)
    result = np.zeros(new_weights.shape)
    np.add.at(result, target, np.einsum("cp,cpq->cq", parts, _basis(place, count)))

    least, most = np.full(len(result), np.inf), np.full(len(result), -np.inf)
    np.minimum.at(least, target, local.min(axis=1))
    np.maximum.at(most, target, local.max(axis=1))
    mixed = (least < 0.0) & (most > 0.0)
    found = result / new_weights
    limited = _towards_mean(found, new_weights, found) * new_weights
    return np.where(mixed[:, None], result, limited)


def gathered(amounts: Floats, old: Floats, new: Floats) -> Floats:
    """Amounts (n,) at places `old` (2, n), each put to the nearest of `new` (2, m): (m,).

    For lines that have changed their pieces: the sum stays to rounding.
    """
    nearest = cKDTree(new.T).query(old.T)[1]
    return np.asarray(np.bincount(nearest, weights=amounts, minlength=new.shape[1]), dtype=float)


def between(values: Floats, old: Floats, new: Floats) -> Floats:
    """Values (n,) at places `old` (2, n) at `new` (2, m), linear between the nearest two: (m,)."""
    distance, nearest = cKDTree(old.T).query(new.T, k=2)
    whole = distance.sum(axis=1, keepdims=True)
    share = np.divide(distance[:, ::-1], whole, out=np.full_like(distance, 0.5), where=whole > 0.0)
    return np.asarray((share * values[nearest]).sum(axis=1))


class _Division:
    """Edges along a line: the arc length s on each as a polynomial of its coordinate in [-1, 1]."""

    def __init__(self, weights: Floats) -> None:
        self.ends = np.concatenate([[0.0], np.cumsum(weights.sum(axis=1))])
        """Arc lengths (ne + 1,) of the edges' ends in m."""
        self.speed = weights / legendre.leggauss(weights.shape[1])[1]
        """ds over the edge's coordinate at its points (ne, nq)."""
        self._slope = _coefficients(self.speed)
        self._arc: Floats = np.asarray(legendre.legint(self._slope, lbnd=-1.0, axis=1), dtype=float)

    def edge(self, s: Floats) -> Ints:
        """The edges at arc lengths `s`."""
        last = len(self.ends) - 2
        return np.clip(np.searchsorted(self.ends, s, side="right") - 1, 0, last)

    def arc(self, edge: Ints, xi: Floats) -> Floats:
        """Arc lengths of places `xi` on edges."""
        return np.asarray(self.ends[edge] + _evaluate(self._arc, edge, xi))

    def place(self, edge: Ints, s: Floats) -> Floats:
        """Coordinates on edges of arc lengths `s`, by Newton's method."""
        xi: Floats = np.zeros(np.broadcast_shapes(edge.shape, s.shape))
        for _ in range(_STEPS):
            step = (self.arc(edge, xi) - s) / _evaluate(self._slope, edge, xi)
            xi = np.clip(xi - step, -1.0, 1.0)
        return xi


def _rows(mesh: Mesh) -> dict[int, Ints]:
    """For each outline on Li|SE the rows of ``interface("lithium")`` along it, lithium left."""
    which = mesh.interface(Phase.LITHIUM)
    rows = {}
    for outline in np.unique(mesh.outline[which]):
        along = mesh.edges_along(int(outline))
        backwards = mesh.phase_sides[along[0], 0] == Phase.ELECTROLYTE
        rows[int(outline)] = np.searchsorted(which, along[::-1] if backwards else along)
    return rows


def _coefficients(values: Floats) -> Floats:
    """Legendre coefficients (ne, nq) of the polynomials with `values` at the Gauss points."""
    count = values.shape[1]
    points = legendre.leggauss(count)[0]
    return np.asarray(np.linalg.solve(legendre.legvander(points, count - 1), values.T).T)


def _basis(xi: Floats, count: int) -> Floats:
    """Lagrange polynomials of `count` Gauss points at places `xi` (...,), shape (..., count)."""
    points = legendre.leggauss(count)[0]
    lagrange = np.linalg.inv(legendre.legvander(points, count - 1))
    return np.asarray(legendre.legvander(xi, count - 1) @ lagrange)


def _evaluate(coefficients: Floats, edge: Ints, xi: Floats) -> Floats:
    """Legendre series of edges at places on them."""
    powers = legendre.legvander(np.asarray(xi), coefficients.shape[1] - 1)
    return np.asarray((coefficients[edge] * powers).sum(axis=-1))


def _of_one_sign(density: Floats, weights: Floats) -> Floats:
    """Densities (ne, nq) whose polynomials have one sign wherever their values at points do."""
    count = density.shape[1]
    # A polynomial lies between its smallest and largest Bernstein coefficient.
    points = 0.5 * (legendre.leggauss(count)[0] + 1.0)
    degree = count - 1
    k = np.arange(count)
    binomial = np.array([comb(degree, j) for j in k])
    bernstein = binomial * points[:, None] ** k * (1.0 - points[:, None]) ** (degree - k)
    bounds = np.linalg.solve(bernstein, density.T).T
    mixed = (density.min(axis=1) < 0.0) & (density.max(axis=1) > 0.0)
    limited = _towards_mean(density, weights, bounds)
    return np.where(mixed[:, None], density, limited)


def _towards_mean(density: Floats, weights: Floats, bounds: Floats) -> Floats:
    """Densities drawn towards the mean of their edge until `bounds` have the sign of the mean."""
    mean = (density * weights).sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
    sign = np.where(mean < 0.0, -1.0, 1.0)
    size, least = np.abs(mean), (sign * bounds).min(axis=1, keepdims=True)
    factor = np.divide(size, size - least, out=np.ones_like(mean), where=least < 0.0)
    return np.asarray(mean + factor * (density - mean))
