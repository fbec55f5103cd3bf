"""Electrons that meet a resistance: Kirchhoff by hand, limits, balances, a porous electrode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from electrodes import ChargeProblem, Solved, Terminal, Wires, terminals
from harness import assert_balanced, assert_order
from hypothesis import given, settings
from hypothesis import strategies as st
from test_verification_arrays import INSULATING

import fem
from fem import geometry
from fem.forms.interface import Edges
from fem.mesh import from_case
from fem.parameters import resolve
from fem.physics.equations import ChargeEquations
from fem.physics.wiring import Network

PARTS = ("anode", "electrolyte", "cathode", "electrons")
WIDTH = 45e-6


def cell(wiring: Any, rows: int = 3, columns: int = 3, **changes: Any) -> fem.Case:
    """Discs of 10 um in tiles of 15 um below 10 um of separator, under 100 A/m2."""
    particles = {"rows": rows, "columns": columns, "diameter": "10 um", "material": "NCM811"}
    case = fem.Case.from_dict(
        {
            "geometry": {
                "width": f"{15 * columns} um",
                "anode": {"thickness": "5 um"},
                "separator": {"material": "LPSCl", "thickness": "10 um"},
                "cathode": {
                    "electrolyte": "LPSCl",
                    "thickness": f"{15 * rows} um",
                    "particles": particles,
                    "wiring": wiring,
                },
            },
            "materials": {"LPSCl": {"ionic_conductivity": "0.1 S/m"}},
            "kinetics": {
                "anode": {"exchange_current_density": "300 A/m^2"},
                "cathode": {"exchange_current_density": "2 A/m^2"},
            },
            "operation": {"current_density": "100 A/m^2"},
            "mechanics": {"enabled": False},
            "mesh": {"size": "2 um"},
        }
    )
    return case.replace(changes) if changes else case


def medium(conductivity: float) -> dict[str, Any]:
    return {"kind": "effective", "conductivity": f"{conductivity!r} S/m"}


def contacts(gap: str, resistance: float = 1.0, **more: Any) -> dict[str, Any]:
    wiring = {"contact_gap": gap, "contact_resistance": f"{resistance!r} ohm*m"}
    return {"kind": "resolved"} | wiring | more


def potentials(result: fem.Result) -> np.ndarray:
    """Potential of each particle from the field phi_s; nan for those that are inactive."""
    mesh = result.field_mesh
    phi = np.full(len(result.particles.x), np.nan)
    for number, region in enumerate(result.geometry.regions):
        if region.name.startswith("particle"):
            values = result.fields["phi_s"][mesh.triangles[mesh.region == number]]
            assert np.isnan(values).all() or np.ptp(values) == 0.0
            phi[region.body] = values.flat[0]
    return phi


# -------------------------------------------------------------------------- Kirchhoff by hand


@pytest.mark.parametrize(
    ("wiring", "rung", "first"),
    [(contacts("5 um", 3.0), 3.0, 3.0), (medium(2.0), 0.5, 0.25)],
    ids=["contacts", "medium"],
)
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_ladder(wiring: dict[str, Any], rung: float, first: float, rows: int) -> None:
    """One column: each rung carries what the particles above it take, whatever that is.

    A contact has 3 ohm m; a square tile of 2 S/m has 0.5 ohm m, and half of it to the collector.
    """
    result = fem.run(cell(wiring, rows, 1))
    current, metrics = result.particles.current, result.metrics
    assert current.sum() == pytest.approx(100.0 * 15e-6, rel=1e-9, abs=0)
    through = np.cumsum(current[::-1])[::-1]
    steps = through * np.r_[first, np.full(rows - 1, rung)]
    expected = metrics["overpotential_V"] - np.cumsum(steps)
    assert potentials(result) == pytest.approx(expected, rel=1e-9)
    lost = (steps * through).sum() / current.sum()
    assert metrics["overpotential_electrons_V"] == pytest.approx(lost, rel=1e-9)
    parts = sum(metrics[f"overpotential_{part}_V"] for part in PARTS)
    assert metrics["overpotential_V"] == pytest.approx(parts, rel=1e-10)


def test_two_particles_with_ways_out_of_the_plane() -> None:
    """Each has 1/4 ohm m of its own; no contact is closer than 1 um."""
    result = fem.run(cell(contacts("1 um", out_of_plane_conductance="4 S/m"), 2, 1))
    drops = potentials(result) - result.metrics["overpotential_V"]
    assert drops == pytest.approx(-result.particles.current / 4.0, rel=1e-9, abs=0)
    assert drops[1] < drops[0] < 0.0


def test_porous_electrode() -> None:
    """Many rows approach the electrode of Newman and Tobias in which both phases have resistance.

    ``R (k + s) / L = 1 + [2 + (s/k + k/s) cosh n] / (n sinh n)`` per area, for linear kinetics of
    rho ohm m2 on a m2/m3 of surface and ``n^2 = L^2 a (1/k + 1/s) / rho``. Discs react so slowly
    here that the electrolyte conducts as between insulating ones (Rayleigh, f = 0.3). The rows of
    a bed of constant n stand for the continuum to second order.
    """
    diameter = float(2.0 * 15e-6 * np.sqrt(0.3 / np.pi))
    k, s, n = 0.1 * INSULATING[0.3], 0.02, 1.5
    errors = []
    for rows in (3, 6, 12):
        length = rows * 15e-6
        rho = length**2 * float(np.pi) * diameter / 15e-6**2 * (1.0 / k + 1.0 / s) / n**2
        kinetics = {side: {"area_resistance": f"{rho!r} ohm*m^2"} for side in ("anode", "cathode")}
        case = cell(
            medium(s), rows, 1,
            # Everything is linear: a current that no more than a volt drives serves as well.
            **{"kinetics": kinetics, "geometry.cathode.particles.diameter": f"{diameter!r} m",
               "operation.current_density": "1 A/m^2"},
        )  # fmt: skip
        bed = length / (k + s) * (1.0 + (2.0 + (s / k + k / s) * np.cosh(n)) / (n * np.sinh(n)))
        exact = bed + 10e-6 / 0.1 + rho
        errors.append((fem.run(case).metrics["overpotential_V"] - exact) / bed)
    assert_order(errors, 2.0, 1.5e-3)


# ------------------------------------------------------------------------------------- limits


@pytest.mark.slow
def test_a_good_conductor_is_ideal() -> None:
    """The excess over ideal wiring falls as 1/sigma, and nothing is lost to rounding at the end."""
    ideal = fem.run(cell("ideal")).metrics["overpotential_V"]
    excess = [
        (fem.run(cell(medium(s))).metrics["overpotential_V"] - ideal) * s for s in (1e2, 1e3, 1e4)
    ]
    assert excess[0] > 0.0
    assert excess == pytest.approx([excess[-1]] * 3, rel=2e-3)
    assert fem.run(cell(medium(1e15))).metrics["overpotential_V"] == pytest.approx(ideal, rel=1e-12)


def test_particles_without_electrons_are_dead() -> None:
    """Only the lowest is wired: the same as with the others inactive, plus R I in its contact."""
    wired = fem.run(cell(contacts("3 um", 2.0), 3, 1))
    dead = fem.run(cell("ideal", 3, 1, inactive={"ids": [1, 2]}))
    assert wired.particles.inactivity.tolist() == ["", "no electrons", "no electrons"]
    assert wired.particles.current == pytest.approx(dead.particles.current, rel=1e-9, abs=0)
    excess = wired.metrics["overpotential_V"] - dead.metrics["overpotential_V"]
    assert excess == pytest.approx(2.0 * 100.0 * 15e-6, rel=1e-9)
    assert np.isnan(potentials(wired)[1:]).all()


@pytest.mark.slow
def test_controls_agree_and_mirror_images_do() -> None:
    """Current and overpotential drive the same state; a cell and its mirror image are alike."""
    dead = {"inactive": {"ids": [0, 4]}}
    by_current = fem.run(cell(medium(0.5), **dead))
    v = by_current.metrics["overpotential_V"]
    control = {"operation": {"overpotential": f"{v!r} V"}}
    by_potential = fem.run(cell(medium(0.5), **dead, **control))
    assert by_potential.metrics["current_density_A_m2"] == pytest.approx(100.0, rel=1e-9)
    mirrored = fem.run(cell(medium(0.5), inactive={"ids": [2, 4]}))
    assert mirrored.metrics["overpotential_V"] == pytest.approx(v, rel=1e-6)
    current = by_current.particles.current.reshape(3, 3)[:, ::-1].ravel()
    assert mirrored.particles.current == pytest.approx(current, rel=1e-4, abs=0)


# ----------------------------------------------------------------------------------- balances


CASE = cell("ideal")
MESH = from_case(CASE, geometry.build(CASE))
PARAMETERS = resolve(CASE, MESH.geometry)
PROBLEM = ChargeProblem(MESH, PARAMETERS.conductivity)
FOIL, CATHODE = terminals(CASE, MESH, PARAMETERS)
MIDDLE = MESH.nodes[:, CATHODE.edges.nodes[:, 2]]
CENTRES = np.stack([MESH.geometry.particles.x, MESH.geometry.particles.y])
NODE = np.hypot(*(MIDDLE[:, :, None] - CENTRES[:, None])).argmin(axis=1)


def solved(network: Network, **drive: float) -> Solved:
    """Nine particles on a network; `drive` is the collector's current or potential."""
    cathode = Terminal("the cathode", CATHODE.edges, CATHODE.kinetics, **drive,
                       wires=Wires(network, NODE))  # fmt: skip
    return PROBLEM.solve([FOIL, cathode])


