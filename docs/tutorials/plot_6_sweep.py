"""
A distribution instead of one cell
==================================

Which particles are dead is hardly ever known, only how many. So how much the current gathers at the
lithium is a question about a distribution: here over random patterns, 20, 40 and 60 % dead, one by
one and in clusters.
"""

import matplotlib.pyplot as plt

import fem
from fem.runs.sweep import solved

# %%
# A cell of 12 columns of three discs. The electrolyte is condensed once, and a pattern then takes
# milliseconds.

case = fem.Case.parse(
    """
    title = "A bed with dead particles"

    [geometry]
    width = "240 um"

    [geometry.anode]
    thickness = "20 um"

    [geometry.separator]
    material = "LPSCl"
    thickness = "60 um"

    [geometry.cathode]
    electrolyte = "LPSCl"
    thickness = "60 um"
    particles = { rows = 3, columns = 12, diameter = "10 um", material = "NCM811" }

    [inactive]
    fraction = 0.2
    seed = 1

    [kinetics.anode]
    exchange_current_density = "320 A/m^2"

    [kinetics.cathode]
    exchange_current_density = "2 A/m^2"

    [operation]
    current_density = "100 A/m^2"

    [mechanics]
    enabled = false

    [mesh]
    size = "5 um"
    """
)
found = solved(
    {
        "case": case,
        "vary": {
            "inactive.pattern": ["random", {"kind": "clustered", "length": "80 um"}],
            "inactive.fraction": [0.2, 0.4, 0.6],
        },
        "repeat": {"key": "inactive.seed", "count": 100},
        "report": {"metrics": ["focusing_max_over_mean"]},
    }
)

# %%
# Medians and 95 % quantiles with their intervals over resampled members. As many dead particles
# make more of a difference in lumps than one by one.

for point, known in enumerate(found.estimates["focusing_max_over_mean"]):
    median, high = known["p50"], known["p95"]
    print(
        f"point {point}: median {median.value:.3f} ({median.low:.3f} to {median.high:.3f}), "
        f"95 % {high.value:.3f} ({high.low:.3f} to {high.high:.3f})"
    )

# %%
# All members of each point.

values = found.values("focusing_max_over_mean")
figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
axes.boxplot(values, whis=(5, 95), showfliers=False)
names = [f"{share} %\n{kind}" for kind in ("one by one", "clusters") for share in (20, 40, 60)]
axes.set_xticks(range(1, 7), names, fontsize="small")
axes.set_ylabel("largest plating over the mean")
