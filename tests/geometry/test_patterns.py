"""Patterns of inactive particles: how many are drawn, which, and with which statistics."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_examples import disc, pictured, saved
from PIL import Image

import fem
from fem.case.inactive import Inactive
from fem.geometry import build
from fem.geometry.particles import inactive
from fem.geometry.patterns import gaussian_field
from fem.runs.members import Member

CASES = Path(__file__).parents[2] / "cases"
CASE = fem.Case.load(CASES / "zheng2023_flat.toml")
PITCH = 20e-6
SIZE = (12 * PITCH, 5 * PITCH)
Y, X = (PITCH * (0.5 + place.ravel()) for place in np.mgrid[:5, :12])
DIAMETER = 10e-6 + 5e-6 * np.sin(np.arange(60.0))
PATTERNS: list[Any] = [
    "random",
    {"kind": "clustered", "length": "30 um"},
    {"kind": "clustered", "length": "1 nm"},
    {"kind": "clustered", "length": "1 m"},
    {"kind": "depth", "near": "separator", "decay": "20 um"},
    {"kind": "depth", "near": "collector", "decay": "1 nm"},
    {"kind": "size", "exponent": -2},
]


def dead(
    rules: dict[str, Any], x: Any = X, y: Any = Y, diameter: Any = DIAMETER, size: Any = SIZE
) -> Any:
    """Which particles of a bed do not react; the rules are validated, the case is not again."""
    case = CASE.model_copy(update={"inactive": Inactive.model_validate(rules)})
    return inactive(case, x, y, diameter, size)


def mapped(file: Path | str, **keys: Any) -> dict[str, Any]:
    return {"kind": "map", "file": str(file)} | keys


def many(count: int, **rules: Any) -> Any:
    """Dead particles of many seeds (count, n)."""
    return np.array([dead(rules | {"seed": seed}) for seed in range(count)])


def within(found: Any, expected: Any, count: int, errors: float = 4.0) -> bool:
    """Whether frequencies in so many draws are within some standard errors of probabilities."""
    error = np.sqrt(np.maximum(expected * (1.0 - expected), 1e-12) / count)
    return bool((np.abs(found - expected) <= errors * error).all())


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PATTERNS), st.floats(0, 0.7), st.integers(0, 2**63), st.booleans())
def test_any_pattern_meets_its_fraction_and_is_the_same_again(
    pattern: Any, fraction: float, seed: int, besides: bool
) -> None:
    rules = {"fraction": fraction, "seed": seed, "pattern": pattern}
    first = [0, 7, 59] if besides else []
    found = dead(rules | {"ids": first})
    assert found[first].all()
    assert found.sum() == round(60 * fraction) + len(first)
    assert (found == dead(rules | {"ids": first})).all()


@pytest.mark.parametrize("pattern", PATTERNS[:2] + PATTERNS[4:5] + PATTERNS[6:], ids=str)
def test_another_seed_is_another_draw(pattern: Any) -> None:
    found = many(5, fraction=0.3, pattern=pattern)
    assert len({row.tobytes() for row in found}) == 5


# ----------------------------------------------------------------------------------- clusters


class OneHot:
    """Noise that is 1 at one node of the grid and 0 elsewhere."""

    def __init__(self, node: int) -> None:
        self.node, self.count = node, 1

    def standard_normal(self, shape: Any) -> Any:
        self.count = int(np.prod(shape))
        noise = np.zeros(self.count)
        noise[self.node] = 1.0
        return noise.reshape(shape)


def test_the_field_has_the_correlation_it_says() -> None:
    """It is linear in its noise, so that its covariance follows from one node after another."""
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0.0, [[2.0], [1.0]], (2, 12))
    counter = OneHot(0)
    gaussian_field(x, y, 1.0, counter)  # type: ignore[arg-type]
    fields = [gaussian_field(x, y, 1.0, OneHot(k)) for k in range(counter.count)]  # type: ignore[arg-type]
    squared = np.subtract.outer(x, x) ** 2 + np.subtract.outer(y, y) ** 2
    assert np.abs(np.transpose(fields) @ fields - np.exp(-squared)).max() < 1e-7


def test_clusters_have_the_correlation_length_that_is_given() -> None:
    """Half of a large bed: the covariance of signs at a distance d is (2/pi) arcsin(exp(-(d/l)^2)).

    That half is met exactly takes its mean over all pairs from every covariance.
    """
    y, x = (PITCH * (0.5 + place) for place in np.mgrid[:20, :90])
    flat, size = (x.ravel(), y.ravel()), (90 * PITCH, 20 * PITCH)
    length, seeds = 3.0, 40
    rules = {"fraction": 0.5, "pattern": {"kind": "clustered", "length": "60 um"}}
    signs = np.array(
        [
            2.0 * dead(rules | {"seed": seed}, *flat, np.ones(1800), size).reshape(20, 90) - 1.0
            for seed in range(seeds)
        ]
    )
    apart = np.hypot(np.subtract.outer(flat[0], flat[0]), np.subtract.outer(flat[1], flat[1]))
    mean = (2.0 / np.pi * np.arcsin(np.exp(-((apart / PITCH / length) ** 2)))).mean()
    for lag in (1, 2, 3, 4, 6):
        expected = 2.0 / np.pi * np.arcsin(np.exp(-((lag / length) ** 2))) - mean
        for pairs in (signs[..., lag:] * signs[..., :-lag], signs[:, lag:] * signs[:, :-lag]):
            by_seed = pairs.mean(axis=(1, 2))
            assert abs(by_seed.mean() - expected) < 4.0 * by_seed.std() / np.sqrt(seeds)


def test_far_below_the_distance_of_particles_clusters_are_chance() -> None:
    """As likely as chance has it, 29/59, are two neighbours drawn alike."""
    found = many(300, fraction=0.5, pattern={"kind": "clustered", "length": "1 nm"})
    rows = found.reshape(-1, 5, 12)
    alike = (rows[..., 1:] == rows[..., :-1]).mean(axis=(1, 2))
    assert abs(alike.mean() - 29 / 59) < 4.0 * alike.std() / np.sqrt(300)


# ------------------------------------------------------------------------------------ weights


def drawn_with(weights: Any, wanted: int) -> Any:
    """Probability that each is drawn, one after another in proportion to those left: all orders."""
    found = np.zeros(len(weights))
    for order in permutations(range(len(weights)), wanted):
        left, chance = weights.sum(), 1.0
        for number in order:
            chance *= weights[number] / left
            left -= weights[number]
        found[list(order)] += chance
    return found


SIX = np.array([2.0, 3.0, 4.0, 6.0, 9.0, 12.0]) * 1e-6


@pytest.mark.parametrize(
    ("pattern", "weights"),
    [
        ({"kind": "depth", "near": "collector", "decay": "5 um"}, np.exp(-SIX / 5e-6)),
        ({"kind": "depth", "near": "separator", "decay": "5 um"}, np.exp(SIX / 5e-6)),
        ({"kind": "size", "exponent": 2}, SIX**2),
        ({"kind": "size", "exponent": -1.5}, SIX**-1.5),
    ],
    ids=str,
)
def test_weights_are_those_of_the_pattern(pattern: Any, weights: Any) -> None:
    """Three of six, at heights and of diameters 2 to 12 um: each as often as it should be."""
    count = 2000
    rules = {"fraction": 0.5, "pattern": pattern}
    found = np.mean(
        [dead(rules | {"seed": s}, SIX[::-1], SIX, SIX, (15e-6, 15e-6)) for s in range(count)],
        axis=0,
    )
    assert within(found, drawn_with(weights, 3), count)


# --------------------------------------------------------------------------------------- maps

GREY = np.array([[255, 0, 51], [0, 102, 204]], dtype=np.uint8)
"""0, 0.2, 0.4, 0.8 and 1, the first row on top."""
SIX_TILES = {
    "x": np.tile([2.5e-6, 7.5e-6, 12.5e-6], 2),
    "y": np.repeat([2.5e-6, 7.5e-6], 3),
    "diameter": np.full(6, 4e-6),
    "size": (15e-6, 10e-6),
}
CHANCE = np.array([0.0, 0.4, 0.8, 1.0, 0.0, 0.2])


def written(folder: Path, kind: str) -> Path:
    path = folder / f"map.{kind.removesuffix('8').removesuffix('16')}"
    if kind == "csv":
        np.savetxt(path, GREY / 255.0, delimiter=",")
    elif kind == "npy":
        np.save(path, GREY / 255.0)
    elif kind == "tiff":
        Image.fromarray((GREY / 255.0).astype(np.float32)).save(path)
    else:
        Image.fromarray(GREY if kind == "png8" else GREY.astype(np.uint16) * 257).save(path)
    return path


@pytest.mark.parametrize("kind", ["png8", "png16", "tiff", "npy", "csv"])
def test_each_particle_dies_with_the_probability_of_the_map(tmp_path: Path, kind: str) -> None:
    """One particle a pixel; from the bottom left, as ids are counted."""
    rules = {"pattern": mapped(written(tmp_path, kind))}
    count = 400
    found = np.mean([dead(rules | {"seed": s}, **SIX_TILES) for s in range(count)], axis=0)
    assert within(found, CHANCE, count)


def test_black_and_white_are_probabilities(tmp_path: Path) -> None:
    rules = {"pattern": mapped(written(tmp_path, "csv"), black=0.9, white=0.1)}
    count = 400
    found = np.mean([dead(rules | {"seed": s}, **SIX_TILES) for s in range(count)], axis=0)
    assert within(found, 0.9 - 0.8 * CHANCE, count)


def test_a_map_that_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "map.csv"
    for text, count in ("1\n", 60), ("0.0\n", 0), ("1.000\n", 60):
        file.write_text(text)
        assert dead({"pattern": mapped(file), "seed": 1}).sum() == count
    file.unlink()
    with pytest.raises(fem.InputError, match="cannot be read"):
        dead({"pattern": mapped(file), "seed": 1})


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_particle_has_the_mean_of_the_map_over_its_area(tmp_path: Path, share: float) -> None:
    """A disc of which a segment of a given area lies on white: drawn alone, that often."""
    from scipy.optimize import brentq

    height = brentq(lambda c: (np.arccos(c) - c * np.sqrt(1 - c * c)) / np.pi - share, -1, 1)
    np.savetxt(tmp_path / "map.csv", [[0.0, 1.0]], delimiter=",")
    x = np.full(4000, 50e-6 - 10e-6 * height)
    rules = {"pattern": mapped(tmp_path / "map.csv"), "seed": 5}
    found = dead(rules, x, np.full(4000, 50e-6), np.full(4000, 20e-6), (100e-6, 100e-6))
    assert abs(found.mean() - share) < 4.0 * np.sqrt(share * (1 - share) / 4000) + 0.005


def test_with_a_fraction_a_map_gives_weights(tmp_path: Path) -> None:
    pattern, count = mapped(written(tmp_path, "csv")), 1000
    rules = {"pattern": pattern, "fraction": 1 / 3}
    draws = np.array([dead(rules | {"seed": s}, **SIX_TILES) for s in range(count)])
    assert (draws.sum(axis=1) == 2).all()
    assert within(draws.mean(axis=0), drawn_with(CHANCE, 2), count)
    with pytest.raises(fem.InputError, match="only 4 of those still active") as caught:
        dead({"pattern": pattern, "fraction": 5 / 6, "seed": 1}, **SIX_TILES)
    assert (caught.value.key, caught.value.allowed) == ("inactive.fraction", "at most 0.6667")


def bad(folder: Path, name: str) -> Path:
    path = folder / name
    content: dict[str, Any] = {
        "high.npy": np.array([[0.5, 1.5]]),
        "nan.npy": np.array([[0.5, np.nan]]),
        "flat.npy": np.array([0.5]),
        "labels.npy": np.array([[1, 2]]),
        "colours.png": np.zeros((2, 2, 3), dtype=np.uint8),
    }
    match path.suffix:
        case ".npy":
            np.save(path, content[name])
        case ".png" if name in content:
            Image.fromarray(content[name]).save(path)
        case ".png" if name == "palette.png":
            Image.fromarray(GREY).convert("P").save(path)
        case ".tif":
            frames = [Image.fromarray(GREY)] * 2
            frames[0].save(path, save_all=True, append_images=frames[1:])
        case ".csv":
            path.write_text("0.1,0.2\n0.3,7\n" if name == "high.csv" else "", encoding="utf-8")
        case _:
            path.write_text("nothing", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("high.csv", "line 2, column 2 of the map is no value from 0"),
        ("high.npy", "row 1, column 2 of the map is no value from 0"),
        ("nan.npy", "row 1, column 2 of the map is no value from 0"),
        ("empty.csv", "no table of rows and columns"),
        ("flat.npy", "no table of rows and columns"),
        ("labels.npy", "none is known to mean white"),
        ("colours.png", "in colours"),
        ("palette.png", "palette"),
        ("stack.tif", "a stack of images"),
        ("text.png", "cannot be read as an image"),
        ("other.jpg", "cannot be read as an image"),
    ],
)
def test_what_is_no_map_is_refused(tmp_path: Path, name: str, words: str) -> None:
    file = bad(tmp_path, name)
    with pytest.raises(fem.InputError, match=words) as caught:
        dead({"pattern": mapped(file), "seed": 1})
    assert (caught.value.key, caught.value.file) == ("inactive.pattern.file", str(file))
    assert caught.value.given
    assert caught.value.allowed
    assert caught.value.cure


# -------------------------------------------------------------------------- all kinds of cells


def half(folder: Path) -> dict[str, Any]:
    """Rules by which all that lies in the lower left quarter dies."""
    np.savetxt(folder / "map.csv", [[0, 0], [1, 0]], delimiter=",")
    return {"pattern": mapped(folder / "map.csv"), "seed": 1}


def packed() -> fem.Case:
    packing = {"layout": "random", "fraction": 0.3, "diameter": "6 um", "gap": "0.5 um", "seed": 1}
    changes = {"geometry.width": "60 um", "geometry.cathode.thickness": "60 um", "inactive": {}}
    return CASE.replace({**changes, "geometry.cathode.particles": packing | {"material": "NCM811"}})


def test_a_map_covers_the_composite_of_a_packing_also_in_an_ensemble(tmp_path: Path) -> None:
    plain = packed()
    case = plain.replace({"inactive": half(tmp_path)})
    cell = build(case)
    x, y, radius = (1e6 * v for v in (cell.particles.x, cell.particles.y, cell.particles.diameter))
    radius = 0.5 * radius
    inside = (x + radius < 30.0) & (y + radius < 30.0)
    outside = (x - radius > 30.0) | (y - radius > 30.0)
    assert inside.any()
    assert not cell.particles.active[inside].any()
    assert cell.particles.active[outside].all()
    assert (Member.of(case, build(plain)).active == cell.particles.active).all()


@pytest.mark.parametrize("pattern", PATTERNS[1:], ids=str)
def test_every_pattern_is_drawn_in_a_packing(pattern: Any) -> None:
    particles = build(
        packed().replace({"inactive": {"fraction": 0.4, "seed": 2, "pattern": pattern}})
    ).particles
    assert (~particles.active).sum() == round(0.4 * len(particles))


def test_a_map_covers_an_image(tmp_path: Path) -> None:
    """Four discs, of which the one at the lower left dies; and one of four by its depth."""
    labels = np.block([[disc(30, 9), disc(30, 9)], [disc(30, 8), disc(30, 9)]])
    plain = pictured(saved(tmp_path, labels))
    case = plain.replace({"inactive": half(tmp_path)})
    cell = build(case)
    assert cell.particles.active.tolist() == [False, True, True, True]
    assert (Member.of(case, build(plain)).active == cell.particles.active).all()
    small = {"fraction": 0.25, "seed": 1, "pattern": {"kind": "depth", "decay": "1 nm"}}
    small["pattern"]["near"] = "separator"
    assert build(plain.replace({"inactive": small})).particles.active[:2].all()
