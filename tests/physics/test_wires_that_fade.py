"""Contacts that fade: webs against circuits by hand and dense solves, and a pile under pressure.

Square particles are piled beside electrolyte of the same modulus, both without lateral strain
(Poisson's ratio 0), so that all faces bear the pressure of the stack.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_wiring import cell, pictured

import fem
from fem.errors import InputError
from fem.physics.wiring import FAINT, Web, contacts_web, medium_web
from fem.runs.simulation import simulate


def chain(count: int, resistance: float) -> Web:
    """Particles one above the other, between collector and an electrode on top."""
    each = np.arange(count)
    pairs = np.stack([each[:-1], each[1:]], axis=1)
    return contacts_web(pairs, each == 0, each == count - 1, resistance, 0.0)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_chain_is_in_series(count: int) -> None:
    """Count - 1 contacts between the particles, and one at either end."""
    assert 1.0 / chain(count, 3.0).across() == pytest.approx(3.0 * (count + 1), rel=1e-12)


def test_shares_add_up_as_resistances() -> None:
    share = np.array([0.5, 0.1, 1.0])
    wanted = 3.0 * (2.0 + (1.0 / share).sum())
    assert 1.0 / chain(4, 3.0).across(share) == pytest.approx(wanted, rel=1e-12)


def test_chains_side_by_side_are_parallel() -> None:
    pairs = np.array([[0, 1], [2, 3]])
    ends = np.array([True, False, True, False])
    web = contacts_web(pairs, ends, ~ends, 3.0, 0.0)
    share = np.array([1.0, 0.25])
    assert web.across(share) == pytest.approx(1.0 / 9.0 + 1.0 / 18.0, rel=1e-12)
    assert web.across(np.array([1.0, 0.0])) == pytest.approx(1.0 / 9.0, rel=1e-12)
    assert web.across(np.zeros(2)) == 0.0


def test_a_network_keeps_a_faint_contact_where_all_is_lost() -> None:
    """So that what hangs on nothing has a potential; where nothing fades no digit changes."""
    web = chain(3, 2.0)
    assert (web.network().matrix != web.network(np.ones(2)).matrix).nnz == 0
    lost = web.network(np.array([1.0, 0.0])).matrix.toarray()
    assert lost[1, 2] == pytest.approx(-0.5 * FAINT, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(2, 7),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_web_is_its_dense_circuit(count: int, seed: int) -> None:
    """Conductances over six decades, some of them nothing, against a pseudo-inverse."""
    rng = np.random.default_rng(seed)
    pairs = np.array([[i, j] for i in range(count) for j in range(i)])
    g, ground, top = (
        10.0 ** rng.uniform(-3, 3, n) * (rng.random(n) < 0.6) for n in (len(pairs), count, count)
    )
    web = Web(pairs, g, ground, top, np.ones(count, dtype=bool))
    laplacian = np.zeros((count + 2, count + 2))
    ends = [(i, j, value) for (i, j), value in zip(pairs, g, strict=True)]
    ends += [(k, count, value) for k, value in enumerate(ground)]
    ends += [(k, count + 1, value) for k, value in enumerate(top)]
    for i, j, value in ends:
        laplacian[[i, j], [i, j]] += value
        laplacian[[i, j], [j, i]] -= value
    across = web.across()
    if across == 0.0:
        reached = np.linalg.matrix_power(
            (laplacian != 0.0).astype(int) + np.eye(count + 2, dtype=int), 12
        )
        assert reached[count, count + 1] == 0
    else:
        unit = np.zeros(count + 2)
        unit[[count, count + 1]] = -1.0, 1.0
        wanted = unit @ np.linalg.lstsq(laplacian, unit, rcond=1e-14)[0]
        assert 1.0 / across == pytest.approx(wanted, rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_medium_has_the_resistance_of_its_height(seed: int) -> None:
    """L / sigma whatever the cells of particles are: finite volumes are exact for a line."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0.05, 0.95, (2, 12)) * np.array([[60e-6], [45e-6]])
    across = medium_web(x, y, 60e-6, 45e-6, 10.0).across()
    assert across == pytest.approx(10.0 * 60e-6 / 45e-6, rel=1e-9)


# ------------------------------------------------------------------------------------- columns

PILE = [[1] * 6] * 2 + [[1, 1, k, k, k, k] for k in (4, 4, 4, 4, 3, 3, 3, 3, 2, 2, 2, 2)]
"""Three squares of 4 um above each other beside electrolyte, which is above them too; 6 um wide."""
CONTACT, HARDNESS, EXPONENT = 2.0, 0.5e9, 0.5
FADES = {
    "bond": "none", "conduction": "power", "contact_pressure": f"{HARDNESS} Pa",
    "contact_exponent": EXPONENT,
}  # fmt: skip
MEASURE = {"electronic_resistance": "10 mV"}


