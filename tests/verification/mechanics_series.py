"""Plane strain around confocal ellipses by complex potentials: an oracle without elements.

Kolosov and Muskhelishvili: with phi(z) and psi(z) analytic in the body and ' for d/dz,

    2 mu (u_x + i u_y)          = (3 - 4 nu) phi - z conj(phi') - conj(psi),
    s_nn - i s_nt               = phi' + conj(phi') - exp(2 i a) (conj(z) phi'' + psi'),
    s_xx + s_yy                 = 4 Re phi',

where n = exp(i a) is a direction and t is n turned left. The map z = (c / 2) (zeta + 1 / zeta)
takes circles |zeta| = r to ellipses with foci at +-c, so a body between two of them has Laurent
series in zeta. Symmetry about both axes leaves odd powers with real coefficients; they are fitted
to the conditions on the ellipses, to rounding after some twenty terms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

Conditions = Callable[["Rows"], list[tuple[Floats, Floats]]]
"""From the quantities on an ellipse to pairs (rows, wanted values)."""


@dataclass(frozen=True)
class Rows:
    """Linear forms of the coefficients at points of one ellipse, each (points, coefficients).

    Normals point away from the centre, tangents are normals turned left.
    """

    normals: Complexes
    tractions: Complexes
    displacements: Complexes
    sums: Floats
    speeds: Floats

    @property
    def pressing(self) -> Floats:
        """Normal stress s_nn."""
        return self.tractions.real

    @property
    def shearing(self) -> Floats:
        """Shear stress s_nt."""
        return -self.tractions.imag

    @property
    def opening(self) -> Floats:
        """Displacement along the normal."""
        return (np.conj(self.normals)[:, None] * self.displacements).real


@dataclass(frozen=True)
class ConfocalSeries:
    """The body between the ellipse with half axes `inner` (long, short) and confocal ones."""

    inner: tuple[float, float]
    shear_modulus: float
    poisson_ratio: float
    terms: int

    @property
    def focus(self) -> float:
        return float(np.sqrt(self.inner[0] ** 2 - self.inner[1] ** 2))

    def radius(self, long_axis: float) -> float:
        """|zeta| on the confocal ellipse with this half axis along x."""
        return (long_axis + np.sqrt(long_axis**2 - self.focus**2)) / self.focus

    def short_axis(self, long_axis: float) -> float:
        return float(np.sqrt(long_axis**2 - self.focus**2))

    def parameter(self, x: Floats, y: Floats) -> Complexes:
        """zeta of points outside the slit between the foci."""
        z = (np.asarray(x) + 1j * np.asarray(y)) / self.focus
        return z + np.sqrt(z - 1.0) * np.sqrt(z + 1.0)

    def rows(self, zeta: Complexes) -> Rows:
        """All quantities at points `zeta`, normals those of the ellipse through each."""
        zeta = np.asarray(zeta)[:, None]
        k = np.arange(-2 * self.terms + 1, 2 * self.terms, 2)
        # Powers relative to the inner ellipse keep large exponents in range.
        scale = self.radius(self.inner[0])
        power = (zeta / scale) ** k
        half = 0.5 * self.focus
        z, slope, bend = half * (zeta + 1 / zeta), half * (1 - zeta**-2), 2 * half * zeta**-3
        first = k * power / zeta / slope
        second = (k * (k - 1) * power / zeta**2 - k * power / zeta * bend / slope) / slope**2
        normal = zeta * slope / np.abs(zeta * slope)
        turn, mu = normal**2, self.shear_modulus
        kappa = 3 - 4 * self.poisson_ratio
        zero = np.zeros(power.shape)
        return Rows(
            normals=normal[:, 0],
            tractions=np.hstack(
                [2 * first.real - turn * np.conj(z) * second, -turn * first]
            ),
            displacements=np.hstack(
                [kappa * power - z * np.conj(first), -np.conj(power)]
            ) / (2 * mu),
            sums=np.hstack([4 * first.real, zero]),
            speeds=np.abs(zeta * slope)[:, 0],
        )  # fmt: skip

    def fit(self, *conditions: tuple[float, Conditions], points: int = 120) -> Fitted:
        """Coefficients that fulfil conditions on ellipses given by their half axis along x."""
        angle = (np.arange(points) + 0.5) * 0.5 * np.pi / points
        matrix, wanted = [], []
        for long_axis, condition in conditions:
            for rows, values in condition(self.rows(self.radius(long_axis) * np.exp(1j * angle))):
                matrix.append(rows)
                wanted.append(np.broadcast_to(values, points))
        a, b = np.vstack(matrix), np.concatenate(wanted)
        size = np.linalg.norm(a, axis=0)
        coefficients = np.linalg.lstsq(a / size, b, rcond=1e-15)[0] / size
        misfit = float(np.abs(a @ coefficients - b).max() / np.abs(b).max())
        return Fitted(self, coefficients, misfit)


@dataclass(frozen=True)
class Fitted:
    """A solution; `misfit` is the largest relative error on the boundary."""

    series: ConfocalSeries
    coefficients: Floats
    misfit: float

    def on(self, long_axis: float, angle: Floats) -> Rows:
        """Linear forms at parametric angles of one ellipse."""
        return self.series.rows(self.series.radius(long_axis) * np.exp(1j * np.asarray(angle)))

    def stress(self, x: Floats, y: Floats) -> Floats:
        """Stress (4, n) in the order xx, yy, zz, xy."""
        rows = self.series.rows(self.series.parameter(x, y).ravel())
        traction, total = rows.tractions @ self.coefficients, rows.sums @ self.coefficients
        # s_yy - s_xx + 2 i s_xy = exp(-2 i a) (s_tt - s_nn + 2 i s_nt)
        nn, nt = traction.real, -traction.imag
        turned = np.conj(rows.normals) ** 2 * (total - 2 * nn + 2j * nt)
        xx, yy = 0.5 * (total - turned.real), 0.5 * (total + turned.real)
        return np.stack([xx, yy, self.series.poisson_ratio * total, 0.5 * turned.imag])

    def mean_near_tip(self, radius: float, measure: Callable[[Floats], Floats]) -> float:
        """Mean of a measure of the stress over the body within `radius` of (inner[0], 0)."""
        nodes, weights = np.polynomial.legendre.leggauss(24)
        r, dr = 0.5 * radius * (nodes + 1), 0.5 * radius * weights
        a, b = self.series.inner
        # Where circles around the tip cut the ellipse, by bisection between x = a and the slit.
        low, high = np.full(len(r), 0.5 * np.pi), np.full(len(r), np.pi)
        for _ in range(60):
            cut = 0.5 * (low + high)
            outside = ((a + r * np.cos(cut)) / a) ** 2 + (r * np.sin(cut) / b) ** 2 > 1.0
            low, high = np.where(outside, cut, low), np.where(outside, high, cut)
        angle = 0.5 * cut[:, None] * (nodes + 1)
        weight = (r * dr * 0.5 * cut)[:, None] * weights
        values = measure(
            self.stress(a + r[:, None] * np.cos(angle), r[:, None] * np.sin(angle))
        ).reshape(weight.shape)
        return float((values * weight).sum() / weight.sum())
