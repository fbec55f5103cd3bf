"""Surfaces at small sine waves: what crosses them for a difference of potentials, to first order.

A law about a state lets through ``i = G d + sum of q_s s`` of small changes of the difference d and
of the state variables s. Of that law, a film of resistance R lies before the reaction and the
double layer beside it, of capacitance C: with the share ``r = 1 - R G`` of the reaction in what
resists, and ``y = j omega C``,

    crossing  i = [(G + r y) d + sum of q_s s] / (1 + r R y)
    reacting  f = [G d + (1 + R y) sum of q_s s] / (1 + r R y)

in which neither G nor R is divided by, so that either may be as good as 0 or all there is. State
variables follow what reacts, ``s = R_s b_f`` with the nodal loads b_f, at ``c = 1 / (j omega)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fem.physics.surfaces import Patches

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


@dataclass(frozen=True)
class Linear:
    """A law about a state, at the quadrature points (k, ne, nq).

    Attributes
    ----------
    slope
        G in S/m^2.
    by_state
        q of each variable.
    resistance
        R in ohm m^2.
    capacitance
        C in F/m^2.
    """

    slope: Any
    by_state: Mapping[str, Any]
    resistance: Floats
    capacitance: Floats

    def driving(self, responses: Mapping[str, Complexes]) -> Linear:
        """The same with variables that follow what reacts at each point, ``s = r f``."""
        if not responses:
            return self
        share = 1.0 - sum(self.by_state[name] * r for name, r in responses.items())
        left = {n: q / share for n, q in self.by_state.items() if n not in responses}
        return replace(self, slope=self.slope / share, by_state=left)


class Film:
    """The admittance of a surface at one frequency, for differences of potentials at its nodes.

    Parameters
    ----------
    answers
        How variables follow the nodal loads of what reacts: R_s, (m, m) for all rows or (k, m, m).
        Variables that are not named stay as they are.
    """

    def __init__(
        self, patches: Patches, law: Linear, omega: float, answers: Mapping[str, Any]
    ) -> None:
        self.patches = patches
        wave = 1j * omega * law.capacitance
        share = 1.0 - law.resistance * law.slope
        before = 1.0 + share * law.resistance * wave
        self._crossing = patches.sparse_mass((law.slope + share * wave) / before)
        self._inverse: Any = None
        self._answers = tuple(answers.values())
        if not answers:
            return
        film = (1.0 + law.resistance * wave) / before
        self._reacting = patches.sparse_mass(law.slope / before)
        self._by_state: list[csr_matrix] = []
        left = np.eye(patches.nodes.shape[1], dtype=complex)
        for name, matrix in answers.items():
            change = patches.mass(law.by_state[name] * film)
            left = left - change @ matrix
            self._by_state.append(patches.sparse_mass(law.by_state[name] / before))
        self._inverse = np.linalg.inv(left)

    def loads(self, differences: Any) -> Complexes:
        """Nodal loads (k m, r) of what crosses at differences of potentials (k m, r)."""
        found = self._crossing @ differences
        if self._inverse is not None:
            shape = (*self.patches.nodes.shape, differences.shape[1])
            reacting = self._inverse @ (self._reacting @ differences).reshape(shape)
            for matrix, change in zip(self._answers, self._by_state, strict=True):
                found = found + change @ (matrix @ reacting).reshape(found.shape)
        return np.asarray(found)

    @property
    def mean(self) -> float:
        """The size of the mean conductance per area, in S/m^2."""
        total = self.loads(np.ones((self.patches.nodes.size, 1))).sum()
        return float(abs(total) / self.patches.length)
