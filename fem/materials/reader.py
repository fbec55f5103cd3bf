"""Reading properties while keeping a record of what was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fem.materials.library import unknown_material
from fem.materials.material import Material, Property
from fem.materials.potentials import Curve
from fem.materials.properties import ACTIVATION, DIFFUSIVITY, ENTROPIC, POTENTIAL, REFERENCE, WINDOW
from fem.materials.shapes import Diffusivity, Strain


@dataclass(frozen=True)
class Used:
    """A property that entered a computation."""

    material: Material
    property: Property


class Reader:
    """Gives values of a library and records each property that it gave.

    Parameters
    ----------
    library
        Materials by id.
    """

    def __init__(self, library: Mapping[str, Material]) -> None:
        self.library = library
        self._used: dict[tuple[str, str], Used] = {}

    def material(self, name: str, key: str | None = None) -> Material:
        """The material `name`; `key` is the case key that asks for it. Records nothing."""
        if name not in self.library:
            raise unknown_material(name, self.library, key)
        return self.library[name]

    def value(self, name: str, prop: str, key: str | None = None) -> float:
        """The number of property `prop` of material `name`, in its SI unit."""
        return self._read(name, prop, key).value

    def optional(self, name: str, prop: str, key: str | None = None) -> float | None:
        """As `value`, or `None` where the material lacks the property."""
        if prop not in self.material(name, key):
            return None
        return self.value(name, prop, key)

    def confined_modulus(self, name: str) -> float:
        """Stress over strain in Pa of material `name` as a layer that cannot spread sideways."""
        youngs, nu = (self.value(name, prop) for prop in ("youngs_modulus", "poisson_ratio"))
        return youngs * (1.0 - nu) / ((1.0 + nu) * (1.0 - 2.0 * nu))

    def potential(
        self, name: str, key: str | None = None, temperature: float | None = None
    ) -> Curve:
        """The open-circuit potential of material `name` over its window, at a temperature in K."""
        self._read(name, POTENTIAL, key)
        thermal = () if temperature is None else self._thermal(name, ENTROPIC)
        for prop in (*WINDOW, *thermal):
            if prop in self.material(name):
                self._read(name, prop, key)
        return self.material(name, key).potential_at(temperature)

    def stored(self, name: str, temperature: float) -> tuple[Curve, float]:
        """Potential of what dissolves lithium, and lithium at x = 1 in mol/m^3."""
        return self.potential(name, temperature=temperature), self.value(name, "max_concentration")

    def diffusivity(
        self, name: str, key: str | None = None, temperature: float | None = None
    ) -> float | Diffusivity:
        """The chemical diffusivity of material `name` in m^2/s at a temperature in K.

        It is a number, or a function of x.
        """
        self._read(name, DIFFUSIVITY, key)
        thermal = () if temperature is None else self._thermal(name, ACTIVATION)
        for prop in thermal:
            self._read(name, prop, key)
        return self.material(name, key).diffusivity_at(temperature)

    def strain(self, name: str, prop: str, key: str | None = None) -> Strain:
        """The strain `prop` of material `name` as a function of x."""
        self._read(name, prop, key)
        return self.material(name).strain(prop)

    def _thermal(self, name: str, prop: str) -> tuple[str, ...]:
        """What says how a material changes with temperature, if `prop` does."""
        return (prop, REFERENCE) if prop in self.material(name) else ()

    @property
    def used(self) -> tuple[Used, ...]:
        """What was read, each property once, in the order of the first reading."""
        return tuple(self._used.values())

    def _read(self, name: str, prop: str, key: str | None) -> Property:
        material = self.material(name, key)
        found = material[prop]
        self._used.setdefault((name, prop), Used(material, found))
        return found
