"""Time steps against the exact amplification of linear decay, and their orders."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fem.solve.stepping import (
    DIAGONAL,
    GAMMA,
    Content,
    Controller,
    Implicit,
    Stage,
    Step,
    backward_euler,
    combine,
    tr_bdf2,
)

ROOT = np.sqrt(2.0)


def decay(rate: float) -> Implicit:
    """``y' = -rate y``: the stage ``y = base - c rate y`` in closed form."""

    def implicit(base: Content, c: float, fraction: float) -> Stage:
        value = {name: b / (1.0 + c * rate) for name, b in base.items()}
        return Stage(value, {name: -rate * y for name, y in value.items()}, fraction)

    return implicit


def riccati(base: Content, c: float, fraction: float) -> Stage:
    """``y' = -y^2``, of which the solution from 1 is 1/(1+t)."""
    b = base["y"]
    y = 2.0 * b / (1.0 + np.sqrt(1.0 + 4.0 * c * b))
    return Stage({"y": y}, {"y": -(y**2)}, fraction)


def march(
    implicit: Implicit, rate: Callable[[float], float], steps: int, end: float, euler: bool
) -> float:
    """The value at `end` from 1 after so many equal steps."""
    y: Content = {"y": np.ones(1)}
    f: Content = {"y": np.array([rate(1.0)])}
    dt = end / steps
    for _ in range(steps):
        step = backward_euler(y, dt, implicit) if euler else tr_bdf2(y, f, dt, implicit)
        y, f = step.end.value, step.end.rate
    return float(y["y"][0])


def amplification(z: float) -> float:
    """Of TR-BDF2 as its authors wrote it: a trapezium to g dt, then BDF2 through three points.

    With g = 2 - sqrt 2 the second is ``y1 = [yg - (1-g)^2 y0] / (g (2-g)) + (1-g)/(2-g) z y1``.
    """
    g = 2.0 - ROOT
    middle = (1.0 + 0.5 * g * z) / (1.0 - 0.5 * g * z)
    return float((middle - (1.0 - g) ** 2) / (g * (2.0 - g)) / (1.0 - (1.0 - g) / (2.0 - g) * z))


def one(z: float) -> Step:
    """A step of TR-BDF2 from 1 with rate * dt = -z."""
    return tr_bdf2({"y": np.ones(1)}, {"y": np.array([z])}, 1.0, decay(-z))


def test_backward_euler_by_algebra() -> None:
    """y' = -y to t = 1 in ten steps: 1.1^-10 - 1/e = +.0176638483."""
    error = march(decay(1.0), lambda y: -y, 10, 1.0, euler=True) - np.exp(-1.0)
    assert error == pytest.approx(1.1**-10 - np.exp(-1.0), abs=1e-12)
    assert error == pytest.approx(0.0176638483, abs=1e-10)


def test_tr_bdf2_by_algebra() -> None:
    """The same decay: R(-0.1)^10, with R from the two formulas that gave the method its name."""
    value = march(decay(1.0), lambda y: -y, 10, 1.0, euler=False)
    assert value == pytest.approx(amplification(-0.1) ** 10, abs=1e-12)
    # The local error is C z^3 with C = (3 g^2 - 4 g + 2) / (12 (2 - g)), so ten steps miss by C/e.
    constant = (3.0 * GAMMA**2 - 4.0 * GAMMA + 2.0) / (12.0 * (2.0 - GAMMA))
    assert value - np.exp(-1.0) == pytest.approx(-10 * constant * 1e-3 * np.exp(-1.0), rel=0.1)


@pytest.mark.parametrize("z", [-1e-3, -0.5, -3.0, -40.0, -1e4])
def test_amplification(z: float) -> None:
    assert one(z).end.value["y"][0] == pytest.approx(amplification(z), rel=1e-10, abs=1e-15)


def test_stiff_parts_die_out() -> None:
    """L-stable: |R| < 1 on the negative axis and R -> 0, as 1/z; a trapezium alone goes to -1."""
    values = np.array([one(-(10.0**k)).end.value["y"][0] for k in np.arange(-3.0, 13.0)])
    assert np.abs(values).max() < 1.0
    assert abs(values[-1]) < 1e-10
    assert one(-1e12).stages[0].value["y"][0] == pytest.approx(-1.0, abs=1e-10)


