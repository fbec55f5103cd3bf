"""What of a drawing takes no part, in words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fem.geometry.types import Inactivity

MUCH = 0.1
"""Share of the electrolyte that is idle beyond which a reader is warned."""


def idle_pieces(word: str, areas: NDArray[np.float64], idle: NDArray[np.bool_]) -> Iterator[str]:
    """Pieces of one phase that no current reaches, of all of its pieces (n,); areas in any unit."""
    if not idle.any():
        return
    share, many = float(areas[idle].sum() / areas.sum()), int(idle.sum())
    much = "Warning: c" if word == "electrolyte" and share > MUCH else "C"
    yield f"{much}ut off and idle: {share:.2%} of the {word}, in {many} piece{'s' * (many != 1)}."


def idle_particles(why: NDArray[np.str_]) -> Iterator[str]:
    """Particles that the drawing itself leaves inactive; `why` is as in `Particles` (n,)."""
    for reason, text in (
        (Inactivity.NO_IONS, "touch no electrolyte that leads to the lithium"),
        (Inactivity.SHORT, "touch lithium"),
    ):
        count = int((why == reason).sum())
        if count:
            yield f"Inactive: {count} of {len(why)} particles, which {text}."
