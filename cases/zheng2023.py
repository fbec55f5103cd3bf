"""
A damaged cathode and uneven lithium: the two scenarios of Zheng 2023
=====================================================================

Zheng et al. (Sci. Bull. 68 (2023) 813, sections 2.7 and 3.4) argue that cathode and lithium fail
together: particles that lose contact leave the rest to carry the current, the flux through the
electrolyte becomes uneven, and lithium plates where it is largest. Two simulations support this:

1. flat lithium above a cathode whose central third is dead: where does lithium plate?
2. lithium with elliptical deposits above a cathode whose sides are dead: what stress follows?

This script runs both, draws the paper's figure 4c-f, and sets what the paper reports beside what
comes out. The inputs of the paper (its Table S1) are not at hand, so each result carries the
assumption that it rests on; where an assumption decides, the alternatives are computed as well:

* lithium that is rigid, elastic or yielded, and that sticks to the electrolyte or slides on it;
* lithium without interface resistance, with an ohmic one, and with Butler-Volmer kinetics.

Run it with ``python cases/zheng2023.py [--out DIR] [--size "1 um"]``.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import fem
from fem.constants import FARADAY, GAS_CONSTANT
from fem.geometry import Deposit
from fem.laws.plating import pressure_potential
from fem.laws.plating import thickness as plated_thickness
from fem.materials import library
from fem.results.result import Result

Floats = NDArray[np.float64]

FLAT, DEPOSITS = "zheng2023_flat.toml", "zheng2023_protrusions.toml"
REPORTED = (6e9, 10e9)  # von Mises stress in Pa that the paper reads off its figure 4f
SMALL_STRAIN = 0.1  # plated thickness over tip radius beyond which small strain no longer holds
MIDDLE = 1  # number of the deposit in the middle
CURRENTS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)  # applied, in the scan, in A/m^2
CASE_LAW, POOR = "Butler-Volmer 320", "Butler-Volmer 30"  # that of the case files, and a worse one
# Told apart by the colour-blind and, by their lightness, in print.
BLACK, BLUE, ORANGE, GREEN = "#222222", "#0072B2", "#D55E00", "#009E73"

# %%
# One mesh, many interfaces
# -------------------------
# Meshing costs ten times as much as one solve, and neither the mesh nor the conduction matrix
# depends on the kinetics. Each geometry is therefore made once, by `fem.Cell.of`; `replace` gives
# the cells for the 64 solves that follow. On the side of mechanics, one matrix serves all profiles
# of a model of lithium, and one solve all plating times.
#
# Interfaces of lithium are compared as a clean contact (320 A/m^2) and a poor one (30 A/m^2), each
# as a reaction and as an ohmic layer of the same resistance at equilibrium, RT/(F i0). An area
# resistance of 1e-8 ohm m^2 is 1/30000 of the separator's: none.

STYLES = {
    CASE_LAW: (BLUE, "-", "Butler–Volmer, 320 A/m²"),
    "ohmic 320": (BLUE, "--", "ohmic, 0.82 Ω cm²"),
    POOR: (ORANGE, "-", "Butler–Volmer, 30 A/m²"),
    "ohmic 30": (ORANGE, "--", "ohmic, 8.7 Ω cm²"),
    "none": (BLACK, "-", "no resistance"),
}
# Makes all live particles give the same current, to 3e-5: an ohmic layer beside which the
# electrolyte between them is nothing.
EQUAL_FLUX = {"area_resistance": "100 ohm*m^2"}


def anode_law(law: str, case: fem.Case) -> dict[str, str]:
    """Table `kinetics.anode` of a law by its name."""
    kind, _, exchange = law.partition(" ")
    if kind == "Butler-Volmer":
        return {"exchange_current_density": f"{exchange} A/m^2"}
    thermal = GAS_CONSTANT * float(case.operation.temperature) / FARADAY
    return {"area_resistance": f"{thermal / float(exchange) if exchange else 1e-8!r} ohm*m^2"}


# %%
# First scenario: nonuniformity against current and time
# ------------------------------------------------------
# With equal flux from all live particles the problem is linear wherever lithium is ohmic, so the
# shape of the profile cannot depend on the current: two currents show it. Butler-Volmer kinetics
# soften as the current passes 2 i0, and only then does the relative nonuniformity grow, from that
# of the ohmic layer towards that without resistance. Particles that share one potential soften
# too, which works the other way: at high current those beside the dead third take over more of its
# share, and the flux becomes more even. So whether "nonuniformity grows with current" holds in
# relative terms hangs on which of the two interfaces softens first; in absolute terms it always
# does. In time, thickness is current times time: the difference grows, the ratio stays.


class Scan(NamedTuple):
    """Plating at the wall over its mean, minus one, and largest less smallest plating (A/m^2)."""

    current: Floats
    excess: Floats
    spread: Floats


def percent(scan: Scan) -> str:
    """The relative nonuniformity at the least and the largest current, if they differ."""
    low, high = 100 * scan.excess[0], 100 * scan.excess[-1]
    return f"{low:.1f} %" if abs(high - low) < 0.05 else f"{low:.1f} to {high:.1f} %"


def nonuniformity(cell: fem.Cell) -> dict[tuple[str, str], Scan]:
    """Scans by law of lithium and of particles ("equal flux" or "one potential")."""
    scans, own = {}, cell.case.to_dict()["kinetics"]["cathode"]
    for particles, cathode in (("equal flux", EQUAL_FLUX), ("one potential", own)):
        for law in STYLES:
            rows = []
            linear = particles == "equal flux" and "Butler-Volmer" not in law
            for current in (CURRENTS[0], CURRENTS[-1]) if linear else CURRENTS:
                changes = {
                    "kinetics.anode": anode_law(law, cell.case),
                    "kinetics.cathode": cathode,
                    "operation.current_density": f"{current!r} A/m^2",
                    "mechanics.enabled": False,
                }
                anode = fem.run(cell.replace(changes)).anode
                excess = anode.plating[0] / anode.mean(anode.plating) - 1.0
                rows.append((current, excess, np.ptp(anode.plating)))
            scans[law, particles] = Scan(*np.array(rows).T)
    return scans


def draw_nonuniformity(scans: Mapping[tuple[str, str], Scan], applied: float) -> Figure:
    """Relative and absolute nonuniformity against current, and against time at `applied`."""
    time, molar_volume = np.array([0.0, 200.0]), library()["lithium"]["molar_volume"].value
    with fem.plot.style():
        figure, axes = plt.subplots(2, 2, figsize=(6.9, 5.2), layout="constrained")
        (equally, together), (absolute, growing) = axes
        for law, (colour, line, label) in STYLES.items():
            equal, one = (scans[law, particles] for particles in ("equal flux", "one potential"))
            rate = np.interp(applied, equal.current, equal.spread)
            look = {"color": colour, "linestyle": line, "linewidth": 1.4, "label": label}
            equally.semilogx(equal.current, 100 * equal.excess, **look)
            together.semilogx(one.current, 100 * one.excess, **look)
            absolute.loglog(equal.current, equal.spread, **look)
            growing.plot(time, plated_thickness(rate * time, 1.0, molar_volume) * 1e6, **look)
        for ax, title in (
            (equally, "(a) equal flux from live particles"),
            (together, "(b) live particles at one potential"),
        ):
            ax.set(ylabel="plating at the wall, above mean (%)", ylim=(0, 15), title=title)
        absolute.set(ylabel="largest − smallest plating (A/m²)", title="(c) as (a), absolute")
        absolute.yaxis.set_major_formatter("{x:g}")
        for ax in (equally, together, absolute):
            ax.set(xlabel="applied current density (A/m²)", xlim=(1, 1000))
            ax.xaxis.set_major_formatter("{x:g}")
        growing.set(xlabel="time (s)", ylabel="thickest − thinnest lithium (µm)", xlim=time)
        growing.set(title=f"(d) as (a), at {applied:g} A/m²", ylim=(0, None))
        lines, labels = equally.get_legend_handles_labels()
        place = {"loc": "outside upper center", "ncols": 3, "frameon": False}
        figure.legend(lines, labels, title="interface of lithium", **place)
    return figure


# %%
# Second scenario: where current and stress concentrate
# -----------------------------------------------------
# All models of lithium are solved for the kinetics of the case; rigid and elastic lithium that
# sticks for three laws. What is told of the tip is a mean, over 2 um of arc along the lithium or
# over the electrolyte within 2 um.

MODELS = [(model, contact) for model in ("rigid", "elastic") for contact in ("stick", "slide")]
MODELS += [("yielded", "stick")]
TRIO = ("none", CASE_LAW, POOR)
Key = tuple[str, str, str]
"""Lithium, contact, law of kinetics."""


def solve_deposits(cell: fem.Cell) -> dict[Key, Result]:
    """Runs by model of lithium, contact and law of kinetics."""
    found = {}
    for lithium, contact in MODELS:
        every = contact == "stick" and lithium != "yielded"
        for law in TRIO if every else (CASE_LAW,):
            changes = {
                "kinetics.anode": anode_law(law, cell.case),
                "mechanics.lithium": lithium,
                "mechanics.contact": contact,
                "mechanics.compare_lithium": [],
            }
            found[lithium, contact, law] = fem.run(cell.replace(changes))
    return found


def middle(result: Result) -> Deposit:
    """The deposit in the middle."""
    return result.geometry.deposits[MIDDLE]


def peak(result: Result, values: Floats) -> tuple[float, float]:
    """Where on the lithium (x, y in m) the mean of values over 2 um of arc is largest."""
    anode = result.anode
    top = int(np.argmax(anode.running_mean(values)))
    return float(anode.x[top]), float(anode.y[top])


def focusing(result: Result) -> SimpleNamespace:
    """How lithium with deposits plates under one law of kinetics."""
    anode, metrics = result.anode, result.metrics
    # The line is flat at lithium_y and below it on a deposit: integrate the part below.
    below = np.where(anode.y < result.geometry.lithium_y - 1e-9, 1.0, 0.0)
    return SimpleNamespace(
        tip_over_applied=metrics["tip_over_applied"][MIDDLE],
        max_over_mean=metrics["focusing_max_over_mean"],
        maximum=peak(result, anode.plating),
        share=anode.mean(below * anode.plating) / anode.mean(anode.plating),  # of the current
        extent=anode.mean(below),  # share of the line
        electrolyte_maximum=result.largest_current(),  # A/m^2, then x and y in m
        overpotential=float(result.at("phi_e", *middle(result).tip)),  # V
    )


def fields_across_separator(result: Result) -> dict[str, float]:
    """Potential drop over distance (V/m), from the cathode's edge to the lithium above it.

    At the middle deposit, where the cathode below is live, and at the wall, where it is dead.
    """
    places = {"deposit": middle(result).tip, "wall": (0.0, result.geometry.lithium_y)}
    bed = float(result.case.geometry.cathode.thickness)
    return {
        name: float(result.at("phi_e", x, bed) - result.at("phi_e", x, y)) / (y - bed)
        for name, (x, y) in places.items()
    }


# %%
# The stress problem is linear in the plated thickness if lithium is rigid or elastic, and the
# thickness is plating current times time: one solve gives the stress at all times. If lithium has
# yielded, its pressure is what squeezes it back to the foil, at any time.


@dataclass(frozen=True)
class Stress:
    """Stress in the electrolyte for one model of lithium, in Pa."""

    tip: float  # von Mises, at the middle tip
    principal: float  # the largest principal stress there
    maximum: tuple[float, float]  # where along the lithium von Mises stress is largest, in m
    pressure: float  # of the lithium, at the most loaded tip
    time: float  # plating time of these numbers in s
    thickness: float  # plated at the middle tip by then, in m
    grows: bool  # whether stress is proportional to time

    @classmethod
    def of(cls, result: Result) -> Stress:
        """Read it off a run."""
        anode, metrics, lithium = result.anode, result.metrics, result.case.mechanics.lithium
        return cls(
            tip=metrics["von_mises_tip_Pa"][MIDDLE],
            principal=metrics["principal_stress_tip_Pa"][MIDDLE],
            maximum=peak(result, result.along_anode("von_mises")),
            pressure=metrics[f"lithium_pressure_{lithium}_Pa"],
            time=float(result.case.operation.plating_time),
            thickness=anode.at(*middle(result).tip, anode.running_mean(anode.thickness)),
            grows=lithium != "yielded",
        )

    def at(self, thickness: Floats) -> Floats:
        """Von Mises stress in Pa at the tip when it has grown by `thickness` (m)."""
        factor = thickness / self.thickness if self.grows else np.ones_like(thickness)
        return np.asarray(self.tip * factor)

    def reaches(self, level: float) -> tuple[float, float] | None:
        """Time (s) and thickness at the tip (m) when it reaches `level` (Pa), if it ever does."""
        factor = level / self.tip
        return (self.time * factor, self.thickness * factor) if self.grows else None


def draw_stress(found: Mapping[Key, Stress], limits: Mapping[str, float]) -> Figure:
    """Von Mises stress at the tip against plated thickness and time, for all models of lithium."""
    reference = found["rigid", "stick", CASE_LAW]
    rate = reference.thickness / reference.time
    h = np.geomspace(1e-8, 1e-5, 2)
    small, empty = limits["small_strain"] * 1e6, limits["empty_time"] * rate * 1e6
    flow, crack = limits["hardness"] / 3e6, limits["fracture_pressure"] / 1e6
    colours = {"rigid": BLUE, "elastic": ORANGE, "yielded": GREEN}
    with fem.plot.style():
        figure, ax = plt.subplots(figsize=(5.2, 4.2), layout="constrained")
        ax.axvspan(small, h[-1] * 1e6, color="0.92", linewidth=0, zorder=0)
        ax.axhspan(REPORTED[0] / 1e6, REPORTED[1] / 1e6, color="0.72", linewidth=0, zorder=1)
        for lithium, contact in MODELS:
            line, width = ("-", 2.0) if contact == "stick" else ((0, (5, 3)), 1.0)
            look = {"color": colours[lithium], "linestyle": line, "linewidth": width}
            label = f"{lithium} lithium" + ("" if lithium == "yielded" else f", {contact}s")
            stress = found[lithium, contact, CASE_LAW].at(h)
            ax.loglog(h * 1e6, stress / 1e6, label=label, **look)
        for draw, level in ((ax.axhline, flow), (ax.axhline, crack), (ax.axvline, empty)):
            draw(level, color="0.3", linewidth=0.7, linestyle=":")
        for x, y, text, rotation, side in (
            (0.0108, 7.75e3, "reported, 6–10 GPa", 0, "left"),
            (0.0108, 1.08 * flow, "hardness / 3: flow", 0, "left"),
            (0.95 * empty, 1.08 * crack, "pressure that opens a 10 µm flaw", 0, "right"),
            (1.06 * empty, 2.1, "live particles empty", 90, "left"),
            (1.04 * small, 0.62, "beyond small strain: h / ρ > 0.1", 0, "left"),
        ):
            look = {"ha": side, "va": "center" if y > 5e3 else "bottom", "fontsize": "small"}
            ax.text(x, y, text, rotation=rotation, **look)
        ax.set(xlim=(h[0] * 1e6, h[-1] * 1e6), xlabel="lithium plated at the middle tip, h (µm)")
        ax.set(ylim=(0.5, 4e4), ylabel="von Mises stress within 2 µm of the tip (MPa)")
        scale = (lambda x: x * 1e-6 / rate, lambda t: t * rate * 1e6)
        above = ax.secondary_xaxis("top", functions=scale)
        above.set_xlabel("plating time at 100 A/m² (s)")
        for axis in (ax.xaxis, ax.yaxis, above.xaxis):
            axis.set_major_formatter("{x:g}")
        ax.legend(loc="lower right", bbox_to_anchor=(0.9, 0.12), frameon=False)
    return figure


# %%
# What the drawn cell holds and bears
# -----------------------------------


def capacity(result: Result) -> dict[str, float]:
    """What the drawn bed can give, from one set of material data.

    `c_rate` refers to all particles between the limits of the library's stoichiometry, and
    `c_rate_paper` to the 200 mA/g of the paper; `empty_time` is how long the live particles last
    at this current if it empties them evenly, in s.
    """
    discs, active = result.particles, library()[result.case.geometry.cathode.particles.material]
    areas = np.pi / 4 * discs.diameter**2 / result.geometry.width
    window = active["stoichiometry_max"].value - active["stoichiometry_min"].value
    density = FARADAY * active["max_concentration"].value * window
    paper = 200.0 * 3.6e3 * active["density"].value  # 200 A h/kg in C/m^3
    return {
        "c_rate": result.applied * 3600.0 / (areas.sum() * density),
        "c_rate_paper": result.applied * 3600.0 / (areas.sum() * paper),
        "empty_time": areas[discs.active].sum() * density / result.applied,
    }


def limits_of(result: Result) -> dict[str, float]:
    """Flaws and plated thickness (m), pressure and hardness (Pa), when the bed is empty (s)."""
    electrolyte, deposit = library()[result.case.geometry.separator.material], middle(result)
    return {
        "flaw": float(result.case.mechanics.flaw_size),
        "flaw_for_40_MPa": (electrolyte["fracture_toughness"].value / 40e6) ** 2 / np.pi,
        "fracture_pressure": result.metrics["fracture_pressure_Pa"],
        "hardness": electrolyte["hardness"].value,
        "small_strain": SMALL_STRAIN * deposit.half_width**2 / deposit.depth,
        "empty_time": capacity(result)["empty_time"],
    }


# %%
# What the paper reports, and what came out
# -----------------------------------------
# A row is what the paper states, what came out, and under which assumption.


def table(numbers: Mapping[str, Any], flat: Result, deposits: Result) -> list[tuple[str, ...]]:
    """The rows, with all `numbers` that `main` gives back."""
    scans, stress, limits = (numbers[name] for name in ("nonuniformity", "stress", "limits"))
    equal, one = (
        {w: percent(scans[w, p]) for w in STYLES} for p in ("equal flux", "one potential")
    )
    none, clean, poor = (numbers["focusing"][law] for law in TRIO)
    hot, x, y = clean.electrolyte_maximum
    applied, drop, seconds = deposits.applied, numbers["fields"], flat.case.operation.plating_time

    def place(at: tuple[float, float]) -> str:
        near = (np.hypot(*np.subtract(at, each.tip)) for each in deposits.geometry.deposits)
        return "tip" if min(near) < 2e-6 else f"({at[0] * 1e6:.0f}, {at[1] * 1e6:.0f}) um"

    def places(lithium: str) -> str:
        return " / ".join(place(stress[lithium, "stick", law].maximum) for law in TRIO)

    def reach(lithium: str, contact: str = "stick", law: str = CASE_LAW) -> str:
        found = stress[lithium, contact, law]
        if not found.grows:
            return f"never ({found.tip / 1e6:.1f} MPa at any time)"
        (t, h), (until, most) = (found.reaches(level) for level in REPORTED)
        return f"{t:.0f}-{until:.0f} s, {h * 1e6:.1f}-{most * 1e6:.1f} um"

    models = [stress[lithium, "stick", CASE_LAW] for lithium in ("rigid", "elastic", "yielded")]
    rigid, elastic, _ = models
    critical, third, eta = limits["fracture_pressure"], limits["hardness"] / 3, clean.overpotential
    small, flaw, cell = limits["small_strain"], limits["flaw_for_40_MPa"], numbers["capacity"]
    shift = pressure_potential(np.array(1.0), library()["lithium"]["molar_volume"].value)
    late = "later" if elastic.reaches(REPORTED[1])[0] > cell["empty_time"] else "sooner"
    live = cell["c_rate"] / np.mean(deposits.particles.active)
    at_tips = all(place(each.maximum) == "tip" for each in (none, clean, poor))
    text = f"""
