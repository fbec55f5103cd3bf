"""What single keys allow and their combination does not."""

from __future__ import annotations

from typing import Any

import pytest
from case_examples import PATTERNS, layered, particles, plane

from fem.case import Case
from fem.errors import InputError

MAP = {"kind": "map"} | PATTERNS["map"]
CLUSTERED = {"kind": "clustered"} | PATTERNS["clustered"]
ELASTIC = {"lithium": "elastic"}
LINEAR = {"growth": "linear", "current_density": "10 mA/m^2"}
PARABOLIC = {"growth": "parabolic", "passivation_thickness": "5 nm"}
PLAIN = {"mechanics.kinematics": "plane strain", "mechanics.contact": "stick"}

# changes to a valid case, the key that is blamed, words that the message has to hold
CONFLICTS: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
    (
        {"operation.overpotential": "50 mV"},
        "operation.overpotential",
        ("operation.current_density",),
    ),
    ({"operation.cell_voltage": "3.8 V"}, "operation.cell_voltage", ("operation.current_density",)),
    ({"operation.current_density": None}, "operation.current_density", ("exactly one of",)),
    (
        {
            "operation": {"cell_voltage": "3.8 V", "plating_time": "1 s"},
            "kinetics.cathode.stoichiometry": None,
        },
        "operation.cell_voltage",
        ("kinetics.cathode.stoichiometry",),
    ),
    ({"operation.plating_time": None}, "operation.plating_time", ("mechanics.enabled",)),
    ({"operation.plating_time": "0 s"}, "operation.plating_time", ("mechanics.enabled",)),
    (
        {"mechanics.solids": "plastic", "mechanics.enabled": False},
        "mechanics.solids",
        ("mechanics.enabled",),
    ),
    (
        {"mechanics.solids": "plastic", "mechanics.coupling": "lithium"},
        "mechanics.coupling",
        ("mechanics.solids", "does not act back"),
    ),
    (
        {
            "interfaces.lithium_electrolyte.bond": "none",
            "mechanics.kinematics": "plane strain",
            "mechanics.lithium": "rigid",
        },
        "mechanics.lithium",
        ("rigid lithium keeps its shape", "viscoplastic"),
    ),
    (
        {
            "interfaces.lithium_electrolyte.bond": "none",
            **PLAIN,
            "mechanics.lithium": "yielded",
        },
        "mechanics.lithium",
        ("fills every gap",),
    ),
    (
        {
            "interfaces.lithium_electrolyte.bond": "none",
            **PLAIN,
            "mechanics.lithium": "elastic",
            "mechanics.compare_lithium": [],
            "geometry.anode.fading": "0.1 um",
        },
        "geometry.anode.fading",
        ("interfaces.lithium_electrolyte",),
    ),
    (
        {
            "interfaces.lithium_electrolyte.bond": "none",
            **PLAIN,
            "mechanics.lithium": "elastic",
            "mechanics.compare_lithium": ["rigid"],
        },
        "mechanics.compare_lithium",
        ("rigid lithium keeps its shape",),
    ),
    (
        {
            "interfaces.lithium_electrolyte.bond": "none",
            **PLAIN,
            "mechanics.lithium": "elastic",
            "mechanics.compare_lithium": [],
            "mechanics.contact": "slide",
        },
        "mechanics.contact",
        ("said twice", "friction"),
    ),
    (
        {
            "interfaces.lithium_electrolyte.bond": "none",
            **PLAIN,
            "mechanics.lithium": "elastic",
            "mechanics.compare_lithium": [],
            "mechanics.coupling": "lithium",
        },
        "mechanics.coupling",
        ("step by step", "snapshot"),
    ),
    (
        {
            "interfaces.lithium_electrolyte.bond": "none",
            **PLAIN,
            "mechanics.enabled": False,
            "mechanics.compare_lithium": [],
            "mechanics.lithium": "elastic",
        },
        "interfaces",
        ("mechanics.enabled",),
    ),
    (
        {"mechanics.compare_lithium": ["viscoplastic"], "mechanics.coupling": "lithium"},
        "mechanics.coupling",
        ("mechanics.compare_lithium",),
    ),
    ({"inactive.seed": None}, "inactive.seed", ("inactive.fraction",)),
    ({"inactive.fraction": None}, "inactive.seed", ("inactive.fraction",)),
    ({"inactive": {"pattern": MAP}}, "inactive.seed", ("inactive.pattern",)),
    ({"inactive": {"pattern": CLUSTERED, "seed": 1}}, "inactive.pattern", ("inactive.fraction",)),
    (
        {"inactive.pattern": CLUSTERED, "inactive.clusters": 2},
        "inactive.clusters",
        ('pattern = "random"', "not by clustered"),
    ),
    ({"inactive": {"pattern": MAP, "seed": 1, "clusters": 2}}, "inactive.clusters", ("by map",)),
    ({"inactive.pattern": MAP | {"black": 0.8}}, "inactive.pattern.white", ("shows nothing",)),
    ({"inactive.between": ["1 um", "421 um"]}, "inactive.between", ("geometry.width", "420 um")),
    ({"inactive.outside": ["1 um", "421 um"]}, "inactive.outside", ("geometry.width",)),
    ({"inactive.ids": [3, 105]}, "inactive.ids[1]", ("105 particles", "0 to 104")),
    ({"kinetics.anode": {}}, "kinetics.anode.exchange_current_density", ("area_resistance",)),
    (
        {"kinetics.cathode.anodic_transfer_coefficient": 0.5},
        "kinetics.cathode.anodic_transfer_coefficient",
        ("exchange_current_density",),
    ),
    (
        {"kinetics.cathode.cathodic_transfer_coefficient": 0.4},
        "kinetics.cathode.cathodic_transfer_coefficient",
        ("exchange_current_density",),
    ),
    ({"mechanics.lithium": "rigid"}, "mechanics.kinematics", ("mechanics.lithium", "strain")),
    (
        {"mechanics.compare_lithium": ["rigid"]},
        "mechanics.kinematics",
        ("mechanics.compare_lithium",),
    ),
    ({"mechanics.top": "free"}, "mechanics.stack_pressure", ("mechanics.top",)),
    ({"mechanics.top": "held"}, "mechanics.stack_pressure", ("mechanics.top",)),
    (
        {
            "mechanics": {"enabled": True},
            "stack": {"layers": [{"material": "LTO", "thickness": "45 um"}]},
        },
        "stack.layers",
        ("dead weight", "stiffness"),
    ),
    (
        {
            "geometry.cathode.wiring": {
                "kind": "resolved",
                "contact_gap": "1 nm",
                "contact_resistance": "1 ohm*m",
                "fading": True,
            },
        },
        "geometry.cathode.wiring.fading",
        ("perfect bond", "interfaces.particle_particle"),
    ),
    (
        {
            "kinetics.cathode.stoichiometry": 0.9,
            "operation": {
                "kind": "protocol",
                "steps": [{"repeat": 2, "steps": [{"electronic_resistance": "10 mV"}]}],
            },
        },
        "operation.steps[0].steps[0].electronic_resistance",
        ("without loss", "effective"),
    ),
    ({"mesh.max_size": "0.5 um"}, "mesh.max_size", ("mesh.size",)),
    (
        {"mesh.size": "5.1 um"},
        "mesh.size",
        ("geometry.cathode.particles.diameter",),
    ),
    (
        {"mesh.size": "4 um", "geometry.separator.thickness": "3 um"},
        "mesh.size",
        ("geometry.separator.thickness", "3 um"),
    ),
    (
        {"interphase.particle_electrolyte": LINEAR, "kinetics.cathode.stoichiometry": None},
        "interphase.particle_electrolyte",
        ("kinetics.cathode.stoichiometry",),
    ),
    (
        {
            "interphase.particle_electrolyte": LINEAR,
            "geometry.anode.motion": "moved",
            "geometry.anode.isolated": [],
        },
        "interphase.particle_electrolyte",
        ("geometry.anode.motion", "mechanics.enabled"),
    ),
    (
        {"interphase.particle_electrolyte": LINEAR | {"growth": "self-limiting"}},
        "interphase.particle_electrolyte.passivation_thickness",
        ("self-limiting", "linear"),
    ),
    (
        {"interphase.particle_electrolyte": LINEAR | {"passivation_thickness": "5 nm"}},
        "interphase.particle_electrolyte.passivation_thickness",
        ("no effect",),
    ),
    (
        {"interphase.particle_electrolyte": LINEAR | PARABOLIC},
        "interphase.particle_electrolyte.initial_thickness",
        ("infinitely fast", "self-limiting"),
    ),
    (
        {"interphase.lithium_electrolyte": {"growth": "linear"}},
        "interphase.lithium_electrolyte.growth_rate",
        ("plating_share",),
    ),
    (
        {
            "interphase.lithium_electrolyte": {
                "growth": "linear",
                "plating_share": 0.1,
                "plating_exponent": 2.0,
            }
        },
        "interphase.lithium_electrolyte.reference_current_density",
        ("plating_exponent",),
    ),
    (
        {
            "interphase.lithium_electrolyte": {
                "growth": "linear",
                "growth_rate": "1 nm/h",
                "plating_exponent": 2.0,
                "reference_current_density": "1 A/m^2",
            }
        },
        "interphase.lithium_electrolyte.plating_exponent",
        ("no effect",),
    ),
]


