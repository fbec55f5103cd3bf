"""
Faces that part and solids that yield
=====================================

NCM811 shrinks as it is charged. Where its faces may part from the electrolyte, current stops
crossing them; where the electrolyte yields, less is left of the stress. Two runs of one disc in its
share of electrolyte show both.
"""

import matplotlib.pyplot as plt

import fem

# %%
# A charge at 7 A/m² under 20 MPa. Faces hold by nothing but this pressure.

case = fem.Case.parse(
    """
    title = "One disc that shrinks"

    [geometry]
    width = "12 um"

    [geometry.anode]
    thickness = "5 um"

    [geometry.separator]
    material = "LPSCl"
    thickness = "8 um"

    [geometry.cathode]
    electrolyte = "LPSCl"
    thickness = "12 um"
    particles = { rows = 1, columns = 1, diameter = "8 um", material = "NCM811" }

    [kinetics.anode]
    exchange_current_density = "320 A/m^2"

    [kinetics.cathode]
    exchange_current_density = "2 A/m^2"
    stoichiometry = 0.85
    diffusion = "averaged"

    [operation]
    kind = "protocol"
    steps = [{ charge = "4 A/m^2", until = { stoichiometry = 0.6 }, on_infeasible = "next" }]

    [mechanics]
    swelling = true
    lithium = "elastic"

    [interfaces.particle_electrolyte]
    bond = "none"

    [stack]
    pressure = "20 MPa"

    [mesh]
    size = "2 um"
    """
)
elastic = fem.run(case)
gaps = fem.plot.gaps(elastic)

# %%
# The same with an electrolyte that yields. Its hardness is lowered here, so that it yields in this
# short charge at all; the library's value is higher, and is an assumption too.

soft = {"mechanics.solids": "plastic", "materials.LPSCl.yield_strength": "30 MPa"}
yielding = fem.run(case.replace(soft))

# %%
# The share of the surface that is open, against the lithium in the particle.

figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
for name, result in (("elastic", elastic), ("yields at 30 MPa", yielding)):
    history = result.history
    axes.plot(history["stoichiometry_mean"], history["open_fraction"], label=name)
    ended = history.events[-1][3]
    print(f"{name:<18} open at the end {history['open_fraction'][-1]:.3f}, ended by {ended}")
axes.invert_xaxis()
axes.set(xlabel="lithium in the particle, x", ylabel="open share of its surface")
axes.legend(frameon=False)
print(f"yielded: {yielding.history['plastic_area_fraction'][-1]:.3f} of the electrolyte")
