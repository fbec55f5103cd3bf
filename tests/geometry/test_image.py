"""Label images: what is read, what is cleaned away, and what is refused with a cure."""

from __future__ import annotations

import numpy as np
import pytest
from image_examples import SAMPLES, disc, pictured, saved
from PIL import Image

import fem
from fem.effective.box import Box
from fem.geometry import Phase, build
from fem.geometry.image import picture
from fem.geometry.pixels import pages
from fem.measures.charge import idle_electrolyte
from fem.mesh import from_case

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


@pytest.mark.parametrize("specks", [0, 9])
def test_pixels_that_touch_at_corners_only_do_not_touch(tmp_path, specks):
    """A slanted crack stays a barrier; a slanted line of electrolyte does not become a path."""
    labels = np.full((20, 20), 2, dtype=np.uint8)
    labels[:, 16:] = 1
    for k in range(10):
        labels[4 + k, 3 + k] = 0
    for value, labels_of, phase in ((0, WITH_VOID, Phase.VOID), (1, None, Phase.ELECTROLYTE)):
        labels[range(4, 14), range(3, 13)] = value
        found = clean(
            saved(tmp_path, labels), specks=specks, **({"labels": labels_of} if labels_of else {})
        )
        assert found.specks == (0, 0)
        assert found.corners.sum() == 9
        assert found.corners[range(4, 13), range(3, 12)].all()
        pieces = np.bincount(found.piece.ravel())[found.phase == phase]
        assert sorted(pieces.tolist())[:10] == [1] * 10


def test_particles_of_two_labels_do_not_touch_at_a_corner(tmp_path):
    """Across electrolyte they are cut off; a third particle beside both would join them."""
    labels = np.ones((20, 20), dtype=np.uint8)
    labels[5:10, 5:10], labels[10:15, 10:15] = 2, 3
    values = {"electrolyte": 1, "active": "2-4"}
    found = clean(saved(tmp_path, labels), labels=values)
    assert np.argwhere(found.corners).tolist() == [[9, 9]]
    labels[5:10, 10:15] = 4
    assert not clean(saved(tmp_path, labels), labels=values).corners.any()


def test_no_corners_are_left_that_touch(tmp_path):
    """Of what is left no node of the mesh belongs to two parts of a phase that share no edge."""
    labels = np.random.default_rng(1).integers(0, 4, (30, 30)).astype(np.uint8)
    labels[:4], labels[4:8] = 1, 2
    values = {"electrolyte": 1, "active": [2, 3], "void": 0}
    case = pictured(saved(tmp_path, labels), specks=3, labels=values, largest_change=1.0)
    mesh = from_case(case, build(case))
    elements = np.flatnonzero(mesh.geometry.phases[mesh.region] == Phase.ACTIVE)
    box = Box(mesh, np.arange(len(mesh.region)))
    piece = box.pieces(np.isin(np.arange(len(mesh.region)), elements)).label[elements]
    pairs = np.unique(np.stack([mesh.triangles[elements].ravel(), np.repeat(piece, 6)]), axis=1)
    assert len(np.unique(pairs[0])) == pairs.shape[1]
    assert piece.max() > 20


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
    assert "2 specks of fewer than 9 pixels (3 in all)" in cell.notes[1]


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
    "volume": ("a.npy", array(np.ones((3, 9, 9), dtype=int)), "stack of 3"),
    "channels": ("a.npy", array(np.ones((9, 9, 3), dtype=int)), "3 dimensions"),
    "empty": ("a.npy", array(np.ones((0, 9), dtype=int)), "empty"),
    "row": ("a.npy", array(np.ones((1, 9), dtype=int)), "one pixel thin"),
    "huge": ("a.npy", array(np.ones((8000, 8000), dtype=bool)), "too large"),
    "constant": ("a.npy", array(np.ones((9, 9), dtype=int)), "no pixel of the image is active"),
    "unknown": ("a.npy", array(disc(24, 7) * 3), "no pixel of the image is electrolyte"),
    "more": ("a.npy", array(np.pad(disc(24, 7), 2, constant_values=9)), "without a phase: 9"),
    "negative": ("a.npy", array(np.pad(disc(24, 7).astype(int), 2, constant_values=-1)), ": -1"),
    "grey": ("a.npy", array(np.arange(400).reshape(20, 20)), "and 390 more"),
    "lines": ("a.npy", array(LINES), "electrolyte is nowhere more than one pixel wide"),
    "noise": ("a.npy", array(1 + np.indices((20, 20)).sum(0) % 2), "one pixel wide"),
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


