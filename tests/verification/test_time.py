"""A cell in time: orders of its steps, and a flat cell against a solution without elements."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import jn_zeros
from time_harness import (
    CONCENTRATION,
    DIFFUSIVITY,
    HEIGHT,
    KAPPA,
    SEPARATOR,
    START,
    VARYING,
    WIDTH,
    Slab,
    bed_case,
    cell_of,
    drives,
    flat_case,
    march,
    potential,
    surface,
)

import fem
from fem.cell.composition import CATHODE, Cell
from fem.cell.state import State
from fem.constants import FARADAY

Floats = NDArray[np.float64]


def constant(x: Floats) -> Floats:
    return np.full_like(x, DIFFUSIVITY)


def varying(x: Floats) -> Floats:
    return 1e-13 * np.exp(3.0 * (x - 0.6))


DIFFUSIVITIES = [(f"{DIFFUSIVITY} m^2/s", constant), (VARYING, varying)]


def measured(cell: Cell, state: State) -> Floats:
    """Voltage (V), extreme surface stoichiometries and extreme thicknesses (um) of a state."""
    assert state.solution is not None
    x = np.concatenate([s.ravel() for s in cell.surface_stoichiometry(state)])
    h = 1e6 * cell.lithium.thickness(state.content)
    voltage = state.solution.voltages[CATHODE]
    return np.array([voltage, x.min(), x.max(), h.min(), h.max()])


def orders(values: list[Floats]) -> Floats:
    """Orders of convergence from results with 1, 2, 4, ... times as many steps."""
    steps = np.abs(np.diff(np.array(values), axis=0))
    return np.asarray(np.log2(steps[:-1] / steps[1:]))


# ------------------------------------------------------------------------------- order in time


@pytest.mark.parametrize(
    "diffusivity", [DIFFUSIVITIES[0][0], pytest.param(VARYING, marks=pytest.mark.slow)]
)
def test_order_at_constant_current(diffusivity: str) -> None:
    """Second order of voltage and surface stoichiometry, although the flux sets in with a jump.

    What the jump excites dies out, as the steps are L-stable. Each step passes the same charge, so
    the thickness is exact.
    """
    cell = cell_of(flat_case(diffusivity=diffusivity))
    start, given = cell.initial(), drives(20.0)
    found = [measured(cell, march(cell, given, 200.0, n, start)[-1]) for n in (20, 40, 80)]
    assert orders([f[:3] for f in found]) == pytest.approx(2.0, abs=0.1)
    assert [f[3:] for f in found] == [pytest.approx(found[0][3:], rel=1e-10)] * 3
    assert abs(found[-1][0] - found[-2][0]) < 2e-5


@pytest.mark.slow
def test_order_under_a_hold() -> None:
    """A voltage held where a current has brought it: stoichiometry and thickness of order 2."""
    cell = cell_of(flat_case(diffusivity=VARYING))
    charged = march(cell, drives(20.0), 60.0, 30, cell.initial())[-1]
    assert charged.solution is not None
    hold = drives(hold=charged.solution.voltages[CATHODE])
    found = [measured(cell, march(cell, hold, 60.0, n, charged)[-1]) for n in (10, 20, 40)]
    assert orders([f[[1, 3]] for f in found]) == pytest.approx(2.0, abs=0.1)


@pytest.mark.slow
def test_order_with_particles() -> None:
    """Round particles of which the upper ones take more current: all fields of order 2."""
    cell = cell_of(bed_case(rows=2))
    given = drives(60.0, width=10e-6)
    start = march(cell, given, 20.0, 20, cell.initial())[-1]
    found = [measured(cell, march(cell, given, 20.0, n, start)[-1]) for n in (20, 40, 80)]
    assert found[-1][2] - found[-1][1] > 1e-3
    assert orders(found) == pytest.approx(2.0, abs=0.1)


# ------------------------------------------------------------------- against another solution


def series(i: float, t: float) -> float:
    """Surface stoichiometry of a slab from which a constant current density takes lithium.

    ``x = x0 - i L/(F c_max D) [tau + 1/3 - 2/pi^2 sum exp(-n^2 pi^2 tau)/n^2]``, tau = D t/L^2.
    """
    n, tau = np.arange(1.0, 4001.0), DIFFUSIVITY * t / HEIGHT**2
    decay = float((np.exp(-((n * np.pi) ** 2) * tau) / n**2).sum())
    bend = i * HEIGHT / (FARADAY * CONCENTRATION * DIFFUSIVITY)
    return START - bend * (tau + 1.0 / 3.0 - 2.0 / np.pi**2 * decay)


def test_reference_by_polynomials_gives_the_series() -> None:
    times = [5.0, 50.0, 200.0]
    x, i, charge = Slab(constant).run(times, density=20.0)
    assert x == pytest.approx([series(20.0, t) for t in times], abs=1e-10)
    assert i == pytest.approx(20.0)
    assert charge == pytest.approx(20.0 * np.array(times), rel=1e-10)


def test_reference_by_polynomials_is_converged() -> None:
    coarse, fine = (Slab(varying, degree).run([60.0], hold=4.1) for degree in (24, 32))
    assert [float(a[0]) for a in coarse] == pytest.approx([float(a[0]) for a in fine], rel=1e-7)


def extrapolated(cell: Cell, given: dict[str, float], end: float) -> Floats:
    """Surface stoichiometry, voltage (V), current density (A/m^2) and plated charge (C/m^2).

    At steps of no length, by Richardson's extrapolation.
    """
    found = []
    for n in (30, 60):
        state = march(cell, drives(**given), end, n, cell.initial())[-1]
        assert state.solution is not None
        current = cell.currents(state.solution)[CATHODE] / WIDTH
        plated = float(cell.lithium.charge(state.content).sum()) / WIDTH
        found.append((surface(cell, state), state.solution.voltages[CATHODE], current, plated))
    coarse, fine = np.array(found)
    return np.asarray((4.0 * fine - coarse) / 3.0)


@pytest.mark.parametrize(
    ("diffusivity", "function", "limit"),
    [(*DIFFUSIVITIES[0], 0.2e-6), (*DIFFUSIVITIES[1], 10e-6)],
)
def test_voltage_at_constant_current(
    diffusivity: str, function: Callable[[Floats], Floats], limit: float
) -> None:
    """To 10 uV on 1 um (0.2 uV where D is constant); a mesh of 4 um misses ten times as much."""
    (x,), (i,), _ = Slab(function).run([200.0], density=20.0)
    exact = float(potential(x)) + Slab(function).overpotentials(i, x)
    misses = []
    for size in ("4 um", "1 um"):
        case = flat_case(diffusivity=diffusivity, size=size)
        misses.append(abs(extrapolated(cell_of(case), {"density": 20.0}, 200.0)[1] - exact))
    assert misses[1] < limit
    assert misses[0] > 10.0 * misses[1]


@pytest.mark.parametrize(("diffusivity", "function"), DIFFUSIVITIES)
def test_current_under_a_hold(diffusivity: str, function: Callable[[Floats], Floats]) -> None:
    """4.1 V from the first instant: surface to 2e-6, current to 2e-5, plated charge to 1e-3."""
    (x,), (i,), (charge,) = Slab(function).run([200.0], hold=4.1)
    cell = cell_of(flat_case(diffusivity=diffusivity, size="1 um"))
    found_x, voltage, current, plated = extrapolated(cell, {"hold": 4.1}, 200.0)
    assert voltage == pytest.approx(4.1, abs=1e-12)
    assert found_x == pytest.approx(x, abs=2e-6)
    assert current == pytest.approx(i, rel=2e-5)
    assert plated == pytest.approx(charge, rel=1e-3)


@pytest.mark.slow
def test_run_with_its_own_steps_finds_the_reference() -> None:
    """`fem.run`, with the default tolerance (0.03 mV here) and with a strict one."""
    (x,), (i,), _ = Slab(constant).run([200.0], density=20.0)
    exact = float(potential(x)) + Slab(constant).overpotentials(i, x)
    for tolerance, limit in ((1e-3, 5e-5), (1e-6, 5e-6)):
        case = flat_case(
            {"charge": "20 A/m^2", "until": {"time": "200 s"}},
            stepping__tolerance=tolerance,
            size="1 um",
        )
        history = fem.run(case).history
        assert history is not None
        assert abs(history["Voltage / V"][-1] - exact) < limit


# ----------------------------------------------------------------- the first seconds after a jump


def fallen(diffusivity: float, t: Floats, length: float, roots: Floats, round_one: bool) -> Floats:
    """How far the surface falls for 1 A/m^2 of its own, at times t in s; 0 before 0.

    On a slab ``L/(F c_max D) [tau + 1/3 - 2 sum exp(-(n pi)^2 tau)/(n pi)^2]``, tau = D t/L^2; on a
    disc ``R/(F c_max D) [2 tau + 1/4 - 2 sum exp(-a^2 tau)/a^2]`` with J1(a) = 0 (J. Crank, The
    mathematics of diffusion, 2nd ed. (1975), chapters 4 and 5).
    """
    tau = diffusivity * np.maximum(t, 0.0)[:, None] / length**2
    decay = (np.exp(-(roots**2) * tau) / roots**2).sum(axis=1)
    steady = 2.0 * tau[:, 0] + 0.25 if round_one else tau[:, 0] + 1.0 / 3.0
    found = length / (FARADAY * CONCENTRATION * diffusivity) * (steady - 2.0 * decay)
    return np.where(t > 0.0, found, 0.0)


@pytest.mark.parametrize(
    ("shape", "diffusivity", "density"),
    [
        pytest.param("slab", 1e-13, 20.0, marks=pytest.mark.slow),
        ("slab", 1e-14, 10.0),
        ("slab", 1e-16, 1.0),
        ("disc", 1e-14, 10.0),
        pytest.param("slab", 1e-15, 4.0, marks=pytest.mark.slow),
        pytest.param("slab", 1e-12, 20.0, marks=pytest.mark.slow),
        pytest.param("disc", 1e-13, 20.0, marks=pytest.mark.slow),
        pytest.param("disc", 1e-15, 4.0, marks=pytest.mark.slow),
    ],
)
def test_first_seconds_at_default_settings(shape: str, diffusivity: float, density: float) -> None:
    """From 1 s after a current sets in, and after it ends, to 0.2 mV of the exact series.

    Elements of 1 um stand where lithium has gone 10 nm deep at the slowest. Diffusion begins anew
    at the rest, with the opposite current on top of the first. A disc has electrolyte so good that
    it reacts evenly.
    """
    end = 100.0
    case = (flat_case if shape == "slab" else bed_case)(
        {"charge": f"{density} A/m^2", "until": {"time": f"{end} s"}},
        {"rest": "100 s"},
        mesh={},
        stepping={},
        materials__NCM811__chemical_diffusivity=f"{diffusivity} m^2/s",
        materials__NCM811__open_circuit_potential="4.3 - 0.7*x",
        materials__LPSCl__ionic_conductivity="50 S/m",
    )
    history = fem.run(case).history
    assert history is not None
    t, step = history["Test Time / s"], history["step"]
    if shape == "slab":
        length, roots, local = HEIGHT, np.pi * np.arange(1.0, 20001.0), density
    else:
        length, roots, local = 4e-6, jn_zeros(1, 3000), density * 10.0 / (8.0 * np.pi)
    falls = [fallen(diffusivity, t - start, length, roots, shape == "disc") for start in (0.0, end)]
    exact = START - local * (falls[0] - falls[1])
    x = 0.5 * (history["stoichiometry_surface_min"] + history["stoichiometry_surface_max"])
    at = ((step == 0.0) & (t >= 1.0)) | ((step == 1.0) & (t >= end + 1.0))
    assert at.sum() > 10
    assert 0.7 * np.abs(x - exact)[at].max() < 2e-4
    if shape == "slab":
        law = Slab(constant)
        eta = [
            law.overpotentials(i, float(each)) - i * SEPARATOR * (1.0 / KAPPA - 1.0 / 50.0)
            for i, each in zip(np.where(step == 0.0, density, 0.0), exact, strict=True)
        ]
        voltage = 4.3 - 0.7 * exact + eta
        assert np.abs(history["Voltage / V"] - voltage)[at].max() < 2e-4


# ------------------------------------------------------------------------------ Faraday's law


@pytest.mark.parametrize(
    ("end", "micrometres"),
    [({"time": "4000 min"}, 64.6544102624), ({"capacity": "1 mAh/cm^2"}, 4.84908)],
)
def test_thickness_by_faraday(end: dict[str, str], micrometres: float) -> None:
    """h = V i t / F with V = 6.94/.534 cm^3/mol: 4000 min at 0.2 mA/cm^2, and 1 mAh/cm^2."""
    case = flat_case(
        {"charge": "0.2 mA/cm^2", "until": end},
        kinetics__cathode__diffusion="fixed",
        geometry__cathode__thickness="200 um",
        stepping__thickness="2 um",
    )
    history = fem.run(case).history
    assert history is not None
    assert len(history) > 3
    exact = 6.94e-3 / 534.0 * 2.0 * history["Test Time / s"][-1] / FARADAY
    for name in ("thickness_mean_m", "thickness_max_m", "thickness_min_m"):
        assert history[name][-1] == pytest.approx(exact, rel=1e-9)
    digits = 1e-9 if "time" in end else 1e-6
    assert 1e6 * exact == pytest.approx(micrometres, rel=digits)
