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
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import fem
from fem.constants import FARADAY, GAS_CONSTANT
from fem.geometry import Geometry, Phase
from fem.laws.elasticity import von_mises
from fem.laws.fracture import critical_pressure
from fem.laws.plating import pressure_potential
from fem.laws.plating import thickness as plated_thickness
from fem.materials import Material, library
from fem.measures.anode import AnodeProfile, foil_nodes
from fem.measures.stress import lithium_pressure, process_zone_means
from fem.mesh import Mesh
from fem.parameters import Parameters, resolve
from fem.physics.charge import ChargeProblem, ChargeSolution
from fem.physics.elastic import SolidBody
from fem.physics.kinematics import Conditions
from fem.physics.mechanics import MechanicsProblem, MechanicsSolution
from fem.results.result import Result
from fem.runs.snapshot import terminals

Floats = NDArray[np.float64]

CASES = Path(__file__).parent
REPORTED = (6e9, 10e9)
"""Von Mises stress in Pa that the paper reads off its figure 4f."""
SMALL_STRAIN = 0.1
"""Plated thickness over tip radius beyond which small strain no longer holds."""
CASE_LAW = "Butler-Volmer 320"
"""The law of lithium in the case files, by its name below."""
MIDDLE = 1
"""Number of the deposit in the middle."""
CURRENTS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
"""Applied current densities of the scan in A/m^2."""
BLACK, BLUE, ORANGE, GREEN = "#222222", "#0072B2", "#D55E00", "#009E73"
"""Told apart by the colour-blind and, by their lightness, in print."""

# %%
# One mesh, many interfaces
# -------------------------
# Meshing costs ten times as much as one solve, and neither the mesh nor the conduction matrix
# depends on the kinetics. Each geometry is therefore meshed once, by `fem.run`, and kept here for
# the 58 solves that follow. On the side of mechanics, one matrix serves all profiles of a model of
# lithium, and one solve all plating times. With elements of 1 um all of it takes about 35 s of one
# core, and half of that with 2 um.


@dataclass(frozen=True)
class Bench:
    """A meshed cell that is solved again and again with other kinetics and currents."""

    case: fem.Case
    geometry: Geometry
    mesh: Mesh
    parameters: Parameters
    problem: ChargeProblem

    @classmethod
    def of(cls, case: fem.Case, result: Result) -> Bench:
        """The cell of a finished run, on its mesh; `case` may ask for more models of lithium."""
        parameters = resolve(case, result.geometry)
        problem = ChargeProblem(result.mesh, parameters.conductivity)
        return cls(case, result.geometry, result.mesh, parameters, problem)

    def solve(self, changes: Mapping[str, Any]) -> tuple[ChargeSolution, AnodeProfile]:
        """Potentials, and plating along the lithium, after `changes` to the case.

        Only kinetics and operation may change: the mesh and the conductivity stay.
        """
        case = self.case.replace(dict(changes))
        parameters = resolve(case, self.geometry)
        charge = self.problem.solve(terminals(case, self.mesh, parameters))
        nodes, s = foil_nodes(self.mesh)
        plating = -charge.reaction_at_nodes(0, nodes)
        h = plated_thickness(plating, float(case.operation.plating_time), parameters.molar_volume)
        x, y = self.mesh.nodes[:, nodes]
        return charge, AnodeProfile(s, x, y, plating, h, None, nodes)


def resistance(exchange_current_density: float, temperature: float) -> float:
    """Slope of Butler-Volmer kinetics at equilibrium, RT/(F i0), in ohm m^2."""
    return GAS_CONSTANT * temperature / (FARADAY * exchange_current_density)


def lithium_laws(temperature: float) -> dict[str, dict[str, str]]:
    """Interfaces of lithium to compare, each as the table `kinetics.anode` of a case.

    A clean contact (320 A/m^2) and a poor one (30 A/m^2), each as a reaction and as an ohmic layer
    of the same resistance at equilibrium. An area resistance of 1e-8 ohm m^2 is 1/30000 of the
    separator's: none.
    """
    laws = {"none": {"area_resistance": "1e-8 ohm*m^2"}}
    for i0 in (320.0, 30.0):
        laws[f"ohmic {i0:g}"] = {"area_resistance": f"{resistance(i0, temperature)!r} ohm*m^2"}
        laws[f"Butler-Volmer {i0:g}"] = {"exchange_current_density": f"{i0!r} A/m^2"}
    return laws


EQUAL_FLUX = {"area_resistance": "100 ohm*m^2"}
"""Table `kinetics.cathode` that makes all live particles give the same current, to 3e-5: an ohmic
layer beside which the electrolyte between them is nothing."""

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


