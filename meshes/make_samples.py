"""Makes the sample images of this folder: ``python meshes/make_samples.py``.

Each is a label image of known content: 0 void, 1 electrolyte, 2 active material, 3 lithium. The
README beside this file has the numbers that follow from the shapes drawn here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

VOID, ELECTROLYTE, ACTIVE, LITHIUM = range(4)


def disc(labels: np.ndarray, x: float, y: float, radius: float, label: int) -> None:
    """Label the pixels whose middle lies in a disc; x and y from the lower left, in pixels."""
    height, width = labels.shape
    row, column = np.mgrid[:height, :width]
    inside = (column + 0.5 - x) ** 2 + (height - row - 0.5 - y) ** 2 < radius**2
    labels[inside] = label


def square_array(pixels: int = 128, fraction: float = 0.4) -> np.ndarray:
    """A disc in the middle of a square: one cell of the square array of cylinders."""
    labels = np.full((pixels, pixels), ELECTROLYTE, dtype=np.uint8)
    disc(labels, pixels / 2, pixels / 2, pixels * np.sqrt(fraction / np.pi), ACTIVE)
    return labels


def cathode() -> np.ndarray:
    """A composite: 5 x 8 discs of 8 to 13 pixels radius, every seventh of them a pore."""
    labels = np.full((150, 240), ELECTROLYTE, dtype=np.uint8)
    for k in range(40):
        row, column = divmod(k, 8)
        radius = 8.0 + 5.0 * ((7 * k) % 11) / 10.0
        disc(labels, 30 * column + 15, 30 * row + 15, radius, VOID if k % 7 == 3 else ACTIVE)
    return labels


def cell() -> np.ndarray:
    """All layers of 120 x 160 pixels, with one of each thing that takes no part.

    From the bottom: 40 pixels of composite, 80 of separator with a protrusion above it and
    isolated lithium in it, 40 of lithium. The composite has a particle in a pore, electrolyte
    enclosed by a particle, isolated lithium in that, and specks.
    """
    labels = np.full((160, 120), ELECTROLYTE, dtype=np.uint8)
    labels[:40] = LITHIUM
    disc(labels, 60, 120, 15, LITHIUM)  # a protrusion
    disc(labels, 90, 70, 6, LITHIUM)  # isolated lithium
    for x in (20, 100):
        disc(labels, x, 20, 12, ACTIVE)
    disc(labels, 60, 20, 18, ACTIVE)
    disc(labels, 60, 20, 10, ELECTROLYTE)  # enclosed by the particle
    disc(labels, 60, 20, 4, LITHIUM)  # isolated, in enclosed electrolyte
    disc(labels, 20, 55, 10, VOID)
    disc(labels, 20, 55, 6, ACTIVE)  # a particle in a pore
    labels[60, 20] = labels[60, 40] = labels[60, 41] = VOID  # two specks, of one and two pixels
    return labels


def main() -> None:
    """Write all images."""
    folder = Path(__file__).parent
    for make in (square_array, cathode, cell):
        Image.fromarray(make()).save(folder / f"{make.__name__}.png", optimize=True)


if __name__ == "__main__":
    main()
