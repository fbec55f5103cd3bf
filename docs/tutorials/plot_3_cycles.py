"""
Charge and discharge in time
============================

The same kind of cell in time: lithium diffuses in the particles, plates on the foil, and the
voltage follows. A protocol says what is done with the cell, and when each step ends.
"""

import matplotlib.pyplot as plt

import fem

# %%
# Two cycles at 7 A/m² between 3.6 and 4.2 V, with a rest after each charge. One particle of six is
# dead.

case = fem.Case.parse(
    """
    title = "Two cycles of a small cell"

    [geometry]
    width = "60 um"

    [geometry.anode]
    thickness = "20 um"

    [geometry.separator]
    material = "LPSCl"
    thickness = "30 um"

    [geometry.cathode]
    electrolyte = "LPSCl"
    thickness = "40 um"
    particles = { rows = 2, columns = 3, diameter = "12 um", material = "NCM811" }

    [inactive]
    ids = [0]

    [kinetics.anode]
    exchange_current_density = "320 A/m^2"

    [kinetics.cathode]
    exchange_current_density = "2 A/m^2"
    exchange_current_dependence = "stoichiometry"
    stoichiometry = 0.9
    diffusion = "averaged"

    [[operation.steps]]
    repeat = 2
    steps = [
        { charge = "7 A/m^2", until = { voltage = "4.2 V" } },
        { rest = "10 min" },
        { discharge = "7 A/m^2", until = { voltage = "3.6 V" } },
    ]

    [operation]
    kind = "protocol"

    [mechanics]
    enabled = false

    [mesh]
    size = "5 um"
    """
)
result = fem.run(case)
history = result.history
voltage = fem.plot.voltage(result)

# %%
# What ended each step, and what each cycle gave.

for row, _, label, why in history.events:
    print(f"{history['Test Time / s'][row] / 3600:7.3f} h  {label:<12} ended by {why}")
for cycle in result.cycles:
    print(f"cycle {cycle['cycle']}: {cycle['discharge_capacity_Ah_m2']:.4f} Ah/m² on discharge")

# %%
# Every row of the history accounts for its lithium and its charge. The largest errors of the run:

for name in ("lithium_error", "charge_error"):
    print(f"{name}: {abs(history[name]).max():.1e}")

# %%
# How unevenly lithium plates while the state of the particles changes.

figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
axes.plot(history["Test Time / s"] / 3600, history["focusing_max_over_mean"])
axes.set(xlabel="time (h)", ylabel="largest plating over the mean")
