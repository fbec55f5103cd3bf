"""Label images: what is read, what is cleaned away, and what is refused with a cure."""

from __future__ import annotations

import numpy as np
import pytest
from image_examples import SAMPLES, disc, pictured, saved
from PIL import Image

import fem
from fem.geometry import Phase, build
from fem.geometry.image import picture

WITH_VOID = {"electrolyte": 1, "active": 2, "void": 0}


def clean(path, **image):
    case = pictured(path, **image)
    return picture(case.geometry.image, path)


def kinds(found):
    """Phase of each pixel, as the first letter of its name."""
    return np.array([name[0] for name in found.phase])[found.piece]


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.tiff", "a.npy", "a.PNG"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
def test_formats_and_integer_types_give_the_same_picture(tmp_path, name, dtype):
    labels = disc(24, 7).astype(dtype)
    path = tmp_path / name
    if name.endswith("npy"):
        np.save(path, labels)
    elif name.lower().endswith("png") and dtype is np.int32:
        pytest.skip("PNG holds up to 16 bits")
    else:
        Image.fromarray(labels).save(path)
    found = clean(path)
    assert (kinds(found) == np.where(labels == 2, "a", "e")).all()


def test_the_indices_of_a_palette_are_the_labels(tmp_path):
    """Not its colours, which only show them."""
    shown = Image.fromarray(disc(24, 7), mode="P")
    shown.putpalette([9, 9, 9, 255, 0, 0, 0, 255, 0])
    shown.save(tmp_path / "a.png")
    found = clean(tmp_path / "a.png")
    assert (kinds(found) == np.where(disc(24, 7) == 2, "a", "e")).all()


def test_specks_become_what_surrounds_them(tmp_path):
    """Of pieces of 1, 4 and 9 pixels, those of fewer than 5 are dissolved."""
    labels = disc(40, 10)
    labels[2, 2], labels[5:7, 30:32], labels[20, 20] = 2, 2, 1
    labels[30:33, 30:33] = 2
    found = clean(saved(tmp_path, labels), specks=5)
    labels[2, 2], labels[5:7, 30:32], labels[20, 20] = 1, 1, 2
    assert (kinds(found) == np.where(labels == 2, "a", "e")).all()
    assert found.specks == (3, 6)
    assert len(found.phase) == 3
    kept = clean(saved(tmp_path, labels), specks=0)
    assert kept.specks == (0, 0)


def test_pixels_of_a_line_that_only_touch_at_corners_are_parted_or_joined(tmp_path):
    """A slanted crack stays a barrier; a slanted line of electrolyte does not become a path."""
    labels = np.full((20, 20), 2, dtype=np.uint8)
    labels[:, 16:] = 1
    for k in range(10):
        labels[4 + k, 3 + k] = 0
    crack = clean(saved(tmp_path, labels), specks=0, labels=WITH_VOID)
    assert (crack.phase == Phase.VOID).sum() == 1
    assert crack.corners == 9
    labels[labels == 0] = 1
    line = clean(saved(tmp_path, labels), specks=0)
    # Every other pixel gave way: five single ones remain, beside the strip.
    assert line.corners == 5
    pieces = np.bincount(line.piece.ravel())[line.phase == Phase.ELECTROLYTE]
    assert sorted(pieces.tolist()) == [1, 1, 1, 1, 1, 80]


def test_no_corners_are_left_that_touch(tmp_path):
    labels = np.random.default_rng(1).integers(0, 4, (60, 60)).astype(np.uint8)
    labels[:4], labels[4:8] = 1, 2
    found = clean(
        saved(tmp_path, labels), specks=3, labels={"electrolyte": 1, "active": [2, 3], "void": 0}
    )
    k = found.piece
    a, b, c, d = k[:-1, :-1], k[:-1, 1:], k[1:, :-1], k[1:, 1:]
    assert not ((a == d) & (a != b) & (a != c)).any()
    assert not ((b == c) & (b != a) & (b != d)).any()
    assert np.bincount(k.ravel()).min() >= 3