Lithium plates preferentially opposite active particles (flat lithium).
| Yes: {flat.metrics["focusing_max_over_mean"]:.3f} of the mean at the walls, above live particles,
and {flat.metrics["focusing_min_over_mean"]:.3f} above the dead third.
| 100 A/m2; i0 320 A/m2 at lithium, 2 A/m2 at particles of one potential; pitch 20 um.

The nonuniformity grows with deposition time.
| Thickest minus thinnest lithium grows in proportion to time:
{np.ptp(flat.anode.thickness) * 1e6:.3f} um after {seconds.text}. Relative to the mean it is
constant.
| Geometry and stoichiometry stay as drawn; dead particles stay the same. A relative growth needs
one of these to change.

The nonuniformity grows with current.
| Absolutely, always. Relative (wall over mean - 1) from 1 to 1000 A/m2: {equal["none"]} without
resistance, {equal["ohmic 320"]} and {equal["ohmic 30"]} with ohmic ones, {equal[CASE_LAW]} and
{equal[POOR]} with Butler-Volmer kinetics of 320 and 30 A/m2.
| Equal flux from live particles. A relative growth needs kinetics that soften: it is a property of
Butler-Volmer, not of uneven flux as such.

(the same)
| {one["none"]} without resistance, {one["ohmic 320"]} and {one["ohmic 30"]} ohmic, {one[CASE_LAW]}
and {one[POOR]} with Butler-Volmer.
| Live particles at one potential, Butler-Volmer with 2 A/m2. They soften too, so those beside the
dead third take over more of its share. This evens out the flux.

