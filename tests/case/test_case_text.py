"""Case files as text: loading, single keys changed, files referred to, and saving."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from case_examples import particles, plane

from fem.case import Case, parse_overrides
from fem.errors import InputError
from fem.units import Quantity


def write(folder: Path, data: dict[str, Any], name: str = "cell.toml") -> Path:
    file = folder / name
    file.write_text(tomli_w.dumps(data), encoding="utf-8")
    return file


# -- loading --------------------------------------------------------------------------------------


def test_load_reads_what_parse_and_from_dict_read(tmp_path: Path) -> None:
    file = write(tmp_path, particles())
    case = Case.load(file)
    assert case == Case.parse(file.read_text("utf-8")) == Case.from_dict(particles())
    assert case == Case.load(str(file))
    assert (case.file, case.directory) == (file, tmp_path)
    assert case.geometry.width == pytest.approx(420e-6, rel=1e-15)
    assert case.geometry.width.text == "420 um"
    assert case.geometry.anode.protrusions[1].fillet is None
    assert case.operation.temperature == pytest.approx(303.15, rel=1e-15)
    assert case.materials["LPSCl"]["ionic_conductivity"] == "0.3 S/m"


def test_absent_file_suggests_the_closest_name(tmp_path: Path) -> None:
    write(tmp_path, particles())
    with pytest.raises(InputError, match="no such file") as caught:
        Case.load(tmp_path / "cel.toml")
    assert caught.value.file == str(tmp_path / "cel.toml")
    assert caught.value.cure == "did you mean cell.toml?"
    with pytest.raises(InputError, match="no such folder"):
        Case.load(tmp_path / "nowhere" / "cell.toml")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"title = \n", "line 1, column 9"),
        (b"[mesh]\nsize = '1 um'\nsize = '2 um'\n", "line 3"),
        (b"title = '\xff'", "UTF-8"),
        ("title = 'x'".encode("utf-16"), "UTF-8"),
        (b"x = " + b"[" * 5000, "TOML"),
        (b"x = " + b"9" * 5000, "TOML"),
        (b"\x00", "TOML"),
        (b"", "geometry"),
    ],
    ids=["syntax", "twice", "latin", "utf16", "deep", "huge", "nul", "empty"],
)
def test_unreadable_content_is_an_input_error(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "cell.toml"
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        Case.load(file)
    assert caught.value.file == str(file)
    assert words in str(caught.value)


def test_folder_is_not_a_case(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        Case.load(tmp_path)


def test_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    file = tmp_path / "cell.toml"
    file.write_text(tomli_w.dumps(plane()), encoding="utf-8-sig")
    assert Case.load(file) == Case.from_dict(plane())


def test_error_of_a_loaded_case_names_its_file(tmp_path: Path) -> None:
    file = write(tmp_path, particles())
    for attempt in (
        lambda: Case.load(file).replace({"mesh.size": "x"}),
        lambda: Case.load(file, {"mesh.size": "x"}),
        lambda: Case.from_dict(particles() | {"mesh": {"size": "x"}}, file),
        lambda: Case.parse("[mesh]\nsize = 'x'", file),
    ):
        with pytest.raises(InputError) as caught:
            attempt()
        assert caught.value.file == str(file)


def test_changes_are_made_before_a_file_is_validated(tmp_path: Path) -> None:
    data = particles()
    del data["operation"]["current_density"]
    file = write(tmp_path, data)
    case = Case.load(file, {"operation.current_density": "100 A/m^2"})
    assert case == Case.from_dict(particles())


# -- files referred to ----------------------------------------------------------------------------


def with_files(folder: Path) -> dict[str, Any]:
    (folder / "ids.csv").write_text("id\n3\n")
    (folder / "mine.toml").write_text("[Mine]\n")
    data = particles()
    (folder / "map.csv").write_text("0.5\n")
    data["inactive"]["file"] = "ids.csv"
    data["inactive"]["pattern"] = {"kind": "map", "file": "map.csv"}
    data["material_files"] = ["mine.toml"]
    return data


def test_files_are_found_beside_the_case(tmp_path: Path) -> None:
    case = Case.load(write(tmp_path, with_files(tmp_path)))
    assert case.inactive.file == "ids.csv"
    assert case.resolve("ids.csv") == tmp_path / "ids.csv"
    assert case.replace({"title": "x"}).directory == tmp_path


@pytest.mark.parametrize(
    ("name", "key"),
    [("ids.csv", "inactive.file"), ("map.csv", "inactive.pattern.file"), ("mine.toml", "mat")],
)
def test_absent_file_is_refused_at_its_key(tmp_path: Path, name: str, key: str) -> None:
    file = write(tmp_path, with_files(tmp_path))
    (tmp_path / name).rename(tmp_path / f"x{name}")
    with pytest.raises(InputError, match="no such file") as caught:
        Case.load(file)
    assert caught.value.key == ("material_files[0]" if key == "mat" else key)
    assert (caught.value.given, caught.value.cure) == (name, f"did you mean x{name}?")


def test_saved_elsewhere_a_case_still_finds_its_files(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out" / "run"
    home.mkdir()
    out.mkdir(parents=True)
    case = Case.load(write(home, with_files(home)))
    (out / "case.toml").write_text(case.to_toml(out), encoding="utf-8")
    again = Case.load(out / "case.toml")
    assert again.inactive.file == "../../home/ids.csv"
    assert again.inactive.pattern.file == "../../home/map.csv"
    assert again.resolve("../../home/ids.csv").samefile(home / "ids.csv")
    assert again.sha256 == case.sha256
    assert Case.parse(case.to_toml(), home / "cell.toml") == case


def test_hash_follows_the_content_of_files_not_their_place(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    case = Case.load(write(one, with_files(one)))
    moved = Case.load(write(two, with_files(two), "other.toml"))
    assert case == moved
    for name in ("ids.csv", "map.csv"):
        assert case.sha256 == moved.sha256
        before = (two / name).read_text()
        (two / name).write_text("0\n")
        assert case.sha256 != moved.sha256
        (two / name).write_text(before)


def test_a_table_of_a_material_is_a_file_of_the_case(tmp_path: Path) -> None:
    """It is found beside the case, also from elsewhere, and its content is part of the hash."""
    key = "materials.NCM811.open_circuit_potential"
    (tmp_path / "ocp.csv").write_text("0.3,4.2\n0.9,3.6\n")
    (tmp_path / "out").mkdir()
    case = Case.load(write(tmp_path, particles()), {key: "ocp.csv"})
    (tmp_path / "out" / "case.toml").write_text(case.to_toml(tmp_path / "out"), encoding="utf-8")
    again = Case.load(tmp_path / "out" / "case.toml")
    assert again.files[key] == "../ocp.csv"
    first = case.sha256
    assert again.sha256 == first
    (tmp_path / "ocp.csv").write_text("0.3,4.2\n0.9,3.5\n")
    assert case.sha256 != first
    with pytest.raises(InputError, match="no such file") as caught:
        case.replace({key: "opc.csv"})
    assert (caught.value.key, caught.value.cure) == (key, "did you mean ocp.csv?")
    with pytest.raises(InputError, match="from the folder of the case file"):
        case.replace({key: "measured.txt"})


def test_a_table_that_a_material_file_names_is_part_of_the_hash(tmp_path: Path) -> None:
    own = '[NCM811.open_circuit_potential]\nvalue = "ocp.csv"\nsource = "s"\n'
    (tmp_path / "mine.toml").write_text(own)
    (tmp_path / "ocp.csv").write_text("0.3,4.2\n0.9,3.6\n")
    case = Case.load(write(tmp_path, particles()), {"material_files": ["mine.toml"]})
    first = case.sha256
    (tmp_path / "ocp.csv").write_text("0.3,4.2\n0.9,3.5\n")
    assert case.sha256 != first


# -- single keys changed --------------------------------------------------------------------------


def test_replace_leaves_the_original_as_it_was() -> None:
    case = Case.from_dict(particles())
    before = (case.to_toml(), case.sha256)
    changed = case.replace(
        {"mesh.size": "2 um", "geometry.anode.protrusions[0].depth": "20 um", "title": "other"}
    )
    assert (case.to_toml(), case.sha256) == before
    assert changed.mesh.size.text == "2 um"
    assert [p.depth.text for p in changed.geometry.anode.protrusions] == ["20 um", "10 um"]
    assert changed.geometry.anode.protrusions[0].half_width.text == "12 um"


def test_replace_takes_tables_lists_and_parts_of_other_cases() -> None:
    case = Case.from_dict(particles())
    other = case.replace({"mesh": {"size": "3 um"}, "geometry.anode.protrusions": []})
    assert (other.mesh.growth, other.mesh.max_size) == (0.3, None)
    assert other.geometry.anode.protrusions == ()
    back = other.replace(
        {
            "mesh": case.mesh,
            "mesh.size": case.mesh.size,
            "geometry.anode.protrusions": case.geometry.anode.protrusions,
            "materials": case.materials,
        }
    )
    assert back == case


def test_replace_reaches_absent_optional_keys_and_removes() -> None:
    case = Case.from_dict(plane())
    assert case.replace({"mesh.max_size": "7 um"}).mesh.max_size == pytest.approx(7e-6)
    assert case.replace({"inactive.ids": []}) == case
    changed = case.replace(
        {"operation.overpotential": None, "operation.current_density": "1 A/m^2"}
    )
    assert changed.operation.overpotential is None
    assert case.replace({"materials.LPSCl.youngs_modulus": "28 GPa"}).materials == {
        "LPSCl": {"youngs_modulus": "28 GPa"}
    }
    two = Case.from_dict(particles())
    one = two.replace({"geometry.anode.protrusions[0]": None})
    assert one.geometry.anode.protrusions == two.geometry.anode.protrusions[1:]


def test_replace_checks_the_dimension_of_a_quantity() -> None:
    case = Case.from_dict(plane())
    with pytest.raises(InputError, match="another dimension"):
        case.replace({"mesh.size": Quantity(1.0, "1 s")})


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("mesh.sise", "did you mean mesh.size?"),
        ("mehs.size", "did you mean mesh?"),
        ("rows", "did you mean geometry.cathode.particles.rows?"),
        ("geometry.anode.protrusion[0].depth", "did you mean geometry.anode.protrusions?"),
        (
            "geometry.anode.protrusions[0].dept",
            "did you mean geometry.anode.protrusions[0].depth?",
        ),
        ("geometry.anode.protrusions[2].depth", "index 2 is out of range"),
        ("geometry.anode.protrusions.depth", "give an index"),
        ("inactive.between[2]", "index 2 is out of range"),
        ("mesh[0].size", "there is no list"),
        ("mesh.size.value", "cannot be set"),
        ("mesh..size", "not a key"),
        ("mesh.size[", "not a key"),
        ("mesh.size[-1]", "not a key"),
        ("", "not a key"),
        ("geometry.cathode.thicknes", "did you mean geometry.cathode.thickness?"),
    ],
)
def test_key_that_is_not_there(key: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        Case.from_dict(particles()).replace({key: "1 um"})
    assert caught.value.key == key
    assert words in str(caught.value)


def test_index_into_a_list_that_is_empty() -> None:
    with pytest.raises(InputError, match="out of range") as caught:
        Case.from_dict(plane()).replace({"geometry.anode.protrusions[0].depth": "1 um"})
    assert caught.value.key == "geometry.anode.protrusions[0].depth"
    with pytest.raises(InputError, match="unknown key"):
        Case.from_dict(plane()).replace({"geometry.anode.protrusions[0].dept": "1 um"})


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("mesh.size=2 um", "mesh.size", "2 um"),
        (' mesh.size = "2 um" ', "mesh.size", "2 um"),
        ("mesh.growth=0.2", "mesh.growth", 0.2),
        ("mechanics.enabled=false", "mechanics.enabled", False),
        ("mechanics.enabled=False", "mechanics.enabled", "False"),
        ("inactive.ids=[1, 2]", "inactive.ids", [1, 2]),
        ("operation={overpotential = '1 mV'}", "operation", {"overpotential": "1 mV"}),
        ("title=a = b", "title", "a = b"),
        ("title=", "title", ""),
        ("title=1\nmesh=2", "title", "1\nmesh=2"),
        ("a.b[0].c=x", "a.b[0].c", "x"),
        ('mesh.size="2 um', "mesh.size", '"2 um'),
    ],
)
def test_override_is_read_as_toml_or_else_as_text(text: str, key: str, value: object) -> None:
    assert parse_overrides([text]) == {key: value}


@pytest.mark.parametrize(
    "text", ["mesh.size", "", "=2 um", " = 3", "mesh size=2", "a[x]=1", "title=\udcff"]
)
def test_malformed_override(text: str) -> None:
    with pytest.raises(InputError, match=r"not an override|not a key") as caught:
        parse_overrides([text])
    assert caught.value.allowed


def test_last_override_wins_and_order_is_kept() -> None:
    changes = parse_overrides(["mesh.size=3 um", "mesh={size = '2 um'}", "mesh.size=4 um"])
    assert list(changes) == ["mesh", "mesh.size"]
    assert Case.from_dict(particles()).replace(changes).mesh.size.text == "4 um"
    changes = parse_overrides(["mesh.size=3 um", "mesh={size = '2 um'}"])
    assert Case.from_dict(particles()).replace(changes).mesh.size.text == "2 um"


# -- frozen ---------------------------------------------------------------------------------------


def test_nothing_in_a_case_can_be_changed() -> None:
    case = Case.from_dict(particles())
    for owner, name in (
        (case, "title"),
        (case, "mesh"),
        (case.mesh, "size"),
        (case.geometry.anode.protrusions[0], "depth"),
        (case.kinetics.anode, "area_resistance"),
        (case.mesh, "new"),
    ):
        with pytest.raises(AttributeError, match="replace"):
            setattr(owner, name, "1 um")
    with pytest.raises(TypeError):
        case.materials["LPSCl"] = {}  # type: ignore[index]
    with pytest.raises(TypeError):
        case.materials["LPSCl"]["x"] = 1.0
    with pytest.raises(AttributeError):
        case.materials._items = {}  # type: ignore[attr-defined]


def test_no_list_or_dict_is_held() -> None:
    def held(value: Any) -> None:
        assert not isinstance(value, list | dict | set)
        if isinstance(value, tuple):
            for item in value:
                held(item)
        elif hasattr(value, "items"):
            for item in value.values():
                held(item)
        elif hasattr(type(value), "model_fields"):
            for name in type(value).model_fields:
                held(getattr(value, name))

    held(Case.from_dict(particles()))


def test_case_does_not_share_what_it_was_made_from() -> None:
    data = particles()
    case = Case.from_dict(data)
    data["materials"]["LPSCl"]["poisson_ratio"] = 0.4
    data["geometry"]["anode"]["protrusions"].clear()
    data["inactive"]["ids"].append(5)
    assert case == Case.from_dict(particles())
    case.to_dict()["materials"]["LPSCl"].clear()
    assert case == Case.from_dict(particles())


def test_copies_are_equal_and_hashable(tmp_path: Path) -> None:
    case = Case.load(write(tmp_path, particles()))
    for other in (pickle.loads(pickle.dumps(case)), copy.deepcopy(case), copy.copy(case)):
        assert other == case
        assert hash(other) == hash(case)
        assert other.directory == tmp_path
        assert other.geometry.width.text == "420 um"
    assert case != case.replace({"mesh.size": "2 um"})
    assert case != "case"