def test_cropped_and_binned_as_arrays_are(tmp_path):
    """A crop is a slice of the array; binning repeated pixels gives those that were repeated."""
    labels = disc(24, 7, centre=(9, 14))
    whole = clean(saved(tmp_path, labels), crop=[2, 3, 20, 22])
    assert (kinds(whole) == np.where(labels[3:22, 2:20] == 2, "a", "e")).all()
    wide = np.kron(labels, np.ones((3, 3), dtype=int))
    noisy = wide.copy()
    noisy[1::3, 1::3] = 3 - noisy[1::3, 1::3]
    case = pictured(saved(tmp_path, np.pad(noisy, ((0, 2), (0, 1)), mode="edge")), bin=3)
    cell = build(case)
    assert (kinds(picture(case.geometry.image, tmp_path / "labels.npy"))
            == np.where(labels == 2, "a", "e")).all()  # fmt: skip
    assert cell.width == pytest.approx(24 * 1.5e-6, rel=1e-12)
    for outside in ([0, 0, 25, 10], [5, 0, 4, 9], [0, 0, 9], [0, 24, 9, 30]):
        with pytest.raises(fem.InputError) as caught:
            clean(saved(tmp_path, labels), crop=outside)
        assert caught.value.key == "geometry.image.crop"


@pytest.mark.parametrize("name", ["a.npy", "a.tif"])
def test_a_slice_of_a_stack(tmp_path, name):
    slices = np.stack([disc(24, radius) for radius in (5, 7, 9)])
    if name.endswith("npy"):
        np.save(tmp_path / name, slices)
    else:
        first, *others = map(Image.fromarray, slices)
        first.save(tmp_path / name, save_all=True, append_images=others)
    assert pages(tmp_path / name) == 3
    for k, labels in enumerate(slices):
        found = clean(tmp_path / name, slice=k)
        assert (kinds(found) == np.where(labels == 2, "a", "e")).all()
    for keys in ({}, {"slice": 3}):
        with pytest.raises(fem.InputError, match="a stack of 3 images") as caught:
            clean(tmp_path / name, **keys)
        assert caught.value.key == "geometry.image.slice"


def test_signed_labels_can_be_named(tmp_path):
    """-1 is a label like any other; ranges reach from below zero to above it."""
    labels = disc(24, 7).astype(np.int16)
    expected = np.where(labels == 2, "a", "e")
    labels[labels == 1] = -1
    labels[:, :12][labels[:, :12] == 2] = -7
    for values in (
        {"electrolyte": -1, "active": [-7, 2]},
        {"electrolyte": "-3--1", "active": "0-9"},
    ):
        if values["active"] == "0-9":
            labels[labels == -7] = 2
        found = clean(saved(tmp_path, labels), labels=values)
        assert (kinds(found) == expected).all()


GREY = {"electrolyte": "0-127", "active": "128-255"}


@pytest.mark.parametrize("noise", [0.0, 3.0, 20.0])
def test_grey_images_are_no_labels_although_ranges_cover_them(tmp_path, noise):
    """Steps of grey from pixel to pixel, by noise or by a shade; a threshold makes labels of it."""
    shade = 60.0 + 120.0 * (disc(60, 20) == 2) + 0.7 * np.arange(60)
    grey = shade + np.random.default_rng(1).normal(scale=noise, size=shade.shape)
    grey = np.clip(grey, 0, 255).astype(np.uint8)
    with pytest.raises(fem.InputError, match="grey-scale image") as caught:
        clean(saved(tmp_path, grey), labels=GREY)
    assert "segment" in caught.value.cure
    if noise < 20.0:
        found = clean(saved(tmp_path, np.where(grey > 127, 255, 0)), labels=GREY)
        assert (kinds(found) == np.where(grey > 127, "a", "e")).all()


def test_many_particles_with_labels_of_their_own_are_not_grey(tmp_path):
    """Not even if they fill the image in squares of five pixels."""
    labels = np.kron(np.arange(2, 146).reshape(12, 12), np.ones((5, 5), dtype=int))
    labels[:5] = 1
    found = clean(saved(tmp_path, labels), labels={"electrolyte": 1, "active": "2-200"})
    assert (found.phase == Phase.ACTIVE).sum() == 132


def test_pixels_may_be_higher_than_wide(tmp_path):
    """Twice as high: the same cell as with every row twice, and discs of the same areas."""
    labels = disc(40, 10, centre=(20, 20))
    tall = build(pictured(saved(tmp_path, labels), pixel_height="1 um", smoothing=0.0))
    twice = np.repeat(labels, 2, axis=0)
    square = build(pictured(saved(tmp_path, twice), smoothing=0.0))
    assert (tall.width, tall.height) == pytest.approx((square.width, square.height), rel=1e-12)
    for name in ("x", "y", "diameter"):
        one, other = (getattr(cell.particles, name) for cell in (tall, square))
        assert one == pytest.approx(other, rel=1e-12)
    areas = [sorted(r.area for r in cell.regions) for cell in (tall, square)]
    assert areas[0] == pytest.approx(areas[1], rel=1e-12)
    assert "pixels of 0.5 um x 1 um" in tall.notes[0]


