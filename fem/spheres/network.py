"""Contacts of pressed spheres, and the numbers that follow from them.

Everything here is a function of arrays: centres (n, 3), radii (n,) and kinds (n,) of spheres in a
box that is periodic in x and y, with walls at z = 0 and at its height. Lengths are in m. In a
cathode the wall at z = 0 is the collector, and the separator lies on the other one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree

from fem.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]

# ---------------------------------------------------------------------------- one contact


def contact_modulus(
    youngs_modulus: float, poisson_ratio: float, other_modulus: float, other_ratio: float
) -> float:
    """Modulus E* of two elastic bodies in contact: ``1/E* = sum of (1 - nu^2)/E``, in Pa."""
    return 1.0 / (
        (1.0 - poisson_ratio**2) / youngs_modulus + (1.0 - other_ratio**2) / other_modulus
    )


def hertz_force(overlap: Floats, radius: Floats, modulus: float | Floats) -> Floats:
    """Force in N between elastic spheres (Hertz 1882), ``4/3 E* R^(1/2) overlap^(3/2)``.

    Parameters
    ----------
    overlap
        Sum of the radii minus the distance of the centres in m; no force where it is negative.
    radius
        Reduced radius ``Ri Rj/(Ri + Rj)`` in m; at a wall, the radius of the sphere.
    modulus
        `contact_modulus` in Pa.
    """
    pressed = np.maximum(overlap, 0.0)
    return np.asarray(4.0 / 3.0 * modulus * np.sqrt(radius) * pressed**1.5)


def hertz_contact_radius(overlap: Floats, radius: Floats) -> Floats:
    """Radius of the circle in m in which elastic spheres touch, ``(R overlap)^(1/2)``."""
    return np.asarray(np.sqrt(radius * np.maximum(overlap, 0.0)))


# ---------------------------------------------------------------------------- all contacts


@dataclass(frozen=True)
class Contacts:
    """Pairs of spheres that overlap, arrays (m,), and what the two walls touch, arrays (n,).

    `overlap` is the sum of the radii minus the `distance` of the centres; `relative` is the
    overlap over the sum of the radii; `radius` is the reduced radius. `bottom` and `top` are the
    overlaps with the walls, zero or negative where there is a gap.
    """

    first: Ints
    second: Ints
    distance: Floats
    overlap: Floats
    relative: Floats
    radius: Floats
    bottom: Floats
    top: Floats

    def between(self, one: Mask, other: Mask | None = None) -> Mask:
        """Contacts of a sphere of `one` set (n,) with a sphere of the `other`, or the same, set."""
        other = one if other is None else other
        i, j = self.first, self.second
        return np.asarray((one[i] & other[j]) | (one[j] & other[i]))


def contacts(centres: Floats, radii: Floats, box: Floats) -> Contacts:
    """All contacts of spheres (n,) in a `box` (3,) that is periodic in x and y.

    Raises
    ------
    InputError
        If two spheres could touch twice, through opposite sides of the box.
    """
    largest = 2.0 * float(radii.max(initial=0.0))
    if min(box[0], box[1]) <= 2.0 * largest:
        raise InputError(
            "the box is so narrow that two spheres could touch on both sides",
            key="box",
            given=(float(box[0]), float(box[1])),
            allowed=f"more than two of the largest diameters, {2.0 * largest:.4g} m, wide",
            cure="more spheres, or smaller ones",
        )
    period = np.array([box[0], box[1], 0.0])
    inside = centres.copy()
    inside[:, :2] %= period[:2]
    # The remainder of a tiny negative number is the period itself, which the tree refuses.
    inside[:, :2] = np.where(inside[:, :2] >= period[:2], 0.0, inside[:, :2])
    pairs = cKDTree(inside, boxsize=period).query_pairs(largest, output_type="ndarray")
    first, second = pairs.T
    step = centres[second] - centres[first]
    step[:, :2] -= period[:2] * np.round(step[:, :2] / period[:2])
    distance = np.sqrt((step**2).sum(axis=1))
    total = radii[first] + radii[second]
    touching = distance < total
    first, second = first[touching], second[touching]
    distance, total = distance[touching], total[touching]
    return Contacts(
        first,
        second,
        distance,
        total - distance,
        1.0 - distance / total,
        radii[first] * radii[second] / total,
        radii - centres[:, 2],
        centres[:, 2] + radii - box[2],
    )


def reached(touching: Contacts, kind: Mask, sources: Mask) -> Mask:
    """Spheres of a `kind` (n,) that have a way to the `sources` (n,) through spheres of the kind.

    With the electrolyte that touches the separator's wall as sources, the others are islands.
    """
    among = touching.between(kind)
    edges = (np.ones(among.sum()), (touching.first[among], touching.second[among]))
    _, piece = connected_components(csr_matrix(edges, shape=(len(kind), len(kind))), directed=False)
    return np.asarray(kind & np.isin(piece, piece[sources]))


# ---------------------------------------------------------------------------- utilization


def largest_overlap(touching: Contacts, active: Mask, electrolyte: Mask) -> Floats:
    """The largest relative overlap of each active sphere (k,) with any of the electrolyte (n,).

    -1 for a sphere that touches none.
    """
    largest = np.full(len(active), -1.0)
    here = touching.between(active, electrolyte)
    for end in (touching.first, touching.second):
        np.maximum.at(largest, end[here], touching.relative[here])
    return largest[active]


def utilization(touching: Contacts, active: Mask, electrolyte: Mask, threshold: float) -> float:
    """Share of active spheres that can be used.

    Parameters
    ----------
    active
        Which spheres are active material (n,).
    electrolyte
        Which spheres bring lithium (n,): those `reached` from the separator.
    threshold
        A contact counts if the overlap over the sum of the radii is larger.
    """
    return float(np.mean(largest_overlap(touching, active, electrolyte) > threshold))


def coverage(touching: Contacts, radii: Floats, active: Mask, electrolyte: Mask) -> float:
    """Hertzian contact area of active spheres with electrolyte over the area of all of them."""
    here = touching.between(active, electrolyte)
    a = hertz_contact_radius(touching.overlap[here], touching.radius[here])
    return float((a**2).sum() / (4.0 * (radii[active] ** 2).sum()))


# ---------------------------------------------------------------------------- paths and currents


def path_tortuosity(
    touching: Contacts, centres: Floats, box: Floats, kind: Mask, threshold: float = 0.0
) -> Floats:
    """Shortest way from the bottom to the top over the straight one, one number a start.

    Starts are the spheres of the `kind` (n,) at the bottom. A way leads from centre to centre
    through contacts of the kind with more than the `threshold` of relative overlap, and from the
    last centre straight up to the wall. Infinite for starts without a way.
    """
    n = len(kind)
    among = touching.between(kind) & (touching.relative > threshold)
    ends = np.flatnonzero(kind & (touching.top > 0.0))
    # Node n is the wall at the top, the one target of all ways.
    rows = np.concatenate([touching.first[among], ends])
    columns = np.concatenate([touching.second[among], np.full(len(ends), n)])
    lengths = np.concatenate([touching.distance[among], box[2] - centres[ends, 2]])
    graph = csr_matrix((lengths, (rows, columns)), shape=(n + 1, n + 1))
    starts = np.flatnonzero(kind & (touching.bottom > 0.0))
    ways = dijkstra(graph, directed=False, indices=n)[starts]
    return np.asarray(ways / (box[2] - centres[starts, 2]))


def network_conductance(
    first: Ints, second: Ints, conductance: Floats, inlet: Floats, outlet: Floats
) -> float:
    """Conductance in S of a network of resistors between two terminals.

    Parameters
    ----------
    first, second, conductance
        The two nodes of each resistor (m,) and its conductance (m,) in S.
    inlet, outlet
        Conductance in S from each node (n,) to the one and to the other terminal, mostly zero.
    """
    n = len(inlet)
    symmetric = coo_matrix((conductance, (first, second)), shape=(n, n)).tocsr()
    symmetric = symmetric + symmetric.T
    # Only pieces between both terminals carry current; the others make the matrix singular.
    _, piece = connected_components(symmetric, directed=False)
    spanning = np.intersect1d(piece[inlet > 0.0], piece[outlet > 0.0])
    carrying = np.flatnonzero(np.isin(piece, spanning))
    if not len(carrying):
        return 0.0
    total = np.asarray(symmetric.sum(axis=1)).ravel() + inlet + outlet
    laplacian = (diags(total) - symmetric).tocsc()[carrying][:, carrying]
    # The inlet at 1 V, the outlet at 0 V.
    potential = spsolve(laplacian, inlet[carrying])
    return float(outlet[carrying] @ potential)


def relative_conductivity(touching: Contacts, radii: Floats, box: Floats, kind: Mask) -> float:
    """Effective conductivity of a `kind` (n,) from bottom to top over that of its material.

    Each contact is a constriction between bodies that are large beside it: a circle of radius a
    passes ``2 kappa a`` between two spheres and ``4 kappa a`` from a wall at one potential (Holm,
    Electric Contacts). The spheres themselves have no resistance; so this tells packings apart but
    overestimates a well pressed one.
    """
    among = touching.between(kind)
    a = hertz_contact_radius(touching.overlap[among], touching.radius[among])
    bottom, top = (
        4.0 * kind * hertz_contact_radius(overlap, radii)
        for overlap in (touching.bottom, touching.top)
    )
    conductance = network_conductance(
        touching.first[among], touching.second[among], 2.0 * a, bottom, top
    )
    return conductance * float(box[2] / (box[0] * box[1]))


def volume_fraction(radii: Floats, box: Floats, kind: Mask | None = None) -> float:
    """Volume of the spheres, or of a `kind` (n,) of them, over that of the box.

    Overlaps count twice, as they should: what spheres lose there goes into the pores.
    """
    chosen = radii if kind is None else radii[kind]
    return float(4.0 / 3.0 * np.pi * (chosen**3).sum() / np.prod(box))


# ---------------------------------------------------------------------------- a slice


@dataclass(frozen=True)
class Section:
    """Discs of a plane section in order of their spheres, arrays (k,), lengths in m.

    `x` runs along the section and `y` up from the bottom wall.
    """

    x: Floats
    y: Floats
    diameter: Floats
    active: Mask

    def as_csv(self) -> str:
        """The discs as a table ``x_m,y_m,diameter_m,kind``."""
        kinds = np.where(self.active, "active", "electrolyte")
        columns = zip(self.x, self.y, self.diameter, kinds, strict=True)
        rows = [f"{x:.9g},{y:.9g},{d:.9g},{kind}" for x, y, d, kind in columns]
        return "\n".join(["x_m,y_m,diameter_m,kind", *rows]) + "\n"


def section(centres: Floats, radii: Floats, active: Mask, box: Floats, at: float = 0.5) -> Section:
    """Discs that the plane ``y = at * box[1]`` cuts out of the spheres.

    A disc that crosses a side of the periodic box is listed once, with its centre inside. Discs of
    spheres in contact overlap, or they do not touch at all: contacts rarely lie in the plane.
    """
    away = centres[:, 1] - at * box[1]
    away -= box[1] * np.round(away / box[1])
    cut = np.flatnonzero(np.abs(away) < radii)
    diameter = 2.0 * np.sqrt(radii[cut] ** 2 - away[cut] ** 2)
    return Section(centres[cut, 0] % box[0], centres[cut, 2], diameter, active[cut])
