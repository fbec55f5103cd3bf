"""Elastic data, strengths and laws of the solids of a case, over its regions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, Protocol
from fem.constants import GAS_CONSTANT
from fem.errors import InputError
from fem.geometry import Geometry, Phase
from fem.laws.elasticity import lame
from fem.laws.solids import J2, Norton, SolidLaw, Stressed
from fem.materials import (
    Reader,
)
from fem.materials.properties import CREEP_ACTIVATION, REFERENCE

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Elastic:
    """Elastic and strength data of a cell; arrays over regions, in Pa.

    Attributes
    ----------
    yield_strength
        Of lithium, for the model that needs it.
    yielding, creeping
        Laws of regions of the composite that yield, and of lithium that creeps.
    rough
        Materials whose yield strength is a third of their hardness, with that strength.
    stack_compliance
        Of layers of the stack that are not drawn, in m/Pa.
    """

    youngs_modulus: Floats
    poisson_ratio: Floats
    fracture_toughness: float | None
    yield_strength: float | None
    yielding: Mapping[int, SolidLaw] = field(default_factory=dict)
    creeping: Mapping[int, SolidLaw] = field(default_factory=dict)
    rough: Mapping[str, float] = field(default_factory=dict)
    stack_compliance: float = 0.0


def elastic_of(case: Case, geometry: Geometry, read: Reader) -> Elastic:
    """Lithium's moduli are only read for the models that use them, and where it is cut off."""
    models = case.mechanics.lithium_models
    rigid = {Phase.ELECTROLYTE, Phase.ACTIVE, Phase.IDLE}
    needed = rigid if models == ("rigid",) else {*rigid, Phase.LITHIUM}
    regions, layers = geometry.regions, () if case.stack is None else case.stack.layers
    youngs, poisson = (
        np.array([read.value(r.material, name) if r.phase in needed else np.nan for r in regions])
        for name in ("youngs_modulus", "poisson_ratio")
    )
    lam, mu = lame(youngs, poisson)
    yielding, rough = dict[int, SolidLaw](), dict[str, float]()
    if case.mechanics.solids == "plastic":
        yielding, rough = _yielding(geometry, lam, mu, read)
    if case.geometry.anode.motion == "moved" and isinstance(case.operation, Protocol):
        # Nothing but a history can carry stress along.
        rest = np.flatnonzero(np.isfinite(lam)).tolist()
        yielding = {k: Stressed(float(lam[k]), float(mu[k])) for k in rest} | yielding
    creeping = {
        k: _creep(case, r.material, float(lam[k]), float(mu[k]), read)
        for k, r in enumerate(regions)
        if r.phase == Phase.LITHIUM and "viscoplastic" in models
    }
    lithium = case.geometry.anode.material
    electrolyte = next(r.material for r in regions if r.phase == Phase.ELECTROLYTE)
    return Elastic(
        youngs_modulus=youngs,
        poisson_ratio=poisson,
        fracture_toughness=read.optional(electrolyte, "fracture_toughness"),
        yield_strength=read.value(lithium, "yield_strength") if "yielded" in models else None,
        yielding=MappingProxyType(yielding),
        creeping=MappingProxyType(creeping),
        rough=MappingProxyType(rough),
        stack_compliance=sum(
            (e.thickness / read.confined_modulus(e.material) for e in layers), 0.0
        ),
    )


def _yielding(
    geometry: Geometry, lam: Floats, mu: Floats, read: Reader
) -> tuple[dict[int, SolidLaw], dict[str, float]]:
    """Laws of all regions of electrolyte and active material that have a strength.

    By Tabor's rule that is a third of the hardness where no yield strength is known: these
    materials come second.

    Raises
    ------
    InputError
        If no solid has either.
    """
    laws, rough = dict[int, SolidLaw](), dict[str, float]()
    for k, region in enumerate(geometry.regions):
        if region.phase not in (Phase.ELECTROLYTE, Phase.ACTIVE):
            continue
        strength = read.optional(region.material, "yield_strength")
        if strength is None:
            hardness = read.optional(region.material, "hardness")
            if hardness is None:
                continue
            strength = rough[region.material] = hardness / 3.0
        modulus = read.optional(region.material, "hardening_modulus") or 0.0
        laws[k] = J2(float(lam[k]), float(mu[k]), strength, modulus)
    if not laws:
        names = sorted({r.material for r in geometry.regions if r.phase == Phase.ELECTROLYTE})
        raise InputError(
            "no solid has a strength at which it would yield",
            key="mechanics.solids",
            given="plastic",
            allowed='"elastic", or a yield_strength or hardness of a material',
            cure=f'add yield_strength = "0.3 GPa" below [materials.{names[0]}]',
        )
    return laws, rough


def _creep(case: Case, material: str, lam: float, mu: float, read: Reader) -> Norton:
    """The power law of a lithium region at the temperature of the case."""
    rate, stress, exponent = (
        read.value(material, f"creep_{name}", "mechanics.lithium")
        for name in ("rate", "stress", "exponent")
    )
    activation = read.optional(material, CREEP_ACTIVATION)
    if activation is not None:
        inverse = 1.0 / read.value(material, REFERENCE) - 1.0 / float(case.operation.temperature)
        rate *= math.exp(activation / GAS_CONSTANT * inverse)
    return Norton(lam, mu, rate, stress, exponent)