def pile(folder: Path, *steps: dict[str, Any], pressure: str = "5 MPa", **wiring: Any) -> fem.Case:
    solid = {"youngs_modulus": "30 GPa", "poisson_ratio": 0.0}
    swells = {"partial_molar_volume": "2e-6 m^3/mol"}
    return pictured(folder, PILE, "1 nm").replace(
        {f"geometry.image.wiring.{name}": value for name, value in wiring.items()}
        | {
            "geometry.anode.reserve": "1 um",
            "materials": {"NCM811": solid | swells, "LPSCl": solid},
            "mechanics": {"enabled": True, "swelling": True},
            "stack": {"pressure": pressure, "stiffness": "1e13 Pa/m"},
            "interfaces": {"particle_particle": FADES},
            "kinetics.cathode.diffusion": "averaged",
            "operation": {"kind": "protocol", "steps": list(steps) or [MEASURE]},
            "mesh.size": "1 um",
        }
    )


def resistance(pressure: float) -> float:
    """Of two contacts under a pressure and one at either end, times the width of 6 um."""
    share = min(pressure / HARDNESS, 1.0) ** EXPONENT
    return 6e-6 * CONTACT * (2.0 + 2.0 / share)


@pytest.mark.parametrize("pressure", [1e6, 16e6, 600e6])
def test_contacts_of_a_pile_conduct_by_the_pressure_on_them(
    tmp_path: Path, pressure: float
) -> None:
    case = pile(tmp_path, pressure=f"{pressure} Pa", fading=True)
    result = fem.run(case)
    history = result.history
    assert history is not None
    assert history.events[0][3] == "measured"
    assert history["Test Time / s"].tolist() == [0.0]
    found = history["electronic_resistance_ohm_m2"][0]
    assert found == pytest.approx(resistance(pressure), rel=1e-6)
    assert result.metrics["electronic_resistance_ohm_m2"] == found


def test_contacts_that_do_not_fade_keep_their_resistance(tmp_path: Path) -> None:
    history = fem.run(pile(tmp_path)).history
    assert history is not None
    wanted = 6e-6 * CONTACT * 4.0
    assert history["electronic_resistance_ohm_m2"][0] == pytest.approx(wanted, rel=1e-12)


class Taken:
    """A checkpoint as it would come from a file."""

    def __init__(self, kept: list[tuple[Any, ...]], number: int) -> None:
        self.arrays, self.facts, _ = kept[number]
        self.rows = [row for *_, row in kept[: number + 1]]


TAKE_UP = {"discharge": "4 A/m^2", "until": {"time": "100 s"}}


@pytest.mark.slow
def test_a_pile_that_swells_in_time(tmp_path: Path) -> None:
    """Particles that take up lithium press on each other, so that the resistance falls.

    The parts of the overpotential still add up, and a run that is taken up again is the same.
    """
    kept: list[tuple[Any, ...]] = []

    def keep(step: Any) -> None:
        kept.append((step.arrays(), json.loads(json.dumps(step.facts())), dict(step.row)))

    case = pile(tmp_path, MEASURE, TAKE_UP, MEASURE, fading=True)
    result = simulate(case, observers=[keep])
    history = result.history
    assert history is not None
    assert [event[3] for event in history.events] == ["measured", "time", "measured"]
    found = history["electronic_resistance_ohm_m2"]
    assert found[0] == pytest.approx(resistance(5e6), rel=1e-6)
    assert found[-1] < 0.9 * found[0]
    assert history["charge_error"].max() < 1e-10
    again = simulate(case, resume=Taken(kept, len(kept) // 2)).history  # type: ignore[arg-type]
    assert again is not None
    for column in history.columns:
        assert again[column].tobytes() == history[column].tobytes(), column


def test_wires_of_a_pile_lose_what_is_left_of_the_overpotential(tmp_path: Path) -> None:
    """Under a current, with contacts that have faded since."""
    metrics = fem.run(pile(tmp_path, TAKE_UP, fading=True)).metrics
    parts = sum(value for name, value in metrics.items()
                if name.startswith("overpotential_") and name != "overpotential_V")  # fmt: skip
    assert metrics["overpotential_electrons_V"] < -1e-4
    assert parts == pytest.approx(metrics["overpotential_V"], rel=1e-7)


def test_fading_without_shared_faces_is_refused() -> None:
    wiring = {"kind": "resolved", "contact_gap": "6 um", "contact_resistance": "1 ohm*m",
              "fading": True}  # fmt: skip
    case = cell(wiring, mechanics={"enabled": True}, interfaces={"particle_particle": FADES},
                operation={"current_density": "10 A/m^2", "plating_time": "1 s"})  # fmt: skip
    with pytest.raises(InputError, match="no particles share faces") as caught:
        fem.run(case)
    assert caught.value.key == "geometry.cathode.wiring.fading"