@dataclass(frozen=True)
class Scan:
    """Nonuniformity of a flat foil: arrays over `current` (A/m^2).

    `excess` is the plating at the wall over its mean, minus one; `spread` is the largest minus the
    smallest plating current in A/m^2.
    """

    current: Floats
    excess: Floats
    spread: Floats


def nonuniformity(bench: Bench) -> dict[tuple[str, str], Scan]:
    """Scans by law of lithium and of particles ("equal flux" or "one potential")."""
    scans = {}
    own = bench.case.to_dict()["kinetics"]["cathode"]
    laws = lithium_laws(float(bench.case.operation.temperature))
    for particles, cathode in (("equal flux", EQUAL_FLUX), ("one potential", own)):
        for law, anode in laws.items():
            linear = particles == "equal flux" and "exchange_current_density" not in anode
            rows = []
            for current in (CURRENTS[0], CURRENTS[-1]) if linear else CURRENTS:
                _, profile = bench.solve(
                    {
                        "kinetics.anode": anode,
                        "kinetics.cathode": cathode,
                        "operation.current_density": f"{current!r} A/m^2",
                    }
                )
                plating = profile.plating
                excess = plating[0] / profile.mean(plating) - 1.0
                rows.append((current, float(excess), float(np.ptp(plating))))
            scans[law, particles] = Scan(*np.array(rows).T)
    return scans


STYLES = {
    "Butler-Volmer 320": (BLUE, "-", "Butler–Volmer, 320 A/m²"),
    "ohmic 320": (BLUE, "--", "ohmic, 0.82 Ω cm²"),
    "Butler-Volmer 30": (ORANGE, "-", "Butler–Volmer, 30 A/m²"),
    "ohmic 30": (ORANGE, "--", "ohmic, 8.7 Ω cm²"),
    "none": (BLACK, "-", "no resistance"),
}


def draw_nonuniformity(
    scans: Mapping[tuple[str, str], Scan], molar_volume: float, applied: float
) -> Figure:
    """Relative and absolute nonuniformity against current, and against time at `applied`."""
    time = np.array([0.0, 200.0])
    with fem.plot.style():
        figure, axes = plt.subplots(2, 2, figsize=(6.9, 5.2), layout="constrained")
        for law, (colour, line, label) in STYLES.items():
            equal, one = (scans[law, particles] for particles in ("equal flux", "one potential"))
            look = {"color": colour, "linestyle": line, "linewidth": 1.4, "label": label}
            axes[0, 0].semilogx(equal.current, 100 * equal.excess, **look)
            axes[0, 1].semilogx(one.current, 100 * one.excess, **look)
            axes[1, 0].loglog(equal.current, equal.spread, **look)
            growth = plated_thickness(
                np.interp(applied, equal.current, equal.spread) * time, 1.0, molar_volume
            )
            axes[1, 1].plot(time, growth * 1e6, **look)
        for ax in (axes[0, 0], axes[0, 1], axes[1, 0]):
            ax.set(xlabel="applied current density (A/m²)", xlim=(1, 1000))
            ax.xaxis.set_major_formatter("{x:g}")
        relative = "plating at the wall, above mean (%)"
        axes[0, 0].set(ylabel=relative, ylim=(0, 15), title="(a) equal flux from live particles")
        axes[0, 1].set(ylabel=relative, ylim=(0, 15), title="(b) live particles at one potential")
        axes[1, 0].set(ylabel="largest − smallest plating (A/m²)", title="(c) as (a), absolute")
        axes[1, 0].yaxis.set_major_formatter("{x:g}")
        axes[1, 1].set(
            xlabel="time (s)",
            ylabel="thickest − thinnest lithium (µm)",
            title=f"(d) as (a), at {applied:g} A/m²",
            xlim=time,
            ylim=(0, None),
        )
        figure.legend(
            *axes[0, 0].get_legend_handles_labels(),
            title="interface of lithium",
            loc="outside upper center",
            ncols=3,
            frameon=False,
        )
    return figure


# %%
# Second scenario: where current and stress concentrate
# -----------------------------------------------------


