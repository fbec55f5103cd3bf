"""A lithium surface with a ripple: current on it, and how it grows, against linear theory.

Electrolyte of height H between a flat electrode of one potential and lithium with the resistance
rho, whose surface is y = H - a cos kx with a small. Without the ripple the potential is that of a
uniform current i. With it, to first order in a, B sinh ky cos kx is added, and
``B sinh kH + i a / kappa = -rho kappa k B cosh kH`` on lithium, so that the current there is

    i (1 + a k G cos kx),   G = coth kH / (1 + Wa coth kH),   Wa = rho kappa k .

Lithium moves into the electrolyte at a speed in proportion to the current: da = -k G(kH) a dH.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

import fem
from fem.measures.anode import foil_nodes
from fem.results.result import Result

WIDTH = 62e-6
"""Half a wave."""
K = np.pi / WIDTH
KAPPA = 0.05
HEIGHT = 1.0 / K
"""kH = 1."""
RHO = HEIGHT / KAPPA
"""Wa = rho kappa k = 1."""


def growth_factor(height: float) -> float:
    return 1.0 / (np.tanh(K * height) + 1.0)


def rippled(amplitude: float, size: float, operation: dict[str, Any], **anode: str) -> Result:
    wave = {"amplitude": f"{amplitude} m", "wavelength": f"{2 * WIDTH} m"}
    case = {
        "geometry": {
            "width": f"{WIDTH} m",
            "anode": {"thickness": "10 um", "surface": wave, **anode},
            "separator": {"material": "LPSCl", "thickness": f"{HEIGHT!r} m"},
            "cathode": {"kind": "plane", "material": "NCM811", "thickness": "4 um"},
        },
        "materials": {"LPSCl": {"ionic_conductivity": f"{KAPPA} S/m"}},
        "kinetics": {
            "anode": {"area_resistance": f"{RHO!r} ohm*m^2"},
            "cathode": {
                "area_resistance": "1e-10 ohm*m^2", "stoichiometry": 0.6, "diffusion": "fixed",
            },
        },
        "operation": operation,
        "mechanics": {"enabled": False},
        "mesh": {"size": f"{size} m"},
    }  # fmt: skip
    return fem.run(fem.Case.from_dict(case))


def coefficient(x: np.ndarray, values: np.ndarray) -> float:
    """The part of values along x (m) that goes as cos kx."""
    return float(2.0 / WIDTH * np.trapezoid(values * np.cos(K * x), x))


SNAPSHOT = {"kind": "snapshot", "current_density": "100 A/m^2"}


def factor(amplitude: float, size: float) -> float:
    """G as the current on a ripple tells it."""
    anode = rippled(amplitude, size, SNAPSHOT).anode
    return coefficient(anode.x, anode.plating) / (100.0 * amplitude * K)


def test_current_on_a_ripple_converges_to_linear_theory() -> None:
    """coth 1 / (1 + coth 1) = 0.56767; what is left is of second order in the amplitude."""
    exact = growth_factor(HEIGHT)
    assert exact == pytest.approx(1.3130353 / 2.3130353, rel=1e-7)
    errors = [abs(factor(share * HEIGHT, 2e-6) - exact) for share in (0.16, 0.08, 0.04)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders == pytest.approx([2.0, 2.0], abs=0.15)
    assert errors[-1] < 5e-4 * exact


@pytest.mark.slow
def test_current_on_a_ripple_converges_with_the_mesh() -> None:
    """Against elements of 1 um: those of 16, 8 and 4 um come nearer, with order 3 at the least."""
    fine = factor(0.04 * HEIGHT, 1e-6)
    errors = [abs(factor(0.04 * HEIGHT, size) - fine) for size in (16e-6, 8e-6, 4e-6)]
    assert errors[0] < 1e-2
    assert errors[2] < errors[1] < errors[0]
    assert errors[2] < 2e-5


@pytest.mark.slow
def test_a_ripple_grows_as_linear_theory_says() -> None:
    """Lithium of 2 um comes on a ripple of 0.2 um: it grows by the integral of k G over 2 um."""
    steps = [{"charge": "100 A/m^2", "until": {"thickness": "2 um"}}]
    amplitude = 0.2e-6
    result = rippled(amplitude, 2e-6, {"kind": "protocol", "steps": steps}, motion="moved")
    history = result.history
    assert history is not None
    assert history["lithium_error"].max() < 1e-10
    x, y = result.mesh.nodes[:, foil_nodes(result.mesh)[0]]
    gone = history["swept_area_m2"][-1] / WIDTH
    assert gone == pytest.approx(1.95e-6, abs=0.1e-6)
    exponent = quad(lambda h: K * growth_factor(h), HEIGHT - gone, HEIGHT)[0]
    grown = -coefficient(x, y) / amplitude
    assert np.log(grown) == pytest.approx(exponent, rel=0.02)
