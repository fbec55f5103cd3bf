"""Networks of electrons: by hand, their exactness and order, and which particles they reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fem
from fem import geometry
from fem.errors import InputError
from fem.geometry import Inactivity
from fem.geometry.contacts import Contacts
from fem.physics.wiring import Network, in_contact, in_medium

RESOLVED = {"kind": "resolved", "contact_resistance": "2 ohm*m"}


def lattice(rows: int, columns: int, px: float, py: float) -> tuple[np.ndarray, np.ndarray]:
    """Centres row by row from the bottom left."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    return (column + 0.5) * px, (row + 0.5) * py


def cell(wiring: Any, **changes: Any) -> fem.Case:
    """Twelve discs of 10 um with gaps of 5 um, 2.5 um above the collector."""
    particles = {"rows": 3, "columns": 4, "diameter": "10 um", "material": "NCM811"}
    return fem.Case.from_dict(
        {
            "geometry": {
                "width": "60 um",
                "anode": {"thickness": "5 um"},
                "separator": {"material": "LPSCl", "thickness": "20 um"},
                "cathode": {
                    "electrolyte": "LPSCl",
                    "thickness": "45 um",
                    "particles": particles,
                    "wiring": wiring,
                },
            },
            "kinetics": {
                "anode": {"exchange_current_density": "320 A/m^2"},
                "cathode": {"exchange_current_density": "2 A/m^2", "stoichiometry": 0.5},
            },
            "operation": {"current_density": "100 A/m^2"},
            "mechanics": {"enabled": False},
            "mesh": {"size": "2 um"},
        }
        | changes
    )


def pictured(
    folder: Path, labels: list[list[int]], gap: str, scale: int = 1, **wiring: Any
) -> fem.Case:
    """The cell of a label image with pixels of 1 um: 1 electrolyte, 2 and above active."""
    path = folder / "labels.npy"
    np.save(
        path, np.kron(np.array(labels, dtype=np.uint8), np.ones((scale, scale), dtype=np.uint8))
    )
    image = {
        "file": str(path),
        "pixel_size": "1 um",
        "labels": {"electrolyte": 1, "active": "2-99"},
        "electrolyte": "LPSCl",
        "active": "NCM811",
        "specks": 0,
        "smoothing": 0.0,
        "wiring": RESOLVED | {"contact_gap": gap} | wiring,
    }
    whole = cell("ideal").to_dict()
    whole["geometry"] = {
        "anode": {"thickness": "5 um"},
        "separator": {"material": "LPSCl", "thickness": "20 um"},
        "image": image,
    }
    return fem.Case.from_dict(whole)


# ------------------------------------------------------------------------------------ networks


def test_network_by_hand() -> None:
    """Collector - 1 S/m - 0 - (2 + 3) S/m - 2; particle 1 does not belong, nor does its pair."""
    pairs = np.array([[0, 2], [2, 0], [1, 2]])
    network = Network.of(
        pairs, np.array([2.0, 3.0, 7.0]), np.array([1.0, 9.0, 0.0]), np.array([True, False, True])
    )
    assert network.number.tolist() == [0, -1, 1]
    assert network.matrix.toarray().tolist() == [[6.0, -5.0], [-5.0, 5.0]]
    # 10 A/m out of particle 2 flow through both: drops of 10 / 1 and 10 / 5 V.
    drops = np.linalg.solve(network.matrix.toarray(), [0.0, -10.0])
    assert drops == pytest.approx([-10.0, -12.0])
    assert network.power(drops) == pytest.approx(10.0 * 12.0)


def test_contacts_and_ways_out_of_the_plane() -> None:
    """A contact has 1/R; every particle has the way out of the plane, if there is one."""
    pairs, collector = np.array([[0, 1]]), np.array([True, False, False])
    chain = in_contact(pairs, collector, 0.5, 0.0)
    assert chain.number.tolist() == [0, 1, -1]
    assert chain.matrix.toarray().tolist() == [[4.0, -2.0], [-2.0, 2.0]]
    leaky = in_contact(pairs, collector, 0.5, 0.25)
    assert leaky.number.tolist() == [0, 1, 2]
    assert np.diag(leaky.matrix.toarray()).tolist() == [4.25, 2.25, 0.25]


def test_medium_of_a_lattice_is_a_ladder() -> None:
    """Between rows sigma px/py, between columns sigma py/px, to the collector twice the former."""
    rows, columns, px, py, sigma = 3, 2, 4e-6, 5e-6, 7.0
    x, y = lattice(rows, columns, px, py)
    found = in_medium(x, y, columns * px, rows * py, sigma).matrix.toarray()
    along, across = sigma * px / py, sigma * py / px
    expected = np.zeros((6, 6))
    for i, j, g in [(0, 2, along), (2, 4, along), (1, 3, along), (3, 5, along)] + [
        (k, k + 1, across) for k in (0, 2, 4)
    ]:
        expected[[i, j], [i, j]] += g
        expected[[i, j], [j, i]] -= g
    expected[[0, 1], [0, 1]] += 2.0 * along
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12 * sigma)


