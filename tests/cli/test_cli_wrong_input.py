"""Wrong input: exit status 2, a message with the key and a cure, and nothing written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rows import every_row

import fem
from fem.case import Case
from fem.case.keys import walk
from fem.cli import main

SMALL = Path(__file__).parents[1] / "output" / "small_case.toml"
KEYS = [key.path.replace("[]", "[0]") for key in walk(Case)]


def tree(path: Path) -> dict[str, bytes | None]:
    return {
        str(p.relative_to(path)): p.read_bytes() if p.is_file() else None for p in path.rglob("*")
    }


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a case, an old case, a folder of other files and a broken run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cell.toml").write_text(SMALL.read_text())
    (tmp_path / "broken.toml").write_text(SMALL.read_text() + "\nthis is no TOML")
    (tmp_path / "latin.toml").write_bytes('title = "Größe"\n'.encode("latin-1"))
    (tmp_path / "empty.toml").write_text("")
    (tmp_path / "twice.toml").write_text(SMALL.read_text() + "\n[mesh]\nsize = '1 um'\n")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "script.py").write_text("import fem\n")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("years of work")
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "result.npz").write_bytes(b"PK\x03\x04 half a file")
    (tmp_path / "teaching_1d.toml").write_text("mine")
    return tmp_path


WRONG = {
    # arguments: what the message has to say
    "run": "CASE.toml",
    "rnu cell.toml": "did you mean fem run?",
    "swepe cell.toml": "did you mean fem sweep?",
    "sweep cell.toml --out n": 'case = "cell.toml"',
    "sweep none.toml --out n": "no such file",
    "run cell.tml": "did you mean cell.toml?",
    "run nowhere/cell.toml": "no such folder: nowhere",
    "run thesis": "thesis: cannot be read",
    "run broken.toml": "not valid TOML",
    "run latin.toml": "not UTF-8",
    "check picture.png": "cannot be read as an image",
    "run picture.png": "fem transport reads an image",
    "run twice.toml": "already given on line",
    "run empty.toml": "geometry: this table is missing",
    "run script.py": "python script.py",
    "run cell.toml other.toml": "one argument too many",
    "run cell.toml --ste mesh.size=1": "did you mean --set?",
    "run cell.toml --set": "expected one argument",
    "run cell.toml --set mesh.size": "KEY=VALUE",
    "run cell.toml --set =3": "KEY=VALUE",
    "run cell.toml --set mesh..size=3": "not a key",
    "run cell.toml --set mesh.siez='1 um'": "did you mean mesh.size?",
    "run cell.toml --set mesh.size=1": "mesh.size",
    "run cell.toml --set mesh.size=1 m": "mesh.size",
    "run cell.toml --set mesh.size=-1 um": "mesh.size",
    "run cell.toml --set mesh.size=1 parsec^": "mesh.size",
    "run cell.toml --set mesh.size=0.1 nm": "triangles",
    "run cell.toml --set mesh.growth=nan": "mesh.growth",
    "run cell.toml --set inactive.ids=[99]": "ids from 0 to 5",
    "run cell.toml --set inactive.ids=[0,1,2,3,4,5]": "no active particle is left",
    "run cell.toml --set geometry.anode.protrusions[3].depth=1 um": "out of range",
    "run cell.toml --set geometry.separator.material=LPSC": "did you mean 'LPSCl'?",
    "run cell.toml --set materials.LPSCl.youngs_modulu=3 GPa": "youngs_modulus",
    "run cell.toml --set geometry.cathode.particles.columns=9": "overlap",
    "run cell.toml --set operation.temperature=30": "operation.temperature",
    "run cell.toml --set operation.cell_voltage=4 V": "cannot stand beside",
    "run cell.toml --set material_files=['mine.toml']": "mine.toml",
    "run cell.toml --resume": "nothing to resume",
    "run cell.toml --out thesis": "thesis.tex",
    "run cell.toml --out cell.toml": "not a folder",
    "run cell.toml --out cell.toml/deep": "not a folder",
    "run cell.toml --out .": "holds other files",
    "check cell.toml --set geometry.width=1": "geometry.width",
    "check cell.toml --out x": "no such option",
    "mesh cell.toml": "--out",
    "mesh cell.toml --out m.stl": ".vtu",
    "mesh cell.toml --out m": "--out m.vtu",
    "mesh cell.toml --out nowhere/m.vtu": "no such folder",
    "mesh cell.toml --out cell.toml/m.vtu": "no such folder",
    "mesh cell.toml --out m.vtu --set mesh.size=0 um": "mesh.size",
    "plot": "DIR",
    "plot nowhere": "no such folder",
    "plot thesis": "no finished run",
    "plot cell.toml": "not a folder",
    "plot cut": "damaged",
    "plot cut --scale log": "--field",
    "plot cut --along y": "x",
    "plot cut --format bmp": "png, svg, pdf",
    "plot cut --field von_mises --out map.bmp": "png, svg, pdf",
    "plot cut --field von_mises --range 1 2": "number unit",
    "plot cut --field von_mises --along s": "--along",
    "materials LPSCI": "did you mean LPSCl?",
    "materials lpscl": "did you mean LPSCl?",
    "materials gold": "LPSCl, ",
    "example teaching": "did you mean teaching_1d?",
    "example teaching_1d": "such a file already",
    "example teaching_1d --out cell.toml": "not a folder",
}


def words_of(line: str) -> list[str]:
    """Splits at blanks, except inside the value of an override or a name."""
    head, mark, override = line.partition(" --set ")
    rest = [override] if mark and " --" not in override and "=" in override else override.split()
    return head.split() + (["--set", *rest] if mark else [])


@pytest.mark.parametrize("line", WRONG)
def test_wrong_input(here: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    before = tree(here)
    words = words_of(line) if line != "run cell.toml --set" else line.split()
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert WRONG[line] in err
    assert "Traceback" not in err
    assert tree(here) == before


@every_row("key", KEYS)
def test_a_wrong_value_of_every_key(
    here: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    before = tree(here)
    assert main(["run", "cell.toml", "--set", f"{key}=[[1]]"]) == 2
    out, err = capsys.readouterr()
    first, *others = err.splitlines()
    # Below a key of another layout than the cell's, that key is what is wrong.
    assert key in first or f"{key.rpartition('.')[0]}: a key of layout" in first
    assert first.startswith("cell.toml")
    assert any(line.strip().startswith(("allowed:", "cure:")) for line in others) or "list" in first
    assert out == ""
    assert tree(here) == before


@every_row("key", [key for key in KEYS if not key.startswith("materials")])
def test_a_misspelt_form_of_every_key(
    here: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    before = tree(here)
    assert main(["run", "cell.toml", "--set", f"{key}x=1"]) == 2
    err = capsys.readouterr().err
    assert key in err
    assert "cure:" in err or "not a key" in err  # protrusions[0]x is no key at all
    assert tree(here) == before


def test_the_message_names_file_key_value_and_cure(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (here / "cell.toml").read_text()
    (here / "cell.toml").write_text(text.replace("width =", "widht =", 1))
    assert main(["check", "cell.toml"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("cell.toml: geometry.widht: unknown key")
    assert "did you mean geometry.width?" in err


def test_a_key_changed_on_the_command_line_is_not_blamed_on_the_file(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "cell.toml", "--set", "mesh.size=3"]) == 2
    assert capsys.readouterr().err.startswith("cell.toml with --set: mesh.size: ")
    # found by the geometry, and by the material library
    for change in ("geometry.cathode.particles.columns=9", "materials.LPSCl.poisson_ratio=7"):
        assert main(["check", "cell.toml", "--set", change]) == 2
        key = change.partition("=")[0]
        assert capsys.readouterr().err.startswith(f"cell.toml with --set: {key}: ")


@pytest.mark.slow
def test_as_a_process(here: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(fem.__file__).parents[1])}
    before = tree(here)
    # What each command says is tested above, where Python need not start again for it.
    for words in (["run", "cell.toml", "--set", "mesh.size=3"], []):
        done = subprocess.run(
            [sys.executable, "-m", "fem", *words], cwd=here, env=env, capture_output=True, text=True
        )
        assert done.returncode == 2
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
    assert tree(here) == before
