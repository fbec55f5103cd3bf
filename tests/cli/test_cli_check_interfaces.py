"""What `fem check` says of faces that may part and of what presses on them."""

from __future__ import annotations

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