@dataclass(frozen=True)
class Focusing:
    """How lithium with deposits plates under one law of kinetics.

    Attributes
    ----------
    tip_over_applied, max_over_mean
        Plating (mean over 2 um of arc) at the middle tip over the applied current per cell width;
        its largest value over the mean along the lithium.
    maximum
        Where on the lithium it is largest, (x, y) in m.
    share, extent
        Part of the current that plates on deposits, and part of the lithium line that they are.
    electrolyte_maximum
        The largest current density in the whole electrolyte in A/m^2, and where: (value, x, y).
    overpotential
        At the middle tip in V, positive.
    profile
        Plating along the lithium.
    """

    tip_over_applied: float
    max_over_mean: float
    maximum: tuple[float, float]
    share: float
    extent: float
    electrolyte_maximum: tuple[float, float, float]
    overpotential: float
    profile: AnodeProfile


def focusing(bench: Bench, anode: Mapping[str, str]) -> Focusing:
    """Solve the cell with the law `anode` of lithium, and see where the current goes."""
    charge, profile = bench.solve({"kinetics.anode": dict(anode)})
    running = profile.running_mean(profile.plating)
    applied = charge.total(1) / bench.geometry.width
    tip = bench.geometry.deposits[MIDDLE].tip
    top = int(np.argmax(running))
    # The line is flat at lithium_y and below it on a deposit: integrate the part below.
    below = np.where(profile.y < bench.geometry.lithium_y - 1e-9, 1.0, 0.0)
    share = profile.mean(below * profile.plating) / profile.mean(profile.plating)
    basis = charge.space.basis
    phi = charge.space.spread(charge.potential, fill=0.0)
    flux = -charge.conductivity[:, None] * np.asarray(basis.interpolate(phi).grad)
    size = np.hypot(*flux)
    x = np.asarray(basis.global_coordinates())
    hot = np.unravel_index(int(np.argmax(size)), size.shape)
    return Focusing(
        tip_over_applied=profile.at(*tip, running) / applied,
        max_over_mean=float(running[top] / profile.mean(profile.plating)),
        maximum=(float(profile.x[top]), float(profile.y[top])),
        share=share,
        extent=profile.mean(below),
        electrolyte_maximum=(float(size[hot]), float(x[0][hot]), float(x[1][hot])),
        overpotential=profile.at(*tip, charge.potential[charge.space.number[profile.nodes]]),
        profile=profile,
    )


def fields_across_separator(result: Result) -> dict[str, float]:
    """Potential drop over distance (V/m), from the cathode's edge to the lithium above it.

    At the middle deposit, where the cathode below is live, and at the wall, where it is dead.
    """
    points, phi = result.field_mesh.points, result.fields["phi_e"]
    ionic = np.isfinite(phi)

    def potential(x: float, y: float) -> float:
        distance = np.hypot(points[ionic, 0] - x, points[ionic, 1] - y)
        return float(phi[ionic][np.argmin(distance)])

    bed = float(result.case.geometry.cathode.thickness)
    tip = result.geometry.deposits[MIDDLE].tip
    top = result.geometry.lithium_y
    return {
        "deposit": (potential(tip[0], bed) - potential(*tip)) / (tip[1] - bed),
        "wall": (potential(0.0, bed) - potential(0.0, top)) / (top - bed),
    }


# %%
# The stress problem is linear in the plated thickness if lithium is rigid or elastic, and the
# thickness is plating current times time: one solve gives the stress at all times. If lithium has
# yielded, its pressure is what squeezes it back to the foil, at any time.


@dataclass(frozen=True)
class Stress:
    """Stress in the electrolyte for one model of lithium.

    Attributes
    ----------
    tip
        Von Mises stress in Pa at the middle tip (mean over the process zone) after `time`.
    principal
        Largest principal stress there in Pa.
    maximum
        Where along the lithium von Mises stress (mean over 2 um of arc) is largest: x, y in m,
        value in Pa.
    pressure
        Of the lithium in Pa, at the most loaded tip.
    time, thickness
        Plating time in s of these numbers, and plated thickness at the middle tip in m.
    grows
        Whether stress is proportional to time.
    """

    tip: float
    principal: float
    maximum: tuple[float, float, float]
    pressure: float
    time: float
    thickness: float
    grows: bool

    def at(self, thickness: Floats) -> Floats:
        """Von Mises stress in Pa at the tip when it has grown by `thickness` (m)."""
        factor = thickness / self.thickness if self.grows else np.ones_like(thickness)
        return np.asarray(self.tip * factor)

    def reaches(self, level: float) -> tuple[float, float] | None:
        """Time (s) and thickness at the tip (m) when it reaches `level` (Pa), if it ever does."""
        if not self.grows:
            return None
        return self.time * level / self.tip, self.thickness * level / self.tip


