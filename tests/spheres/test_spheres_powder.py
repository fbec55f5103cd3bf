"""Mixtures hold what was asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from fem.errors import InputError
from fem.spheres import Mixture, Powder, volume_share

UM = 1e-6
ACTIVE = Powder(1 * UM, 5 * UM, 175e9, 0.3, 4770.0)
ELECTROLYTE = Powder(4 * UM, 8 * UM, 28e9, 0.27, 1800.0)


def test_mean_volume_is_that_of_the_distribution() -> None:
    moment, _ = quad(lambda d: np.pi / 6 * d**3 / 4, 1, 5)
    assert ACTIVE.mean_volume == pytest.approx(moment * UM**3, rel=1e-12, abs=0)


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_drawn_volumes_are_the_share(share: float) -> None:
    radii, active = Mixture(ACTIVE, ELECTROLYTE, share, 300).draw(np.random.default_rng(0))
    volume = radii**3
    assert volume[active].sum() / volume.sum() == pytest.approx(share, rel=0.01)
    assert active.sum() == 300 and active[:300].all()


def test_diameters_fill_their_range_evenly() -> None:
    radii, active = Mixture(ACTIVE, ELECTROLYTE, 0.5, 400).draw(np.random.default_rng(1))
    number, _ = np.histogram(2 * radii[active], bins=8, range=(1 * UM, 5 * UM))
    assert number.tolist() == [50] * 8
    other = 2 * radii[~active]
    assert (other >= 4 * UM).all() and (other <= 8 * UM).all()
    # In no order of size: the first come first into lists that are cut.
    assert abs(np.corrcoef(np.arange(400), radii[active])[0, 1]) < 0.2


def test_same_seed_same_draw() -> None:
    mixture = Mixture(ACTIVE, ELECTROLYTE, 0.5, 50)
    one, two, three = (mixture.draw(np.random.default_rng(seed))[0] for seed in (4, 4, 5))
    assert (one == two).all() and (one != three).any()


def test_share_by_volume_of_a_recipe_by_mass() -> None:
    """70:30 of 4.77 and 1.8 g/cm3: (70/4.77)/(70/4.77 + 30/1.8) = 420/897."""
    assert volume_share(0.7, 4770.0, 1800.0) == pytest.approx(420 / 897, rel=1e-14)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"smallest": 0.0}, "smallest, largest"),
        ({"largest": 0.5 * UM}, "smallest, largest"),
        ({"largest": np.inf}, "smallest, largest"),
        ({"youngs_modulus": -1.0}, "youngs_modulus"),
        ({"density": float("nan")}, "density"),
        ({"poisson_ratio": 0.6}, "poisson_ratio"),
    ],
)
def test_powders_that_cannot_be(change: dict[str, Any], key: str) -> None:
    good = {
        "smallest": 1 * UM,
        "largest": 2 * UM,
        "youngs_modulus": 1e9,
        "poisson_ratio": 0.3,
        "density": 2e3,
    }
    with pytest.raises(InputError) as error:
        Powder(**{**good, **change})
    assert error.value.key == key


@pytest.mark.parametrize(
    ("share", "count", "key"),
    [(0.0, 10, "active_share"), (1.0, 10, "active_share"), (0.5, 0, "active_count"),
     (0.99, 2, "active_count")],
)  # fmt: skip
def test_mixtures_that_are_none(share: float, count: int, key: str) -> None:
    with pytest.raises(InputError) as error:
        Mixture(ACTIVE, ELECTROLYTE, share, count)
    assert error.value.key == key