@pytest.mark.parametrize(("changes", "key", "words"), CONFLICTS, ids=lambda value: str(value)[:60])
def test_conflict_names_both_keys(
    changes: dict[str, Any], key: str, words: tuple[str, ...]
) -> None:
    case = Case.from_dict(particles())
    with pytest.raises(InputError) as caught:
        case.replace(changes)
    assert caught.value.key == key
    for word in words:
        assert word in str(caught.value)
    assert caught.value.allowed or caught.value.cure


@pytest.mark.parametrize(
    "rule",
    [
        {"between": ["1 um", "2 um"]},
        {"outside": ["1 um", "2 um"]},
        {"ids": [0]},
        {"file": "ids.csv"},
        {"fraction": 0.0, "seed": 1},
        {"seed": 1, "pattern": MAP},
    ],
    ids=str,
)
def test_plane_cathode_has_nothing_to_switch_off(rule: dict[str, Any]) -> None:
    data = plane() | {"inactive": rule}
    with pytest.raises(InputError, match='"plane" has no particles') as caught:
        Case.from_dict(data)
    assert caught.value.key == f"inactive.{next(iter(rule))}"


@pytest.mark.parametrize("empty", [{}, {"ids": []}], ids=str)
def test_empty_rules_are_no_rules(empty: dict[str, Any]) -> None:
    assert Case.from_dict(plane() | {"inactive": empty}) == Case.from_dict(plane())


