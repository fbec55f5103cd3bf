"""``fem radiograph`` and ``fem segment``: from a folder to an image and back; what they refuse."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fem
from fem.cli import main
from fem.output.stored import write_result

CASE = Path(__file__).parents[1] / "output" / "small_case.toml"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run, without its pictures."""
    folder = tmp_path_factory.mktemp("run")
    result = fem.run(fem.Case.load(CASE))
    write_result(result, folder, folder / "result.npz")
    (folder / "case.toml").write_text(result.case.to_toml(folder))
    (folder / "metrics.json").write_text("{}")
    return folder


def test_from_a_run_to_an_image_and_back(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot, back = tmp_path / "shot", tmp_path / "back"
    options = ["--pixel", "0.5 um", "--noise", "0.2 1/cm", "--seed", "3"]
    assert main(["radiograph", str(run), *options, "--out", str(shot)]) == 0
    assert "active peak" in capsys.readouterr().out
    facts = json.loads((shot / "radiograph.json").read_text())
    assert (facts["energy_keV"], facts["seed"], facts["states"]) == (25.0, 3, [0])
    with Image.open(shot / "slice_000000.tif") as image:
        greys = np.array(image)
    assert greys.dtype == np.uint16
    assert greys.shape == (facts["rows"], facts["columns"])
    assert greys[0].mean() < greys[-1].mean()  # lithium is above
    with (shot / "histogram.csv").open() as stream:
        counted = sum(int(r["pixels"]) for r in csv.DictReader(stream) if r["region"] == "cathode")
    with (shot / "regions.csv").open() as stream:
        told = {r["region"]: float(r["pixels"]) for r in csv.DictReader(stream)}
    assert counted == told["cathode"]
    for name in ("depth.csv", "materials.csv", "histogram.png", "depth.png", "slice_000000.png"):
        assert (shot / name).stat().st_size > 0
    arguments = ["segment", str(shot / "slice_000000.tif"), "--pixel-size", "0.5 um"]
    assert main([*arguments, "--case", str(run), "--out", str(back)]) == 0
    case = fem.Case.load(back / "case.toml")
    assert case.geometry.image is not None
    assert case.kinetics == fem.Case.load(CASE).kinetics
    assert json.loads((back / "segment.json").read_text())["void_share"] == 0.0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--pixel", "1 mm"], "a pixel is too large for this cell"),
        (["--pixel", "0 um"], "not above 0"),
        (["--pixel", "wide"], "--pixel wide"),
        (["--energy", "5 keV"], "from 10 to 100 keV"),
        (["--state", "7"], "the run has kept no such state"),
        (["--state", "first"], "a whole number"),
        (["--time", "3 h"], "the run was not there at this time"),
        (["--composition", "LPSCl"], "not a composition"),
        (["--composition", "LPSCl=Li6(PS5)Cl"], "not a chemical formula"),
        (["--composition", "LPSCl=Li, -1 g/cm^3"], "not above 0"),
        (["--noise", "some"], "--noise some"),
        (["--seed", "-1"], "from 0 on"),
    ],
)
def test_what_cannot_be_taken_is_refused(
    run: Path, tmp_path: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["radiograph", str(run), *options, "--out", str(tmp_path / "shot")]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "shot").exists()


def test_folders_of_others_are_left_alone(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for folder, place, words in (
        (tmp_path / "nothing", tmp_path / "a", "no such folder"),
        (tmp_path, tmp_path / "a", "no finished run in this folder"),
        (run, run, "this folder holds a run"),
        (run, tmp_path, "holds other files"),
    ):
        assert main(["radiograph", str(folder), "--out", str(place)]) == 2
        assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--thresholds", "5000"], "no pixel is"),
        (["--thresholds", "500", "100"], "not thresholds from dark to bright"),
        (["--thresholds", "grey"], "not a grey value"),
        (["--thresholds", "5", "--classes", "3"], "thresholds are given or found"),
        (["--classes", "9"], "not a number of classes"),
        (["--dark", "night"], "no such choice"),
        (["--median", "0"], "from 1 on"),
        (["--case", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_images_that_cannot_be_segmented_are_refused(
    tmp_path: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "grey.npy", np.array([[10, 10, 10], [200, 200, 200], [900, 200, 900]]))
    arguments = ["segment", str(tmp_path / "grey.npy"), "--pixel-size", "1 um", *options]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["segment", "none.tif", "--pixel-size", "1 um", "--out", "out"]) == 2
    assert "no such file" in capsys.readouterr().err
