"""The numbers of impedance spectra; see `fem.results.quantities`."""

from __future__ import annotations

from fem.results.declaration import Declared, Place

_SPECTRUM, _RELAXATION = Place.SPECTRUM, Place.RELAXATION

# fmt: off
SPECTRA: tuple[Declared, ...] = (
    Declared("Frequency / Hz", "Hz", "frequency", _SPECTRUM, meaning="Of the sine wave."),
    Declared("Z real / ohm.m2", "Ω m²", "impedance, real part", _SPECTRUM, shown="Ω cm²", meaning=
        "Of the whole cell, times its area as seen from above."),
    Declared("Z imag / ohm.m2", "Ω m²", "impedance, imaginary part", _SPECTRUM, shown="Ω cm²",
        meaning="As measured: negative where the cell stores charge."),
    Declared("Kramers-Kronig real", "", "Kramers-Kronig residual, real part", _SPECTRUM, meaning=
        "What a series of RC elements cannot follow, over the size of the impedance; empty for "
        "fewer than three frequencies."),
    Declared("Kramers-Kronig imag", "", "Kramers-Kronig residual, imaginary part", _SPECTRUM,
        meaning="The same of the imaginary part."),
    Declared("Z real without {process} / ohm.m2", "Ω m²", "real part without {process}", _SPECTRUM,
        shown="Ω cm²", meaning=
        "The same with {process} left out: a double layer takes no charge, what follows the "
        "current stays as it is."),
    Declared("Z imag without {process} / ohm.m2", "Ω m²", "imaginary part without {process}",
        _SPECTRUM, shown="Ω cm²", meaning="The imaginary part of that."),
    Declared("Relaxation Time / s", "s", "relaxation time", _RELAXATION, meaning=
        "Time constant of an RC element."),
    Declared("Distribution / ohm.m2", "Ω m²", "distribution of relaxation times", _RELAXATION,
        shown="Ω cm²", meaning=
        "Resistance per unit of the natural logarithm of the relaxation time: the area of a peak "
        "is its resistance."),
    Declared("Distribution without {process} / ohm.m2", "Ω m²",
        "distribution without {process}", _RELAXATION, shown="Ω cm²", meaning=
        "The same of the impedance with {process} left out: the peak that is missing belongs to "
        "it."),
)
# fmt: on
