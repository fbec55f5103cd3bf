"""Kramers and Kronig's relations, and relaxation times, of circuits that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fem.measures.spectra import kramers_kronig, relaxation_times

FREQUENCY = np.logspace(5, -2, 71)
OMEGA = 2.0 * np.pi * FREQUENCY
TWO = 0.1 + 1.0 / (1.0 + 1j * OMEGA * 1e-4) + 2.0 / (1.0 + 1j * OMEGA * 1e-1)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.01, 10), st.floats(-4.5, 1)), min_size=1, max_size=4),
    st.floats(0.01, 10),
)
def test_circuits_obey_the_relations(arcs: list[tuple[float, float]], series: float) -> None:
    z = series + sum(r / (1.0 + 1j * OMEGA * 10.0**t) for r, t in arcs)
    assert np.abs(kramers_kronig(FREQUENCY, z)).max() < 2e-3


def test_diffusion_and_what_blocks_obey_them() -> None:
    s = np.sqrt(1j * OMEGA)
    assert np.abs(kramers_kronig(FREQUENCY, 0.1 + 1.0 / (s * np.tanh(s)))).max() < 2e-3


@pytest.mark.parametrize(
    "broken",
    [
        np.conj(TWO),  # a causal cell has no such thing: runs ahead of its cause
        TWO.real + 0.5j * TWO.imag,
        TWO * (1.0 + 0.05 * np.linspace(0.0, 1.0, 71) ** 2),  # drifts while it is measured
        TWO * (1.0 + 0.02 * np.random.default_rng(1).standard_normal(71)),
    ],
    ids=["reversed", "halved", "drifting", "noisy"],
)
def test_what_breaks_them_is_seen(broken: np.ndarray) -> None:
    assert np.abs(kramers_kronig(FREQUENCY, broken)).max() > 5e-3


def test_peaks_are_where_the_circuits_are_and_as_large() -> None:
    found = relaxation_times(FREQUENCY, TWO)
    step = np.log(found.time[1] / found.time[0])
    for time, resistance in ((1e-4, 1.0), (1e-1, 2.0)):
        near = np.abs(np.log10(found.time / time)) < 1.0
        assert found.density[near].sum() * step == pytest.approx(resistance, rel=1e-2)
        peak = found.time[near][np.argmax(found.density[near])]
        assert abs(np.log10(peak / time)) < 0.05
    assert found.resistance == pytest.approx(0.1, rel=0.05)
    assert (found.density >= 0.0).all()
    assert found.error < 5e-3


def test_a_capacitance_in_series_is_no_peak() -> None:
    found = relaxation_times(FREQUENCY, TWO + 1.0 / (1j * OMEGA * 50.0))
    assert found.elastance == pytest.approx(1.0 / 50.0, rel=1e-2)


def test_a_larger_weight_makes_peaks_wider() -> None:
    tops = [relaxation_times(FREQUENCY, TWO, w).density.max() for w in (1e-4, 1e-2, 1.0)]
    assert tops[0] > tops[1] > tops[2]
