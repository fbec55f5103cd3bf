"""Files of users: encodings, what is no text, TOML and JSON with their faults shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fem.errors import InputError
from fem.text import read_json, read_table, read_text, read_toml


def test_every_encoding_that_is_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for content in ("Größe\nx\n".encode(), "Größe\r\nx\r\n".encode("utf-8-sig"), b""):
        path.write_bytes(content)
        assert read_text(path) == ("Größe\nx\n" if content else "")


@pytest.mark.parametrize(
    ("content", "what", "cure"),
    [
        (b"\x89PNG\r\n\x1a\n\x00", "a PNG image", "[geometry.image]"),
        (b"II*\x00\x08", "a TIFF image", "fem transport"),
        (b"\xff\xd8\xff\xe0", "a JPEG image", "without loss"),
        (b"\x93NUMPY\x01\x00", "an array of NumPy", "fem transport"),
        (b"PK\x03\x04\x14", "an archive", "save the sheet itself as CSV"),
        (b"%PDF-1.7\n", "a PDF document", "UTF-8"),
        (b"\x1f\x8b\x08", "compressed by gzip", "unpack"),
        ("a = 1".encode("utf-16"), "UTF-16", "UTF-8"),
        (b"title = '\xe9'", "not UTF-8 text (byte 9)", "save it as UTF-8"),
    ],
)
def test_what_is_no_text_is_named(tmp_path: Path, content: bytes, what: str, cure: str) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_text(path)
    assert caught.value.file == str(path)
    assert what in caught.value.problem
    assert cure in (caught.value.cure or "")


# ---------------------------------------------------------------------------------------- TOML

INLINE = """[geometry]
width = "420 um"
[geometry.anode]
protrusions = [{ x = "210 um",
    depth = "30 um" }]
"""
SLIPS = [
    # text, the line that is shown, what the cure says
    (INLINE, 'protrusions = [{ x = "210 um",', "[[geometry.anode.protrusions]]"),
    ("[a]\nb = {\n  c = 1 }\n", "b = {", "or write [a.b] and its keys below"),
    ("[a]\nb = [{ c = 1 }, { c = 2,\n d = 3 }]", "b = [{ c = 1 }, { c = 2,", "[[a.b]]"),
    ("b = { c = 1, }\n", "b = { c = 1, }", "no comma stands before the }"),
    ("[m]\na = 1\n[n]\na = 1\nb = 2\na = 3\n", "a = 3", "already given on line 4 (a = 1)"),
    ("[m]\na = 1\n[n]\nb = 1\n[m]\nc = 2\n", "[m]", "on line 1 ([m]): move the keys of line 5"),
    ("a.b = 1\na = 2\n", "a = 2", "already given on line 1 (a.b = 1)"),
    ("a = 1\n[a]\n", "[a]", "on line 1 (a = 1)"),
    ("a = { x = 1, x = 2 }\n", "a = { x = 1, x = 2 }", "x stands twice between { and }"),
    ("width = 420 um\n", "width = 420 um", 'width = "420 um"'),
    ("width = 2um # wide\n", "width = 2um # wide", 'width = "2um"'),
    ("width = “420 um”\n", "width = “420 um”", 'width = "420 um"'),
    ("f = 0,5\n", "f = 0,5", "f = 0.5"),
    ("f = .5\n", "f = .5", "f = 0.5"),
    ("on = True\n", "on = True", "on = true"),
    ("material = LPSCl\n", "material = LPSCl", 'material = "LPSCl"'),
    ("size: 1\n", "size: 1", "size = 1"),
    ('file = "C:\\data\\x.csv"\n', 'file = "C:\\data\\x.csv"', "write / for \\ in a path"),
]


@pytest.mark.parametrize(("text", "line", "cure"), SLIPS)
def test_toml_shows_the_line_and_the_way_to_write_it(text: str, line: str, cure: str) -> None:
    with pytest.raises(InputError, match="not valid TOML") as caught:
        read_toml(text, "cell.toml")
    assert (caught.value.file, caught.value.given) == ("cell.toml", line)
    assert cure in (caught.value.cure or "")


def test_what_the_cures_write_is_toml() -> None:
    """The whole right-hand side, where it is one."""
    for text, _, cure in SLIPS:
        if " = " in cure and "(" not in cure:
            assert read_toml(cure), text


@given(st.text(alphabet="ab[]{}=,.\"'#\n 01:“x\\", max_size=60))
def test_any_text_is_toml_or_a_plain_refusal(text: str) -> None:
    try:
        read_toml(text, "a.toml")
    except InputError as error:
        assert error.file == "a.toml"
        assert "not valid TOML" in str(error)


# ---------------------------------------------------------------------------------------- JSON


@pytest.mark.parametrize(
    ("text", "key", "given"),
    [
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "b.c", [1, 2]),
        ('{"a": [{}, {"c": 1, "c": 1, "c": 2}]}', "a[1].c", [1, 1, 2]),
        ('{"a": {"b": 1, "b": 2}, "a": 3}', "a", [{"b": 2}, 3]),
    ],
)
def test_a_key_twice_is_refused(text: str, key: str, given: list[object]) -> None:
    with pytest.raises(InputError, match="stands twice") as caught:
        read_json(text, "a.json")
    assert (caught.value.file, caught.value.key, caught.value.given) == ("a.json", key, given)


@pytest.mark.parametrize(
    ("text", "line"),
    [('{"a": 1,\n "b": }', '"b": }'), ("", None), ('{\n"a" 1\n}', '"a" 1'), ("[" * 99999, None)],
)
def test_json_that_is_not_valid_shows_its_line(text: str, line: str | None) -> None:
    with pytest.raises(InputError, match="not valid JSON") as caught:
        read_json(text, "a.json")
    assert (caught.value.given, caught.value.file) == (line, "a.json")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
def test_json_without_a_key_twice_is_read_as_it_is(value: object) -> None:
    assert read_json(json.dumps(value)) == value


# -------------------------------------------------------------------------------------- tables

cells = st.floats(-1e6, 1e6).map(lambda x: float(f"{x:.8g}"))


@given(
    rows=st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=5),
    separator=st.sampled_from([",", ";", "\t", "  ", ", ", " ; "]),
    comma=st.booleans(),
    names=st.sampled_from([(), ("x", "U", "T")]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_table_however_it_is_written(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[float, float, float]],
    separator: str,
    comma: bool,
    names: tuple[str, ...],
    end: str,
) -> None:
    """Whatever parts the cells; a decimal comma, unless commas part them."""
    path = tmp_path_factory.getbasetemp() / "table.csv"
    lines = [[f"{cell:.8e}" for cell in row] for row in rows]
    if comma and "," not in separator:
        lines = [[cell.replace(".", ",") for cell in row] for row in lines]
    text = end.join(separator.join(row) for row in ([list(names)] if names else []) + lines)
    path.write_bytes(text.encode("utf-8-sig"))
    sheet = read_table(path)
    assert sheet.names == (names or ("", "", ""))
    assert list(zip(*(column.numbers for column in sheet.columns), strict=True)) == rows
