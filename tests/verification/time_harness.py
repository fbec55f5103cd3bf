"""A flat cell in time: the case, steps of fixed length, and a reference without finite elements.

The slab of active material reacts on its upper face, so everything depends on one coordinate. The
reference expands the stoichiometry in Legendre polynomials over the slab's height and integrates
their coefficients in time; it shares no code with the package but constants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import fem
from fem.cell.composition import Cell
from fem.cell.state import State
from fem.constants import FARADAY, GAS_CONSTANT
from fem.physics.charge import Drive
from fem.runs.steps import step

Floats = NDArray[np.float64]

WIDTH, SEPARATOR, HEIGHT = 2e-6, 8e-6, 10e-6
KAPPA, DIFFUSIVITY, CONCENTRATION = 0.05, 1e-13, 5e4
START = 0.6
THERMAL = GAS_CONSTANT * 298.15 / FARADAY
I0_ANODE, I0_CATHODE, LAYER = 10.0, 2.0, 5e-4
POTENTIAL = "4.3 - 0.7*x - 0.05*tanh(15*(x - 0.55))"
VARYING = "1e-13*exp(3*(x - 0.6))"


def potential(x: Floats | float) -> Floats:
    """`POTENTIAL` in V."""
    x = np.asarray(x, dtype=float)
    return 4.3 - 0.7 * x - 0.05 * np.tanh(15.0 * (x - 0.55))


def flat_case(
    *steps: dict[str, Any],
    diffusivity: str = f"{DIFFUSIVITY} m^2/s",
    size: str = "2 um",
    **changes: Any,
) -> fem.Case:
    """Lithium, a separator, a slab with a potential of its own, on a mesh of one `size`.

    The dots of keys in `changes` are written ``__``.
    """
    material = {
        "open_circuit_potential": POTENTIAL,
        "max_concentration": f"{CONCENTRATION} mol/m^3",
        "chemical_diffusivity": diffusivity,
        "stoichiometry_min": 0.02,
        "stoichiometry_max": 0.95,
    }
    case = fem.Case.from_dict(
        {
            "geometry": {
                "width": f"{WIDTH} m",
                "anode": {"thickness": "20 um"},
                "separator": {"material": "LPSCl", "thickness": f"{SEPARATOR} m"},
                "cathode": {"kind": "plane", "material": "NCM811", "thickness": f"{HEIGHT} m"},
            },
            "materials": {"LPSCl": {"ionic_conductivity": f"{KAPPA} S/m"}, "NCM811": material},
            "kinetics": {
                "anode": {"exchange_current_density": f"{I0_ANODE} A/m^2"},
                "cathode": {
                    "exchange_current_density": f"{I0_CATHODE} A/m^2",
                    "area_resistance": f"{LAYER} ohm*m^2",
                    "stoichiometry": START,
                    "exchange_current_dependence": "stoichiometry",
                },
            },
            "operation": {"kind": "protocol", "steps": list(steps) or [{"rest": "1 s"}]},
            "mechanics": {"enabled": False},
            "mesh": {"size": size, "max_size": size},
        }
    )
    return case.replace({name.replace("__", "."): value for name, value in changes.items()})


def cell_of(case: fem.Case) -> Cell:
    """The problems of a case, ready for steps of any length."""
    return Cell.of(case)


def drives(
    density: float | None = None, hold: float | None = None, width: float = WIDTH
) -> list[Drive]:
    """A current density in A/m^2 on `width`, or a cell voltage in V."""
    cathode = Drive(potential=hold) if density is None else Drive(current=density * width)
    return [Drive(potential=0.0), cathode]


def march(cell: Cell, imposed: list[Drive], end: float, steps: int, start: State) -> list[State]:
    """States after equal steps of ``end / steps``, the first of them at `start`."""
    states = [cell.instant(start, imposed)]
    for _ in range(steps):
        states.append(step(cell, states[-1], end / steps, imposed).state)
    return states


def surface(cell: Cell, state: State) -> float:
    """Stoichiometry at the reacting face, the same along it."""
    (values,) = cell.surface_stoichiometry(state)
    return float(values.mean())


@dataclass(frozen=True)
class Slab:
    """The flat cell by Legendre polynomials in height, under a current density or a voltage.

    With P_n over the height L, weakly: ``L/(2n+1) dc_n/dt = -int D x' P_n' dy - i/(F c_max)``.
    """

    diffusivity: Callable[[Floats], Floats]
    degree: int = 30

    def overpotentials(self, i: float, x: float) -> float:
        """Voltage less open-circuit potential at current density i (A/m^2) and surface x, in V."""
        # For equal transfer coefficients of 1/2 the factor of i0 is 2 sqrt(x (1-x)).
        i0 = I0_CATHODE * 2.0 * np.sqrt(x * (1.0 - x))
        reactions = np.arcsinh(i / (2.0 * I0_ANODE)) + np.arcsinh(i / (2.0 * i0))
        return float(2.0 * THERMAL * reactions + i * (SEPARATOR / KAPPA + LAYER))

    def current(self, voltage: float, x: float) -> float:
        """The current density at which the cell has this voltage."""
        eta = voltage - float(potential(x))
        return float(brentq(lambda i: self.overpotentials(i, x) - eta, -1e4, 1e4, xtol=1e-13))

    def run(
        self, times: Sequence[float], density: float | None = None, hold: float | None = None
    ) -> tuple[Floats, Floats, Floats]:
        """Surface stoichiometry, current density (A/m^2) and charge (C/m^2) at `times`."""
        n = np.arange(self.degree + 1)
        points, weights = legendre.leggauss(2 * self.degree)
        values = legendre.legvander(points, self.degree)
        slopes = np.stack([legendre.legval(points, legendre.legder(e)) for e in np.eye(len(n))], 1)
        mass = HEIGHT / (2.0 * n + 1.0)

        def flow(x: float) -> float:
            return density if density is not None else self.current(hold or 0.0, x)

        def rate(_: float, y: Floats) -> Floats:
            bulk = slopes.T @ (weights * self.diffusivity(values @ y) * (slopes @ y))
            taken = flow(float(y.sum())) / (FARADAY * CONCENTRATION)
            return (-2.0 / HEIGHT * bulk - taken) / mass

        y = np.zeros(len(n))
        y[0] = START
        found = solve_ivp(rate, (0.0, times[-1]), y, "LSODA", list(times), rtol=1e-11, atol=1e-13)
        assert found.success
        x = found.y.sum(axis=0)
        charge = FARADAY * CONCENTRATION * HEIGHT * (START - found.y[0])
        return x, np.array([flow(float(s)) for s in x]), charge


def bed_case(*steps: dict[str, Any], rows: int = 1, columns: int = 1, **changes: Any) -> fem.Case:
    """Round particles of 8 um in cells of 10 um below 8 um of separator, on a coarse mesh."""
    cathode = {
        "electrolyte": "LPSCl",
        "thickness": f"{10 * rows} um",
        "particles": {"rows": rows, "columns": columns, "diameter": "8 um", "material": "NCM811"},
    }
    case = flat_case(*steps).replace(
        {
            "geometry.width": f"{10 * columns} um",
            "geometry.cathode": cathode,
            "mesh": {"size": "3 um", "max_size": "10 um"},
        }
    )
    return case.replace({name.replace("__", "."): value for name, value in changes.items()})