Fig. 4c: the largest potential drop lies between deposits and the live cathode.
| Yes: {drop["deposit"] / 1e3:.2f} mV/um below the middle deposit, {drop["wall"] / 1e3:.2f} mV/um at
the wall.
| Drop from the bed's edge to the lithium over their distance; i0 320 A/m2.

Fig. 4d: the Li+ flux is largest between deposits and the live cathode.
| Along the lithium {"yes: the maximum is at a tip" if at_tips else "not always"},
{none.max_over_mean:.2f} / {clean.max_over_mean:.2f} / {poor.max_over_mean:.2f} of the mean, and
{none.tip_over_applied:.2f} / {clean.tip_over_applied:.2f} / {poor.tip_over_applied:.2f} of the
applied current at the middle one. In the whole electrolyte it is at a particle of the front row
({hot:.0f} A/m2 at x = {x * 1e6:.0f}, y = {y * 1e6:.0f} um; {clean.tip_over_applied * applied:.0f}
A/m2 at the tip); without resistance the two are level ({none.electrolyte_maximum[0]:.0f} and
{none.tip_over_applied * applied:.0f} A/m2).
| no resistance / i0 320 / i0 30 A/m2. Deposits lengthen the lithium line, so the mean is
{deposits.metrics["anode_plating_mean_A_m2"]:.1f} A/m2.

