"""Text for the terminal and the reference page."""

from __future__ import annotations

from pathlib import Path

import pytest

from fem.materials import describe, library, overview
from fem.materials.reference import main, markdown

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "materials.md"


def test_overview_names_every_material() -> None:
    lines = overview(library()).splitlines()
    assert [line.split()[0] for line in lines[: len(library())]] == list(library())


def test_describe_shows_every_property_within_100_columns() -> None:
    for material in library().values():
        text = describe(material)
        assert max(map(len, text.splitlines())) <= 100
        joined = " ".join(text.split())
        for prop in material.properties.values():
            status = "ASSUMPTION" if prop.status == "assumption" else prop.status
            note = f" note: {prop.note}" if prop.note else ""
            row = f"{prop.name} {prop.text} {status} source: {prop.source}{note}"
            assert " ".join(row.split()) in joined


def test_committed_page_is_up_to_date(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0
    written = (tmp_path / "materials.md").read_bytes()
    assert written == markdown(library()).encode()
    assert written == PAGE.read_bytes(), "run: python -m fem.materials.reference docs/reference"


def test_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