def stress(bench: Bench, profile: AnodeProfile, problem: MechanicsProblem) -> Stress:
    """Stress that the plated lithium of `profile` brings about."""
    mesh = bench.mesh
    h, pressure = np.zeros((2, mesh.nodes.shape[1]))
    h[profile.nodes] = profile.thickness
    solution = problem.solve(h)
    pressure[solution.nodes] = solution.pressure
    tip = bench.geometry.deposits[MIDDLE].tip
    zone = process_zone_means(mesh, solution, tip)
    running = profile.running_mean(von_mises_along(mesh, solution, profile))
    top = int(np.argmax(running))
    return Stress(
        tip=zone[0],
        principal=zone[1],
        maximum=(float(profile.x[top]), float(profile.y[top]), float(running[top])),
        pressure=lithium_pressure(mesh, profile, pressure[profile.nodes]),
        time=float(bench.case.operation.plating_time),
        thickness=profile.at(*tip, profile.running_mean(profile.thickness)),
        grows=problem.conditions.lithium != "yielded",
    )


def von_mises_along(mesh: Mesh, solution: MechanicsSolution, profile: AnodeProfile) -> Floats:
    """Von Mises stress (Pa) of the electrolyte at the nodes of `profile`."""
    body = solution.bodies[0]
    electrolyte = mesh.geometry.phases[mesh.region[body.elements]] == Phase.ELECTROLYTE
    value = von_mises(solution.stress_at_nodes())[electrolyte]
    weight = np.repeat(np.asarray(body.basis.dx).sum(axis=1)[electrolyte], 6)
    node = mesh.triangles[body.elements][electrolyte].ravel()
    total = np.bincount(node, weights=weight * value.ravel(), minlength=mesh.nodes.shape[1])
    norm = np.bincount(node, weights=weight, minlength=mesh.nodes.shape[1])
    return np.asarray(total[profile.nodes] / norm[profile.nodes])


MODELS = (
    ("rigid", "stick"),
    ("rigid", "slide"),
    ("elastic", "stick"),
    ("elastic", "slide"),
    ("yielded", "stick"),
)


def stresses(bench: Bench, cases: Mapping[str, Focusing]) -> dict[tuple[str, str, str], Stress]:
    """Stress by model of lithium, contact and law of kinetics.

    All models for the kinetics of the case; rigid and elastic lithium that sticks for all laws,
    since a matrix once factorised serves every profile.
    """
    found = {}
    elastic = bench.parameters.elastic
    assert elastic is not None
    composite = SolidBody.composite(bench.mesh, elastic)
    for lithium, contact in MODELS:
        conditions = Conditions(lithium=lithium, contact=contact)
        problem = MechanicsProblem(bench.mesh, elastic, conditions, composite)
        laws = list(cases) if contact == "stick" and lithium != "yielded" else [CASE_LAW]
        for law in laws:
            found[lithium, contact, law] = stress(bench, cases[law].profile, problem)
    return found


def draw_stress(
    found: Mapping[tuple[str, str, str], Stress], limits: Mapping[str, float], radius: float
) -> Figure:
    """Von Mises stress at the tip against plated thickness and time, for all models of lithium."""
    reference = found["rigid", "stick", CASE_LAW]
    rate = reference.thickness / reference.time
    h = np.geomspace(1e-8, 1e-5, 2)
    small, empty = SMALL_STRAIN * radius, limits["empty_time"] * rate
    colours = {"rigid": BLUE, "elastic": ORANGE, "yielded": GREEN}
    with fem.plot.style():
        figure, ax = plt.subplots(figsize=(5.2, 4.2), layout="constrained")
        ax.axvspan(small * 1e6, h[-1] * 1e6, color="0.92", linewidth=0, zorder=0)
        ax.axhspan(REPORTED[0] / 1e6, REPORTED[1] / 1e6, color="0.72", linewidth=0, zorder=1)
        for lithium, contact in MODELS:
            sticks = contact == "stick"
            ax.loglog(
                h * 1e6,
                found[lithium, contact, CASE_LAW].at(h) / 1e6,
                color=colours[lithium],
                linestyle="-" if sticks else (0, (5, 3)),
                linewidth=2.0 if sticks else 1.0,
                label=f"{lithium} lithium" + ("" if lithium == "yielded" else f", {contact}s"),
            )
        levels = (limits["hardness"] / 3e6, limits["fracture_pressure"] / 1e6)
        for level in levels:
            ax.axhline(level, color="0.3", linewidth=0.7, linestyle=":")
        ax.axvline(empty * 1e6, color="0.3", linewidth=0.7, linestyle=":")
        for x, y, text, rotation, side in (
            (0.0108, 7.75e3, "reported, 6–10 GPa", 0, "left"),
            (0.0108, 1.08 * levels[0], "hardness / 3: flow", 0, "left"),
            (0.95 * empty * 1e6, 1.08 * levels[1], "pressure that opens a 10 µm flaw", 0, "right"),
            (1.06 * empty * 1e6, 2.1, "live particles empty", 90, "left"),
            (1.04 * small * 1e6, 0.62, "beyond small strain: h / ρ > 0.1", 0, "left"),
        ):
            ax.text(
                x, y, text, rotation=rotation, ha=side, va="center" if y > 5e3 else "bottom",
                fontsize="small",
            )  # fmt: skip
        ax.set(
            xlim=(h[0] * 1e6, h[-1] * 1e6),
            ylim=(0.5, 4e4),
            xlabel="lithium plated at the middle tip, h (µm)",
            ylabel="von Mises stress within 2 µm of the tip (MPa)",
        )
        scale = (lambda x: x * 1e-6 / rate, lambda t: t * rate * 1e6)
        above = ax.secondary_xaxis("top", functions=scale)
        above.set_xlabel("plating time at 100 A/m² (s)")
        for axis in (ax.xaxis, ax.yaxis, above.xaxis):
            axis.set_major_formatter("{x:g}")
        ax.legend(loc="lower right", bbox_to_anchor=(0.9, 0.12), frameon=False)
    return figure


