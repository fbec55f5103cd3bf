"""Patterns of dead particles on a condensed electrolyte: a closed form, and full solves.

Particles that are far slower than all else share the current evenly. A wave of wave number k that
they give at the height y of a bed (height t, conductivity s over the separator's) then arrives
behind a separator of height H, at lithium of area resistance R, as the share

    T(k, y) = cosh(ky) / [cosh(kt) (cosh kH + w sinh kH) + s sinh(kt) (sinh kH + w cosh kH)]

with w = kappa k R: by Green's identity it is the potential at y if lithium has that of the wave and
nothing gives current. Nothing flows through the bottom.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import fem
from fem.measures.anode import RUNNING_WINDOW
from fem.runs.ensemble import Ensemble

Floats = NDArray[np.float64]

CASES = Path(__file__).parents[2] / "cases"
KAPPA, RESISTANCE = 0.3, 1e-4
WAVES = 6
"""Half waves over the width: the shortest wave is as long as four pitches or more."""


def bed(columns: int, rows: int, separator: float) -> fem.Case:
    """A lattice of particles that share evenly, below flat lithium of a linear law."""
    return fem.Case.from_dict(
        {
            "geometry": {
                "width": f"{columns * 20} um",
                "anode": {"thickness": "10 um"},
                "separator": {"material": "LPSCl", "thickness": f"{separator} um"},
                "cathode": {
                    "electrolyte": "LPSCl",
                    "thickness": f"{rows * 20} um",
                    "particles": {
                        "rows": rows, "columns": columns, "diameter": "10 um",
                        "material": "NCM811",
                    },
                },
            },
            "materials": {"LPSCl": {"ionic_conductivity": f"{KAPPA} S/m"}},
            "inactive": {"fraction": 0.5, "seed": 0},
            "kinetics": {
                "anode": {"area_resistance": f"{RESISTANCE} ohm*m^2"},
                "cathode": {"exchange_current_density": "1e-4 A/m^2"},
            },
            "operation": {"current_density": "1e-5 A/m^2"},
            "mechanics": {"enabled": False},
            "mesh": {"size": "4 um"},
        }
    )  # fmt: skip


@dataclass(frozen=True)
class Waves:
    """Amplitudes of cosines over means: of plating (M, n), and of what each row gives (M, n, rows).

    `through` is the closed form (n, rows).
    """

    plating: Floats
    rows: Floats
    through: Floats

    @classmethod
    def of(cls, case: fem.Case, patterns: int) -> Waves:
        ensemble = Ensemble.of(case)
        members = [case.replace({"inactive.seed": seed}) for seed in range(patterns)]
        found, geometry = ensemble.solve(members), ensemble.cell.mesh.geometry
        particles, anode = geometry.particles, ensemble.anode
        k = np.arange(1, WAVES + 1) * np.pi / geometry.width
        line = np.cos(np.multiply.outer(k, anode.x))
        # A running mean weakens a wave by a known factor.
        kept = np.sinc(k * RUNNING_WINDOW / (2.0 * np.pi))
        plating = np.array(
            [[2.0 * anode.mean(p * c) / anode.mean(p) for c in line] for p in found.plating]
        )
        currents = found.currents / found.currents.sum(axis=1, keepdims=True)
        alive = found.currents != 0.0
        uneven = currents * alive.sum(axis=1, keepdims=True)
        assert np.ptp(uneven[alive]) < 1e-4
        gives = 2.0 * currents[:, None, :] * np.cos(np.multiply.outer(k, particles.x))
        heights = np.unique(particles.y.round(9))
        rows = np.stack(
            [gives[:, :, np.abs(particles.y - y) < 1e-7].sum(axis=2) for y in heights], axis=2
        )
        covered = float((0.25 * np.pi * particles.diameter**2).sum())
        share = covered / (geometry.width * geometry.bed)
        separator = case.geometry.separator
        assert separator is not None
        through = transfer(
            k, heights, float(separator.thickness), geometry.bed, (1.0 - share) / (1.0 + share)
        )
        return cls(plating / kept, rows, through)


def transfer(k: Floats, y: Floats, height: float, bed: float, s: float) -> Floats:
    """T at wave numbers and heights (k, y); s of insulating discs by Maxwell."""
    weight, kh, kt = KAPPA * k * RESISTANCE, k * height, k * bed
    whole = np.cosh(kt) * (np.cosh(kh) + weight * np.sinh(kh))
    whole += s * np.sinh(kt) * (np.sinh(kh) + weight * np.cosh(kh))
    return np.asarray(np.cosh(np.multiply.outer(k, y)) / whole[:, None])


def slope(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Least squares of y = slope x over members (M, n), and its standard error; (n,) each."""
    found = (x * y).sum(axis=0) / (x * x).sum(axis=0)
    left = ((y - found * x) ** 2).sum(axis=0) / (len(x) - 1)
    return found, np.sqrt(left / (x * x).sum(axis=0))


@pytest.fixture(
    scope="module",
    params=[(12, 3, 60, 200), pytest.param((21, 5, 100, 1000), marks=pytest.mark.slow)],
    ids=["small", "seed cell"],
)
def waves(request: pytest.FixtureRequest) -> Waves:
    columns, rows, separator, patterns = request.param
    return Waves.of(bed(columns, rows, separator), patterns)


def test_every_wave_of_plating_is_what_the_separator_lets_through(waves: Waves) -> None:
    """Row by row: what is left is that a lattice is no even medium for waves of a few pitches."""
    expected = np.einsum("mnr,nr->mn", waves.rows, waves.through)
    found, _ = slope(expected, waves.plating)
    assert found == pytest.approx(np.ones(WAVES), abs=5e-3)
    assert found[0] == pytest.approx(1.0, abs=1e-3)


def test_an_ensemble_finds_the_transfer_of_the_bed(waves: Waves) -> None:
    """From plating and the pattern seen from above alone: depths are the noise of the estimate."""
    found, error = slope(waves.rows.sum(axis=2), waves.plating)
    expected = waves.through.mean(axis=1)
    assert (np.abs(found - expected) < 3.0 * error).all()
    assert error[0] < 0.01 * expected[0]


@pytest.mark.slow
def test_patterns_at_any_current_are_as_full_solves_find_them() -> None:
    """The seed cell with Butler and Volmer's law; currents over three decades."""
    rng = np.random.default_rng(1)
    case = fem.Case.load(CASES / "zheng2023_flat.toml")

    def member(seed: int) -> fem.Case:
        changes: dict[str, Any] = {
            "mechanics.enabled": False,
            "inactive": {"fraction": float(rng.uniform(0.0, 0.8)), "seed": seed},
            "operation.current_density": f"{10.0 ** rng.uniform(0.0, 3.0)} A/m^2",
        }
        return case.replace(changes)

    members = [member(seed) for seed in range(50)]
    ensemble = Ensemble.of(members[0], examples=members)
    found = ensemble.solve(members)
    worst = 0.0
    for each, currents, plating in zip(members, found.currents, found.plating, strict=True):
        full = ensemble.result(each)
        mean = np.abs(full.particles.current).sum() / full.particles.active.sum()
        worst = max(worst, float(np.abs(currents - full.particles.current).max() / mean))
        along = full.anode.running_mean(full.anode.plating)
        worst = max(worst, float(np.abs(plating - along).max() / full.anode.mean(along)))
    assert worst <= 1e-5
    # Those that were compared are the hardest of them.
    assert ensemble.error == pytest.approx(worst, rel=0.05)
