"""The numbers of stress that a run leaves in its files; see `fem.results.quantities`."""

from __future__ import annotations

from fem.results.declaration import Declared, Place

_METRICS, _HISTORY = Place.METRICS, Place.HISTORY
_MODELS = {name: name for name in ("rigid", "elastic", "yielded", "viscoplastic")}

# fmt: off
STRESS: tuple[Declared, ...] = (
    Declared("von_mises_se_p99_Pa", "Pa", "von Mises stress in the electrolyte, 99 %",
        _METRICS, shown="MPa", main=True, meaning=
        "Stress that 99 % of the electrolyte's area do not exceed, discs of 4 µm around the "
        "feet of protrusions left out."),
    Declared("von_mises_se_p999_Pa", "Pa", "von Mises stress in the electrolyte, 99.9 %",
        _METRICS, shown="MPa", meaning="The same for 99.9 % of the area."),
    Declared("von_mises_tip_Pa", "Pa", "von Mises stress at the tips", _METRICS, shown="MPa",
        main=True, meaning="Mean over the electrolyte within 2 µm of the tip of each "
        "protrusion."),
    Declared("principal_stress_tip_Pa", "Pa", "largest principal stress at the tips", _METRICS,
        shown="MPa", main=True, meaning=
        "Mean over the electrolyte within 2 µm of the tip of each protrusion; positive: "
        "tension."),
    Declared("lithium_pressure_Pa", "Pa", "pressure of the lithium", _HISTORY, shown="MPa",
        meaning="Pressure at the most loaded tip, averaged over 2 µm of arc; without "
        "protrusions the largest along the foil. Positive: compression, which opposes "
        "plating."),
    Declared("elastic_energy_J_m", "J/m", "elastic energy", _HISTORY, meaning=
        "Elastic energy of all solids per metre of depth."),
    Declared("von_mises_tip_max_Pa", "Pa", "von Mises stress at the worst tip", _HISTORY,
        shown="MPa", meaning="Largest over the protrusions of the mean over the electrolyte "
        "within 2 µm of the tip."),
    Declared("principal_stress_tip_max_Pa", "Pa", "largest principal stress at the worst tip",
        _HISTORY, shown="MPa", meaning="The same of the largest principal stress; positive: "
        "tension."),
    Declared("mechanical_work_J_m", "J/m", "mechanical work", _HISTORY, meaning=
        "Work since the start per metre of depth, of plating against the pressure, of swelling "
        "and of the stack; positive: done on the solids. Not for yielded lithium."),
    Declared("plastic_work_J_m", "J/m", "plastic work", _HISTORY, meaning=
        "Work since the start per metre of depth that inelastic flow has spent; only where "
        "solids or faces remember."),
    Declared("bond_work_J_m", "J/m", "work spent on bonds", _HISTORY, meaning=
        "The same of cohesive bonds that part, their viscosity included."),
    Declared("jump_energy_J_m", "J/m", "energy that jumps set free", _HISTORY, meaning=
        "What bonds have set free since the start per metre of depth where they let go in a "
        "jump: they weakened faster than the stress of the solids fell, through states that are "
        "not in equilibrium. It counts in the work spent on bonds and of contact."),
    Declared("contact_work_J_m", "J/m", "work of contact", _HISTORY, meaning=
        "The same of friction, and of pressures as faces touch or part within a step, which "
        "vanishes with the length of steps."),
    Declared("work_error", "", "work not found as elastic energy / work done", _HISTORY,
        meaning="Work that is neither found in the change of elastic energy nor spent, over "
        "all that was done."),
    Declared("dissipated_energy_J_m", "J/m", "energy dissipated by flow", _METRICS, meaning=
        "What yielding and creep of all solids have turned into heat per metre of depth; only "
        "where some yield or creep."),
    Declared("plastic_area_fraction", "", "share of the electrolyte that has yielded",
        _METRICS | _HISTORY, main=True, meaning="Area of the electrolyte with plastic strain over "
        "all its area; only where `mechanics.solids` is plastic."),
    Declared("lithium_pressure_{model}_Pa", "Pa", "pressure of {model} lithium", _METRICS,
        shown="MPa", words=_MODELS, meaning=
        "Pressure of {model} lithium at the most loaded tip, averaged over 2 µm of arc; "
        "without protrusions the largest along the foil. Positive: compression. Given for "
        "`mechanics.lithium` and each model in `mechanics.compare_lithium`."),
    Declared("fracture_pressure_Pa", "Pa", "pressure that opens the flaw", _METRICS,
        shown="MPa", meaning="Pressure at which a flaw of the case's size and shape grows in "
        "the separator."),
    Declared("pressure_over_fracture_pressure", "",
        "lithium pressure / pressure that opens the flaw", _METRICS, main=True, meaning=
        "Of the model `mechanics.lithium`; above 1 a crack grows."),
    Declared("pressure_over_fracture_pressure_{model}", "",
        "pressure of {model} lithium / pressure that opens the flaw", _METRICS, words=_MODELS,
        meaning="Of {model} lithium; above 1 a crack grows."),
)
# fmt: on
"""Those of an instant and of a history, in the order in which they are shown."""
