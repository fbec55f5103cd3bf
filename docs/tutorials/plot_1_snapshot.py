"""
A first snapshot from a drawing
===============================

A cell is described in text: a lithium foil with one deposit, a separator, and a cathode of discs.
Here it is charged at 100 A/m² for a moment, and the question is how much of the current goes to the
deposit.
"""

import fem

# %%
# The case. Values are text with units; what is left out has a default, and ``case.to_dict()`` tells
# it. The cathode is a lattice of discs, of which the outer columns do not react.

case = fem.Case.parse(
    """
    title = "One deposit above a cathode whose sides are dead"

    [geometry]
    width = "120 um"

    [geometry.anode]
    thickness = "20 um"
    protrusions = [{ x = "60 um", half_width = "12 um", depth = "25 um", fillet = "2 um" }]

    [geometry.separator]
    material = "LPSCl"
    thickness = "60 um"

    [geometry.cathode]
    electrolyte = "LPSCl"
    thickness = "40 um"
    particles = { rows = 2, columns = 6, diameter = "10 um", material = "NCM811" }

    [inactive]
    outside = ["40 um", "80 um"]

    [kinetics.anode]
    exchange_current_density = "320 A/m^2"

    [kinetics.cathode]
    exchange_current_density = "2 A/m^2"

    [operation]
    current_density = "100 A/m^2"
    plating_time = "20 s"

    [mesh]
    size = "3 um"
    """
)

# %%
# ``fem.run`` draws, meshes and solves it. Nothing is written to the disk.

result = fem.run(case)
potential = fem.plot.potential(result)
potential.figure

# %%
# Every number of a run has a name with its unit; the pages on quantities list them.

for name in ("overpotential_V", "focusing_max_over_mean", "plating_total_over_applied"):
    print(f"{name:<28}{result.metrics[name]:.5f}")

# %%
# Along the lithium: how fast it plates. The deposit is nearer to the cathode and above the part of
# it that works.

profile = fem.plot.anode_profile(result)
profile.figure

# %%
# The von Mises stress that the plated layer puts on the electrolyte, with lithium that cannot give
# way. It grows in proportion to the plated thickness, so that it is as free as the time of 20 s: an
# indicator of where it gets tight, not a stress that a sulfide would bear.

stress = fem.plot.von_mises(result)
print(f"at the tip {result.metrics['von_mises_tip_Pa'][0] / 1e9:.2f} GPa")