@st.composite
def networks(draw: Any) -> Network:
    """A random tree from the collector to all nine particles, and more wires, over six decades."""
    powers = st.floats(-3.0, 3.0)
    parents = [draw(st.integers(-1, k - 1)) for k in range(9)]
    order = draw(st.permutations(range(9)))
    ground, pairs, conductance = np.zeros(9), [], []
    for k, parent in enumerate(parents):
        g = 10.0 ** draw(powers)
        if parent < 0:
            ground[order[k]] = g
        else:
            pairs.append((order[parent], order[k]))
            conductance.append(g)
    for _ in range(draw(st.integers(0, 6))):
        i, j = draw(st.permutations(range(9)))[:2]
        pairs.append((i, j))
        conductance.append(10.0 ** draw(powers))
    both = np.array(pairs, dtype=int).reshape(-1, 2)
    return Network.of(both, np.array(conductance), ground, np.ones(9, dtype=bool))


def test_a_particle_on_hardly_any_wire_floats() -> None:
    """It takes no net current, as an electrode of its own with none; it still reacts on its rim."""
    ground = np.where(np.arange(9) < 3, 0.5, 1e-10)
    network = Network.of(np.zeros((0, 2), dtype=int), np.zeros(0), ground, np.ones(9, dtype=bool))
    poor = solved(network, current=100.0 * WIDTH)
    edges = [
        Edges(CATHODE.edges.nodes[k == NODE], CATHODE.edges.coordinates[:, k == NODE])
        for k in range(9)
    ]
    given = [-float(network.matrix[k, k] * poor.drops[1][k]) for k in range(3)]
    alone = PROBLEM.solve(
        [FOIL]
        + [
            Terminal("a particle", edges[k], CATHODE.kinetics, None, given[k] if k < 3 else 0.0)
            for k in range(9)
        ]
    )
    found = poor.terminal_potentials[1] + poor.drops[1]
    assert found == pytest.approx(np.array(alone.terminal_potentials[1:]), rel=1e-6)
    assert np.abs(poor.reaction(1)[NODE == 8]).max() > 1e-3


