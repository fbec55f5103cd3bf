"""What involves several tables of a case and needs no geometry engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fem.case.cell import Inactive, Lattice, ParticleCathode
from fem.case.rules import refuse
from fem.units import Quantity

if TYPE_CHECKING:
    from fem.case.model import Case


def check(case: Case) -> None:
    """Raise `refuse(...)` for the first conflict between tables."""
    cathode = case.geometry.cathode
    if isinstance(cathode, ParticleCathode):
        _inactive(case.inactive, cathode.particles, case.geometry.width)
    elif case.inactive.given:
        raise refuse(
            'a cathode of geometry.cathode.kind = "plane" has no particles to switch off',
            key=f"inactive.{case.inactive.given[0]}",
            cure='remove [inactive], or use a cathode of kind = "particles"',
        )
    _operation(case)
    _mesh(case)


def _inactive(inactive: Inactive, particles: Lattice, width: Quantity) -> None:
    for name in ("between", "outside"):
        interval = getattr(inactive, name)
        if interval is not None and interval[1] > width:
            raise refuse(
                f"inactive.{name} reaches beyond geometry.width ({width.text})",
                key=f"inactive.{name}",
                given=[end.text for end in interval],
                allowed=f"coordinates from 0 to {width.text}",
            )
    count = particles.rows * particles.columns
    for index, number in enumerate(inactive.ids):
        if number >= count:
            raise refuse(
                f"there are only {count} particles (rows x columns)",
                key=f"inactive.ids[{index}]",
                given=number,
                allowed=f"ids from 0 to {count - 1}",
            )


def _operation(case: Case) -> None:
    operation = case.operation
    if operation.cell_voltage is not None and case.kinetics.cathode.stoichiometry is None:
        raise refuse(
            "a cell voltage needs kinetics.cathode.stoichiometry, "
            "which fixes the open-circuit potential",
            key="operation.cell_voltage",
            given=operation.cell_voltage,
            cure="add stoichiometry below [kinetics.cathode], or impose operation.overpotential",
        )
    if case.mechanics.enabled and operation.plating_time <= 0:
        raise refuse(
            "no time to plate, while mechanics.enabled asks for the stress of plated lithium",
            key="operation.plating_time",
            given=operation.plating_time,
            allowed='above 0, such as "30 s"',
            cure="set a plating_time, or enabled = false below [mechanics]",
        )


def _mesh(case: Case) -> None:
    size, cathode = case.mesh.size, case.geometry.cathode
    thickness = case.geometry.separator.thickness
    if isinstance(cathode, ParticleCathode) and size > cathode.particles.diameter / 2:
        raise refuse(
            "elements are larger than a particle's radius (half of "
            f"geometry.cathode.particles.diameter, {cathode.particles.diameter.text})",
            key="mesh.size",
            given=size,
            allowed="at most half of the particles' diameter",
        )
    if size > thickness:
        raise refuse(
            f"elements are larger than geometry.separator.thickness ({thickness.text})",
            key="mesh.size",
            given=size,
            allowed=f"at most {thickness.text}",
        )
