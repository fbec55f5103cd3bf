"""Faces that may part as a table: where they are, how they stand to each other, what holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from fem.frozen import Frozen
from fem.laws.bonds import GAP, SLIP, Cohesive
from fem.mesh import Ints
from fem.physics.bonds import LITHIUM, SolidInterface
from fem.physics.faces import Faces
from fem.physics.mechanics import MechanicsSolution

Floats = NDArray[np.float64]

METAL = -2
"""Stands for lithium among ids of particles."""


@dataclass(frozen=True, eq=False)
class FaceTable(Frozen):
    """Pairs of faces that may part, one entry a node of the interface; arrays (m,).

    Where more than two bodies meet at a node, each two of them are a pair.

    Attributes
    ----------
    x, y
        Where the pair was before anything moved, in m.
    normal
        Unit normal out of the particle or the lithium (m, 2).
    kind
        "particle_electrolyte", "particle_particle" or "lithium_electrolyte".
    particle, other
        Ids of the particles on both sides; -1 for electrolyte, which is always the other, and -2
        for lithium, which never is.
    gap, slip
        How far the other side has moved from the particle, along the normal and along the tangent
        (which is the normal turned by 90 degrees to the left), in m; from lithium, less what was
        plated between.
    apart
        The part of the gap in m that is no stretch of a bond that still holds.
    pressure, shear
        With which the faces press on each other, and hold each other along the tangent, in Pa; a
        bond in tension has a negative pressure.
    damage
        Share of the stiffness of a bond that is lost, or of the toughness of one that does not give
        before it breaks; nan where there is no bond.
    closed
        Whether they touch.
    edges
        Rows of the pairs at the start, end and middle of each edge of the interfaces (ne, 3); the
        particle is on its left.
    """

    x: Floats
    y: Floats
    normal: Floats
    kind: NDArray[np.str_]
    particle: Ints
    other: Ints
    gap: Floats
    slip: Floats
    apart: Floats
    pressure: Floats
    shear: Floats
    damage: Floats
    closed: NDArray[np.bool_]
    edges: Ints

    @classmethod
    def of(cls, solution: MechanicsSolution) -> Self | None:
        """The faces of a solved state; `None` where none may part."""
        faces, parted = solution.faces, solution.parted
        if faces is None or parted is None:
            return None
        places = [_place(each) for each in faces.interfaces]
        x, y, particle, other = (np.concatenate(column) for column in zip(*places, strict=True))
        parts = zip(faces.interfaces, faces.ends[:-1], strict=True)
        return cls(
            x=x,
            y=y,
            normal=np.concatenate([each.normals for each in faces.interfaces], axis=1).T,
            kind=np.repeat([each.kind for each in faces.interfaces], np.diff(faces.ends)),
            particle=particle,
            other=other,
            gap=parted.opening[GAP].copy(),
            slip=parted.opening[SLIP].copy(),
            apart=faces.apart(parted).copy(),
            pressure=parted.pressure + 0.0,  # without the sign of a zero
            shear=parted.traction[SLIP].copy(),
            damage=_damage(faces, solution),
            closed=parted.closed.copy(),
            edges=np.concatenate([begin + each.pair_of for each, begin in parts]),
        )

    def __len__(self) -> int:
        return len(self.x)

    @property
    def open(self) -> NDArray[np.bool_]:
        """Where a gap has opened (m,) that is more than the stretch of a bond."""
        return np.asarray(self.apart > 0.0)


def _place(interface: SolidInterface) -> tuple[Floats, Floats, Ints, Ints]:
    """Coordinates of the pairs of an interface, and the particles on both sides."""
    pair = interface.pair_of.ravel()
    found = []
    body = np.full_like(interface.body, METAL) if interface.kind == LITHIUM else interface.body
    for values in (
        *interface.edges.coordinates.reshape(2, -1),
        np.repeat(body, 3),
        np.repeat(interface.other_body, 3),
    ):
        column = np.empty(len(interface.pairs), dtype=values.dtype)
        column[pair] = values
        found.append(column)
    x, y, particle, other = found
    return x, y, particle, other


def _damage(faces: Faces, solution: MechanicsSolution) -> Floats:
    assert solution.parted is not None
    found = np.full(len(faces), np.nan)
    for law, history, begin, end in zip(
        faces.laws, solution.parted.bonding, faces.ends[:-1], faces.ends[1:], strict=True
    ):
        if isinstance(law, Cohesive):
            found[begin:end] = law.damage(history)
    return found