# %%
# What the drawn cell holds
# -------------------------


def capacity(result: Result, active: Material) -> dict[str, float]:
    """What the drawn bed can give, from one set of material data.

    `c_rate` refers to all particles between the limits of the library's stoichiometry, and
    `c_rate_paper` to the 200 mA/g of the paper; `empty_time` is how long the live particles last
    at this current if it empties them evenly, in s.
    """
    discs = result.particles
    areas = np.pi / 4 * discs.diameter**2 / result.geometry.width
    window = active["stoichiometry_max"].value - active["stoichiometry_min"].value
    density = FARADAY * active["max_concentration"].value * window
    paper = 200.0 * 3.6e3 * active["density"].value  # 200 A h/kg in C/m^3
    return {
        "c_rate": result.applied * 3600.0 / (areas.sum() * density),
        "c_rate_paper": result.applied * 3600.0 / (areas.sum() * paper),
        "empty_time": areas[discs.active].sum() * density / result.applied,
    }


# %%
# What the paper reports, and what came out
# -----------------------------------------


@dataclass(frozen=True)
class Study:
    """Everything computed here."""

    flat: Result
    deposits: Result
    scans: dict[tuple[str, str], Scan]
    focusing: dict[str, Focusing]
    fields: dict[str, float]
    stresses: dict[tuple[str, str, str], Stress]
    capacity: dict[str, float]
    limits: dict[str, float]
    molar_volume: float


FLAT, DEPOSITS = "zheng2023_flat.toml", "zheng2023_protrusions.toml"


def study(size: str | None = None) -> Study:
    """Solve everything, with elements of `size` on interfaces (that of the case files if None)."""
    changes = {} if size is None else {"mesh.size": size}
    flat_case, case = (fem.Case.load(CASES / name).replace(changes) for name in (FLAT, DEPOSITS))
    materials = library()
    electrolyte = materials[case.geometry.separator.material]

    # The runs that figures show need one model of lithium only; all models come further down.
    flat = fem.run(flat_case)
    deposits = fem.run(case.replace({"mechanics.compare_lithium": []}))

    bench = Bench.of(case, deposits)
    laws = lithium_laws(float(case.operation.temperature))
    cases = {law: focusing(bench, laws[law]) for law in ("none", CASE_LAW, "Butler-Volmer 30")}
    active = next(r.material for r in deposits.geometry.regions if r.phase == Phase.ACTIVE)
    cell = capacity(deposits, materials[active])
    toughness = electrolyte["fracture_toughness"].value
    flaw = float(case.mechanics.flaw_size)
    limits = {
        "toughness": toughness,
        "flaw": flaw,
        "flaw_for_40_MPa": (toughness / 40e6) ** 2 / np.pi,
        "fracture_pressure": critical_pressure(toughness, flaw, case.mechanics.flaw_shape_factor),
        "hardness": electrolyte["hardness"].value,
        "critical_stress": electrolyte["critical_stress"].value,
        "empty_time": cell["empty_time"],
    }
    return Study(
        flat=flat,
        deposits=deposits,
        scans=nonuniformity(Bench.of(flat_case, flat)),
        focusing=cases,
        fields=fields_across_separator(deposits),
        stresses=stresses(bench, cases),
        capacity=cell,
        limits=limits,
        molar_volume=bench.parameters.molar_volume,
    )


