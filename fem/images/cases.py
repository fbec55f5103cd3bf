"""A case whose shapes are those of a label image."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fem.case import Case
from fem.case.text import set_key
from fem.images.segmentation import LABELS

FILE = "labels.png"
_SHOWN_WITH_LITHIUM = ("thickness", "protrusions", "isolated", "surface")
ASSUMED: dict[str, Any] = {
    "geometry": {"anode": {"thickness": "50 um"}, "separator": {"thickness": "100 um"}},
    "kinetics": {
        "anode": {"exchange_current_density": "320 A/m^2"},
        "cathode": {"exchange_current_density": "2 A/m^2"},
    },
    "operation": {"current_density": "10 A/m^2"},
    "mechanics": {"enabled": False},
}
"""Assumptions of a case that no other one is given for; they are those of the flat Zheng cell, at a
tenth of its current."""


def tables_of(
    present: Collection[str],
    pixel_size: str,
    before: Case | None = None,
    electrolyte: str = "LPSCl",
    active: str = "NCM811",
) -> tuple[dict[str, Any], list[str]]:
    """The tables of a case on a label image, and what was left behind, in words.

    Parameters
    ----------
    present
        Names of the phases in the image, of `LABELS`.
    pixel_size
        Side of a pixel, as in a case.
    before
        A case from which all but the shapes is taken; `ASSUMED` without one.
    electrolyte, active
        Materials, where no case says them.
    """
    lithium = "lithium" in present
    tables: dict[str, Any] = (
        before.to_dict() if before is not None else {k: dict(v) for k, v in ASSUMED.items()}
    )
    if before is not None:
        # The new case stands elsewhere.
        for key, name in before.files.items():
            set_key(tables, key, before.resolve(name).absolute().as_posix())
    geometry, notes = dict(tables.get("geometry", {})), []
    cathode = geometry.pop("cathode", {})
    separator = dict(geometry.pop("separator", {}))
    earlier = geometry.pop("image", None) or geometry.pop("mesh", None) or {}
    geometry.pop("width", None)
    electrolyte = (
        cathode.get("electrolyte") or earlier.get("electrolyte")
        or separator.get("material") or electrolyte
    )  # fmt: skip
    particles = cathode.get("particles", {})
    active = particles.get("material") or earlier.get("active") or active
    anode = dict(geometry.get("anode", {}))
    if lithium:
        if before is not None and before.operation.kind == "protocol" and "thickness" in anode:
            # What an image shows has no thickness of which a protocol could say what it strips.
            anode.setdefault("reserve", anode["thickness"])
        anode = {k: v for k, v in anode.items() if k not in _SHOWN_WITH_LITHIUM}
    else:
        separator.setdefault("material", electrolyte)
        geometry["separator"] = separator
    shown = [name for name in LABELS if name in present]
    image: dict[str, Any] = {
        "file": FILE,
        "pixel_size": pixel_size,
        "labels": {name: LABELS[name] for name in shown},
        "electrolyte": electrolyte,
        "active": active,
    }
    wiring = cathode.get("wiring") or earlier.get("wiring")
    if wiring:
        image["wiring"] = wiring
    factor = cathode.get("conductivity_factor", 1.0)
    if factor != 1.0:
        notes.append(
            f"geometry.cathode.conductivity_factor = {factor:g} is lost: an image has electrolyte "
            "of one conductivity"
        )
    if separator.get("material", electrolyte) != electrolyte:
        notes.append(
            f"all electrolyte is {electrolyte}, that of the cathode: grey values do not part it "
            f"from the separator's {separator['material']}"
        )
    tables["geometry"] = {**geometry, "anode": anode, "image": image}
    if before is None:
        tables["title"] = "A segmented image"
        notes.append(
            "kinetics, current and thicknesses are assumptions: put your own in their place"
        )
    return tables, notes