Most of the flux plates at the deposits.
| {100 * none.share:.0f} / {100 * clean.share:.0f} / {100 * poor.share:.0f} % of the current plates
on the three deposits, which are {100 * clean.extent:.0f} % of the lithium line: more than their
share, and more than half without resistance.
| no resistance / i0 320 / i0 30 A/m2, and deposits of 30 x 12 um. The paper gives no shape, and
shape decides as much as kinetics: zheng2023_geometry.py draws others.

Fig. 4e-f: von Mises stress concentrates where deposits face the cathode.
| Maximum along the lithium for no resistance / i0 320 / i0 30: rigid lithium {places("rigid")};
elastic {places("elastic")}.
| Lithium sticks; feet filleted with 2 um. With rigid lithium and nearly uniform plating (poor
contacts) the feet win: there two plated faces squeeze a corner.

It reaches almost 6-10 GPa.
| Rigid lithium: {reach("rigid")} at the tip (sliding: {reach("rigid", "slide")}; no resistance:
{reach("rigid", "stick", "none")}; i0 30: {reach("rigid", "stick", POOR)}). Elastic:
{reach("elastic")} (sliding: {reach("elastic", "slide")}). Yielded: {reach("yielded")}.
| Mean within 2 um of the tip. The range is met if lithium is rigid and plates for one to two
minutes. The time is free, and so is the result: stress is proportional to it. Small strain holds up
to {small * 1e6:.2f} um ({small / rigid.thickness * rigid.time:.0f} s; {rigid.at(small) / 1e9:.1f}
GPa if rigid): beyond it, read the numbers as indicators.

