"""The numbers of an interlayer and of flaws; see `fem.results.quantities`."""

from __future__ import annotations

from fem.results.declaration import Declared, Place

_HISTORY, _FIELDS = Place.HISTORY, Place.FIELDS
_BOTH = Place.METRICS | _HISTORY
_PLACES = {
    "electrolyte": "electrolyte|interlayer",
    "pores": "the pores of the interlayer",
    "collector": "interlayer|collector",
}
_FILLING = 0.01

# fmt: off
INTERLAYER: tuple[Declared, ...] = (
    Declared("lithium_{place}_Ah_m2", "Ah/m²", "lithium taken up, {place}", _BOTH,
        shown="mAh/cm²", words={**_PLACES, "carbon": "the solid of the interlayer"}, meaning=
        "Charge of the lithium that {place} has taken up since the start, per area of the cell. "
        "All places together have the charge that was passed."),
    Declared("deposit_{place}_m", "m", "lithium deposited, {place}", _BOTH, shown="µm",
        words=_PLACES, meaning=
        "The same as a thickness of dense lithium on the area of the cell."),
    Declared("opened_{place}_fraction", "", "share opened, {place}", _BOTH, words=_PLACES,
        meaning="Share of the site on which lithium has overcome the opening pressure and formed "
        "nuclei."),
    Declared("carbon_stoichiometry_{size}", "", "lithium in the solid of the interlayer, {size}",
        _BOTH, words={"mean": "mean", "max": "largest", "min": "least"}, least=_FILLING, meaning=
        "Over what that solid holds, {size}."),
    Declared("interlayer_drop_V", "V", "potential drop of ions across the interlayer", _BOTH,
        shown="mV", meaning="Mean potential of the ions along electrolyte|interlayer, less that "
        "along interlayer|collector; positive on charge."),
    Declared("flaw_intensity_over_toughness", "", "stress intensity of flaws / toughness", _BOTH,
        meaning="Largest of all flaws that are closed and have lithium before them; at 1 lithium "
        "enters. 0 where there are none."),
    Declared("flaw_x_m", "m", "x of the most loaded flaw", _BOTH, shown="µm", meaning=
        "Where that flaw is, from the left wall."),
    Declared("lithium_in_flaws_Ah_m2", "Ah/m²", "lithium before open flaws", _BOTH,
        shown="mAh/cm²", meaning="Charge of the lithium taken up where flaws are open, since they "
        "opened, per area of the cell: the most that may have entered them."),
)
LAYER_FIELDS: tuple[Declared, ...] = (
    Declared("layer_lithium", "mol/m³", "lithium in the interlayer", _FIELDS, meaning=
        "In its solid and its pores, per volume of the layer; only with an interlayer."),
    Declared("deposit", "m", "thickness of lithium beside the interlayer", _FIELDS, shown="µm",
        meaning="At the points of electrolyte|interlayer and of interlayer|collector; only with "
        "an interlayer."),
)
# fmt: on
