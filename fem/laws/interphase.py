"""How a layer of reacted electrolyte slows its own growth.

The rate of growth is that of a bare surface, times a factor g of the thickness w:

linear           ``g = 1``              w = r t: nothing passivates
parabolic        ``g = p / w``          w^2 = w0^2 + 2 p r t: diffusion through the layer
self-limiting    ``g = 1 / (1 + w/p)``  w + w^2 / 2p = r t: a reaction, then diffusion
logarithmic      ``g = exp(-w/p)``      w = p ln(1 + r t / p): a barrier that grows with the layer

(C. Wagner, Z. Phys. Chem. B 21 (1933) 25; B. E. Deal and A. S. Grove, J. Appl. Phys. 36 (1965)
3770; N. Cabrera and N. F. Mott, Rep. Prog. Phys. 12 (1949) 163)
for w = 0 at first (w0 in the second), a rate r at the bare surface, and a thickness p at which the
layer is felt. A step in time that ends at w asks for ``w = before + b g(w)``, which has a closed
form each; so no step is too long for a thin layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import lambertw

Floats = NDArray[np.float64]

GROWTHS = ("linear", "parabolic", "self-limiting", "logarithmic")


@dataclass(frozen=True)
class Growth:
    """A law of growth by its name, one of `GROWTHS`.

    Attributes
    ----------
    passivation
        The thickness p in m; `linear` does not read it.
    """

    kind: str
    passivation: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in GROWTHS:
            raise ValueError(f"{self.kind!r} is none of {', '.join(GROWTHS)}")

    def factor(self, thickness: Floats) -> tuple[Floats, Floats]:
        """g and its derivative (1/m) at a thickness in m, any shape."""
        w, p = np.asarray(thickness, dtype=float), self.passivation
        if self.kind == "linear":
            return np.ones_like(w), np.zeros_like(w)
        if self.kind == "parabolic":
            return p / w, -p / w**2
        if self.kind == "self-limiting":
            g = 1.0 / (1.0 + w / p)
            return g, -(g**2) / p
        g = np.exp(-w / p)
        return g, -g / p

    def end(self, before: Floats, bare: Floats) -> Floats:
        """The thickness w in m that solves ``w = before + bare g(w)``.

        `bare`, in m and not negative, is what would grow if the surface were bare.
        """
        w0, b, p = before, bare, self.passivation
        if self.kind == "linear":
            return w0 + b
        if self.kind == "parabolic":
            return np.asarray(w0 + 2.0 * b * p / (w0 + np.sqrt(w0**2 + 4.0 * b * p)))
        if self.kind == "self-limiting":
            one = 1.0 + w0 / p
            return np.asarray(w0 + 2.0 * b / (one + np.sqrt(one**2 + 4.0 * b / p)))
        return np.asarray(w0 + p * lambertw(b / p * np.exp(-w0 / p)).real)

    def step(self, before: Floats, bare: Floats) -> tuple[Floats, Floats, Floats]:
        """g at `end`, and its derivatives by `bare` and by `before` (1/m)."""
        g, slope = self.factor(self.end(before, bare))
        share = 1.0 / (1.0 - bare * slope)
        return g, share * slope * g, share * slope