GOOD: list[dict[str, Any]] = [
    {"operation.current_density": "-100 A/m^2"},
    {"operation": {"cell_voltage": "3.8 V", "plating_time": "1 s"}},
    {"operation": {"overpotential": "-50 mV", "plating_time": "1 s"}},
    {"operation": {"overpotential": "50 mV"}, "mechanics": {"enabled": False}},
    {"inactive.between": ["0 um", "420 um"]},
    {"inactive.fraction": None, "inactive.seed": None},
    {"inactive.fraction": None, "inactive.pattern": MAP},
    {"inactive": {"pattern": "random"}},
    {"mechanics": None},
    {"mechanics": {"top": "held"}},
    {"mechanics": {"compare_lithium": ["elastic", "rigid", "yielded"]}},
    {"mechanics.compare_lithium": ["elastic", "yielded"]},
    {"mesh.max_size": "1 um"},
    {"mesh": None},
    {"mesh.size": "5 um"},
    {"kinetics.cathode.exchange_current_density": "2 A/m^2"},
]


@pytest.mark.parametrize("changes", GOOD, ids=str)
def test_what_stands_close_to_a_conflict_is_accepted(changes: dict[str, Any]) -> None:
    Case.from_dict(particles()).replace(changes)


def test_lithium_models_are_those_to_solve_once_each() -> None:
    case = Case.from_dict(particles()).replace(
        {"mechanics.compare_lithium": ["yielded", "elastic"]}
    )
    assert case.mechanics.lithium_models == ("elastic", "yielded")