def test_particles_with_labels_of_their_own_stay_apart(tmp_path):
    """Two halves of a disc, which touch along its diameter of 24 pixels."""
    labels = disc(40, 12).astype(np.uint16)
    labels[(labels == 2) & (np.arange(40) > 19)] = 700
    apart = build(pictured(saved(tmp_path, labels), labels={"electrolyte": 1, "active": "2-900"}))
    assert len(apart.particles) == 2
    assert apart.particles.x[0] < apart.particles.x[1]
    active = apart.phases == Phase.ACTIVE
    touching = [o for o in apart.outlines if active[[o.left, o.right]].all()]
    assert sum(o.curve.length for o in touching) == pytest.approx(12e-6, rel=0.05)


def test_known_content_of_the_sample_cell():
    cell = build(
        pictured(
            SAMPLES / "cell.png",
            labels={"void": 0, "electrolyte": 1, "active": 2, "lithium": 3},
        )
    )
    assert cell.particles.inactivity.tolist() == ["", "", "", "no ions"]
    names = [region.name for region in cell.regions]
    assert [n for n in names if "isolated" in n] == ["isolated lithium 0"]
    idle = [region for region in cell.regions if region.phase == Phase.IDLE]
    assert sorted(r.material for r in idle) == ["LPSCl", "lithium"]
    assert "2 specks of fewer than 9 pixels (3 in all)" in cell.notes[0]


def test_known_content_of_the_sample_cathode():
    cell = build(pictured(SAMPLES / "cathode.png", labels=WITH_VOID))
    assert len(cell.particles) == 34
    assert cell.particles.active.all()
    assert (cell.phases == Phase.VOID).sum() == 6


def text_file(path):
    path.write_text("not an image")


def colours(path):
    Image.fromarray(np.zeros((9, 9, 3), dtype=np.uint8)).save(path)


def stack(path):
    page = Image.fromarray(disc(20, 5))
    page.save(path, save_all=True, append_images=[page])


def array(labels):
    return lambda path: np.save(path, labels)


FADED = np.linspace(0, 1, 400).reshape(20, 20)
LINES = np.where((np.arange(40) % 9 == 0) | (np.arange(40)[:, None] % 9 == 0), 1, 2)
BAD = {
    "text": ("a.png", text_file, "cannot be read"),
    "text-npy": ("a.npy", text_file, "cannot be read"),
    "ending": ("a.csv", text_file, "cannot be read"),
    "empty-file": ("a.tif", lambda path: path.write_bytes(b""), "cannot be read"),
    "objects": ("a.npy", array(np.array([[None]])), "cannot be read"),
    "colours": ("a.png", colours, "colours"),
    "stack": ("a.tif", stack, "stack of 2"),
    "float": ("a.npy", array(FADED), "whole numbers"),
    "float-tiff": ("a.tif", lambda p: Image.fromarray(FADED.astype("f4")).save(p), "whole numbers"),
    "volume": ("a.npy", array(np.ones((3, 9, 9), dtype=int)), "3 dimensions"),
    "empty": ("a.npy", array(np.ones((0, 9), dtype=int)), "empty"),
    "row": ("a.npy", array(np.ones((1, 9), dtype=int)), "one pixel thin"),
    "huge": ("a.npy", array(np.ones((8000, 8000), dtype=bool)), "too large"),
    "constant": ("a.npy", array(np.ones((9, 9), dtype=int)), "no pixel of the image is active"),
    "unknown": ("a.npy", array(disc(24, 7) * 3), "no pixel of the image is electrolyte"),
    "more": ("a.npy", array(np.pad(disc(24, 7), 2, constant_values=9)), "without a phase: 9"),
    "negative": ("a.npy", array(np.pad(disc(24, 7).astype(int), 2, constant_values=-1)), ": -1"),
    "grey": ("a.npy", array(np.arange(400).reshape(20, 20)), "and 390 more"),
    "lines": ("a.npy", array(LINES), "electrolyte is nowhere more than one pixel wide"),
    "noise": ("a.npy", array(1 + np.indices((20, 20)).sum(0) % 2), "specks"),
    "no-active": ("a.npy", array(disc(24, 1.2)), "all active is specks"),
}  # fmt: skip