def test_good_contacts_behind_a_poor_way() -> None:
    """Particles joined by 1e6 S/m share one way of 1e-3 S/m: one potential, and nothing is lost.

    Rounding in the differences of their potentials exceeds what ends the iteration elsewhere.
    """
    pairs, ground = np.stack([np.arange(8), np.arange(1, 9)], axis=1), np.eye(9)[4] * 1e-3
    network = Network.of(pairs, np.full(8, 1e6), ground, np.ones(9, dtype=bool))
    current = 100.0 * WIDTH
    solution = solved(network, current=current)
    assert solution.total(1) == pytest.approx(current, rel=1e-9, abs=0)
    assert solution.drops[1] == pytest.approx(np.full(9, -current / 1e-3), rel=1e-6)


@pytest.mark.parametrize("ground", [1e-4, 1e-6, 1e-8])
def test_a_voltage_over_poor_wires_drives_a_balanced_current(ground: float) -> None:
    """Currents far below what the electrolyte would take at this voltage are as exact."""
    none, everyone = np.zeros((0, 2), dtype=int), np.ones(9, dtype=bool)
    network = Network.of(none, np.zeros(0), np.full(9, ground), everyone)
    solution = solved(network, potential=0.05)
    assert_balanced(solution, 1e-9)
    assert solution.total(1) < 9.0 * ground * 0.05