That exceeds the critical yield strength of 5 GPa.
| 5 GPa is exceeded after {rigid.reaches(5e9)[0]:.0f} s with rigid lithium; a third of the hardness
({third / 1e9:.2f} GPa) after {rigid.reaches(third)[0]:.1f} s.
| A yield strength above the hardness (1 GPa in the library, an assumption; LGPS has 0.4 to 0.5)
cannot be: the electrolyte would flow, or break in tension (largest principal stress
{rigid.principal / 1e9:.2f} GPa after {rigid.time:g} s), long before.

It may exceed the stress that propagates a crack, about 40 MPa.
| {critical / 1e6:.1f} MPa for a flaw of {limits["flaw"] * 1e6:g} um at a surface (f = 1.12), or one
of {flaw * 1e6:.1f} um with f = 1. Lithium pressure over it, rigid / elastic / yielded:
{" / ".join(f"{m.pressure / critical:.3g}" for m in models)} after {rigid.time:g} s.
| K = 0.25 MPa m^0.5 as in the paper; the flaw is assumed, since the paper does not give it. The
model of lithium decides: deposits of this shape crack nothing if their lithium can flow back to the
foil.

(not discussed: pressure slows plating)
| Plating at the tip is driven by {eta * 1e3:.1f} mV and stalls at {eta / shift / 1e6:.0f} MPa;
after {rigid.time:g} s the pressure takes
{" / ".join(f"{m.pressure * shift * 1e3:.3g}" for m in models)} mV with rigid / elastic / yielded
lithium.
| V p / F, 0.135 mV per MPa. Stresses of rigid and elastic lithium are upper limits: current would
turn to the rest of the foil first.

