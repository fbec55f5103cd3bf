"""The numbers of faces that may part; see `fem.results.quantities`."""

from __future__ import annotations

from fem.results.declaration import Declared, Place

_METRICS, _HISTORY, _PARTICLES, _FACES = Place.METRICS, Place.HISTORY, Place.PARTICLES, Place.FACES
_BOTH = _METRICS | _HISTORY

# fmt: off
FACES: tuple[Declared, ...] = (
    Declared("open_fraction", "", "share of the particles' surface that is open",
        _BOTH | _PARTICLES, meaning=
        "Share of the length between particles and electrolyte whose gap is open; of a single "
        "particle in `particles.csv`."),
    Declared("gap_mean_m", "m", "mean gap", _BOTH, shown="nm", meaning=
        "Between particles and electrolyte, closed faces included."),
    Declared("gap_max_m", "m", "largest gap", _BOTH, shown="nm", meaning=
        "Between particles and electrolyte."),
    Declared("lithium_open_fraction", "", "share of the lithium's surface that is open", _BOTH,
        meaning="Share of the length between lithium and what it lies on whose gap is open."),
    Declared("lithium_gap_mean_m", "m", "mean gap at the lithium", _BOTH, shown="nm", meaning=
        "Between lithium and what it lies on, closed faces included."),
    Declared("lithium_gap_max_m", "m", "largest gap at the lithium", _BOTH, shown="nm", meaning=
        "Between lithium and what it lies on."),
    Declared("stack_pressure_Pa", "Pa", "stack pressure", _BOTH, shown="MPa", meaning=
        "Pressure of the plate on top."),
    Declared("stack_height_change_m", "m", "change of the stack's height", _BOTH, shown="µm",
        meaning="How much higher the plate stands than above the cell as drawn without any load, "
        "less what layers that are not drawn are compressed by."),
    Declared("dead_particles", "", "particles that do not react", _BOTH, meaning=
        "For whatever reason, those that were inactive as drawn included."),
    Declared("dead_fraction", "", "share of the active material that does not react", _BOTH,
        meaning="By area."),
    Declared("electronic_resistance_ohm_m2", "ohm·m²", "electronic resistance of the composite",
        _BOTH, shown="ohm·cm²", meaning=
        "From an electrode on top of the composite to the collector, times the area; empty where "
        "no contacts lead there."),
    Declared("dead_since_s", "s", "inactive since", _PARTICLES, meaning=
        "Time at which the particle stopped reacting; empty for one that reacts, or that was "
        "inactive as drawn."),
    Declared("why", "", "why it does not react", _PARTICLES, text=True, meaning=
        "The same as `inactivity`."),
    Declared("kind", "", "what meets", _FACES, text=True, meaning=
        "One of `particle_electrolyte`, `particle_particle`, `lithium_electrolyte`."),
    Declared("normal_x", "", "normal, along x", _FACES, meaning=
        "Of the unit normal out of the particle or the lithium."),
    Declared("normal_y", "", "normal, along y", _FACES, meaning=
        "Of the unit normal out of the particle or the lithium."),
    Declared("particle", "", "particle", _FACES, meaning=
        "Id of the particle on the inner side; -2 for lithium."),
    Declared("other", "", "other side", _FACES, meaning=
        "Id of the particle on the other side; -1 for electrolyte."),
    Declared("gap_m", "m", "gap", _FACES, shown="nm", meaning=
        "How far the other side has moved out of the particle, along the normal; out of the "
        "lithium, less what was plated between."),
    Declared("slip_m", "m", "slip", _FACES, shown="nm", meaning=
        "How far the other side has moved along the tangent, which is the normal turned by 90 "
        "degrees to the left."),
    Declared("apart_m", "m", "open gap", _FACES, shown="nm", meaning=
        "The part of the gap that is no stretch of a bond that still holds: the face is open where "
        "it is above 0."),
    Declared("pressure_Pa", "Pa", "contact pressure", _FACES, shown="MPa", meaning=
        "With which the faces press on each other; that of a bond in tension is negative."),
    Declared("shear_Pa", "Pa", "contact shear stress", _FACES, shown="MPa", meaning=
        "With which the faces hold each other along the tangent."),
    Declared("damage", "", "damage of the bond", _FACES, meaning=
        "Share of the stiffness of a bond that is lost, or of the toughness of one that does not "
        "give before it breaks; empty where there is no bond."),
    Declared("closed", "", "touches", _FACES, text=True, meaning=
        "Whether the faces touch: true or false."),
)
# fmt: on