def test_two_collectors_at_one_potential_are_one() -> None:
    """Five particles on wires to one terminal and four to another one."""
    ground = np.linspace(0.1, 0.9, 9)
    no_pairs, everyone = np.zeros((0, 2), dtype=int), np.ones(9, dtype=bool)
    one = solved(Network.of(no_pairs, np.zeros(0), ground, everyone), potential=0.2)
    halves = []
    for members in (everyone.cumsum() <= 5, everyone.cumsum() > 5):
        network = Network.of(no_pairs, np.zeros(0), ground, members)
        mine = members[NODE]
        edges = Edges(CATHODE.edges.nodes[mine], CATHODE.edges.coordinates[:, mine])
        wires = Wires(network, network.number[NODE[mine]])
        halves.append(Terminal("a half", edges, CATHODE.kinetics, 0.2, wires=wires))
    two = PROBLEM.solve([FOIL, *halves])
    assert np.concatenate(two.drops) == pytest.approx(one.drops[1], rel=1e-9)
    assert two.drops[0].size == 0
    assert_balanced(two, 1e-9)


@settings(max_examples=60, deadline=None)
@given(networks(), st.sampled_from(["current", "potential"]), st.floats(-2.0, 2.0), st.booleans())
def test_random_networks_balance(network: Network, given: str, power: float, up: bool) -> None:
    """Charge and power, and what each particle gives is what its wires bring."""
    scale = 1e-3 if given == "current" else 1e-2
    solution = solved(network, **{given: (1.0 if up else -1.0) * scale * 10.0**power})
    assert_balanced(solution, 1e-9)
    reaction = (solution.reaction(1) * CATHODE.edges.weights).sum(axis=1)
    brought = -(network.matrix @ solution.drops[1])
    given_off = np.bincount(NODE, weights=reaction, minlength=9)
    assert brought == pytest.approx(given_off, rel=1e-8, abs=1e-9 * abs(solution.total(1)))


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(networks(), st.integers(0, 2**32 - 1))
def test_every_start_leads_to_the_same_state(network: Network, seed: int) -> None:
    """The energy is convex: Newton's method finds its one minimum from starts half a volt off."""
    usual = solved(network, current=2e-3)
    start = ChargeEquations.start

    def elsewhere(*arguments: Any) -> np.ndarray:
        x = start(*arguments)
        return x + np.random.default_rng(seed).uniform(-0.5, 0.5, len(x))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ChargeEquations, "start", elsewhere)
        found = solved(network, current=2e-3)
    assert found.iterations > usual.iterations
    assert found.terminal_potentials == pytest.approx(usual.terminal_potentials, rel=1e-8)
    assert found.drops[1] == pytest.approx(usual.drops[1], rel=1e-7, abs=1e-11)
