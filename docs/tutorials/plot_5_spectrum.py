"""
A spectrum about a state
========================

What a cell answers to a small sine of current tells reactions, diffusion and electrolyte apart by
how fast they are. A spectrum can be taken at rest or under current, and with one process left out.
"""

import matplotlib.pyplot as plt
import numpy as np

import fem
from fem.measures.spectra import kramers_kronig

# %%
# Discs of 4 µm in electrolyte, with double layers at both electrodes.

case = fem.Case.from_dict(
    {
        "title": "A composite for a spectrum",
        "geometry": {
            "width": "10 um",
            "anode": {"thickness": "5 um"},
            "separator": {"material": "LPSCl", "thickness": "20 um"},
            "cathode": {
                "electrolyte": "LPSCl",
                "thickness": "20 um",
                "particles": {"rows": 4, "columns": 2, "diameter": "4 um", "material": "NCM811"},
            },
        },
        "kinetics": {
            "anode": {
                "exchange_current_density": "100 A/m^2",
                "double_layer_capacitance": "0.1 F/m^2",
            },
            "cathode": {
                "exchange_current_density": "5 A/m^2",
                "double_layer_capacitance": "0.2 F/m^2",
                "stoichiometry": 0.5,
            },
        },
        "operation": {"current_density": "1 A/m^2"},
        "mechanics": {"enabled": False},
        "mesh": {"size": "2 um"},
    }
)
cell = fem.Cell.of(case)
frequencies = np.logspace(5, -2, 29)
rest = fem.impedance(cell, frequencies, processes=True)

# %%
# Nyquist's plot, and the same cell without the double layer of the particles.

figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
axes.plot(1e4 * rest.impedance.real, -1e4 * rest.impedance.imag, "o-", label="all", markersize=3)
for name, without in rest.without.items():
    if "double layer" in name:
        axes.plot(1e4 * without.real, -1e4 * without.imag, label=f"without {name}", lw=1)
axes.set(xlabel="Re Z (Ω cm²)", ylabel="−Im Z (Ω cm²)")
axes.legend(frameon=False, fontsize="small")

# %%
# A spectrum of a linear, causal and stable cell satisfies the relations of Kramers and Kronig: what
# a series of RC elements cannot follow is next to nothing.

print(f"{abs(kramers_kronig(rest.frequency, rest.impedance)).max():.1e} of the impedance")

# %%
# The same under a current. Butler and Volmer's law softens, and resistance falls.

current = 50.0 * cell.mesh.geometry.width  # A per m of depth
charging = cell.instant(cell.initial(), cell.drives(current=current))
under_current = fem.impedance(cell, frequencies, charging)
for name, spectrum in (("at rest", rest), ("at 50 A/m²", under_current)):
    arc = np.ptp(spectrum.impedance.real[spectrum.frequency > 1.0])
    print(f"{name:<11} {1e4 * arc:6.1f} Ω cm² between 100 kHz and 1 Hz")
