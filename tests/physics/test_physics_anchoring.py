"""Pieces that next to nothing holds: two discs that shrink in holes which yielding has widened."""

from __future__ import annotations

import numpy as np
import pytest

import fem
from fem.physics import anchoring
from fem.physics.assembly import SolidState

RADIUS = 4e-6
HALF = np.arcsin(0.25)
"""Half of the angle of the facet between the discs."""
APART = float(2.0 * RADIUS * np.cos(HALF))


def pair() -> fem.Solids:
    """Two discs with a facet, and plates without a load around their electrolyte."""
    width, height, y = 4.46 * RADIUS, 2.82 * RADIUS, 1.41 * RADIUS
    left, right = (width - APART) / 2, (width + APART) / 2
    corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
    facet = [(width / 2, y + sign * RADIUS * np.sin(HALF)) for sign in (-1, 1)]
    size = (RADIUS, RADIUS)
    drawn = [
        (fem.Line(a, b), "electrolyte", None)
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True)
    ]
    drawn += [
        (fem.Arc((left, y), size, (HALF, 2 * np.pi - HALF)), "left", "electrolyte"),
        (fem.Arc((right, y), size, (HALF - np.pi, np.pi - HALF)), "right", "electrolyte"),
        (fem.Line(facet[0], facet[1]), "left", "right"),
    ]
    pairs = [("left", "electrolyte"), ("right", "electrolyte"), ("left", "right")]
    return fem.Solids.of(
        drawn,
        size=0.5 * RADIUS,
        laws={"electrolyte": fem.J2.of(21.7e9, 0.3, strength=0.41e9 / 3)}
        | dict.fromkeys(("left", "right"), fem.LinearElastic.of(191e9, 0.24)),
        supports=[
            fem.Support(lambda x, y: x < 1e-12, axis=0),
            fem.Support(lambda x, y: y < 1e-12, axis=1),
            fem.Support(lambda x, y: x > width - 1e-12, axis=0, pressure=0.0),
            fem.Support(lambda x, y: y > height - 1e-12, axis=1, pressure=0.0),
        ],
        bonds=dict.fromkeys(pairs, fem.Touching()),
    )


def swollen(solids: fem.Solids) -> SolidState:
    state = solids.start()
    for share in (0.25, 0.5, 0.75, 1.0, 0.7):
        state = solids.step(state, grown(share))
    return state


def grown(share: float) -> dict[str, tuple[float, float, float]]:
    """Along axes that part the facet's ends unevenly."""
    return {
        name: (0.027 * share, -0.003 * share, float(np.radians(angle)))
        for name, angle in (("left", 92.1), ("right", 171.1))
    }


@pytest.fixture(scope="module")
def start() -> tuple[fem.Solids, SolidState]:
    solids = pair()
    return solids, swollen(solids)


@pytest.mark.slow
def test_a_loose_disc_finds_its_place(
    start: tuple[fem.Solids, SolidState], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without springs no set of faces is found; with them nothing pulls, nothing passes through.

    The energy does not depend on the springs, nor do gaps by much; the place is not unique.
    """
    solids, state = start
    found = []
    for firm in (1e-5, 1e-3):
        monkeypatch.setattr(anchoring, "FIRM", firm)
        end = solids.step(state, grown(0.4))
        assert end.norms[-1] < 1e-7
        assert end.parted.opening[0].min() >= 0.0
        most = end.parted.pressure.max()
        assert end.parted.pressure.min() >= -1e-6 * most
        assert not (end.parted.pressure[~end.parted.closed] > 1e-6 * most).any()
        found.append(end)
    gaps = [each.parted.opening[0].max() for each in found]
    assert gaps[0] == pytest.approx(gaps[1], rel=2e-3)
    assert found[0].energy == pytest.approx(found[1].energy, rel=1e-6)

    def refused(*_: object) -> None:
        raise fem.SolveError("not led", field="displacement")

    monkeypatch.setattr(anchoring, "anchored", refused)
    with pytest.raises(fem.SolveError, match="not led"):
        solids.step(state, grown(0.4))