@pytest.mark.parametrize("rows", [1, 4, 16])
def test_medium_under_an_even_load(rows: int) -> None:
    """``phi = -(q/sigma) (H y - y^2/2)``, and the half cell at the collector adds q h^2 / 8 sigma.

    All of q H goes through the half cell, where the exact current already falls: the potential
    of every centre is off by the same amount, of second order in h.
    """
    height, sigma, q, h = 60e-6, 3.0, 1e7, 60e-6 / rows
    x, y = lattice(rows, 1, 15e-6, h)
    matrix = in_medium(x, y, 15e-6, height, sigma).matrix.toarray()
    drops = np.linalg.solve(matrix, np.full(rows, -q * h * 15e-6))
    exact = -(q / sigma) * (height * y - 0.5 * y**2)
    assert drops - exact == pytest.approx(np.full(rows, -q * h**2 / 8.0 / sigma), rel=1e-9, abs=0)


points = st.lists(
    st.tuples(st.floats(0.01, 0.99), st.floats(0.01, 0.99)), min_size=1, max_size=40
).filter(lambda p: len(p) < 2 or _least(np.array(p)) > 1e-3)


def _least(p: np.ndarray) -> float:
    apart = np.hypot(*(p[:, None] - p).transpose(2, 0, 1))
    return float(apart[np.triu_indices(len(p), 1)].min())


@settings(max_examples=60, deadline=None)
@given(points)
def test_medium_of_random_centres(p: list[tuple[float, float]]) -> None:
    """Symmetric, positive definite, exact for a uniform field along y.

    At ``phi = y`` each cell takes in sigma times its part of the top, and no cell anything else.
    The parts are counted here by the centre nearest to each of many points on the top.
    """
    x, y = np.array(p).T * np.array([[30e-6], [20e-6]])
    matrix = in_medium(x, y, 30e-6, 20e-6, 5.0).matrix.toarray()
    assert np.array_equal(matrix, matrix.T)
    assert np.linalg.eigvalsh(matrix).min() > 0.0
    assert (matrix - np.diag(np.diag(matrix)) <= 0.0).all()
    flow, sampled = matrix @ y, (np.arange(3000) + 0.5) * 1e-8
    nearest = np.hypot(sampled[:, None] - x, 20e-6 - y).argmin(axis=1)
    share = np.bincount(nearest, minlength=len(x)) / 3000
    assert flow / (5.0 * 30e-6) == pytest.approx(share, abs=1e-3)
    assert flow[share == 0.0] == pytest.approx(0.0, abs=5e-8)
    assert flow.sum() == pytest.approx(5.0 * 30e-6, rel=1e-9, abs=0)


def test_centres_that_coincide_are_refused() -> None:
    x, y = np.array([1e-6, 1e-6, 4e-6]), np.array([2e-6, 2e-6, 2e-6])
    with pytest.raises(InputError, match="same place"):
        in_medium(x, y, 5e-6, 5e-6, 1.0)
    with pytest.raises(InputError, match="same place"):
        in_medium(np.array([1e-6, 1e-6 + 1e-12, 4e-6]), y, 5e-6, 5e-6, 1.0)


# ------------------------------------------------------------------------------------ contacts


@pytest.mark.parametrize(
    ("gap", "pairs", "collector", "active"),
    [("2.5 um", 0, 4, 4), ("4.99 um", 0, 4, 4), ("5 um", 17, 4, 12)],
)
def test_contacts_of_discs(gap: str, pairs: int, collector: int, active: int) -> None:
    """A lattice of 3 by 4 has 2 x 4 + 3 x 3 neighbours; a gap that is just met counts."""
    case = cell(RESOLVED | {"contact_gap": gap})
    shape = geometry.build(case)
    contacts = Contacts.of(case, shape)
    assert len(contacts.pairs) == pairs
    assert contacts.collector.sum() == collector
    assert shape.particles.active.sum() == active
    assert set(shape.particles.inactivity[4:]) == {"" if pairs else str(Inactivity.NO_ELECTRONS)}
    assert len(shape.notes) == (0 if pairs else 1)


