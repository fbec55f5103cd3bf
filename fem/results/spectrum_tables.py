"""What is told of spectra: their tables, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fem.measures.spectra import Relaxation, Spectrum, kramers_kronig, relaxation_times

Floats = NDArray[np.float64]
Columns = dict[str, Floats]

FEWEST = 3
"""Frequencies from which on a spectrum is tested, and relaxation times are sought."""
TIME, STEP = "Test Time / s", "step"


@lru_cache(maxsize=64)
def _distribution(frequency: bytes, impedance: bytes) -> Relaxation:
    return relaxation_times(np.frombuffer(frequency), np.frombuffer(impedance, dtype=complex))


def distributions(spectrum: Spectrum) -> dict[str, Relaxation]:
    """Of a spectrum and of each without a process, by its name; empty for the whole."""
    if len(spectrum) < FEWEST:
        return {}
    parts = {"": spectrum.impedance, **spectrum.without}
    frequency = spectrum.frequency.tobytes()
    return {name: _distribution(frequency, values.tobytes()) for name, values in parts.items()}


def residuals(spectrum: Spectrum) -> NDArray[np.complex128]:
    """What breaks the relations of Kramers and Kronig (n,); nan for too few frequencies."""
    if len(spectrum) < FEWEST:
        return np.full(len(spectrum), np.nan + 0j)
    return kramers_kronig(spectrum.frequency, spectrum.impedance)


def impedance_columns(spectra: Sequence[Spectrum]) -> Columns:
    """``impedance.csv``: a row a frequency, spectrum after spectrum; nan where one has no value."""
    tables = []
    for spectrum in spectra:
        z, left = spectrum.impedance, residuals(spectrum)
        table = {
            "Frequency / Hz": spectrum.frequency,
            "Z real / ohm.m2": z.real,
            "Z imag / ohm.m2": z.imag,
            **_whose(spectrum, len(spectrum)),
            "Kramers-Kronig real": left.real,
            "Kramers-Kronig imag": left.imag,
        }
        for name, values in spectrum.without.items():
            table[f"Z real without {name} / ohm.m2"] = values.real
            table[f"Z imag without {name} / ohm.m2"] = values.imag
        tables.append(table)
    return _joined(tables)


def relaxation_columns(spectra: Sequence[Spectrum]) -> Columns:
    """``drt.csv``: a row a relaxation time, spectrum after spectrum."""
    tables = []
    for spectrum in spectra:
        found = distributions(spectrum)
        if not found:
            continue
        tables.append(
            {
                "Relaxation Time / s": found[""].time,
                "Distribution / ohm.m2": found[""].density,
                **_whose(spectrum, len(found[""].time)),
                **{
                    f"Distribution without {name} / ohm.m2": each.density
                    for name, each in found.items()
                    if name
                },
            }
        )
    return _joined(tables)


def _whose(spectrum: Spectrum, rows: int) -> Columns:
    return {TIME: np.full(rows, spectrum.time), STEP: np.full(rows, float(spectrum.step))}


def _joined(tables: Sequence[Mapping[str, Floats]]) -> Columns:
    """Tables below each other; columns that one has not are nan there."""
    names = dict.fromkeys(name for table in tables for name in table)
    rows = [len(next(iter(table.values()))) for table in tables]
    return {
        name: np.concatenate(
            [table.get(name, np.full(n, np.nan)) for table, n in zip(tables, rows, strict=True)]
        )
        for name in names
    }


def notes_on(spectra: Sequence[Spectrum]) -> list[str]:
    """What the numbers of spectra rest on."""
    if not spectra:
        return []
    notes = [
        "Spectra are those of the cell linearised about its state: what of it evolves takes part, "
        "while open faces, contact, the memory of solids and stress in particles stay as they are. "
        "Double layers are charged in spectra alone, and follow at once in time."
    ]
    left = [np.abs(residuals(each)).max() for each in spectra if len(each) >= FEWEST]
    if left:
        weight = next(iter(distributions(spectra[0]).values()), None)
        notes.append(
            f"Kramers and Kronig's relations hold for spectra within {max(left):.1e} of the "
            "impedance, by a series of RC elements."
            + (
                f" Relaxation times were found with a regularisation of {weight.regularisation:g}."
                if weight
                else ""
            )
        )
    return notes
