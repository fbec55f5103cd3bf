"""
From an image to a cell
=======================

A segmented image of a composite, an array of labels here, takes the place of a drawn cathode. This
one is made from discs at random with pores among them; a file of labels (TIFF, PNG, NPY) goes the
same way.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import fem
from fem.effective.transport import of_case as transport

# %%
# Labels: electrolyte 1, active material 2, void 0; 80 by 60 pixels of 0.5 µm. Six discs of 4 µm
# radius are drawn where there is room, and a few small pores.

draw = np.random.default_rng(3)
rows, columns = np.mgrid[0:60, 0:80] + 0.5
labels = np.ones((60, 80), dtype=np.uint8)
centres: list[np.ndarray] = []
for _ in range(2000):
    place = draw.uniform((10, 10), (50, 70))
    if len(centres) < 6 and all(np.hypot(*(place - other)) > 19 for other in centres):
        centres.append(place)
        labels[np.hypot(rows - place[0], columns - place[1]) < 8] = 2
for place in draw.uniform((4, 4), (56, 76), (6, 2)):
    pore = np.hypot(rows - place[0], columns - place[1]) < 2.5
    labels[pore & (labels == 1)] = 0

figure, axes = plt.subplots(figsize=(4, 3), layout="constrained")
axes.imshow(labels, cmap="cividis")
axes.set(xlabel="pixels", ylabel="pixels")

# %%
# A case that runs on it. Everything above the image is drawn.

folder = Path(tempfile.mkdtemp())
np.save(folder / "cathode.npy", labels)
case = fem.Case.from_dict(
    {
        "title": "A cathode from an image",
        "geometry": {
            "anode": {"thickness": "10 um"},
            "separator": {"material": "LPSCl", "thickness": "15 um"},
            "image": {
                "file": str(folder / "cathode.npy"),
                "pixel_size": "0.5 um",
                "labels": {"electrolyte": 1, "active": 2, "void": 0},
                "electrolyte": "LPSCl",
                "active": "NCM811",
            },
        },
        "kinetics": {
            "anode": {"exchange_current_density": "320 A/m^2"},
            "cathode": {"exchange_current_density": "2 A/m^2"},
        },
        "operation": {"current_density": "20 A/m^2"},
        "mechanics": {"enabled": False},
        "mesh": {"size": "2 um"},
    }
)

# %%
# What the composite conducts from bottom to top, between bounds that hold whatever the shapes.

ions = transport(case).conductors[0]
print("effective over the electrolyte's mean:", ions.conduction.effective[1])
print("bounds of Hashin and Shtrikman (S/m):", ions.hashin_shtrikman)

# %%
# The cell under current. The notes of a run say what cleaning has changed of the image.

result = fem.run(case)
print(result.metrics["overpotential_V"])
flux = fem.plot.flux(result)
flux.figure
