"""The numbers of electrolyte that reacts at an electrode; see `fem.results.quantities`."""

from __future__ import annotations

from fem.results.declaration import Declared, Place

_METRICS, _HISTORY, _PARTICLES = Place.METRICS, Place.HISTORY, Place.PARTICLES
_ANODE = Place.ANODE
_BOTH = _METRICS | _HISTORY

# fmt: off
INTERPHASES: tuple[Declared, ...] = (
    Declared("interphase_mean_m", "m", "interphase on particles, mean", _BOTH, shown="nm",
        meaning="Thickness of the electrolyte that has been oxidised where it meets particles, the "
        "mean along them."),
    Declared("interphase_max_m", "m", "interphase on particles, thickest", _BOTH, shown="nm",
        meaning="The same where it is the thickest."),
    Declared("side_current_density_A_m2", "A/m²", "current density of the side reaction", _BOTH,
        meaning="Current that comes from the oxidation of electrolyte on particles, per area of "
        "the cell; a part of the current of the cell. Never negative."),
    Declared("side_charge_Ah_m2", "Ah/m²", "charge of the side reaction", _BOTH, shown="mAh/cm²",
        meaning="What that has passed since the start, per area of the cell."),
    Declared("lithium_from_electrolyte_mol_m", "mol/m", "lithium given by electrolyte", _BOTH,
        meaning="Lithium that oxidised electrolyte has set free since the start, per metre of "
        "depth: a mole for each of electrons."),
    Declared("electrolyte_consumed_m", "m", "electrolyte consumed", _BOTH, shown="nm", meaning=
        "Volume of electrolyte that has been oxidised since the start, over the area of the cell."),
    Declared("volume_lost_m", "m", "volume lost", _BOTH, shown="nm", meaning=
        "What products take up less than that electrolyte did, over the area of the cell; only "
        "where stress is solved for."),
    Declared("electrolyte_error", "", "electrolyte lost or made / consumed", _BOTH, meaning=
        "How far the volume of the layers is from what the charge of the side reaction has "
        "consumed, over that: rounding, as long as nothing is wrong. Only in a run in time."),
    Declared("lithium_interphase_mean_m", "m", "interphase on lithium, mean", _BOTH, shown="nm",
        meaning="Thickness of the electrolyte that lithium has reduced, the mean along all "
        "lithium."),
    Declared("lithium_interphase_max_m", "m", "interphase on lithium, thickest", _BOTH,
        shown="nm", meaning="The same where it is the thickest."),
    Declared("electrolyte_reduced_m", "m", "electrolyte reduced", _BOTH, shown="nm", meaning=
        "Volume of electrolyte that lithium has reduced since the start, over the area of the "
        "cell."),
    Declared("lithium_in_interphase_mol_m", "mol/m", "lithium taken up by the interphase", _BOTH,
        meaning="Plated lithium that is metal no more since it has reduced electrolyte, per metre "
        "of depth; only where the library knows how much that takes up."),
    Declared("interphase_m", "m", "interphase", _PARTICLES | _ANODE, shown="nm", meaning=
        "Thickness of electrolyte that has reacted, the mean on a particle, or at a node of the "
        "lithium line; empty where none does."),
    Declared("side_charge_C_m", "C/m", "charge of the side reaction", _PARTICLES, meaning=
        "What electrolyte on the particle has given since the start, per metre of depth; empty "
        "where none reacts."),
)
# fmt: on
