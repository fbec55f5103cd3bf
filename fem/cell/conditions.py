"""What a case assumes of the mechanics: conditions of solids, laws of bonds, what crosses faces."""

from __future__ import annotations

from fem.case import Case
from fem.case.contact import InterfaceBond
from fem.laws.bonds import BondLaw, Cohesive, Touching
from fem.laws.contact import Conduction
from fem.parameters import Parameters
from fem.physics.kinematics import Conditions


def conditions_of(case: Case, parameters: Parameters, lithium: str | None = None) -> Conditions:
    """What a case assumes of the mechanics, or the same with another model of lithium."""
    assert parameters.elastic is not None
    table, stack, bonds = case.mechanics, case.stack, case.interfaces
    return Conditions(
        lithium=lithium or table.lithium,
        contact=table.contact,
        kinematics=table.kinematics,
        top=table.top if stack is None else "plate",
        stack_pressure=float(table.stack_pressure if stack is None else stack.pressure),
        stack_stiffness=0.0 if stack is None else float(stack.stiffness),
        stack_compliance=parameters.elastic.stack_compliance,
        particle_electrolyte=law_of(bonds.particle_electrolyte),
        particle_particle=law_of(bonds.particle_particle),
        lithium_electrolyte=law_of(bonds.lithium_electrolyte),
        shrinks=case.interphase.particle_electrolyte is not None,
    )


def law_of(bond: InterfaceBond) -> BondLaw | None:
    """The law of a bond; `None` for a perfect one."""
    if bond.bond == "perfect":
        return None
    if bond.bond == "none":
        return Touching(bond.friction)
    assert bond.strength is not None and bond.toughness is not None
    return Cohesive(
        float(bond.strength),
        float(bond.toughness),
        None if bond.stiffness is None else float(bond.stiffness),
        bond.friction,
        float(bond.viscosity),
    )


def conduction_of(bond: InterfaceBond) -> Conduction:
    """What crosses faces of this kind."""
    pressure = None if bond.contact_pressure is None else float(bond.contact_pressure)
    exponent = bond.contact_exponent if bond.conduction == "power" else 1.0
    return Conduction(float(bond.conducts_below), pressure, exponent)