def test_both_stages_share_one_coefficient_and_know_when_they_are() -> None:
    seen: list[tuple[float, float]] = []

    def implicit(base: Content, c: float, fraction: float) -> Stage:
        seen.append((c, fraction))
        return decay(1.0)(base, c, fraction)

    tr_bdf2({"y": np.ones(1)}, {"y": -np.ones(1)}, 0.2, implicit)
    assert seen == [(0.2 * DIAGONAL, GAMMA), (0.2 * DIAGONAL, 1.0)]


@pytest.mark.parametrize(("euler", "order"), [(True, 1.0), (False, 2.0)])
@pytest.mark.parametrize("nonlinear", [False, True])
def test_orders(euler: bool, order: float, nonlinear: bool) -> None:
    """y' = -y and y' = -y^2 to t = 1 with 20, 40, 80 and 160 steps."""
    implicit, exact = (riccati, 0.5) if nonlinear else (decay(1.0), np.exp(-1.0))

    def rate(y: float) -> float:
        return -(y**2) if nonlinear else -y

    errors = [abs(march(implicit, rate, n, 1.0, euler) - exact) for n in (20, 40, 80, 160)]
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx(order, abs=0.05)


def test_error_estimate_is_the_local_error() -> None:
    """Second order less third order: in sign and size R(z) - exp(z), up to the next power of z."""
    sizes = 0.2 * 0.5 ** np.arange(4.0)
    estimates = np.array([one(-z).error["y"][0] for z in sizes])
    exact = np.array([amplification(-z) - np.exp(-z) for z in sizes])
    assert np.log2(estimates[:-1] / estimates[1:]) == pytest.approx(3.0, abs=0.1)
    misses = np.abs(estimates / exact - 1.0)
    assert np.log2(misses[:-1] / misses[1:]) == pytest.approx(1.0, abs=0.2)
    assert misses[-1] < 0.02


def test_error_estimate_of_a_nonlinear_rate() -> None:
    """From y = 1, y' = -y^2: the estimate and the true local error, 1/(1+dt) known."""
    sizes = 0.1 * 0.5 ** np.arange(4.0)
    steps = [tr_bdf2({"y": np.ones(1)}, {"y": -np.ones(1)}, dt, riccati) for dt in sizes]
    estimates = np.array([step.error["y"][0] for step in steps])
    true = np.array(
        [s.end.value["y"][0] - 1.0 / (1.0 + dt) for s, dt in zip(steps, sizes, strict=True)]
    )
    assert np.log2(estimates[:-1] / estimates[1:]) == pytest.approx(3.0, abs=0.2)
    assert estimates / true == pytest.approx(1.0, abs=0.3)
    assert estimates[-1] / true[-1] == pytest.approx(1.0, abs=0.05)


def test_arrays_of_any_shapes_go_side_by_side() -> None:
    """Two contents in one step are two steps."""
    y = {"a": np.array([[1.0, 2.0]]), "b": np.array([3.0])}
    f = {name: -values for name, values in y.items()}
    together = tr_bdf2(y, f, 0.3, decay(1.0))
    for name in y:
        alone = tr_bdf2({name: y[name]}, {name: f[name]}, 0.3, decay(1.0)).end.value[name]
        assert np.array_equal(together.end.value[name], alone)
        assert together.error[name].shape == y[name].shape
    assert combine(y, (2.0, f), (1.0, y))["b"] == pytest.approx(np.zeros(1))


def test_backward_euler_estimates_nothing() -> None:
    assert not backward_euler({"y": np.ones(2)}, 0.1, decay(1.0)).error["y"].any()


@pytest.mark.parametrize(
    ("error", "change", "factor"),
    [
        (0.0, 0.0, 4.0),
        (0.9**3, 0.1, 1.0),
        (8.0 * 0.9**3, 0.1, 0.5),
        (1e9, 0.1, 0.2),
        (1e-9, 0.95, 1.0),
        (1e-9, 1.9, 0.5),
        (0.9**3, 1.9, 0.5),
    ],
)
def test_next_step(error: float, change: float, factor: float) -> None:
    """By the cube root of the error or the change itself, whichever asks for less; 0.2 to 4."""
    assert Controller().next(2.0, error, change) == pytest.approx(2.0 * factor, rel=1e-12)
