"""What X-rays see of materials, against tables and arithmetic of others."""

from __future__ import annotations

import numpy as np
import pytest

from fem.errors import InputError
from fem.materials import library
from fem.materials.xray import attenuation, elements, mass_attenuation, molar_mass

NIST = {  # cm^2/g at 20 and 30 keV: Hubbell and Seltzer, NIST Standard Reference Database 126
    "Li": (0.1856, 0.1644),
    "O": (0.8651, 0.3779),
    "S": (6.708, 2.113),
    "Ni": (32.20, 10.34),
}


@pytest.mark.parametrize("element", NIST)
def test_elements_agree_with_another_table(element: str) -> None:
    for energy, value in zip((20.0, 30.0), NIST[element], strict=True):
        assert 10.0 * mass_attenuation(element, energy) == pytest.approx(value, rel=6e-4)


def test_an_absorption_edge_is_seen() -> None:
    """Zirconium attenuates more above its K edge at 18 keV than below."""
    assert mass_attenuation("Zr", 18.1) > 5.0 * mass_attenuation("Zr", 17.9)


def test_formulas_are_read() -> None:
    assert elements("LiNi0.8Co0.1Mn0.1O2") == {"Li": 1, "Ni": 0.8, "Co": 0.1, "Mn": 0.1, "O": 2}
    assert molar_mass("Li6PS5Cl") == pytest.approx(0.268364, rel=2e-5)
    for wrong in ("", "Li(OH)2", "lithium", "Xx2"):
        with pytest.raises(InputError):
            elements(wrong)


def test_active_material_by_hand() -> None:
    """Host and lithium by densities; lithium is counted by the scale of the run."""
    known, materials = 25.0, library()
    found = attenuation("NCM811", materials, known, fixed_volume=True)
    parts = {"Ni": 0.8 * 58.693, "Co": 0.1 * 58.933, "Mn": 0.1 * 54.938, "O": 2 * 15.999}
    mass = sum(parts.values()) + 6.94
    host = 4770.0 / mass * sum(m * mass_attenuation(e, known) for e, m in parts.items())
    lithium = 63104.0 * 6.94e-3 * mass_attenuation("Li", known)
    assert found.host == pytest.approx(host, rel=1e-5)
    assert found.lithium == pytest.approx(lithium, rel=1e-6)
    x = np.array([0.3, 0.9])
    assert np.diff(found(x))[0] == pytest.approx(0.6 * lithium, rel=1e-6)


def test_a_lattice_that_shrinks_attenuates_more() -> None:
    """-5.1 % of volume over the window of NCM811; LiCoO2 grows instead (as its axes do)."""
    materials = library()
    for name, sign in (("NCM811", 1.0), ("LCO", -1.0)):
        full = attenuation(name, materials, 25.0)
        fixed = attenuation(name, materials, 25.0, fixed_volume=True)
        low = materials[name]["stoichiometry_min"].value
        assert full.made == fixed.made
        assert sign * (full(np.array(low)) - full.made) > 0.0
        assert fixed(np.array(low)) < fixed.made
    ncm = attenuation("NCM811", materials, 25.0)
    fixed = attenuation("NCM811", materials, 25.0, fixed_volume=True)
    low = np.array(0.266)
    assert ncm(low) == pytest.approx(fixed(low) / (1.0 - 0.051), rel=1e-9)


def test_what_is_given_wins_and_what_is_not_known_is_said() -> None:
    materials = library()
    given = attenuation("LPSCl", materials, 25.0, {"LPSCl": ("Li", 534.0)})
    assert given.host == pytest.approx(attenuation("lithium", materials, 25.0).host)
    with pytest.raises(InputError, match="what Unheard is made of"):
        attenuation("Unheard", materials, 25.0)
    with pytest.raises(InputError, match="density"):
        attenuation("Unheard", materials, 25.0, {"Unheard": ("LiF", None)})
    with pytest.raises(InputError, match="energy"):
        attenuation("LPSCl", materials, 5.0)
