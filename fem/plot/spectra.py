"""Impedance spectra: Nyquist and Bode plots, and the distribution of relaxation times."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fem.errors import InputError
from fem.measures.spectra import Spectrum
from fem.plot import canvas
from fem.plot.canvas import HAIR, INK, MUTED
from fem.plot.runs import time_unit
from fem.results.quantities import declared
from fem.results.result import Result
from fem.results.spectrum_tables import distributions

Floats = NDArray[np.float64]

_NYQUIST, _BODE, _DRT = (128.0, 100.0), (128.0, 104.0), (128.0, 88.0)
_FAR = 1.0
"""Height of a Nyquist plot over its width at most: what a cell that blocks stores goes on for ever.
"""
_COLOURS = ("#0b4f8a", "#c77700", "#9c2f4b", "#3f7d4f", "#6a5a9c", "#7a7a7a")
"""Of processes."""
_PARTED = 0.02
"""Share of the highest peak below which the part of a process is not drawn."""
_LABELLED = 6
"""Decades whose frequencies are written beside a spectrum, at most."""


def spectra_of(result: Result) -> tuple[Spectrum, ...]:
    """The spectra of a run.

    Raises
    ------
    InputError
        If it has none.
    """
    if not result.spectra:
        raise InputError(
            "this run has taken no spectrum",
            key="operation.steps",
            allowed='a step such as { impedance = ["1 MHz", "1 mHz"] }',
        )
    return result.spectra


def nyquist(result: Result, ax: Axes | None = None) -> Axes:
    """The negative imaginary part over the real part, to one scale; dots are whole decades.

    What a cell stores at low frequencies goes up without end, and is cut off at the width of the
    plot.

    Raises
    ------
    InputError
        If the run has no spectrum.
    """
    spectra = spectra_of(result)
    factor, unit = _unit()
    with canvas.style_for(ax):
        axes = _axes(ax, _NYQUIST, result, "Impedance (Nyquist)")
        for spectrum, colour in zip(spectra, _colours(len(spectra)), strict=True):
            z = factor * spectrum.impedance
            order = np.argsort(spectrum.frequency)
            axes.plot(z.real[order], -z.imag[order], color=colour, linewidth=1.2,
                      marker=".", markersize=2.5, label=_name(spectrum))  # fmt: skip
        wide = factor * max(float(s.impedance.real.max()) for s in spectra)
        low = factor * min(0.0, min(float((-s.impedance.imag).min()) for s in spectra))
        high = factor * max(float((-s.impedance.imag).max()) for s in spectra)
        axes.set_xlim(0.0, 1.05 * wide)
        axes.set_ylim(1.1 * low, min(1.1 * max(high, 0.1 * wide), 1.05 * _FAR * wide))
        _decades(max(spectra, key=len), factor, axes)
        axes.set_aspect("equal")
        axes.set_xlabel(f"Re Z ({unit})")
        axes.set_ylabel(f"−Im Z ({unit})")
        _finish(axes, len(spectra) > 1)
    return axes


def bode(result: Result, ax: Axes | None = None) -> Axes:
    """The size of the impedance over frequency; in a figure of its own also its phase.

    Raises
    ------
    InputError
        If the run has no spectrum.
    """
    spectra = spectra_of(result)
    factor, unit = _unit()
    with canvas.style_for(ax):
        if ax is None:
            figure = canvas.new_figure(*_BODE, 2, 1, between=0.04)
            grid: Any = figure.subplots(2, 1, sharex=True)
            upper, lower = cast("tuple[Axes, Axes | None]", grid)
            canvas.footnote(figure, result.case.title)
            upper.set_title("Impedance (Bode)", loc="left")
        else:
            upper, lower = ax, None
        for spectrum, colour in zip(spectra, _colours(len(spectra)), strict=True):
            order = np.argsort(spectrum.frequency)
            f, z = spectrum.frequency[order], factor * spectrum.impedance[order]
            upper.loglog(f, np.abs(z), color=colour, linewidth=1.2, label=_name(spectrum))
            if lower is not None:
                lower.semilogx(f, np.angle(z, deg=True), color=colour, linewidth=1.2)
        upper.set_ylabel(f"|Z| ({unit})")
        _finish(upper, len(spectra) > 1)
        if lower is not None:
            lower.set_ylabel("phase (°)")
            lower.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 1.5, 3, 10]))
            _finish(lower, several=False)
        (upper if lower is None else lower).set_xlabel(declared("Frequency / Hz").axis())
    return upper


def drt(result: Result, ax: Axes | None = None) -> Axes:
    """The distribution of relaxation times of the last spectrum, and what of it each process makes.

    Shaded is what is missing where a process is left out.

    Raises
    ------
    InputError
        If the run has no spectrum of three frequencies.
    """
    known = [spectrum for spectrum in spectra_of(result) if distributions(spectrum)]
    if not known:
        raise InputError(
            "too few frequencies for relaxation times",
            key="operation.steps",
            allowed="a spectrum of three frequencies or more",
        )
    spectrum, found = known[-1], distributions(known[-1])
    factor, unit = _unit()
    whole = found[""]
    with canvas.style_for(ax):
        title = "Distribution of relaxation times"
        axes = _axes(ax, _DRT, result, f"{title}, {_name(spectrum)}" if len(known) > 1 else title)
        top = factor * float(whole.density.max())
        for (name, part), colour in zip(list(found.items())[1:], _cycled(), strict=False):
            missing = factor * np.maximum(whole.density - part.density, 0.0)
            if missing.max() > _PARTED * top:
                axes.fill_between(whole.time, missing, color=colour, alpha=0.35, linewidth=0.0,
                                  label=name)  # fmt: skip
        axes.semilogx(whole.time, factor * whole.density, color=INK, linewidth=1.2, label="whole")
        axes.set_xlim(float(whole.time.min()), float(whole.time.max()))
        axes.set_ylim(0.0, 1.12 * top if top > 0.0 else 1.0)
        axes.set_xlabel(declared("Relaxation Time / s").axis())
        axes.set_ylabel(f"resistance per unit of ln τ ({unit})")
        _finish(axes, several=True)
    return axes


def _unit() -> tuple[float, str]:
    shown = declared("Z real / ohm.m2")
    return shown.factor, shown.display


def _axes(ax: Axes | None, size: tuple[float, float], result: Result, title: str) -> Axes:
    if ax is not None:
        return ax
    figure = canvas.new_figure(*size, 1, 1)
    canvas.footnote(figure, result.case.title)
    axes = figure.subplots()
    axes.set_title(title, loc="left")
    return axes


def _finish(axes: Axes, several: bool) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, color=MUTED, linewidth=HAIR, alpha=0.4)
    axes.set_axisbelow(True)
    if several:
        axes.legend(frameon=False, loc="best", handlelength=1.6)


def _colours(count: int) -> list[object]:
    """One for each spectrum: ink for one alone, else along a perceptual map."""
    if count == 1:
        return [INK]
    return [colormaps["viridis"](0.88 * k / (count - 1)) for k in range(count)]


def _cycled() -> list[str]:
    return list(_COLOURS) * 4


def _name(spectrum: Spectrum) -> str:
    unit = time_unit(spectrum.time)
    return f"{spectrum.time / unit.size:.4g} {unit.name}"


def _decades(spectrum: Spectrum, factor: float, axes: Axes) -> None:
    """Frequencies of whole decades, as far as they stand apart from each other."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    size = max(right - left, high - low)
    last: complex | None = None
    labelled = 0
    for k in np.argsort(-spectrum.frequency):
        decade = np.log10(spectrum.frequency[k])
        z = factor * spectrum.impedance[k]
        inside = left <= z.real <= right and low <= -z.imag <= high
        if abs(decade - round(decade)) > 1e-6 or not inside:
            continue
        axes.plot(z.real, -z.imag, "o", color=INK, markersize=3.5)
        if labelled < _LABELLED and (last is None or abs(z - last) > 0.07 * size):
            axes.annotate(
                _hertz(round(decade)), (z.real, -z.imag), xytext=(4.0, 4.0),
                textcoords="offset points", color=MUTED,
            )  # fmt: skip
            last, labelled = z, labelled + 1


def _hertz(decade: int) -> str:
    for power, name in ((6, "MHz"), (3, "kHz"), (0, "Hz"), (-3, "mHz")):
        if decade >= power:
            return f"{10.0 ** (decade - power):g} {name}"
    return f"1e{decade} Hz"
