"""An impedance spectrum, and what is read off it: consistency, and relaxation times.

Pure functions of arrays. Impedances are times area, in ohm m^2, with the sign as measured: what
stores charge has a negative imaginary part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from fem.frozen import Frozen, FrozenMapping

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

TAKEN = "spectrum taken"
"""What ends a step that takes one, at the instant at which it begins."""
PER_DECADE = 6.0
"""Elements a decade of the model that a spectrum is held against."""
BEYOND = 1.0
"""Decades by which its time constants reach beyond the frequencies."""
POINTS_PER_DECADE = 20
"""Relaxation times a decade of a distribution."""
REGULARISATION = 1e-3
"""Weight of the curvature of a distribution, over that of relative errors of the impedance."""


@dataclass(frozen=True, eq=False)
class Spectrum(Frozen):
    """The impedance of a cell about a state, times its area.

    Attributes
    ----------
    frequency
        (n,) in Hz, in the order asked for.
    impedance
        (n,) complex, in ohm m^2.
    without
        The same with one process left out: no double layer there, or what follows the current kept
        as it is. By the names of the processes.
    time
        Of the state, in s since the start of its run.
    step, label
        The step of the protocol that took it, counted from 0 as unrolled, and its words.
    full
        How many systems of the electrolyte were solved in full for it.
    """

    frequency: Floats
    impedance: Complexes
    without: Mapping[str, Complexes] = field(default_factory=lambda: FrozenMapping({}))
    time: float = 0.0
    step: int = 0
    label: str = ""
    full: int = 0

    def __len__(self) -> int:
        return len(self.frequency)

    def facts(self) -> dict[str, Any]:
        """All but the arrays, in the types of JSON."""
        names = ("time", "step", "label", "full")
        return {name: getattr(self, name) for name in names} | {"without": list(self.without)}

    def __repr__(self) -> str:
        low, high = self.frequency.min(), self.frequency.max()
        return (
            f"<Spectrum of {len(self)} frequencies from {low:.3g} to {high:.3g} Hz "
            f"at {self.time:.6g} s; without {', '.join(self.without) or 'nothing'}>"
        )


def packed(spectra: Sequence[Spectrum]) -> dict[str, NDArray[Any]]:
    """The arrays of spectra by name, for a file."""
    found: dict[str, NDArray[Any]] = {}
    for k, each in enumerate(spectra):
        parts = np.stack([each.impedance, *each.without.values()])
        found |= {f"spectrum/{k}/frequency": each.frequency, f"spectrum/{k}/impedance": parts}
    return found


def unpacked(
    arrays: Mapping[str, NDArray[Any]], facts: Sequence[Mapping[str, Any]]
) -> tuple[Spectrum, ...]:
    """The spectra whose arrays were `packed`, with the facts of each."""
    found = []
    for k, known in enumerate(facts):
        whole, *parts = arrays[f"spectrum/{k}/impedance"]
        without = FrozenMapping(dict(zip(known["without"], parts, strict=True)))
        frequency = arrays[f"spectrum/{k}/frequency"]
        found.append(Spectrum(frequency, whole, **{**known, "without": without}))
    return tuple(found)


def kramers_kronig(frequency: Floats, impedance: Complexes) -> Complexes:
    """What of a spectrum no causal, linear and stable cell has, over the size of the impedance.

    A series of a resistance, a capacitance, an inductance and RC elements of given time constants
    and free weights obeys the relations of Kramers and Kronig, whatever its weights. It is fitted
    by linear least squares; what it leaves is what breaks the relations, or what so few elements
    cannot follow (B. A. Boukamp, J. Electrochem. Soc. 142 (1995) 1885; M. Schoenleber, D. Klotz,
    E. Ivers-Tiffee, Electrochim. Acta 131 (2014) 20).

    Parameters
    ----------
    frequency, impedance
        (n,) in Hz and in any unit; three at least.

    Returns
    -------
    Relative residuals (n,), real and imaginary part.
    """
    omega, times = 2.0 * np.pi * frequency, _times(frequency, PER_DECADE, BEYOND)
    columns = np.concatenate([_series(omega), _elements(omega, times)], axis=1)
    matrix, right = _stacked(columns, impedance)
    scale = np.linalg.norm(matrix, axis=0)
    weights = np.linalg.lstsq(matrix / scale, right, rcond=1e-12)[0] / scale
    left = right - matrix @ weights
    n = len(frequency)
    return np.asarray(left[:n] + 1j * left[n:])


@dataclass(frozen=True, eq=False)
class Relaxation(Frozen):
    """A distribution of relaxation times.

    Attributes
    ----------
    time
        Relaxation times (m,) in s.
    density
        Resistance (m,) in ohm m^2 per unit of the natural logarithm of the time.
    resistance, elastance, inductance
        What is in series, in ohm m^2, m^2/F and H m^2.
    error
        Root mean square of the relative error with which it gives the impedance.
    regularisation
        What it was found with.
    """

    time: Floats
    density: Floats
    resistance: float
    elastance: float
    inductance: float
    error: float
    regularisation: float


def relaxation_times(
    frequency: Floats, impedance: Complexes, regularisation: float = REGULARISATION
) -> Relaxation:
    """The distribution of relaxation times of a spectrum.

    ``Z = R + 1/(j omega C) + j omega L + integral of g(tau) / (1 + j omega tau) d ln(tau)`` with
    g >= 0: least squares of the relative errors plus the curvature of g over ln(tau), which is
    weighted by `regularisation` and by the largest impedance (Tikhonov's method; T. H. Wan,
    M. Saccoccio, C. Chen, F. Ciucci, Electrochim. Acta 184 (2015) 483). A larger weight joins
    peaks, a smaller one splits them; their areas hardly change.

    Parameters
    ----------
    frequency, impedance
        (n,) in Hz and in ohm m^2; three at least.
    """
    omega = 2.0 * np.pi * frequency
    time = _times(frequency, POINTS_PER_DECADE, 0.5)
    step = float(np.log(time[1] / time[0]))
    series = _series(omega)
    matrix, right = _stacked(
        np.concatenate([series, step * _elements(omega, time)], axis=1), impedance
    )
    size = np.abs(impedance).max() / regularisation
    curvature = np.zeros((len(time), matrix.shape[1]))
    curvature[:, 3:] = np.diff(np.eye(len(time) + 2), 2, axis=0)[:, 1:-1] / (step**1.5 * size)
    whole = np.concatenate([matrix, curvature])
    scale = np.linalg.norm(whole, axis=0)
    found = nnls(whole / scale, np.append(right, np.zeros(len(time))), maxiter=50 * len(scale))[0]
    found = found / scale
    error = float(np.sqrt(np.mean((matrix @ found - right) ** 2)))
    resistance, elastance, inductance = found[:3].tolist()
    return Relaxation(time, found[3:], resistance, elastance, inductance, error, regularisation)


def _times(frequency: Floats, per_decade: float, beyond: float) -> Floats:
    """Time constants in s, even in their logarithm, of all frequencies and some beyond."""
    logs = -np.log10(2.0 * np.pi * frequency)
    low, high = logs.min() - beyond, logs.max() + beyond
    return np.asarray(np.logspace(low, high, max(2, round((high - low) * per_decade) + 1)))


def _series(omega: Floats) -> Complexes:
    """A resistance, an elastance and an inductance of 1, (n, 3)."""
    return np.stack([np.ones(len(omega)), 1.0 / (1j * omega), 1j * omega], axis=1)


def _elements(omega: Floats, times: Floats) -> Complexes:
    """RC elements of resistance 1 (n, m)."""
    return np.asarray(1.0 / (1.0 + 1j * omega[:, None] * times))


def _stacked(columns: Complexes, impedance: Complexes) -> tuple[Floats, Floats]:
    """Real above imaginary parts, over the size of the impedance: columns and right side."""
    size = np.abs(impedance)
    scaled, right = columns / size[:, None], impedance / size
    return (
        np.concatenate([scaled.real, scaled.imag]),
        np.concatenate([right.real, right.imag]),
    )