@pytest.mark.parametrize("ending", ["npy", "tif"])
def test_whole_numbers_may_be_stored_with_a_point(tmp_path, ending):
    """As programs often save labels: 2.0 is the label 2, in the image and in the case."""
    plain = build(pictured(saved(tmp_path, disc(24, 7))))
    labels = disc(24, 7).astype("f8" if ending == "npy" else "f4")
    path = tmp_path / f"floats.{ending}"
    np.save(path, labels) if ending == "npy" else Image.fromarray(labels).save(path)
    stored = build(pictured(path, labels={"electrolyte": np.float64(1.0), "active": 2.0}))
    assert [r.area for r in stored.regions] == [r.area for r in plain.regions]


def test_labels_for_many_slices_may_name_a_void_that_one_lacks(tmp_path):
    labels = {"electrolyte": 1, "active": 2, "void": [0, "7-9"]}
    plain = build(pictured(saved(tmp_path, disc(24, 7))))
    shape = build(pictured(saved(tmp_path, disc(24, 7)), labels=labels))
    assert "No pixel of the image is void (labels.void = 0, 7-9)." in shape.notes
    assert [r.area for r in shape.regions] == [r.area for r in plain.regions]
    assert not any("No pixel" in note for note in plain.notes)


@pytest.mark.parametrize("name", BAD)
def test_bad_images_are_refused_with_a_cure(tmp_path, name):
    file, write, problem = BAD[name]
    write(tmp_path / file)
    with pytest.raises(fem.InputError) as caught:
        build(pictured(tmp_path / file))
    assert problem in str(caught.value)
    assert caught.value.cure
    assert str(caught.value.key).startswith("geometry.image")


def test_a_missing_file_names_the_closest_one(tmp_path):
    saved(tmp_path, disc(24, 7))
    with pytest.raises(fem.InputError) as caught:
        pictured(tmp_path / "label.npy")
    assert caught.value.cure == "did you mean labels.npy?"


@pytest.mark.parametrize(
    ("labels", "key"),
    [
        ({"electrolyte": 1, "active": 1}, "active"),
        ({"electrolyte": "0-4", "active": [2, 9]}, "active"),
        ({"electrolyte": 1, "active": "9-2"}, "active"),
        ({"electrolyte": -1, "active": 2}, "electrolyte"),
        ({"electrolyte": 1.5, "active": 2}, "electrolyte"),
        ({"electrolyte": [], "active": 2}, "electrolyte"),
        ({"electrolyte": 1}, "active"),
    ],
)
def test_labels_that_contradict_are_refused(tmp_path, labels, key):
    with pytest.raises(fem.InputError) as caught:
        pictured(saved(tmp_path, disc(24, 7)), labels=labels)
    assert caught.value.key == f"geometry.image.labels.{key}"


PLANE = {"kind": "plane", "material": "InLi", "thickness": "9 um"}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"geometry.width": "9 um"}, "geometry.width"),
        ({"geometry.cathode": PLANE}, "geometry.cathode"),
        ({"geometry.anode.thickness": None}, "geometry.anode.thickness"),
        ({"geometry.image": None}, "geometry.width"),
    ],
)  # fmt: skip
def test_what_is_drawn_and_shown_must_not_contradict(tmp_path, changes, key):
    case = pictured(saved(tmp_path, disc(24, 7)))
    with pytest.raises(fem.InputError) as caught:
        case.replace(changes)
    assert caught.value.key == key
    assert caught.value.cure


def test_the_hash_follows_the_pixels_and_not_the_name(tmp_path):
    case = pictured(saved(tmp_path, disc(24, 7)))
    (tmp_path / "other.npy").write_bytes((tmp_path / "labels.npy").read_bytes())
    moved = case.replace({"geometry.image.file": str(tmp_path / "other.npy")})
    assert moved.sha256 == case.sha256
    saved(tmp_path, disc(24, 8))
    assert moved.sha256 != case.sha256


def test_a_written_case_leads_to_the_same_image(tmp_path):
    text = pictured(saved(tmp_path, disc(24, 7))).to_toml()
    case = fem.Case.parse(text.replace(f"{tmp_path}/", ""), tmp_path / "case.toml")
    assert case.geometry.image.file == "labels.npy"
    (tmp_path / "deep").mkdir()
    again = fem.Case.parse(case.to_toml(tmp_path / "deep"), tmp_path / "deep" / "case.toml")
    assert again.geometry.image.file == "../labels.npy"
    assert again.sha256 == case.sha256
