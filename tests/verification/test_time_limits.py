"""A cell in time where it must agree with something simpler: a snapshot, a mean, its own start."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from time_harness import START, bed_case, flat_case

import fem
from fem.results.history import History


def history_of(case: fem.Case) -> History:
    """The history of a run of `case`."""
    history = fem.run(case).history
    assert history is not None
    return history


@pytest.mark.parametrize("density", [0.5, 40.0, -300.0])
@pytest.mark.parametrize("diffusion", ["fixed", "resolved"])
def test_the_first_instant_is_the_snapshot(density: float, diffusion: str) -> None:
    """Nothing has diffused yet: overpotential and profile are those of the snapshot."""
    word = "charge" if density > 0.0 else "discharge"
    step = {word: f"{abs(density)} A/m^2", "until": {"time": "1 s"}}
    protrusion = {"x": "8 um", "depth": "3 um", "half_width": "2 um"}
    case = bed_case(
        step,
        rows=2,
        columns=2,
        inactive={"ids": [2]},
        geometry__anode__protrusions=[protrusion],
        kinetics__cathode__diffusion=diffusion,
    )
    run = fem.run(case)
    history = run.history
    assert history is not None
    # The whole table is replaced; diffusion belongs to protocols and is left out of snapshots.
    snapshot = fem.run(case.replace({"operation": {"current_density": f"{density} A/m^2"}}))
    assert history["dt_s"][0] == 0.0
    eta = snapshot.metrics["overpotential_V"]
    assert history["overpotential_V"][0] == pytest.approx(eta, rel=1e-9, abs=1e-11)
    assert history["Voltage / V"][0] == pytest.approx(snapshot.metrics["cell_voltage_V"], rel=1e-9)
    frame = run.frames[0]
    scale = np.abs(snapshot.anode.plating).max()
    assert frame.anode.plating == pytest.approx(snapshot.anode.plating, abs=1e-8 * scale)
    if diffusion == "fixed":
        # And nothing ever changes but the thickness.
        assert history["overpotential_V"] == pytest.approx(eta, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize(
    ("make", "order"), [(flat_case, None), pytest.param(bed_case, 1.0, marks=pytest.mark.slow)]
)
def test_averaged_is_the_slow_limit_of_resolved(make: Any, order: float | None) -> None:
    """On a disc the reaction is not uniform, and what differs falls as 1/D; on a slab it is steady.

    After the same 100 s, with D from 1e-12 m^2/s up: less than 100 s of diffusion time.
    """
    step = {"charge": "20 A/m^2", "until": {"time": "100 s"}}
    misses = []
    for diffusivity in (4e-12, 1.6e-11, 6.4e-11):
        voltages = []
        for model in ("resolved", "averaged"):
            case = make(
                step,
                materials__NCM811__chemical_diffusivity=f"{diffusivity} m^2/s",
                kinetics__cathode__diffusion=model,
                stepping={"tolerance": 1e-5},
            )
            voltages.append(history_of(case)["Voltage / V"][-1])
        misses.append(abs(voltages[0] - voltages[1]))
    assert misses[0] < 1e-5
    if order is None:
        assert misses[-1] < 1e-9
    else:
        steps = np.array(misses)
        assert np.log2(steps[:-1] / steps[1:]) / 2.0 == pytest.approx(order, abs=0.1)


LINEAR: dict[str, Any] = {
    "materials__NCM811__open_circuit_potential": "4.3 - 0.7*x",
    "kinetics__anode": {"area_resistance": "5 ohm*cm^2"},
    "kinetics__cathode": {"area_resistance": "5 ohm*cm^2", "stoichiometry": START},
}
"""Ohmic interfaces and a straight potential: everything is linear in the current."""


def test_a_cell_returns_to_its_start() -> None:
    """The same charge out and in, then a rest of twenty relaxation times.

    The mean is back to rounding; what is left at the surface is error of the steps, and below a
    hundredth of their tolerance.
    """
    left = []
    for tolerance in (1e-3, 1e-4, 1e-5):
        history = history_of(
            flat_case(
                {"charge": "20 A/m^2", "until": {"capacity": "0.2 Ah/m^2"}},
                {"discharge": "20 A/m^2", "until": {"capacity": "0.2 Ah/m^2"}},
                {"rest": "2000 s"},
                stepping={"tolerance": tolerance, "stoichiometry": 1.0, "thickness": "1 um"},
                **LINEAR,
            )
        )
        assert abs(history["stoichiometry_mean"][-1] - START) < 1e-12
        assert abs(history["thickness_max_m"][-1]) < 1e-16
        left.append(abs(history["stoichiometry_surface_min"][-1] - START))
        assert left[-1] < 1e-2 * tolerance
    assert left[0] > left[1] > left[2]


@pytest.mark.slow
def test_a_linear_cell_mirrors_its_current() -> None:
    """Charged and discharged alike from one start, it moves by as much to either side."""
    signs = []
    for word in ("charge", "discharge"):
        case = bed_case(
            {word: "30 A/m^2", "until": {"time": "60 s"}}, {"rest": "20 s"}, rows=2, **LINEAR
        )
        run = fem.run(case)
        assert run.history is not None
        signs.append((run.history, run.frames[-1]))
    (charge, frame), (discharge, mirror) = signs
    assert charge["dt_s"] == pytest.approx(discharge["dt_s"], rel=1e-6)
    assert frame.stoichiometry - START == pytest.approx(START - mirror.stoichiometry, rel=1e-8)
    assert abs(np.diff(frame.stoichiometry)).max() > 1e-4
    low, high = charge["stoichiometry_surface_min"], discharge["stoichiometry_surface_max"]
    assert low - START == pytest.approx(START - high, rel=1e-8, abs=1e-12)
    rest = charge["open_circuit_V"][0]
    assert charge["Voltage / V"] - rest == pytest.approx(rest - discharge["Voltage / V"], abs=1e-9)
