"""Cases with an image, for the tests of this folder and of the mesh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import fem

SAMPLES = Path(__file__).parents[2] / "meshes"
LABELS = {"electrolyte": 1, "active": 2}


def pictured(file: Path | str, *, separator: bool = True, **image: Any) -> fem.Case:
    """A snapshot of an image with pixels of 0.5 um, below a drawn separator and lithium."""
    labels = image.setdefault("labels", LABELS)
    geometry: dict[str, Any] = {
        "image": {
            "file": str(file),
            "pixel_size": "0.5 um",
            "electrolyte": "LPSCl",
            "active": "NCM811",
            **image,
        },
        "anode": {},
    }
    if "lithium" not in labels:
        geometry["anode"]["thickness"] = "5 um"
        if separator:
            geometry["separator"] = {"material": "LPSCl", "thickness": "20 um"}
    return fem.Case.from_dict(
        {
            "geometry": geometry,
            "kinetics": {
                "anode": {"exchange_current_density": "320 A/m^2"},
                "cathode": {"exchange_current_density": "2 A/m^2"},
            },
            "operation": {"current_density": "10 A/m^2"},
            "mechanics": {"enabled": False},
            "mesh": {"size": "1 um"},
        }
    )


def saved(folder: Path, labels: np.ndarray) -> Path:
    """The file that holds an image."""
    path = folder / "labels.npy"
    np.save(path, labels)
    return path


def porous(file: Path | str, thickness: str = "6 um") -> fem.Case:
    """An image of a separator, 1 electrolyte and 0 void, above a flat cathode."""
    plane = {"kind": "plane", "material": "NCM811", "thickness": thickness}
    case = pictured(file, separator=False, smoothing=0.0)
    labels = {"electrolyte": 1, "void": 0}
    return case.replace({"geometry.image.labels": labels, "geometry.cathode": plane})


def disc(pixels: int, radius: float, centre: tuple[float, float] | None = None) -> np.ndarray:
    """Active material (2) in a disc, given in pixels, in a square of electrolyte (1)."""
    x, y = centre or (pixels / 2, pixels / 2)
    row, column = np.mgrid[:pixels, :pixels]
    inside = (column + 0.5 - x) ** 2 + (pixels - row - 0.5 - y) ** 2 < radius**2
    return np.where(inside, 2, 1).astype(np.uint8)
