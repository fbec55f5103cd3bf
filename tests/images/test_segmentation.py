"""Thresholds and labels, and the way from a run to an image and back to a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from xray_cells import CELL, drawn

import fem
from fem.errors import InputError
from fem.geometry import Phase
from fem.images.cases import FILE, tables_of
from fem.images.segmentation import LABELS, segment, shares, thresholds
from fem.images.slices import Scale, noisy, radiograph
from fem.plot.radiograph import grey_file

GREYS = np.array([[10, 10, 10], [200, 10, 200], [200, 200, 10], [200, 900, 900]])


def test_dark_pixels_are_lithium_where_they_hang_on_the_upper_edge() -> None:
    both, lithium, void = (segment(GREYS, (100, 500), dark=d) for d in ("both", "lithium", "void"))  # type: ignore[arg-type]
    assert both[0].tolist() == [3, 3, 3]
    assert both[1].tolist() == [1, 3, 1]
    assert both[2].tolist() == [1, 1, 0]
    assert (lithium == 3).sum() == 5
    assert (void == 0).sum() == 5
    assert both[3].tolist() == [1, 2, 2]


def test_three_thresholds_part_voids_from_lithium() -> None:
    found = segment(GREYS + np.where(GREYS < 100, [[0], [20], [0], [0]], 0), (20, 100, 500))
    assert found[0].tolist() == [0, 0, 0]
    assert found[1].tolist() == [1, 3, 1]


def test_specks_become_what_is_around_them() -> None:
    image = np.full((12, 12), 200)
    image[5, 5], image[0], image[8:11, 3:6], image[9, 4] = 10, 10, 900, 200
    found = segment(image, (100, 500), specks=3)
    assert found[5, 5] == LABELS["electrolyte"]
    assert found[9, 4] == LABELS["active"]


def test_thresholds_lie_between_phases_of_any_contrast() -> None:
    """Electrolyte is a tenth as bright as active material, and pixels on its rim are many."""
    found = radiograph(drawn(), 1e-6)
    scale = Scale.of(found.materials)
    dark, bright = thresholds(scale.greys(found.attenuation))
    electrolyte = float(scale.exact(np.array(found.materials["LPSCl"].made)))
    assert dark == pytest.approx(0.5 * (10_000 + electrolyte), abs=60)
    assert bright == pytest.approx(0.5 * (electrolyte + 50_000), rel=0.02)


@pytest.mark.parametrize("between", [(), (5.0, 5.0), (9.0, 3.0), (1.0, 2.0, 3.0, 4.0), (5000.0,)])
def test_thresholds_that_cannot_be_are_refused(between: tuple[float, ...]) -> None:
    with pytest.raises(InputError):
        segment(GREYS, between)


def test_an_image_of_one_grey_has_no_classes() -> None:
    with pytest.raises(InputError, match="fewer than 3 grey values"):
        thresholds(np.full((8, 8), 7))
    with pytest.raises(InputError, match="number of classes"):
        thresholds(GREYS, 7)


@pytest.mark.parametrize(("noise", "median"), [(0.0, 1), (100.0, 3)])
def test_from_a_run_to_an_image_and_back(noise: float, median: int, tmp_path: Path) -> None:
    """At 0.5 um: area fractions within 1.5 %, overpotential within 1 % of those of the drawing."""
    result = drawn()
    shot = radiograph(result, 0.5e-6)
    values = noisy(shot.attenuation, noise, 1)
    greys = Scale.of(shot.materials).greys(values)[::-1]
    labels = segment(greys, thresholds(greys, 3, median), median, specks=9)
    found = shares(labels)
    for name in ("electrolyte", "active", "lithium"):
        assert found[name] == pytest.approx(shot.shares[name].mean(), rel=0.015)
    assert found["void"] == 0.0
    (tmp_path / FILE).write_bytes(grey_file(labels, "PNG"))
    present = [name for name, share in found.items() if share]
    tables, notes = tables_of(present, "0.5 um", result.case)
    assert notes == []
    again = fem.run(fem.Case.from_dict(tables, tmp_path / "case.toml"))
    assert again.metrics["overpotential_V"] == pytest.approx(
        result.metrics["overpotential_V"], rel=0.01
    )
    area = sum(r.area for r in again.geometry.regions if r.phase == Phase.ACTIVE)
    whole = again.geometry.width * again.geometry.height
    assert area / whole == pytest.approx(shot.shares["active"].mean(), rel=0.02)


def test_files_of_the_case_are_found_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[NCM811.density]\nvalue = "4.6 g/cm^3"\nsource = "own"\n', encoding="utf-8"
    )
    text = 'material_files = ["mine.toml"]\n' + CELL
    case = fem.Case.parse(text, tmp_path / "cell.toml")
    tables, _ = tables_of(["electrolyte", "active"], "1 um", case)
    assert tables["material_files"] == [(tmp_path / "mine.toml").as_posix()]


def test_an_image_without_lithium_has_an_anode_above_it() -> None:
    tables, _ = tables_of(["electrolyte", "active"], "1 um", drawn().case)
    assert tables["geometry"]["anode"]["thickness"] == "10 um"
    assert tables["geometry"]["separator"]["thickness"] == "30 um"
    assert "cathode" not in tables["geometry"]
    alone, told = tables_of(["electrolyte", "active"], "1 um")
    assert "assumptions" in told[0]
    assert alone["geometry"]["image"]["active"] == "NCM811"
    factor = drawn().case.replace({"geometry.cathode.conductivity_factor": 0.1})
    assert "conductivity_factor" in tables_of(["electrolyte", "active"], "1 um", factor)[1][0]
