"""The transport numbers of a box, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fem.effective.box import Box
from fem.effective.conduction import Conduction
from fem.effective.morphology import Morphology
from fem.geometry.types import Cleaned


@dataclass(frozen=True)
class AsRead:
    """What an image conducts along x and y that nothing was cleaned of: numbers of pixels.

    `effective` is the conductivity between equipotential faces, as that of a `Conductor`.
    """

    effective: tuple[float, float]
    tortuosity_factor: tuple[float | None, float | None]


@dataclass(frozen=True)
class Conductor:
    """How ions or electrons are conducted.

    Attributes
    ----------
    carrier
        ``ionic`` or ``electronic``.
    known
        Whether conductivities are in S/m; else they are relative to that of the phase.
    conduction
        What was solved.
    wiener, hashin_shtrikman
        Lower and upper bound from the area fractions alone. The first holds for every box between
        equipotential faces, the second for isotropic media only.
    as_read
        The same of the image without cleaning, if that was asked for.
    """

    carrier: str
    known: bool
    conduction: Conduction
    wiener: tuple[float, float]
    hashin_shtrikman: tuple[float, float]
    as_read: AsRead | None = None


@dataclass(frozen=True)
class Transport:
    """The transport numbers of a box."""

    box: Box
    morphology: Morphology
    conductors: tuple[Conductor, ...]
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def cleaning(self) -> tuple[Cleaned, ...]:
        """What became of each phase of an image; nothing without one."""
        return self.box.mesh.geometry.cleaning

    @property
    def metrics(self) -> dict[str, Any]:
        """All numbers by name, flat, in SI units; what does not exist is left out.

        Conductivities relative to that of their phase, where that is not known, end in
        ``_relative`` instead of ``_S_m``. Of an image, ``_as_read`` is before it was cleaned, and
        ``_changed_by_cleaning`` relative to the phase.
        """
        numbers: dict[str, Any] = {
            "width_m": self.box.width,
            "height_m": self.box.height,
            "triangles": len(self.box.elements),
        }
        for phase, fraction in self.morphology.fraction.items():
            numbers[f"{_word(phase)}_fraction"] = fraction
            numbers |= _along(
                f"{_word(phase)}_percolating_fraction", self.morphology.percolating[phase]
            )
        for found in self.cleaning:
            if found.read:
                numbers[f"{_word(found.phase)}_fraction_as_read"] = found.read
                numbers[f"{_word(found.phase)}_changed_by_cleaning"] = found.changed
        for (first, second), density in self.morphology.interface.items():
            numbers[f"interface_{_word(first)}_{_word(second)}_per_m"] = density
        for conductor in self.conductors:
            numbers |= _conductor(conductor)
        return numbers | {"seconds_total": self.seconds}


def _conductor(conductor: Conductor) -> dict[str, Any]:
    found, name = conductor.conduction, conductor.carrier
    unit = "S_m" if conductor.known else "relative"
    numbers = _along(f"{name}_conductivity", found.effective, unit)
    numbers |= _along(f"{name}_conductivity_lower", found.lower, unit)
    numbers |= _along(f"{name}_conductivity_upper", found.upper, unit)
    for bound, tensor in (("lower", found.tensor_lower), ("upper", found.tensor_upper)):
        for component, (i, j) in {"xx": (0, 0), "xy": (0, 1), "yy": (1, 1)}.items():
            numbers[f"{name}_tensor_{bound}_{component}_{unit}"] = float(tensor[i, j])
    numbers |= _along(f"{name}_tortuosity_factor", found.tortuosity_factor)
    if conductor.as_read is not None:
        read = conductor.as_read
        numbers |= _along(f"{name}_conductivity_as_read", read.effective, unit)
        numbers |= _along(f"{name}_tortuosity_factor_as_read", read.tortuosity_factor)
    for law, bounds in (
        ("wiener", conductor.wiener),
        ("hashin_shtrikman", conductor.hashin_shtrikman),
    ):
        for bound, number in zip(("lower", "upper"), bounds, strict=True):
            numbers[f"{name}_{law}_{bound}_{unit}"] = number
    return numbers


def _along(name: str, pair: tuple[float | None, float | None], unit: str = "") -> dict[str, float]:
    """Entries for x and y; none for what does not exist."""
    end = f"_{unit}" if unit else ""
    return {
        f"{name}_{axis}{end}": value
        for axis, value in zip("xy", pair, strict=True)
        if value is not None
    }


def _word(phase: str) -> str:
    return phase.replace(" ", "_")
