"""Everything works with everything: all pairs of features, in snapshots and in time.

`ROWS` is the smallest table that a greedy search finds in which every pair of choices that may
stand together does so in some row; what is physically exclusive is a row of `EXCLUSIVE`, and
refused before anything is drawn.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fem
from fem.cli.estimate import drawn
from fem.parameters import resolve

CHOICES: dict[str, tuple[str, ...]] = {
    "drawing": ("lattice", "packing", "image", "image with voids", "image with lithium"),
    "operation": ("snapshot", "protocol", "loop"),
    "wiring": ("ideal", "effective", "resolved"),
    "island": ("none", "isolated"),
    "particles": ("resolved", "averaged", "fixed"),
    "coupling": ("off", "none", "lithium", "particles", "both"),
    "swelling": ("no", "yes"),
    "line": ("kept", "moved"),
}
Row = dict[str, str]
STILL, MOVING = 30.0, 400.0
"""Current densities in A/m^2 of a line that is kept, and of one that moves."""


def exclusive(row: Row) -> str:
    """Why choices cannot stand together; empty if they can."""
    if row["drawing"] == "image with lithium" and row["island"] == "isolated":
        return "the image shows all lithium"
    if row["swelling"] == "yes" and row["coupling"] == "off":
        return "no stress is solved for"
    if row["operation"] == "snapshot":
        return "a snapshot keeps its stoichiometry" if row["swelling"] == "yes" else ""
    if row["swelling"] == "yes" and row["particles"] == "fixed":
        return "particles of fixed stoichiometry do not swell"
    if row["line"] == "moved" and row["coupling"] != "off":
        return "the electrolyte gives way without stress"
    return ""


def rows() -> list[Row]:
    """A table that covers all pairs of choices, by a greedy search over random rows."""
    random = np.random.default_rng(7)
    names = list(CHOICES)
    wanted = {
        ((a, x), (b, y)) for a, b in combinations(names, 2) for x in CHOICES[a] for y in CHOICES[b]
    }
    found: list[Row] = []
    for _ in range(60):
        trials = [
            {name: values[random.integers(len(values))] for name, values in CHOICES.items()}
            for _ in range(400)
        ]
        trials = [row for row in trials if not exclusive(row)]
        best = max(trials, key=lambda row: len(wanted & pairs(row)))
        gained = wanted & pairs(best)
        if gained:
            found.append(best)
            wanted -= gained
    return found


def pairs(row: Row) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    return set(combinations(row.items(), 2))


ROWS = rows()
WIRINGS = {
    "ideal": "ideal",
    "effective": {"kind": "effective", "conductivity": "0.05 S/m"},
    "resolved": {
        "kind": "resolved",
        "contact_gap": "1 um",
        "contact_resistance": "0.5 ohm*m",
        "out_of_plane_conductance": "0.2 S/m",
    },
}


def labels(kind: str) -> np.ndarray:
    """32 by 24 pixels: two particles that touch, one alone; voids; lithium on top."""
    row, column = np.mgrid[:24, :32]
    image = np.ones((24, 32), dtype=np.uint8)
    for number, (x, y, r) in enumerate([(7, 15, 5), (16, 17, 4.5), (26, 14, 4.5)]):
        image[(column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2 < r**2] = 2 + number
    if kind == "image with voids":
        image[(column - 20) ** 2 + (row - 7) ** 2 < 9] = 0
        image[10:14, :3] = 0
    if kind == "image with lithium":
        image[:4] = 9
        image[4, 10:20] = 9
    return image


def case_of(row: Row, folder: Path) -> fem.Case:
    """A small cell with these choices."""
    wiring = WIRINGS[row["wiring"]]
    anode: dict[str, Any] = {"thickness": "4 um", "motion": row["line"]}
    geometry: dict[str, Any] = {
        "anode": anode,
        "separator": {"material": "LPSCl", "thickness": "8 um"},
    }
    if row["drawing"] in ("lattice", "packing"):
        particles: dict[str, Any] = {"material": "NCM811"}
        if row["drawing"] == "lattice":
            particles |= {"rows": 1, "columns": 2, "diameter": "6 um"}
        else:
            particles |= {"layout": "random", "fraction": 0.3, "diameter": "4 um", "seed": 3,
                          "gap": "0.5 um"}  # fmt: skip
        geometry |= {
            "width": "16 um",
            "cathode": {
                "electrolyte": "LPSCl", "thickness": "8 um", "particles": particles,
                "wiring": wiring,
            },
        }  # fmt: skip
    else:
        path = folder / "labels.npy"
        np.save(path, labels(row["drawing"]))
        known: dict[str, Any] = {"electrolyte": 1, "active": "2-8"}
        if row["drawing"] == "image with voids":
            known["void"] = 0
        if row["drawing"] == "image with lithium":
            known["lithium"] = 9
            del geometry["separator"], anode["thickness"]
            anode["reserve"] = "1 um"
        geometry["image"] = {
            "file": str(path), "pixel_size": "0.5 um", "labels": known, "electrolyte": "LPSCl",
            "active": "NCM811", "specks": 0, "wiring": wiring,
        }  # fmt: skip
    if row["island"] == "isolated":
        top = 8.0 if row["drawing"] in ("lattice", "packing") else 12.0
        anode["isolated"] = [
            {"x": "8 um", "y": f"{top + 4.0} um", "half_width": "2 um", "half_height": "1.5 um"}
        ]
    # A line moves once a twentieth of an element is plated.
    density = MOVING if row["line"] == "moved" else STILL
    charge = {"charge": f"{density} A/m^2", "until": {"time": "4 s"}}
    steps: list[dict[str, Any]] = [charge]
    if row["operation"] == "loop":
        steps = [
            {
                "repeat": 2,
                "steps": [
                    {"charge": f"{density} A/m^2", "until": {"time": "2 s"}},
                    {"discharge": f"{0.7 * density} A/m^2", "until": {"time": "1 s"}},
                ],
            },
            {"rest": "2 s"},
        ]
    operation: dict[str, Any] = {"kind": "protocol", "steps": steps}
    if row["operation"] == "snapshot":
        operation = {"current_density": "30 A/m^2", "plating_time": "4 s"}
    coupling = row["coupling"]
    mechanics: dict[str, Any] = {"enabled": coupling != "off"}
    if coupling != "off":
        mechanics |= {
            "lithium": "elastic", "coupling": coupling, "swelling": row["swelling"] == "yes",
        }  # fmt: skip
    elif row["swelling"] == "yes":
        mechanics["swelling"] = True
    return fem.Case.from_dict(
        {
            "geometry": geometry,
            "kinetics": {
                "anode": {"exchange_current_density": "50 A/m^2"},
                "cathode": {
                    "exchange_current_density": "2 A/m^2",
                    "stoichiometry": 0.7,
                    "diffusion": row["particles"],
                },
            },
            "materials": {"NCM811": {"chemical_diffusivity": "1e-12 m^2/s"}},
            "operation": operation,
            "mechanics": mechanics,
            "mesh": {"size": "2 um", "max_size": "4 um"},
            "stepping": {"first": "0.1 s", "longest": "0.4 s"},
        }
    )


def name_of(row: Row) -> str:
    return ",".join(row.values())


def test_every_pair_is_covered_or_exclusive() -> None:
    """A pair that no row holds is exclusive by itself, whatever the other choices are."""
    held = set().union(*map(pairs, ROWS))
    plain = {name: values[0] for name, values in CHOICES.items()} | {"operation": "protocol"}
    for a, b in combinations(CHOICES, 2):
        for x in CHOICES[a]:
            for y in CHOICES[b]:
                if ((a, x), (b, y)) not in held:
                    # Swelling needs a stress to be solved for, whichever it is.
                    base = plain | ({"coupling": "none"} if "swelling" in (a, b) else {})
                    assert exclusive(base | {a: x, b: y}), (a, x, b, y)
    assert len(ROWS) <= 30


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_choices_work_together(row: Row, tmp_path: Path) -> None:
    """Checked, run, and accounted for: 1e-10 of lithium and charge in every row."""
    case = case_of(row, tmp_path)
    resolve(case, drawn(case))
    result = fem.run(case)
    metrics = result.metrics
    moving = row["line"] == "moved" and row["operation"] != "snapshot"
    assert np.isfinite(result.fields["phi_e"]).any()
    assert metrics["newton_residual"] <= 1e-9
    if row["operation"] != "loop":
        density = MOVING if moving else STILL
        assert metrics["current_density_A_m2"] == pytest.approx(density, rel=1e-9)
        # Power that is fed in and lost: it holds for a solution, not for imposed totals.
        parts = [metrics["overpotential_anode_V"], metrics["overpotential_cathode_V"]]
        names = ("electrolyte", "electrons", "concentration", "stress")
        parts += [metrics.get(f"overpotential_{name}_V", 0.0) for name in names]
        assert sum(parts) == pytest.approx(metrics["overpotential_V"], rel=1e-6)
        assert ("overpotential_electrons_V" in metrics) == (row["wiring"] != "ideal")
    if row["operation"] == "snapshot":
        total = result.anode.mean(result.anode.thickness) * result.anode.length
        volume = metrics["current_density_A_m2"] * result.geometry.width * 4.0 * 1.29962546816e-5
        assert total == pytest.approx(volume / 96485.33212, rel=0.05)
        return
    history = result.history
    assert history is not None
    assert len(history) >= 11
    for name in ("lithium_error", "charge_error"):
        assert history[name].max() <= 1e-10
    if row["coupling"] != "off":
        assert history["work_error"].max() <= 1e-6
    if moving:
        assert history["swept_area_m2"].max() > 1e-7 * result.geometry.width
        assert history["swept_error"].max() <= 1e-6


EXCLUSIVE = {
    "swelling in a snapshot": {"operation": "snapshot", "swelling": "yes", "coupling": "none"},
    "swelling of fixed particles": {"particles": "fixed", "swelling": "yes", "coupling": "none"},
    "swelling without stress": {"swelling": "yes", "coupling": "off"},
    "moving while particles swell": {"line": "moved", "swelling": "yes", "coupling": "none"},
    "an island in an image with lithium": {"drawing": "image with lithium", "island": "isolated"},
}


@pytest.mark.parametrize("name", EXCLUSIVE)
def test_what_excludes_itself_is_refused_at_once(name: str, tmp_path: Path) -> None:
    """By the case, which `fem check` and `fem run` read alike, with a reason and a cure."""
    plain = {each: values[0] for each, values in CHOICES.items()} | {"operation": "protocol"}
    assert exclusive(plain | EXCLUSIVE[name])
    with pytest.raises(fem.InputError) as caught:
        case_of(plain | EXCLUSIVE[name], tmp_path)
    assert caught.value.cure