def test_discs_of_different_sizes_are_in_contact() -> None:
    """Every pair with a gap below the limit is found, whatever the sizes, and no other."""
    packing = {
        "layout": "random", "fraction": 0.4, "gap": "0.3 um", "seed": 3, "material": "NCM811",
        "sizes": [{"diameter": "12 um", "share": 1.0}, {"diameter": "3 um", "share": 1.0}],
    }  # fmt: skip
    case = cell(RESOLVED | {"contact_gap": "4 um"}).replace(
        {"geometry.cathode.particles": packing, "mesh.size": "1 um"}
    )
    shape = geometry.build(case)
    contacts = Contacts.of(case, shape)
    p = shape.particles
    gaps = np.hypot(p.x[:, None] - p.x, p.y[:, None] - p.y) - 0.5 * (
        p.diameter[:, None] + p.diameter
    )
    i, j = np.triu_indices(len(p), 1)
    expected = {(a, b) for a, b in zip(i.tolist(), j.tolist(), strict=True) if gaps[a, b] <= 4e-6}
    assert len(expected) > 20
    assert {tuple(sorted(pair)) for pair in contacts.pairs.tolist()} == expected
    assert contacts.collector.tolist() == (p.y - 0.5 * p.diameter <= 4e-6).tolist()


def test_no_particle_wired_is_an_error() -> None:
    with pytest.raises(InputError, match="12 of 12 particles have no path") as caught:
        geometry.build(cell(RESOLVED | {"contact_gap": "1 um"}))
    assert caught.value.key == "geometry.cathode.wiring.contact_gap"
    assert "out_of_plane_conductance" in str(caught.value.cure)


def test_few_particles_wired_is_a_warning() -> None:
    wiring = RESOLVED | {"contact_gap": "3 um"}
    (note,) = geometry.build(cell(wiring)).notes
    assert note.startswith("Warning: 8 of 12 particles have no path")
    assert "out_of_plane_conductance" in note
    dead = {"ids": [4, 5, 6, 7, 8]}
    (note,) = geometry.build(cell(wiring, inactive=dead)).notes
    assert note.startswith("3 of 7 particles have no path")
    free = geometry.build(cell(wiring | {"out_of_plane_conductance": "1 S/m"}))
    assert free.particles.active.all()
    assert not free.notes


def test_inactive_particles_pass_electrons_on() -> None:
    """The middle row does not react but joins the upper one to the collector."""
    wiring = RESOLVED | {"contact_gap": "5 um"}
    shape = geometry.build(cell(wiring, inactive={"ids": [4, 5, 6, 7]}))
    assert shape.particles.active.sum() == 8


def test_pieces_of_an_image_that_touch_are_in_contact(tmp_path: Path) -> None:
    """From below: 2 on the collector, 3 on 2, 4 one pixel away from 3, 5 two pixels from 4."""
    column = [1, 5, 1, 1, 4, 1, 3, 2]
    labels = [[1, label, 1] for label in column]
    for gap, active in [("0 um", 2), ("3.9 um", 2), ("4 um", 3), ("8 um", 4)]:
        shape = geometry.build(pictured(tmp_path, labels, gap, scale=4))
        assert shape.particles.active.sum() == active


@pytest.mark.parametrize("wiring", [{}, {"kind": "effective", "conductivity": "0.5 S/m"}])
def test_an_image_runs(tmp_path: Path, wiring: dict[str, str]) -> None:
    """Three pieces on top of each other: contacts carry what the pieces above them take.

    In the effective medium the rungs are 2, 4 and 4 um long and 12 um wide.
    """
    case = pictured(tmp_path, [[1, label, 1] for label in (1, 1, 4, 3, 2)], "0 um", scale=4)
    if wiring:
        case = case.replace({"geometry.image.wiring": wiring})
    result = fem.run(case)
    through = np.cumsum(result.particles.current[::-1])[::-1]
    rung = np.array([2.0, 4.0, 4.0]) / (12.0 * 0.5) if wiring else np.full(3, 2.0)
    metrics = result.metrics
    lost = (rung * through**2).sum() / through[0]
    assert metrics["overpotential_electrons_V"] == pytest.approx(lost, rel=1e-9)
    parts = [metrics[f"overpotential_{p}_V"] for p in ("anode", "electrolyte", "cathode")]
    assert metrics["overpotential_V"] == pytest.approx(sum(parts) + lost, rel=1e-9)


@pytest.mark.parametrize("conductivity", ["1 S/m", "1e15 S/m"])
def test_a_protocol_knows_wires_as_a_snapshot_does(conductivity: str) -> None:
    """At its first instant a run has the potentials of a snapshot, wires included."""
    wiring = {"kind": "effective", "conductivity": conductivity}
    snapshot = fem.run(cell(wiring, operation={"current_density": "50 A/m^2"}))
    steps = [{"charge": "50 A/m^2", "until": {"time": "1 ms"}}]
    run = fem.run(cell(wiring, operation={"kind": "protocol", "steps": steps}))
    assert run.history is not None
    assert run.history["Voltage / V"][0] == pytest.approx(
        snapshot.metrics["cell_voltage_V"], abs=1e-10
    )
    parts = [run.metrics[f"overpotential_{p}_V"] for p in ("electrolyte", "electrons")]
    expected = [snapshot.metrics[f"overpotential_{p}_V"] for p in ("electrolyte", "electrons")]
    assert parts == pytest.approx(expected, rel=1e-3)
    assert run.history["charge_error"].max() < 1e-13