def table(s: Study) -> list[tuple[str, str, str]]:
    """Rows of: what the paper states, what came out, under which assumption."""
    return [*flat_rows(s), *flux_rows(s), *stress_rows(s), *limit_rows(s)]


def percent(scan: Scan) -> str:
    low, high = 100 * scan.excess[0], 100 * scan.excess[-1]
    return f"{low:.1f} %" if abs(high - low) < 0.05 else f"{low:.1f} to {high:.1f} %"


def flat_rows(s: Study) -> list[tuple[str, str, str]]:
    metrics, thickness = s.flat.metrics, s.flat.anode.thickness
    time = float(s.flat.case.operation.plating_time)
    equal = {law: percent(s.scans[law, "equal flux"]) for law in STYLES}
    one = {law: percent(s.scans[law, "one potential"]) for law in STYLES}
    return [
        (
            "Lithium plates preferentially opposite active particles (flat lithium).",
            f"Yes: {metrics['focusing_max_over_mean']:.3f} of the mean at the walls, above live "
            f"particles, and {metrics['focusing_min_over_mean']:.3f} above the dead third.",
            "100 A/m2; i0 320 A/m2 at lithium, 2 A/m2 at particles of one potential; pitch 20 um.",
        ),
        (
            "The nonuniformity grows with deposition time.",
            f"Thickest minus thinnest lithium grows in proportion to time: "
            f"{np.ptp(thickness) * 1e6:.3f} um after {time:g} s. Relative to the mean it is "
            "constant.",
            "Geometry and stoichiometry stay as drawn; dead particles stay the same. A relative "
            "growth needs one of these to change.",
        ),
        (
            "The nonuniformity grows with current.",
            "Absolutely, always. Relative (wall over mean - 1) from 1 to 1000 A/m2: "
            f"{equal['none']} without resistance, {equal['ohmic 320']} and {equal['ohmic 30']} "
            f"with ohmic ones, {equal['Butler-Volmer 320']} and {equal['Butler-Volmer 30']} with "
            "Butler-Volmer kinetics of 320 and 30 A/m2.",
            "Equal flux from live particles. A relative growth needs kinetics that soften: it is "
            "a property of Butler-Volmer, not of uneven flux as such.",
        ),
        (
            "(the same)",
            f"{one['none']} without resistance, {one['ohmic 320']} and {one['ohmic 30']} ohmic, "
            f"{one['Butler-Volmer 320']} and {one['Butler-Volmer 30']} with Butler-Volmer.",
            "Live particles at one potential, Butler-Volmer with 2 A/m2. They soften too, so those "
            "beside the dead third take over more of its share. This evens out the flux.",
        ),
    ]


def flux_rows(s: Study) -> list[tuple[str, str, str]]:
    none, clean, poor = (s.focusing[law] for law in ("none", CASE_LAW, "Butler-Volmer 30"))
    trio = "no resistance / i0 320 / i0 30 A/m2"
    hot, x, y = clean.electrolyte_maximum
    applied = s.deposits.applied
    at_tip = all(_at_tip(s, f.maximum) for f in (none, clean, poor))
    return [
        (
            "Fig. 4c: the largest potential drop lies between deposits and the live cathode.",
            f"Yes: {s.fields['deposit'] / 1e3:.2f} mV/um below the middle deposit, "
            f"{s.fields['wall'] / 1e3:.2f} mV/um at the wall.",
            "Drop from the bed's edge to the lithium over their distance; i0 320 A/m2.",
        ),
        (
            "Fig. 4d: the Li+ flux is largest between deposits and the live cathode.",
            f"Along the lithium {'yes: the maximum is at a tip' if at_tip else 'not always'}, "
            f"{none.max_over_mean:.2f} / {clean.max_over_mean:.2f} / {poor.max_over_mean:.2f} of "
            f"the mean, and {none.tip_over_applied:.2f} / {clean.tip_over_applied:.2f} / "
            f"{poor.tip_over_applied:.2f} of the applied current at the middle one. In the whole "
            f"electrolyte it is at a particle of the front row ({hot:.0f} A/m2 at x = "
            f"{x * 1e6:.0f}, y = {y * 1e6:.0f} um; {clean.tip_over_applied * applied:.0f} A/m2 at "
            "the tip); without resistance the two are level "
            f"({none.electrolyte_maximum[0]:.0f} and {none.tip_over_applied * applied:.0f} A/m2).",
            trio + ". Deposits lengthen the lithium line, so the mean is "
            f"{s.deposits.metrics['anode_plating_mean_A_m2']:.1f} A/m2.",
        ),
        (
            "Most of the flux plates at the deposits.",
            f"{100 * none.share:.0f} / {100 * clean.share:.0f} / {100 * poor.share:.0f} % of the "
            f"current plates on the three deposits, which are {100 * clean.extent:.0f} % of the "
            "lithium line. Most of it only without resistance.",
            trio + ".",
        ),
    ]


