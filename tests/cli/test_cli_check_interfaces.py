"""What `fem check` says of faces that may part and of what presses on them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fem.cli import main

CASE = Path(__file__).parents[1] / "output" / "small_protocol.toml"


def said(capsys: pytest.CaptureFixture[str], toughness: str) -> str:
    words = [
        "mechanics.enabled=true",
        'stack={pressure="5 MPa",stiffness="held"}',
        "interfaces.particle_electrolyte={bond='cohesive',strength='50 MPa',"
        f"toughness='{toughness}'}}",
    ]
    assert main(["check", str(CASE), *(w for each in words for w in ("--set", each))]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_check_tells_of_bonds_and_stack(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "2 J/m^2")
    assert "particle|electrolyte: cohesive up to 50 MPa, 2 J/m^2, rigid before" in text
    assert "top: plate with 5 MPa on a fixture of held" in text
    assert "lets go node by node" not in text


def test_check_tells_of_bonds_that_elements_do_not_resolve(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """28 GPa x 0.1 J/m2 / (50 MPa)^2 is 1.12 um, and elements have 5 um."""
    text = said(capsys, "0.1 J/m^2")
    assert "parts over some" in text and "mesh.size of at most" in text


REACTING = CASE.with_name("small_reacting.toml")


def test_check_knows_what_measuring_costs(capsys: pytest.CaptureFixture[str]) -> None:
    """A step that takes no time is a row; its spectrum costs a number of seconds."""
    assert main(["check", str(REACTING)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert re.search(r"cost about \d+ unknowns, \d+ steps in time, \d+ s of one core", text), text


def test_check_tells_of_double_layers_that_nothing_charges(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = 'operation.steps=[{charge="5 A/m^2",until={time="60 s"}}]'
    assert main(["check", str(REACTING), "--set", steps]) == 0
    alone = "kinetics.anode.double_layer_capacitance: double layers are charged in spectra alone"
    assert alone in " ".join(capsys.readouterr().out.split())
    assert main(["check", str(REACTING)]) == 0
    assert "in spectra alone" not in capsys.readouterr().out


def test_a_store_begins_within_its_window(capsys: pytest.CaptureFixture[str]) -> None:
    case = CASE.with_name("small_interlayer.toml")
    assert main(["check", str(case), "--set", "kinetics.interlayer.carbon.stoichiometry=0.9999"])
    told = capsys.readouterr().err
    assert "kinetics.interlayer.carbon.stoichiometry" in told and "0.999" in told