(not discussed: 100 A/m2 is fast)
| {cell["c_rate"]:.1f} C of the drawn bed ({cell["c_rate_paper"]:.1f} C by 200 mA/g), {live:.0f}
C of its live third, which is empty after {cell["empty_time"]:.0f} s even if nothing limits
diffusion.
| All particles keep one stoichiometry in the model. With elastic lithium 10 GPa come {late} than
that."""
    rows = [row.split("\n| ") for row in text.strip().split("\n\n")]
    return [tuple(" ".join(cell.split()) for cell in row) for row in rows]


def beside_the_paper(numbers: Mapping[str, Any]) -> dict[str, float | list[float]]:
    """Numbers that a statement of the paper can be held against; pairs are ranges.

    These are the least and the largest over laws of lithium (and of particles), all sticking.
    """

    def span(values: Iterable[float]) -> list[float]:
        known = [float(value) for value in values]
        return [min(known), max(known)]

    applied = numbers["applied"]
    stress = [each for (_, contact, _), each in numbers["stress"].items() if contact == "stick"]
    focus, limits, drop = numbers["focusing"].values(), numbers["limits"], numbers["fields"]
    flaws = (limits["flaw_for_40_MPa"] / limits["flaw"]) ** 0.5
    return {
        "opposite_live_over_mean": numbers["flat"]["focusing_max_over_mean"],
        "points_more_uneven_at_1000_A_m2": span(
            100 * (scan.excess[-1] - scan.excess[0]) for scan in numbers["nonuniformity"].values()
        ),
        "drop_below_deposit_over_wall": drop["deposit"] / drop["wall"],
        "tip_over_mean_of_lithium": span(each.max_over_mean for each in focus),
        "tip_over_largest_in_electrolyte": span(
            each.tip_over_applied * applied / each.electrolyte_maximum[0] for each in focus
        ),
        "percent_on_deposits": span(100 * each.share for each in focus),
        "von_mises_tip_GPa": span(each.tip / 1e9 for each in stress),
        "lithium_pressure_over_fracture_pressure": span(
            each.pressure / limits["fracture_pressure"] for each in stress
        ),
        "fracture_pressure_MPa": span([40.0 * flaws, limits["fracture_pressure"] / 1e6]),
    }


def as_text(rows: Sequence[Sequence[str]], widths: tuple[int, ...] = (30, 54, 46)) -> str:
    """The rows as a table of plain text with wrapped cells."""
    rule, lines = "  ".join("-" * width for width in widths), []
    for row in [("the paper reports", "what came out", "under which assumption"), *rows]:
        cells = [textwrap.wrap(text, width) for text, width in zip(row, widths, strict=True)]
        for parts in zip_longest(*cells, fillvalue=""):
            padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
            lines.append("  ".join(padded).rstrip())
        lines.append(rule)
    return "\n".join(lines)


# %%
# Run it all
# ----------


def main(out: str | Path = "out/zheng2023", size: str | None = None) -> dict[str, Any]:
    """Solve, draw and print everything; figures and the table go to `out`.

    `size` is the element size on interfaces, such as ``"2 um"``; that of the case files if left
    out. Returns the numbers behind figures and table, in SI units.
    """
    changes = {} if size is None else {"mesh.size": size}
    flat_cell, cell = (
        fem.Cell.of(fem.Case.load(Path(__file__).with_name(name)).replace(changes))
        for name in (FLAT, DEPOSITS)
    )
    flat, runs = fem.run(flat_cell), solve_deposits(cell)
    deposits = runs["rigid", "stick", CASE_LAW]
    numbers = {
        "flat": dict(flat.metrics),
        "applied": deposits.applied,
        "deposits": dict(deposits.metrics),
        "nonuniformity": nonuniformity(flat_cell),
        "focusing": {law: focusing(runs["rigid", "stick", law]) for law in TRIO},
        "fields": fields_across_separator(deposits),
        "stress": {key: Stress.of(result) for key, result in runs.items()},
        "capacity": capacity(deposits),
        "limits": limits_of(deposits),
    }
    numbers["table"] = table(numbers, flat, deposits)
    figures = {
        "flat": fem.plot.panel(flat),
        "figure_4": fem.plot.panel(deposits),
        "von_mises_against_thickness": draw_stress(numbers["stress"], numbers["limits"]),
        "nonuniformity": draw_nonuniformity(numbers["nonuniformity"], flat.applied),
    }
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        with fem.plot.style():
            figure.savefig(folder / f"{name}.png", dpi=200)
            figure.set_layout_engine("none")  # settled by the first drawing
            figure.savefig(folder / f"{name}.pdf", dpi=300)
    text = as_text(numbers["table"])
    (folder / "table.txt").write_text(text + "\n", encoding="utf-8")
    (folder / "numbers.json").write_text(json.dumps(beside_the_paper(numbers), indent=1), "utf-8")
    print(text)
    return numbers


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The two scenarios of Zheng 2023.")
    parser.add_argument("--out", default="out/zheng2023", help="folder of figures and table")
    parser.add_argument("--size", help='element size on interfaces, such as "2 um"')
    given = parser.parse_args()
    main(given.out, given.size)
