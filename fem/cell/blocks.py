"""State blocks: what a cell remembers, each thing by its name.

An interface declares its blocks; nothing else knows where they lie. A block says what its numbers
are, where they sit, how they begin, how much they weigh in the error of a step, and so how they are
carried to another mesh and written to a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from fem.solve.stepping import Content

Floats = NDArray[np.float64]

__all__ = ["Block", "Content", "Floats", "Place", "largest"]


class Place(StrEnum):
    """Where the numbers of a block sit, which decides how another mesh takes them over."""

    LITHIUM_POINTS = "points of the lithium line"
    """Densities times weights: carried so that every sum along the line stays."""
    LITHIUM_VALUES = "values along the lithium line"
    """Values at points: carried so that their integral along the line stays."""
    PARTICLE_POINTS = "points of particles' surfaces"
    """The particles' meshes stay, so values keep their points."""
    PARTICLE_NODES = "nodes of particles"
    """The particles' meshes stay, so values keep their nodes."""
    SOLID_POINTS = "points of solids"
    """What solids remember: on a mesh that stays."""
    FACES = "pairs of faces"
    """The same of faces that may part."""
    LAYER_POINTS = "points of an interlayer"
    """Of its face or of its pores, on a mesh that stays."""
    PIECES = "pieces of an interface"
    """One number a particle or a body of lithium: nothing to carry."""


@dataclass(frozen=True)
class Block:
    """A named array of a cell's state.

    Attributes
    ----------
    name
        Unique in a cell.
    unit, meaning
        For people, and for the header of a checkpoint.
    place
        Where its numbers sit.
    start
        The array at the start of a run.
    error_weight
        What an error of the array is multiplied by to compare with the tolerance of a step;
        broadcasts against it. 0 where an error is no error of its own.
    change_weight
        The same of a change in a step, to compare with its limit.
    evolves
        Whether it follows a rate within a step. One that does not is held, and may be set anew
        between accepted steps only.
    adds_up
        Of a held block: whether it adds up from cycle to cycle, as what laws remember, so that
        cycles may be left out. What evolves always does.
    """

    name: str
    unit: str
    meaning: str
    place: Place
    start: NDArray[np.float64]
    error_weight: Floats | float = 0.0
    change_weight: Floats | float = 0.0
    evolves: bool = True
    adds_up: bool = False

    @property
    def accumulates(self) -> bool:
        """Whether what a cycle changes of it is what many cycles change."""
        return self.evolves or self.adds_up

    def __post_init__(self) -> None:
        self.start.flags.writeable = False

    @property
    def declaration(self) -> list[object]:
        """Name, unit, place and shape in the types of JSON: what a checkpoint is checked against.

        Shapes along a line that moves change with its mesh, so only their number is kept.
        """
        shape = list(self.start.shape)
        if self.place in (Place.LITHIUM_POINTS, Place.LITHIUM_VALUES):
            shape = [len(shape)]
        return [self.name, self.unit, str(self.place), shape]


def largest(blocks: Mapping[str, Block], content: Content, weight: str) -> float:
    """The largest weighted entry of a content; `weight` names the attribute of the blocks."""
    found = 0.0
    for name, values in content.items():
        factor = getattr(blocks[name], weight)
        if values.size and np.any(factor):
            found = max(found, float(np.abs(factor * values).max()))
    return found