def _at_tip(s: Study, place: tuple[float, float]) -> bool:
    tips = [deposit.tip for deposit in s.deposits.geometry.deposits]
    return min(float(np.hypot(place[0] - x, place[1] - y)) for x, y in tips) < 2e-6


def stress_rows(s: Study) -> list[tuple[str, str, str]]:
    rigid = [s.stresses["rigid", "stick", law] for law in s.focusing]
    elastic = [s.stresses["elastic", "stick", law] for law in s.focusing]

    def place(stress: Stress) -> str:
        x, y, _ = stress.maximum
        return "tip" if _at_tip(s, (x, y)) else f"({x * 1e6:.0f}, {y * 1e6:.0f}) um"

    def reach(lithium: str, contact: str, law: str = CASE_LAW) -> str:
        found = s.stresses[lithium, contact, law]
        first, last = (found.reaches(level) for level in REPORTED)
        if first is None or last is None:
            return f"never ({found.tip / 1e6:.1f} MPa at any time)"
        return f"{first[0]:.0f}-{last[0]:.0f} s, {first[1] * 1e6:.1f}-{last[1] * 1e6:.1f} um"

    radius = tip_radius(s.deposits)
    limit = SMALL_STRAIN * radius
    reference = rigid[1]
    return [
        (
            "Fig. 4e-f: von Mises stress concentrates where deposits face the cathode.",
            "Maximum along the lithium for no resistance / i0 320 / i0 30: rigid lithium "
            + " / ".join(place(r) for r in rigid)
            + "; elastic "
            + " / ".join(place(e) for e in elastic)
            + ".",
            "Lithium sticks; feet filleted with 2 um. With rigid lithium and nearly uniform "
            "plating (poor contacts) the feet win: there two plated faces squeeze a corner.",
        ),
        (
            "It reaches almost 6-10 GPa.",
            f"Rigid lithium: {reach('rigid', 'stick')} at the tip (sliding: "
            f"{reach('rigid', 'slide')}; no resistance: {reach('rigid', 'stick', 'none')}; i0 30: "
            f"{reach('rigid', 'stick', 'Butler-Volmer 30')}). Elastic: "
            f"{reach('elastic', 'stick')} (sliding: {reach('elastic', 'slide')}). Yielded: "
            f"{reach('yielded', 'stick')}.",
            "Mean within 2 um of the tip. The range is met if lithium is rigid and plates for "
            "one to two minutes. The time is free, and so is the result: stress is proportional "
            f"to it. Small strain holds up to {limit * 1e6:.2f} um "
            f"({limit / reference.thickness * reference.time:.0f} s; "
            f"{reference.at(np.array(limit)) / 1e9:.1f} GPa if rigid): beyond it, read the numbers "
            "as indicators.",
        ),
        (
            "That exceeds the critical yield strength of 5 GPa.",
            f"5 GPa is exceeded after {(reference.reaches(5e9) or (0,))[0]:.0f} s with rigid "
            f"lithium; a third of the hardness ({s.limits['hardness'] / 3e9:.2f} GPa) after "
            f"{(reference.reaches(s.limits['hardness'] / 3) or (0,))[0]:.1f} s.",
            "A yield strength above the hardness (1 GPa in the library, an assumption; LGPS has "
            "0.4 to 0.5) cannot be: the electrolyte would flow, or break in tension "
            f"(largest principal stress {reference.principal / 1e9:.2f} GPa after "
            f"{reference.time:g} s), long before.",
        ),
    ]