@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_a_file_that_knows_of_pixels_that_are_not_square_is_believed_or_contradicted(
    tmp_path, name
):
    shown = Image.fromarray(disc(24, 7))
    for resolution, warned in (((600, 300), True), ((300, 300), False)):
        shown.save(tmp_path / name, dpi=resolution)
        found = clean(tmp_path / name)
        assert any("2 times as high as wide" in note for note in found.notes) == warned
    shown.save(tmp_path / name, dpi=(600, 300))
    assert not clean(tmp_path / name, pixel_height="1 um").notes


def test_hints_fit_what_they_are_given_for(tmp_path):
    """A grid of lines looks like a watershed; one line across, or a comb, does not."""
    across = np.full((20, 20), 2)
    across[10] = 1
    comb = np.full((20, 20), 2)
    comb[5:15:3, 5:15] = 1
    for labels, watershed in ((LINES, True), (across, False), (comb, False)):
        with pytest.raises(fem.InputError, match="one pixel wide") as caught:
            clean(saved(tmp_path, labels.astype(np.uint8)))
        assert ("watershed" in caught.value.cure) == watershed


@pytest.mark.parametrize(("rows", "warned"), [(36, True), (2, False)])
def test_much_electrolyte_that_is_idle_is_a_warning(tmp_path, rows, warned):
    """Below a crack through all of the electrolyte lies what the lithium does not reach."""
    labels = np.ones((48, 40), dtype=int)
    labels[2:8, 5:35] = 2
    labels[46 - rows : 48 - rows] = 0
    cell = build(pictured(saved(tmp_path, labels), labels=WITH_VOID, smoothing=0.0))
    note = next(note for note in cell.notes if "ut off and idle" in note)
    share = 40 * rows / (48 * 40 - 80 - 180)
    assert note.startswith("Warning") == warned
    assert f"{share:.2%} of the electrolyte, in 1 piece." in note
    assert idle_electrolyte(cell) < share  # that of the separator counts, too


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
        ({"electrolyte": "-1--3", "active": 2}, "electrolyte"),
        ({"electrolyte": "-9-0", "active": [2, -3]}, "active"),
        ({"electrolyte": 1.5, "active": 2}, "electrolyte"),
        ({"electrolyte": [], "active": 2}, "electrolyte"),
        ({}, ""),
    ],
)
def test_labels_that_contradict_are_refused(tmp_path, labels, key):
    with pytest.raises(fem.InputError) as caught:
        pictured(saved(tmp_path, disc(24, 7)), labels=labels)
    assert caught.value.key == f"geometry.image.labels.{key}".rstrip(".")


CARBON = {"name": "carbon", "labels": 7, "electronic_conductivity": "100 S/m"}


@pytest.mark.parametrize(
    ("phases", "key"),
    [
        ([{**CARBON, "labels": [2, 7]}], "phases[0].labels"),
        ([CARBON, {**CARBON, "labels": 8}], "phases[0].name"),
        ([{**CARBON, "name": "void"}], "phases[0].name"),
        ([{**CARBON, "ionic_conductivity": "1 S/m"}], "phases[0].ionic_conductivity"),
        ([{**CARBON, "electronic_conductivity": "0 S/m"}], "phases[0].electronic_conductivity"),
    ],
)
def test_further_phases_that_contradict_are_refused(tmp_path, phases, key):
    with pytest.raises(fem.InputError) as caught:
        pictured(
            saved(tmp_path, disc(24, 7)), phases=phases, grain_boundary_resistance="1 ohm*cm^2"
        )
    assert caught.value.key == f"geometry.image.{key}"


@pytest.mark.parametrize("phase", ["electrolyte", "active"])
def test_a_phase_that_is_named_needs_its_material(tmp_path, phase):
    with pytest.raises(fem.InputError) as caught:
        pictured(saved(tmp_path, disc(24, 7)), **{phase: None})
    assert caught.value.key == f"geometry.image.{phase}"
    assert phase in caught.value.cure


PLANE = {"kind": "plane", "material": "InLi", "thickness": "9 um"}
BED = {
    "electrolyte": "LPSCl",
    "thickness": "9 um",
    "particles": {"rows": 1, "columns": 1, "diameter": "4 um", "material": "NCM811"},
}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"geometry.width": "9 um"}, "geometry.width"),
        ({"geometry.cathode": PLANE}, "geometry.cathode"),
        ({"geometry.image.labels.active": None}, "geometry.cathode"),
        (
            {"geometry.image.labels.active": None, "geometry.cathode": BED},
            "geometry.cathode.kind",
        ),
        (
            {
                "geometry.image.labels.active": None,
                "geometry.cathode": PLANE,
                "inactive.ids": [0],
            },
            "inactive.ids",
        ),
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