LAYERED: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
    ({"kinetics.interlayer": None}, "kinetics.interlayer", ("both",)),
    ({"geometry.anode.interlayer": None}, "geometry.anode.interlayer", ("both",)),
    ({"mechanics.enabled": True}, "mechanics.enabled", ("interlayer", "kinetics.interlayer")),
    ({"geometry.anode.motion": "moved"}, "geometry.anode.motion", ("interlayer",)),
    ({"stepping.electrolyte": "modes"}, "stepping.electrolyte", ("interlayer",)),
    (
        {"geometry.anode.protrusions": [{"x": "10 um", "depth": "2 um", "half_width": "2 um"}]},
        "geometry.anode.protrusions",
        ("interlayer",),
    ),
    ({"geometry.separator.thickness": "50 um", "mesh.size": "20 um"}, "mesh.size", ("interlayer",)),
    (
        {"kinetics.interlayer.collector.opening_pressure": "1 MPa"},
        "kinetics.interlayer.collector.opening_pressure",
        ("3 MPa",),
    ),
    (
        {"kinetics.interlayer.electrolyte.unbonded": ["0 um", "21 um"]},
        "kinetics.interlayer.electrolyte.unbonded",
        ("geometry.width",),
    ),
    (
        {"kinetics.interlayer.carbon": {"surface_area": "1e6 1/m"}},
        "kinetics.interlayer.carbon.exchange_current_density",
        ("area_resistance",),
    ),
    (
        {"operation": {"current_density": "2 A/m^2"}},
        "geometry.anode.flaw",
        ("snapshot",),
    ),
    ({"geometry.anode.flaw.size": "100 um"}, "geometry.anode.flaw.size", ("short circuit",)),
    (
        {"kinetics.interlayer.electrolyte": {"unbonded": ["0 um", "5 um"]}},
        "kinetics.interlayer.electrolyte.unbonded",
        ("opening_pressure",),
    ),
    (
        {"kinetics.interlayer.pores.exchange_current_density": None},
        "kinetics.interlayer.pores.double_layer_capacitance",
        ("no reaction",),
    ),
    (
        {"interphase.lithium_electrolyte": {"growth": "linear", "growth_rate": "1 nm/h"}},
        "interphase.lithium_electrolyte",
        ("interlayer", "yet"),
    ),
    ({"geometry.anode.fading": "1 um"}, "geometry.anode.fading", ("ends by itself",)),
    (
        {
            "geometry.anode.isolated": [
                {"x": "10 um", "y": "50 um", "half_width": "2 um", "half_height": "2 um"}
            ]
        },
        "geometry.anode.isolated",
        ("interlayer", "yet"),
    ),
]


@pytest.mark.parametrize(("changes", "key", "words"), LAYERED)
def test_conflict_with_an_interlayer(
    changes: dict[str, Any], key: str, words: tuple[str, ...]
) -> None:
    case = Case.from_dict(layered())
    with pytest.raises(InputError) as error:
        case.replace(changes)
    assert error.value.key == key
    for word in words:
        assert word in str(error.value)
