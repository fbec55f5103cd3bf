"""Gaps from 1e-12 to 1e-6 m between all kinds of neighbours: meshed, or refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from image_examples import pictured, saved

import fem
from fem.geometry import build
from fem.geometry.gaps import LEAST
from fem.mesh import from_case, quality

UM = 1e-6
WIDTH, BED, TOP = 20 * UM, 20 * UM, 32 * UM
TIP = TOP - 4 * UM


def island(x: float, y: float, radius: float = 1.5 * UM, flat: float = 1.0) -> dict[str, str]:
    keys = {"x": x, "y": y, "half_width": flat * radius, "half_height": radius}
    return {name: f"{value:.18g} m" for name, value in keys.items()}


def protrusion(x: float, depth: float = 4 * UM) -> dict[str, str]:
    keys = {"x": x, "depth": depth, "half_width": UM}
    return {name: f"{value:.18g} m" for name, value in keys.items()}


def kinds(g: float) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """What is drawn with a gap g between two, their names, and whatever else differs."""
    lonely, grown = "isolated lithium 0", "protrusion 0"
    r, small = 1.5 * UM, 0.4 * UM
    y = BED + 6 * UM
    cell: dict[str, tuple[str, str, dict[str, Any]]] = {
        f"{lonely}, {other}": (lonely, other, {"geometry.anode.isolated": drawn})
        for other, drawn in {
            "the left wall": [island(r + g, y)],
            "the right wall": [island(WIDTH - r - g, y)],
            "the lithium foil": [island(8 * UM, TOP - r - g)],
            "the lower edge of the separator": [island(8 * UM, BED + r + g)],
            "the collector": [island(10 * UM, small + g, small)],
            "particle 0": [island(9 * UM + small + g, 5 * UM, small)],
        }.items()
    }
    return cell | {
        "below the separator": (
            lonely,
            "the lower edge of the separator",
            {"geometry.anode.isolated": [island(10 * UM, BED - small - g, small)]},
        ),
        "flat": (
            lonely,
            "the lithium foil",
            {"geometry.anode.isolated": [island(8 * UM, TOP - small - g, small, 10.0)]},
        ),
        "two islands": (
            "isolated lithium 1",
            lonely,
            {"geometry.anode.isolated": [island(5 * UM, y), island(5 * UM + 2 * r + g, y)]},
        ),
        "tip": (
            lonely,
            grown,
            {
                "geometry.anode.protrusions": [protrusion(10 * UM)],
                "geometry.anode.isolated": [island(10 * UM, TIP - g - r)],
            },
        ),
        "foot": (
            grown,
            "the left wall",
            {"geometry.anode.protrusions": [protrusion(UM + g)]},
        ),
        "two feet": (
            "protrusion 1",
            grown,
            {"geometry.anode.protrusions": [protrusion(5 * UM), protrusion(7 * UM + g)]},
        ),
        "through": (
            grown,
            "the lower edge of the separator",
            {"geometry.anode.protrusions": [protrusion(10 * UM, TOP - BED - g)]},
        ),
        "lattice": (
            "particle 0",
            "the layer's edge",
            {"geometry.cathode.particles.diameter": f"{10 * UM - 2 * g:.18g} m"},
        ),
        "random": (
            "a particle",
            "its neighbour",
            {
                "geometry.cathode.particles": {
                    "layout": "random", "fraction": 0.4, "diameter": "5 um",
                    "gap": f"{g:.18g} m", "seed": 1, "material": "NCM811",
                }
            },
        ),
    }  # fmt: skip


KINDS = tuple(kinds(UM))
QUICK = ("isolated lithium 0, the left wall", "tip")


def case(changes: dict[str, Any]) -> fem.Case:
    lattice = {"rows": 2, "columns": 2, "diameter": "8 um", "material": "NCM811"}
    return fem.Case.from_dict(
        {
            "geometry": {
                "width": "20 um",
                "anode": {"thickness": "3 um"},
                "separator": {"material": "LPSCl", "thickness": "12 um"},
                "cathode": {"electrolyte": "LPSCl", "thickness": "20 um", "particles": lattice},
            },
            "kinetics": {
                "anode": {"exchange_current_density": "320 A/m^2"},
                "cathode": {"exchange_current_density": "2 A/m^2"},
            },
            "operation": {"current_density": "100 A/m^2"},
            "mechanics": {"enabled": False},
            "mesh": {"size": "1 um"},
        }
    ).replace(changes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gap", [1e-12, 1e-11, 2e-10, 0.98e-9])
def test_what_cannot_be_meshed_names_the_pair(kind: str, gap: float) -> None:
    one, other, changes = kinds(gap)[kind]
    with pytest.raises(fem.InputError, match="too little to be meshed") as caught:
        build(case(changes))
    assert f"{one} and {other} are only" in caught.value.problem
    assert caught.value.key
    assert caught.value.allowed == "gaps of at least 1 nm"
    assert caught.value.cure


@pytest.mark.parametrize(
    ("kind", "gap"),
    [
        pytest.param(k, g, marks=() if k in QUICK and g < 2e-9 else pytest.mark.slow)
        for k in KINDS
        for g in (1.02 * LEAST, 1e-8, 1e-7, 1e-6)
        # Quarters of a lattice's rims are as fine as their gap all along: many millions of nodes.
        if k != "lattice" or g >= 1e-7
    ],
)
def test_wider_gaps_are_meshed(kind: str, gap: float) -> None:
    """No triangle folds, however stretched it is, and the areas are those drawn."""
    cell = case(kinds(gap)[kind][2])
    found = quality(from_case(cell, build(cell)))
    assert found.smallest_angle > 0.1
    assert found.largest_area_error < 1e-3


@pytest.mark.parametrize("gap", [1e-12, 0.98e-9, 1.02e-9])
@pytest.mark.parametrize("kind", ["isolated", "protrusions"])
def test_above_an_image(tmp_path: Any, kind: str, gap: float) -> None:
    """Its upper edge is 8 um high, with a separator of 20 um on it."""
    pixels = np.ones((16, 16), dtype=np.uint8)
    pixels[5:11, 5:11] = 2
    shape = {
        "isolated": island(4 * UM, (8 + 1.5) * UM + gap),
        "protrusions": protrusion(4 * UM, 20 * UM - gap),
    }[kind]
    cell = pictured(saved(tmp_path, pixels), smoothing=0).replace(
        {f"geometry.anode.{kind}": [shape]}
    )
    if gap < LEAST:
        with pytest.raises(fem.InputError, match="0 and the upper edge of the image are only"):
            build(cell)
    else:
        build(cell)
