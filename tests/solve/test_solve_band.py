"""Systems that differ in their films: projected solutions against solutions in full."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import splu

from fem.errors import SolveError
from fem.solve import band as band_module
from fem.solve.band import Band

N, M = 60, 12
LADDER = diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(N, N)).tolil()
LADDER[0, 0] = LADDER[-1, -1] = 1.0
MATRIX, TRACE = csr_matrix(LADDER), csr_matrix(np.eye(N)[::5])
LOAD = np.eye(N)[7]


def films(omega: float) -> Any:
    values = np.linspace(0.5, 2.0, M) * (0.3 + 1j * omega)
    return lambda v: values[:, None] * v


def direct(omega: float) -> complex:
    whole = MATRIX.toarray() + TRACE.T @ films(omega)(np.eye(M)) @ TRACE
    return complex(LOAD @ np.linalg.solve(whole, LOAD))


def exact(omega: float) -> Any:
    near = MATRIX + TRACE.T @ diags(np.abs(films(omega)(np.ones((M, 1)))[:, 0])) @ TRACE
    return splu(near.tocsc()).solve


def test_a_band_needs_few_full_solutions() -> None:
    band = Band(MATRIX, TRACE, LOAD)
    for omega in np.logspace(3, -3, 61):
        found = band.solve(films(omega), lambda w=omega: exact(w))
        assert found.value == pytest.approx(direct(omega), rel=1e-7)
        assert found.residual < 1e-5
    assert 3 <= band.full <= 20
    again = band.solve(films(1.0), lambda: pytest.fail("known already"))
    assert not again.full


def test_a_solver_that_stalls_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(band_module, "RESTART", 2)
    monkeypatch.setattr(band_module, "CYCLES", 1)
    band = Band(MATRIX, TRACE, LOAD)
    with pytest.raises(SolveError, match="stalled"):
        band.solve(films(1.0), lambda: lambda b: b)
