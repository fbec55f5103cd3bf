"""``fem transport``: what it prints, writes and refuses."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import fem
from fem.case.alone import image_alone
from fem.cli import main
from fem.effective import transport
from fem.effective.transport import of_case, of_image
from fem.output.transport import OWNED
from fem.plot.transport import figures

CASE = Path(__file__).parents[1] / "output" / "small_case.toml"
ELECTRONS = 'materials.NCM811.electronic_conductivity="1e-3 S/m"'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_numbers_of_a_case_on_terminal_and_disk(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table shows what the file holds; nothing is infinite, and no path has no tortuosity."""
    assert main(["transport", str(CASE), "--out", "numbers", "--set", ELECTRONS]) == 0
    printed = capsys.readouterr().out
    numbers = json.loads((here / "numbers" / "transport.json").read_text())
    assert all(math.isfinite(value) for value in numbers.values())
    assert f"{numbers['ionic_tortuosity_factor_y']:.5g}" in printed
    assert "electronic conductivity: 0, no piece of the phase reaches a face" in printed
    assert numbers["electronic_conductivity_x_S_m"] == 0.0
    assert "electronic_tortuosity_factor_x" not in numbers
    written = {path.name for path in (here / "numbers").iterdir()}
    assert written == {"transport.json", "ionic_current_x.png", "ionic_current_y.png"}
    assert written <= set(OWNED)
    # Once more, over what was written.
    assert main(["transport", str(CASE), "--out", "numbers", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


LABELS = ("--labels", "electrolyte=1 active=2-5,7")
PAIR = ("--labels", "electrolyte=1 active=2")
IMAGE = ("labels.npy", "--pixel-size", "0.5 um", *LABELS)


@pytest.fixture
def labels(here: Path) -> Path:
    """An image of 40 x 30 pixels: two particles that join left and right in electrolyte."""
    pixels = np.ones((30, 40), dtype=np.uint8)
    pixels[10:22, :20], pixels[10:22, 20:] = 3, 7
    np.save(here / "labels.npy", pixels)
    return here


def test_numbers_of_an_image(labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bar of 0.4 of the height has 0.4 of the conductivity along it."""
    words = ["transport", *IMAGE, "--electronic-conductivity", "2 S/m", "--out", "numbers"]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "20 x 15 um" in printed
    numbers = json.loads((labels / "numbers" / "transport.json").read_text())
    assert numbers["width_m"] == pytest.approx(20e-6, rel=1e-12, abs=0.0)
    assert numbers["electronic_conductivity_x_S_m"] == pytest.approx(0.8, rel=1e-10)
    assert numbers["electronic_conductivity_y_S_m"] == 0.0
    assert numbers["ionic_conductivity_x_relative"] == pytest.approx(0.6, rel=1e-10)
    assert (labels / "numbers" / "electronic_current_x.png").is_file()


@pytest.fixture
def freckled(here: Path) -> Path:
    """A band of electrolyte that joins left and right, 12 pixels wide, with specks of 2 by 4."""
    pixels = np.full((36, 36), 2, dtype=np.uint8)
    pixels[12:24] = 1
    for left in range(2, 36, 6):
        pixels[16:20, left : left + 2] = 2
    np.save(here / "labels.npy", pixels)
    return here


@pytest.mark.slow
def test_what_cleaning_does_is_told_and_bounded(
    freckled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without its specks the band is straight; with them its factor is that of the pixels."""
    words = ["transport", "labels.npy", "--pixel-size", "1 um", *PAIR]
    assert main(words) == 2
    problem = capsys.readouterr().err
    assert "of the electrolyte (specks" in problem
    assert "specks = 0" in problem
    words += ["--set", "largest_change=0.3"]
    assert main([*words, "--out", "numbers"]) == 0
    printed = capsys.readouterr().out
    numbers = json.loads((freckled / "numbers" / "transport.json").read_text())
    assert numbers["ionic_tortuosity_factor_x"] == 1.0
    pixels = np.load(freckled / "labels.npy")
    lost = (pixels[12:24] == 2).sum()
    assert numbers["electrolyte_fraction_as_read"] == pytest.approx((pixels == 1).mean())
    for phase, value in (("electrolyte", 1), ("active_material", 2)):
        share = lost / (pixels == value).sum()
        assert numbers[f"{phase}_changed_by_cleaning"] == pytest.approx(share)
    as_read = numbers["ionic_tortuosity_factor_as_read_x"]
    for text in ("cleaning of the image", "without cleaning", f"{as_read:.5g}"):
        assert text in printed
    # The same image, told to be kept as it is, conducts as much.
    kept = ["--set", "specks=0", "--set", "smoothing=0", "--quick", "--out", "kept"]
    assert main([*words, *kept, "--quiet"]) == 0
    again = json.loads((freckled / "kept" / "transport.json").read_text())
    assert again["ionic_tortuosity_factor_x"] == as_read > 1.05
    assert again["electrolyte_changed_by_cleaning"] == 0.0
    assert "ionic_tortuosity_factor_as_read_x" not in again


def test_maps_say_what_cleaning_changed(freckled: Path) -> None:
    image = image_alone(
        file="labels.npy", pixel_size="1 um", labels={"electrolyte": 1, "active": 2},
        largest_change=0.3,
    )  # fmt: skip
    drawn = figures(of_image(image, Path("labels.npy")), "a title")
    text = drawn["ionic_current_x"]._supxlabel.get_text()
    assert text.replace("\n", " ").startswith("a title; cleaning changed 1")


def test_an_image_too_large_to_compare_says_so(
    freckled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MOST_SIDES", 3)
    words = ("--pixel-size", "1 um", *PAIR, "--set", "largest_change=0.3")
    assert main(["transport", "labels.npy", *words]) == 0
    assert "as read was not solved" in capsys.readouterr().out


@pytest.mark.slow
def test_further_phases_need_values_in_si_units(
    labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Carbon is refused beside particles of unknown conductivity, and else conducts with them."""
    words = ["transport", "labels.npy", "--pixel-size", "0.5 um", "--labels"]
    words += ["electrolyte=1 active=3", "--set"]
    carbon = 'phases=[{name="carbon", labels=7, electronic_conductivity="30 S/m"}]'
    assert main([*words, carbon]) == 2
    assert "--electronic-conductivity" in capsys.readouterr().err
    assert main([*words, carbon, "--electronic-conductivity", "10 S/m", "--out", "numbers"]) == 0
    printed = capsys.readouterr().out
    assert "  carbon" in printed
    numbers = json.loads((labels / "numbers" / "transport.json").read_text())
    # Halves of a bar of 0.4 of the height, in series.
    assert numbers["electronic_conductivity_x_S_m"] == pytest.approx(0.4 * 15.0, rel=1e-9)
    assert numbers["carbon_fraction"] == pytest.approx(0.2, rel=1e-9)
    assert (labels / "numbers" / "electronic_current_x.png").is_file()


@pytest.fixture
def stack(here: Path) -> Path:
    """Slices of 40 by 20 pixels with a bar of electrolyte along x, 4, 8 and 12 pixels high."""
    slices = np.full((3, 20, 40), 2, dtype=np.uint8)
    for k, height in enumerate((4, 8, 12)):
        slices[k, :height] = 1
    np.save(here / "stack.npy", slices)
    return here


def test_slices_of_a_stack_are_samples(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Shares of 0.2, 0.4 and 0.6: deviation 0.2, and Student's factor for three is 4.3027."""
    words = ["transport", "stack.npy", "--pixel-size", "1 um", *PAIR, "--out", "numbers"]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "3 samples of 40 x 20 um" in printed
    numbers = json.loads((stack / "numbers" / "transport.json").read_text())
    name = "ionic_conductivity_x_relative"
    assert numbers[f"{name}_mean"] == pytest.approx(0.4, rel=1e-9)
    assert numbers[f"{name}_deviation"] == pytest.approx(0.2, rel=1e-9)
    assert numbers[f"{name}_ci95"] == pytest.approx(4.302653 * 0.2 / math.sqrt(3.0), rel=1e-6)
    assert numbers[f"{name}_samples"] == numbers["samples"] == 3
    # Nothing crosses the bars: the mean of both directions is half of that along x.
    assert numbers["ionic_conductivity_y_relative_mean"] == 0.0
    both = "ionic_conductivity_both_relative"
    assert numbers[f"{both}_mean"] == pytest.approx(0.2, rel=1e-9)
    # Relative deviation 0.5, ten times 5 %: a square ten times as wide as those of 800 um2.
    side = numbers[f"{both}_representative_m"]
    assert side == pytest.approx(10.0 * math.sqrt(800.0) * 1e-6, rel=1e-9)
    assert "would scatter by 5 % in windows of 283 um" in printed
    assert "ionic_tortuosity_factor_y_mean" not in numbers
    rows = (stack / "numbers" / "samples.csv").read_text().splitlines()
    assert len(rows) == 4
    assert (stack / "numbers" / "scatter.png").is_file()
    assert rows[0].startswith("slice,row,column,width_m")
    # One slice alone is an image, and may be written over the samples.
    assert main([*words, "--set", "slice=2", "--quick"]) == 0
    numbers = json.loads((stack / "numbers" / "transport.json").read_text())
    assert numbers[name] == pytest.approx(0.6, rel=1e-9)
    left = {path.name for path in (stack / "numbers").iterdir()}
    assert not left & {"samples.csv", "scatter.png"}


def test_windows_of_slices_are_samples(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of two by two windows the upper ones hold all of the bars of up to ten pixels."""
    words = ["transport", "stack.npy", "--pixel-size", "1 um", *PAIR, "--windows", "2"]
    crop = ["--set", "slice=1", "--out", "numbers"]
    assert main([*words, *crop]) == 0
    assert "4 samples of 20 x 10 um" in capsys.readouterr().out
    numbers = json.loads((stack / "numbers" / "transport.json").read_text())
    assert numbers["electrolyte_fraction_mean"] == pytest.approx(0.4, rel=1e-9)
    assert numbers["ionic_conductivity_x_relative_mean"] == pytest.approx(0.4, rel=1e-9)
    assert main([*words, "--windows", "0"]) == 2
    assert main([*words, "--windows", "15"]) == 2
    assert "windows" in capsys.readouterr().err


def test_an_image_is_checked(freckled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it is without labels; with them what would be made of it, or why it is refused."""
    assert main(["check", "labels.npy"]) == 0
    printed = capsys.readouterr().out
    assert "36 x 36 pixels, uint8" in printed
    assert "2 values     2 (70.37%), 1 (29.63%)" in printed
    assert '--labels "electrolyte=1 active=2"' in printed
    assert main(["check", "labels.npy", *PAIR]) == 2
    assert "of the electrolyte (specks" in capsys.readouterr().err
    assert main(["check", "labels.npy", *PAIR, "--set", "largest_change=0.3"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "active material 66.67% in 2 pieces, joined along x 100.0%, along y 0.0%" in printed
    assert "Warning: cleaning changed" in printed
    assert "6 specks of fewer than 9 pixels (48 in all)" in printed
    assert [path.name for path in freckled.iterdir()] == ["labels.npy"]


def test_options_of_images_go_with_no_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(CASE), "--pixel-size", "1 um"]) == 2
    assert "--pixel-size" in capsys.readouterr().err


@pytest.mark.slow
def test_element_size_of_an_image(labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = []
    for words in ((), ("--size", "0.25 um")):
        assert main(["transport", *IMAGE, *words, "--out", "numbers", "--quiet"]) == 0
        counts.append(json.loads((labels / "numbers" / "transport.json").read_text())["triangles"])
    assert counts[1] > 4 * counts[0]


def test_what_is_refused_of_an_image(labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (labels / "notes.png").write_text("no image")
    (labels / "cell.toml").write_text(CASE.read_text())
    before = {path.name for path in labels.iterdir()}
    size = ("--pixel-size", "0.5 um")
    for words, message in {
        ("labels.npy", *LABELS): "pixel_size: this key is missing",
        ("labels.npy", *size): "labels: this table is missing",
        ("labels.npy", "--pixel-size", "2", *LABELS): "number unit",
        ("labels.npy", *size, "--labels", "electrolyte"): "PHASE=VALUES",
        ("labels.npy", *size, "--labels", "electrolyte=1 actve=3"): "labels.active",
        ("labels.npy", *size, "--labels", "electrolyte=1 active=3"): "7",
        (*IMAGE, "--set", "smothing=0"): "smothing: unknown key",
        (*IMAGE, "--size", "3 V"): "--size 3 V",
        (*IMAGE, "--ionic-conductivity", "0 S/m"): "not above 0",
        ("notes.png", *IMAGE[1:]): "cannot be read as an image",
        ("nowhere.png", *IMAGE[1:]): "no such file",
        ("cell.toml", *size): "--pixel-size",
    }.items():
        assert main(["transport", *words]) == 2, words
        assert message in capsys.readouterr().err
    assert {path.name for path in labels.iterdir()} == before


def test_image_of_a_case_is_measured_as_the_image_alone(labels: Path) -> None:
    """Separator and anode above it do not matter, and conductivities are those of the case."""
    tables = fem.Case.load(CASE).to_dict()
    tables["geometry"] = {
        "anode": {"thickness": "10 um"},
        "separator": tables["geometry"]["separator"],
        "image": {
            "file": str(labels / "labels.npy"), "pixel_size": "0.5 um",
            "labels": {"electrolyte": 1, "active": [3, 7]},
            "electrolyte": "LPSCl", "active": "NCM811",
        },
    }  # fmt: skip
    tables["inactive"], tables["mechanics"] = {}, {"enabled": False}
    tables["materials"] = {"LPSCl": {"ionic_conductivity": "0.3 S/m"}}
    numbers = of_case(fem.Case.from_dict(tables)).metrics
    assert numbers["ionic_conductivity_x_S_m"] == pytest.approx(0.18, rel=1e-10)
    assert numbers["height_m"] == pytest.approx(15e-6, rel=1e-12, abs=0.0)


def test_numbers_of_a_lattice() -> None:
    """Discs in tiles: fraction and interface are exact, and the tortuosity factor is theirs."""
    case = fem.Case.load(CASE)
    bed = case.geometry.cathode
    numbers = of_case(case).metrics
    count, d = bed.particles.rows * bed.particles.columns, float(bed.particles.diameter)
    area = float(case.geometry.width) * float(bed.thickness)
    filled = count * math.pi * d**2 / 4.0 / area
    assert numbers["active_material_fraction"] == pytest.approx(filled, rel=1e-4)
    assert numbers["electrolyte_fraction"] == pytest.approx(1.0 - filled, rel=1e-4)
    interface = numbers["interface_active_material_electrolyte_per_m"]
    assert interface == pytest.approx(count * math.pi * d / area, rel=1e-4)
    assert numbers["electrolyte_percolating_fraction_x"] == 1.0
    assert numbers["active_material_percolating_fraction_x"] == 0.0
    for axis in "xy":
        sigma = numbers[f"ionic_conductivity_{axis}_S_m"]
        factor = numbers[f"ionic_tortuosity_factor_{axis}"]
        assert factor > 1.0
        assert sigma * factor == pytest.approx(numbers["ionic_wiener_upper_S_m"], rel=1e-12)
        assert numbers[f"ionic_conductivity_lower_{axis}_S_m"] < sigma
        assert sigma < numbers[f"ionic_conductivity_upper_{axis}_S_m"]


def test_electrons_are_relative_where_nothing_is_known_of_them() -> None:
    numbers = of_case(fem.Case.load(CASE)).metrics
    fraction = numbers["active_material_fraction"]
    assert numbers["electronic_wiener_upper_relative"] == pytest.approx(fraction, rel=1e-12)
    assert not [name for name in numbers if name.startswith("electronic") and "S_m" in name]


def test_factor_on_the_composite_scales_its_conductivity() -> None:
    case = fem.Case.load(CASE)
    halved = case.replace({"geometry.cathode.conductivity_factor": 0.5})
    name = "ionic_conductivity_y_S_m"
    whole, half = (of_case(each).metrics[name] for each in (case, halved))
    factor = case.geometry.cathode.conductivity_factor
    assert half == pytest.approx(0.5 * whole / factor, rel=1e-10, abs=0.0)


def test_what_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flat = CASE.parents[2] / "cases" / "teaching_1d.toml"
    (here / "thesis").mkdir()
    (here / "thesis" / "thesis.tex").write_text("x")
    (here / "cell.toml").write_text(CASE.read_text())
    for words, message in {
        (str(flat),): "geometry.cathode.kind",
        ("cell.toml", "--out", "thesis"): "holds other files",
        ("cell.toml", "--out", "cell.toml"): "not a folder",
        ("cell.toml", "--set", "mesh.size=0.1 nm"): "triangles",
        ("cell.toml", "--otu", "x"): "did you mean --out?",
        ("nowhere.toml",): "nowhere.toml",
    }.items():
        assert main(["transport", *words]) == 2
        assert message in capsys.readouterr().err
    assert {path.name for path in here.iterdir()} == {"thesis", "cell.toml"}