def limit_rows(s: Study) -> list[tuple[str, str, str]]:
    critical = s.limits["fracture_pressure"]
    models = [s.stresses[model, "stick", CASE_LAW] for model in ("rigid", "elastic", "yielded")]
    ratio = " / ".join(f"{m.pressure / critical:.3g}" for m in models)
    eta = s.focusing[CASE_LAW].overpotential
    stall = eta * FARADAY / s.molar_volume
    opposing = [float(pressure_potential(np.array(m.pressure), s.molar_volume)) for m in models]
    late = (models[1].reaches(REPORTED[1]) or (np.inf,))[0] - s.capacity["empty_time"]
    live = s.deposits.metrics["active_particles"] / len(s.deposits.particles.x)
    return [
        (
            "It may exceed the stress that propagates a crack, about 40 MPa.",
            f"{critical / 1e6:.1f} MPa for a flaw of {s.limits['flaw'] * 1e6:g} um at a surface "
            f"(f = 1.12), or one of {s.limits['flaw_for_40_MPa'] * 1e6:.1f} um with f = 1. "
            f"Lithium pressure over it, rigid / elastic / yielded: {ratio} after "
            f"{models[0].time:g} s.",
            "K = 0.25 MPa m^0.5 as in the paper; the flaw is assumed, since the paper does not "
            "give it. The model of lithium decides: deposits of this shape crack nothing if "
            "their lithium can flow back to the foil.",
        ),
        (
            "(not discussed: pressure slows plating)",
            f"Plating at the tip is driven by {eta * 1e3:.1f} mV and stalls at "
            f"{stall / 1e6:.0f} MPa; after {models[0].time:g} s the pressure takes "
            + " / ".join(f"{v * 1e3:.3g}" for v in opposing)
            + " mV with rigid / elastic / yielded lithium.",
            "V p / F, 0.135 mV per MPa. Stresses of rigid and elastic lithium are upper limits: "
            "current would turn to the rest of the foil first.",
        ),
        (
            "(not discussed: 100 A/m2 is fast)",
            f"{s.capacity['c_rate']:.1f} C of the drawn bed ({s.capacity['c_rate_paper']:.1f} C "
            f"by 200 mA/g), {s.capacity['c_rate'] / live:.0f} C of its live third, which is "
            f"empty after {s.capacity['empty_time']:.0f} s even if nothing limits diffusion.",
            "All particles keep one stoichiometry in the model. With elastic lithium 10 GPa come "
            f"{'later' if late > 0 else 'sooner'} than that.",
        ),
    ]


def tip_radius(result: Result) -> float:
    """Radius of curvature of the middle tip in m."""
    deposit = result.geometry.deposits[MIDDLE]
    return deposit.half_width**2 / deposit.depth


def as_text(rows: Sequence[tuple[str, str, str]], widths: tuple[int, ...] = (30, 54, 46)) -> str:
    """The rows as a table of plain text with wrapped cells."""
    heads = ("the paper reports", "what came out", "under which assumption")
    rule = "  ".join("-" * width for width in widths)
    lines = []
    for row in [heads, *rows]:
        cells = [textwrap.wrap(text, width) for text, width in zip(row, widths, strict=True)]
        for k in range(max(map(len, cells))):
            parts = [cell[k] if k < len(cell) else "" for cell in cells]
            padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
            lines.append("  ".join(padded).rstrip())
        lines.append(rule)
    return "\n".join(lines)


# %%
# Run it all
# ----------


def main(out: str | Path = "out/zheng2023", size: str | None = None) -> dict[str, Any]:
    """Solve, draw and print everything; figures and the table go to `out`.

    Parameters
    ----------
    size
        Element size on interfaces, such as ``"2 um"``; that of the case files if left out.

    Returns
    -------
    The numbers behind figures and table, in SI units.
    """
    s = study(size)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    figures = {
        "flat": fem.plot.panel(s.flat),
        "figure_4": fem.plot.panel(s.deposits),
        "von_mises_against_thickness": draw_stress(s.stresses, s.limits, tip_radius(s.deposits)),
        "nonuniformity": draw_nonuniformity(s.scans, s.molar_volume, s.flat.applied),
    }
    for name, figure in figures.items():
        with fem.plot.style():
            figure.savefig(folder / f"{name}.png", dpi=200)
            figure.set_layout_engine("none")  # settled by the first drawing
            figure.savefig(folder / f"{name}.pdf", dpi=300)
    rows = table(s)
    text = as_text(rows)
    (folder / "table.txt").write_text(text + "\n", encoding="utf-8")
    print(text)
    return {
        "flat": dict(s.flat.metrics),
        "deposits": dict(s.deposits.metrics),
        "nonuniformity": s.scans,
        "focusing": s.focusing,
        "fields": s.fields,
        "stress": s.stresses,
        "capacity": s.capacity,
        "limits": s.limits,
        "table": rows,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The two scenarios of Zheng 2023.")
    parser.add_argument("--out", default="out/zheng2023", help="folder of figures and table")
    parser.add_argument("--size", help='element size on interfaces, such as "2 um"')
    given = parser.parse_args()
    main(given.out, given.size)
