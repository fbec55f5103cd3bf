"""Small solved cells that the tests of this folder draw, each solved once, and their texts."""

from __future__ import annotations

import io
import itertools
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

import fem
from fem.results.result import Result

Floats = NDArray[np.float64]

CELL: dict[str, Any] = {
    "title": "A small cell",
    "geometry": {
        "width": "60 um",
        "anode": {
            "thickness": "10 um",
            "protrusions": [{"x": "20 um", "depth": "10 um", "half_width": "5 um"}],
        },
        "separator": {"material": "LPSCl", "thickness": "40 um"},
        "cathode": {
            "electrolyte": "LPSCl",
            "thickness": "40 um",
            "particles": {"rows": 2, "columns": 3, "diameter": "10 um", "material": "NCM811"},
        },
    },
    "inactive": {"ids": [0, 3]},
    "kinetics": {
        "anode": {"exchange_current_density": "320 A/m^2"},
        "cathode": {"exchange_current_density": "2 A/m^2"},
    },
    "operation": {"current_density": "100 A/m^2", "plating_time": "30 s"},
    "mechanics": {"lithium": "rigid"},
    "mesh": {"size": "2.5 um"},
}

PROTRUSIONS, ISOLATED = "geometry.anode.protrusions", "geometry.anode.isolated"
OFF = {"mechanics": {"enabled": False}, "operation.plating_time": None}
CHANGES: dict[str, dict[str, Any]] = {
    "deposit": {},
    "flat": {PROTRUSIONS: []},
    "plane": {
        PROTRUSIONS: [],
        "inactive": {},
        "geometry.width": "12 um",
        "geometry.cathode": {"kind": "plane", "material": "NCM811", "thickness": "10 um"},
    },
    "elastic": {"mechanics.lithium": "elastic", "mechanics.contact": "slide"},
    "isolated": {
        ISOLATED: [{"x": "40 um", "y": "60 um", "half_width": "8 um", "half_height": "4 um"}]
    },
    "charge only": OFF,
    "discharge": {**OFF, "operation.current_density": "-100 A/m^2"},
    "wide": {
        "geometry.width": "480 um",
        "geometry.cathode.particles.columns": 8,
        "mesh.size": "5 um",
        "mesh.growth": 1.0,
    },
    "tiny": {
        PROTRUSIONS: [{"x": "2 um", "depth": "1 um", "half_width": "0.5 um"}],
        "geometry.width": "4 um",
        "geometry.anode.thickness": "0.5 um",
        "geometry.separator.thickness": "2.5 um",
        "geometry.cathode.thickness": "2 um",
        "geometry.cathode.particles": {
            "rows": 1,
            "columns": 2,
            "diameter": "1 um",
            "material": "NCM811",
        },
        "inactive": {"ids": [1]},
        "operation.plating_time": "1 s",
        "mesh.size": "0.2 um",
    },
}
STRESSED = [name for name, changes in CHANGES.items() if "operation.plating_time" not in changes
            or changes["operation.plating_time"] is not None]  # fmt: skip


@cache
def solved(name: str) -> Result:
    """The result of the cell `name`."""
    return fem.run(fem.Case.from_dict(CELL).replace(CHANGES[name]))


def save(figure: Figure, **how: Any) -> tuple[bytes, list[tuple[str, Floats]], Floats]:
    """A figure's file, the texts painted in it with their boxes in pixels, and its size."""
    original = Text.draw
    painted: list[tuple[str, Floats]] = []
    size: list[Floats] = []

    def record(self: Text, renderer: Any) -> Any:
        if self.get_visible() and self.get_text().strip():
            box = Text.get_window_extent(self, renderer)
            painted.append((self.get_text(), np.array(box.extents)))
            size[:] = [figure.bbox.size.copy()]
        return original(self, renderer)

    stream = io.BytesIO()
    if how.get("format") == "png":
        how["pil_kwargs"] = {"compress_level": 1}  # a fifth of the time would go into small files
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", record)
        figure.savefig(stream, **how)
    return stream.getvalue(), painted, size[0]


def illegible(texts: list[tuple[str, Floats]], size: Floats) -> list[tuple[str, ...]]:
    """Texts that stick out of a figure of so many pixels, and pairs that overlap."""
    wrong: list[tuple[str, ...]] = [
        (text,)
        for text, box in texts
        if (box[:2] <= -1.0).any() or (box[2:] >= np.asarray(size) + 1.0).any()
    ]
    for (one, a), (two, b) in itertools.combinations(texts, 2):
        if (np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]) >= 1.0).all():
            wrong.append((one, two))
    return wrong
