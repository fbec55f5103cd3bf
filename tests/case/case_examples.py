"""Cases that the tests of this folder start from, as nested dicts."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

PARTICLES: dict[str, Any] = {
    "title": "two protrusions",
    "geometry": {
        "width": "420 um",
        "depth": "1 m",
        "anode": {
            "material": "lithium",
            "thickness": "50 um",
            "protrusions": [
                {"x": "210 um", "depth": "30 um", "half_width": "12 um", "fillet": "2 um"},
                {"x": "0 um", "depth": "10 um", "half_width": "5 um"},
            ],
            "isolated": [
                {"x": "100 um", "y": "150 um", "half_width": "4 um", "half_height": "2 um"}
            ],
        },
        "separator": {"material": "LPSCl", "thickness": "100 um"},
        "cathode": {
            "kind": "particles",
            "electrolyte": "LPSCl",
            "conductivity_factor": 0.5,
            "thickness": "100 um",
            "particles": {
                "layout": "lattice",
                "rows": 5,
                "columns": 21,
                "diameter": "10 um",
                "material": "NCM811",
            },
            "wiring": {"kind": "ideal"},
        },
    },
    "inactive": {
        "between": ["140 um", "280 um"],
        "outside": ["10 um", "410 um"],
        "ids": [0, 104],
        "fraction": 0.2,
        "seed": 3,
    },
    "kinetics": {
        "anode": {
            "exchange_current_density": "320 A/m^2",
            "anodic_transfer_coefficient": 0.4,
            "double_layer_capacitance": "0.1 F/m^2",
        },
        "cathode": {"area_resistance": "5 ohm*cm^2", "stoichiometry": 0.5},
    },
    "materials": {"LPSCl": {"ionic_conductivity": "0.3 S/m", "poisson_ratio": 0.27}},
    "operation": {
        "kind": "snapshot",
        "current_density": "100 A/m^2",
        "temperature": "30 degC",
        "plating_time": "30 s",
    },
    "mechanics": {
        "enabled": True,
        "lithium": "elastic",
        "contact": "slide",
        "kinematics": "generalised plane strain",
        "top": "plate",
        "stack_pressure": "5 MPa",
        "compare_lithium": ["yielded"],
        "flaw_size": "10 um",
        "flaw_shape_factor": 1.12,
    },
    "mesh": {"size": "1 um", "growth": 0.3, "max_size": "20 um"},
}

PACKING: dict[str, Any] = {
    "layout": "random",
    "fraction": 0.4,
    "diameter": "8 um",
    "spread": 1.2,
    "gap": "0.5 um",
    "grains": {"fraction": 0.2, "diameter": "12 um", "spread": 1.1},
    "seed": 1,
    "material": "NCM811",
}

CLUSTERED: dict[str, Any] = {"kind": "clustered", "length": "20 um"}

PATTERNS: dict[str, dict[str, Any]] = {
    "random": {},
    "clustered": {"length": "40 um"},
    "depth": {"near": "collector", "decay": "30 um"},
    "size": {"exponent": 2},
    "map": {
        "file": str(Path(__file__).parents[2] / "meshes" / "cathode.png"),
        "black": 0.1,
        "white": 0.8,
    },
}

SIZES: list[dict[str, Any]] = [
    {"diameter": "10 um", "share": 0.7},
    {"diameter": "6 um", "share": 0.3},
]

IMAGE: dict[str, Any] = {
    "file": str(Path(__file__).parents[2] / "meshes" / "cathode.png"),
    "pixel_size": "0.5 um",
    "labels": {"void": 0, "electrolyte": [1], "active": [2, "4-9"]},
    "electrolyte": "LPSCl",
    "active": "NCM811",
    "phases": [
        {
            "name": "carbon",
            "labels": 12,
            "ionic_conductivity": "0.01 S/m",
            "electronic_conductivity": "100 S/m",
        }
    ],
    "slice": 0,
    "crop": [0, 0, 240, 150],
    "bin": 1,
    "specks": 4,
    "smoothing": 0.5,
    "islands": "refuse",
    "wiring": {"kind": "ideal"},
}

WIRING: dict[str, dict[str, Any]] = {
    "ideal": {},
    "effective": {"conductivity": "10 S/m"},
    "resolved": {
        "contact_gap": "0.5 um",
        "contact_resistance": "1 ohm*m",
        "out_of_plane_conductance": "0.1 S/m",
        "fading": True,
    },
}

PLANE: dict[str, Any] = {
    "geometry": {
        "width": "20 um",
        "anode": {"thickness": "5 um"},
        "separator": {"material": "LPSCl", "thickness": "30 um"},
        "cathode": {"kind": "plane", "material": "InLi", "thickness": "10 um"},
    },
    "kinetics": {
        "anode": {"exchange_current_density": "320 A/m^2"},
        "cathode": {"exchange_current_density": "2 A/m^2"},
    },
    "operation": {"overpotential": "-50 mV"},
    "mechanics": {"enabled": False},
}

MESH: dict[str, Any] = {
    "file": str(Path(__file__).with_name("layers.msh")),
    "unit": "1 um",
    "labels": {
        "lithium": ["Li"],
        "separator": "SE",
        "electrolyte": "catholyte*",
        "active": ["AM"],
        "void": ["pore *"],
    },
    "separator": "LPSCl",
    "electrolyte": "LPSCl",
    "active": "NCM811",
    "conductivity_factor": 0.5,
    "wiring": {"kind": "ideal"},
}

PROTOCOL: dict[str, Any] = {
    "kind": "protocol",
    "temperature": "30 degC",
    "steps": [
        {
            "charge": "100 A/m^2",
            "until": {
                "voltage": "4.2 V",
                "time": "1 h",
                "capacity": "1 mAh/cm^2",
                "stoichiometry": 0.3,
                "thickness": "5 um",
            },
        },
        {"hold": "4.2 V", "until": {"current": "5 A/m^2", "time": "10 h"}},
        {"rest": "10 min"},
        {
            "repeat": 3,
            "steps": [
                {"discharge_rate": 0.1, "until": {"voltage": "3 V"}},
                {"repeat": 2, "steps": [{"rest": "1 s"}]},
                {"charge_rate": 0.2, "until": {"voltage": "4.2 V"}},
            ],
        },
        {"discharge": "1 mA/cm^2", "until": {"voltage": "3 V"}},
    ],
}

AXES: dict[str, dict[str, Any]] = {
    "same": {"angle": "30 deg", "tilt": "10 deg"},
    "file": {"file": str(Path(__file__).with_name("axes.csv"))},
    "drawn": {"within": "space", "seed": 1},
}

INTERLAYER: dict[str, Any] = {
    "pressure": "3 MPa",
    "electrolyte": {
        "exchange_current_density": "300 A/m^2",
        "area_resistance": "1 ohm*cm^2",
        "double_layer_capacitance": "0.1 F/m^2",
        "opening_pressure": "100 MPa",
        "nucleation_overpotential": "5 mV",
        "unbonded": ["0 um", "5 um"],
    },
    "pores": {
        "exchange_current_density": "300 A/m^2",
        "area_resistance": "1 ohm*cm^2",
        "double_layer_capacitance": "0.1 F/m^2",
        "opening_pressure": "10 MPa",
        "nucleation_overpotential": "5 mV",
        "surface_area": "1e6 1/m",
        "porosity": 0.3,
    },
    "collector": {
        "exchange_current_density": "300 A/m^2",
        "double_layer_capacitance": "0.1 F/m^2",
        "opening_pressure": "3 MPa",
        "nucleation_overpotential": "5 mV",
    },
    "carbon": {
        "exchange_current_density": "1 A/m^2",
        "area_resistance": "1 ohm*cm^2",
        "double_layer_capacitance": "0.01 F/m^2",
        "surface_area": "1e6 1/m",
        "stoichiometry": 0.02,
    },
}

STEPPING: dict[str, Any] = {
    "tolerance": 1e-4,
    "first": "10 ms",
    "longest": "1 min",
    "stoichiometry": 0.01,
    "thickness": "0.1 um",
    "most_steps": 5000,
}


def particles() -> dict[str, Any]:
    return copy.deepcopy(PARTICLES)


def wavy() -> dict[str, Any]:
    """The cell of `particles` with a sine in place of its protrusions."""
    data = particles()
    del data["geometry"]["anode"]["protrusions"]
    data["geometry"]["anode"]["surface"] = {"amplitude": "2 um", "wavelength": "40 um"}
    return data


def packed(*, sizes: bool = False, structure: dict[str, Any] | None = None) -> dict[str, Any]:
    """The cell of `particles` with a random packing: of one log-normal size, or of a table."""
    data, packing = particles(), copy.deepcopy(PACKING)
    if structure is not None:
        packing["structure"] = structure
    if sizes:
        del packing["diameter"], packing["spread"]
        packing["sizes"] = copy.deepcopy(SIZES)
    data["geometry"]["cathode"]["particles"] = packing
    data["inactive"] = {"fraction": 0.2, "seed": 3, "clusters": 2}
    return data


def patterned(kind: str) -> dict[str, Any]:
    """The cell of `particles`, whose inactive ones are drawn by a kind of pattern."""
    data = particles()
    data["inactive"]["pattern"] = {"kind": kind} | copy.deepcopy(PATTERNS[kind])
    return data


def wired(composite: str, kind: str) -> dict[str, Any]:
    """The cell of `particles`, or that of an "image" or a "mesh", with a kind of wiring."""
    data = {"image": pictured, "mesh": meshed}.get(composite, particles)()
    data["geometry"][composite]["wiring"] = {"kind": kind} | copy.deepcopy(WIRING[kind])
    if kind == "resolved":  # contacts that fade need faces that part
        data["mechanics"] = {"enabled": True}
        data["interfaces"] = {"particle_particle": {"bond": "none"}}
    return data


def pictured() -> dict[str, Any]:
    """A cell whose composite is a sample image, below a drawn separator and lithium."""
    data = plane()
    del data["geometry"]["width"], data["geometry"]["cathode"]
    data["geometry"]["image"] = copy.deepcopy(IMAGE)
    return data


def listed() -> dict[str, Any]:
    """The cell of `particles` with discs from a file."""
    data = particles()
    file = str(Path(__file__).with_name("discs.csv"))
    data["geometry"]["cathode"]["particles"] = {
        "layout": "file", "file": file, "unit": "1 um", "overlap": "clip", "material": "NCM811",
    }  # fmt: skip
    data["inactive"] = {"fraction": 0.2, "seed": 3}
    return data


def meshed() -> dict[str, Any]:
    """A cell that is all from a mesh, with each key that such a table may have."""
    data = plane()
    data["geometry"] = {"anode": {}, "mesh": copy.deepcopy(MESH)}
    return data


def plane() -> dict[str, Any]:
    return copy.deepcopy(PLANE)


def pressed() -> dict[str, Any]:
    """The cell of `particles` with faces that may part, under a stack."""
    data = particles()
    data["mechanics"] = {"enabled": True, "lithium": "elastic"}
    layers = [{"material": "LTO", "thickness": "45 um"}]
    data["stack"] = {"pressure": "5 MPa", "stiffness": "8e10 Pa/m", "layers": layers}
    bond = {
        "bond": "cohesive",
        "strength": "50 MPa",
        "toughness": "1 J/m^2",
        "stiffness": "1e16 Pa/m",
        "viscosity": "1 s",
        "friction": 0.1,
        "conducts_below": "2 nm",
        "conduction": "power",
        "contact_pressure": "0.5 GPa",
        "contact_exponent": 0.5,
    }
    kinds = ("particle_electrolyte", "particle_particle", "lithium_electrolyte")
    data["interfaces"] = {kind: dict(bond) for kind in kinds}
    return data


def reacting() -> dict[str, Any]:
    """The cell of `particles` whose electrolyte reacts at both electrodes."""
    return particles() | {
        "interphase": {
            "particle_electrolyte": {
                "growth": "self-limiting",
                "passivation_thickness": "5 nm",
                "initial_thickness": "1 nm",
                "current_density": "10 mA/m^2",
                "kinetics": "Tafel",
                "transfer_coefficient": 0.4,
                "onset": "2.6 V",
                "coating_factor": 0.67,
                "coating_resistance": "1 ohm*cm^2",
            },
            "lithium_electrolyte": {
                "growth": "parabolic",
                "passivation_thickness": "10 nm",
                "initial_thickness": "2 nm",
                "growth_rate": "1 nm/h",
                "plating_share": 0.05,
                "plating_exponent": 2.0,
                "reference_current_density": "10 A/m^2",
                "conductivity": "1e-6 S/m",
            },
        }
    }


def layered() -> dict[str, Any]:
    """A flat cell in time with an interlayer and flaws, with each key of their tables."""
    data = plane()
    data["geometry"]["anode"] |= {
        "interlayer": {"material": "carbon", "thickness": "10 um"},
        "flaw": {"size": "1 um", "shape_factor": 1.12, "growth": 0.5},
    }
    data["kinetics"]["cathode"]["stoichiometry"] = 0.5
    data["kinetics"]["cathode"]["diffusion"] = "fixed"
    data["kinetics"]["interlayer"] = copy.deepcopy(INTERLAYER)
    data["operation"] = {
        "kind": "protocol", "steps": [{"charge": "2 A/m^2", "until": {"time": "1 h"}}],
    }  # fmt: skip
    return data


def protocol() -> dict[str, Any]:
    """The cell of `particles` in time; step 3 is a loop that holds a loop."""
    return particles() | copy.deepcopy(
        {"operation": PROTOCOL, "stepping": STEPPING, "output": {"frames": 12}}
    )


def measured() -> dict[str, Any]:
    """The cell of `protocol`, whose electrons meet a resistance."""
    data = protocol()
    data["geometry"]["cathode"]["wiring"] = {"kind": "effective"} | WIRING["effective"]
    data["operation"]["steps"] = [{"electronic_resistance": "10 mV"}]
    return data


def swelling(kind: str) -> dict[str, Any]:
    """The cell of `protocol`, whose crystals swell by a kind of axis."""
    data = protocol()
    data["mechanics"]["swelling"] = True
    data["mechanics"]["axis"] = {"kind": kind} | copy.deepcopy(AXES[kind])
    return data


def jumping() -> dict[str, Any]:
    """The cell of `protocol`, whose loop leaves out cycles."""
    data = protocol()
    data["stepping"] |= {"jump": 0.02, "longest_jump": 10}
    return data


def spectrum() -> dict[str, Any]:
    """The cell of `protocol`, whose first step takes a spectrum."""
    data = protocol()
    data["operation"]["steps"][0] = {"impedance": ["1 MHz", "1 mHz"], "points_per_decade": 5}
    return data


def profiled() -> dict[str, Any]:
    """The cell of `protocol`, whose first step follows a file."""
    data = protocol()
    file = str(Path(__file__).with_name("cycle.csv"))
    data["operation"]["steps"][0] = {"profile": {"file": file, "power": "1 W/m^2"}}
    return data
