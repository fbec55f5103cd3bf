"""The dossier: claims are well formed, scripts exist, and planted outputs are read right."""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CASES = ROOT / "cases"


@pytest.fixture(scope="module")
def dossier() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("dossier", CASES / "dossier.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["dossier"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["dossier"]


def claim(dossier: ModuleType, value: str, kind: str = "computed") -> Any:
    texts = dict.fromkeys(dossier.Claim.__dataclass_fields__, "")
    return dossier.Claim(**{**texts, "value": value, "kind": kind, "script": "s", "key": "k"})


def test_claims_are_well_formed(dossier: ModuleType) -> None:
    """Each stands once, names a script that is run, says what decides it, and can be judged."""
    claims = dossier.claims()
    assert len(claims) > 60
    assert {each.paper for each in claims} == set(dossier.PAGES)
    for keys in (
        [(each.paper, each.what) for each in claims],
        [(each.script, each.key) for each in claims if each.script],
    ):
        assert [key for key, count in Counter(keys).items() if count > 1] == []
    for each in claims:
        assert each.what and each.place and each.value and each.decided, each
        if each.script:
            assert each.script in dossier.SCRIPTS and each.key, each
            assert each.kind in dossier.KINDS, each
            assert each.range or each.value in ("all", "electrolyte", "collector"), each


def test_paper_values_are_typed_once(dossier: ModuleType) -> None:
    """A number of a figure or table stands in one row; others refer to it by an empty cell."""
    with (CASES / "dossier_claims.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["script"] and row["value"]]
    typed = Counter((row["paper"], row["place"], row["value"], row["what"]) for row in rows)
    assert max(typed.values()) == 1
    numbers = Counter(
        (row["paper"], row["value"])
        for row in rows
        if row["value"][0] not in "<>=" and row["place"] != "Table 1" and float_like(row["value"])
    )
    assert [key for key, count in numbers.items() if count > 1] == []


def float_like(text: str) -> bool:
    return text.replace(".", "").isdigit()


def test_commands_exist(dossier: ModuleType) -> None:
    """Scripts are files whose options are those that they are given."""
    for name, script in dossier.SCRIPTS.items():
        text = (CASES / f"{name}.py").read_text(encoding="utf-8")
        for option in (*script.whole, *script.quick):
            if option.startswith("--"):
                assert f'"{option}"' in text, (name, option)
        if script.figure:
            stem = script.figure.removesuffix(".png")
            assert stem in text, (name, stem)


@pytest.mark.parametrize(
    ("value", "product", "ratio", "verdict"),
    [
        ("1.75", 1.75, "1", "as in the paper"),
        ("1.5", 2.4, "1.6", "off by a factor of 1.6"),
        ("2.8", [1.0, 1.0], "0.36", "off by a factor of 2.8"),
        ("65", 64.65, "0.99", "within 10 %"),
        ("0.622", [0.625, 0.634], "1", "within 10 %"),
        ("83", [38.5, 80.5], "0.46 to 0.97", "nearest end within 10 %"),
        ("300 to 5000", [0.0, 49.4], "0 to 0.16", "off by at least a factor of 6.1"),
        ("6 to 10", [0.002, 9.0], "0.00033 to 1", "within the range"),
        ("6 to 10", 0.33, "0.055", "off by a factor of 18"),
        ("6 to 10", 12.5, "1.2", "off by a factor of 1.2"),
        ("> 1", 0.57, "", "contradicts"),
        ("> 1", [0.5, 72.0], "", "holds in part"),
        ("< 0.2", 0.1, "", "holds"),
        ("0", 0.0, "", "as in the paper"),
        ("0", 0.1, "", "contradicts"),
        ("18", -3.0, "-0.17", "contradicts"),
        ("all", [116.0, 180.0], "", "holds in part"),
        ("all", [36.0, 36.0], "", "holds"),
        ("all", [0.0, 36.0], "", "contradicts"),
        ("collector", "collector", "", "as in the paper"),
        ("collector", "electrolyte", "", "contradicts"),
        ("1.5", None, "", "no number comes out"),
    ],
)
def test_ratio_and_verdict(
    dossier: ModuleType, value: str, product: Any, ratio: str, verdict: str
) -> None:
    one = claim(dossier, value)
    assert dossier.ratio(one, product) == ratio
    assert dossier.verdict(one, product) == verdict
    if product is not None:
        assert dossier.verdict(claim(dossier, value, "put in"), product) == "no test: put in"


def planted(dossier: ModuleType, folder: Path, name: str, numbers: dict[str, Any]) -> None:
    (folder / name).mkdir()
    made = dossier.Made("hash", f"python cases/{name}.py", True, 1.0, "", "0")
    (folder / name / "made.json").write_text(json.dumps(vars(made)), encoding="utf-8")
    (folder / name / "numbers.json").write_text(json.dumps(numbers), encoding="utf-8")


def test_rows_of_planted_outputs(dossier: ModuleType, tmp_path: Path) -> None:
    """Numbers come from what scripts have written; all else is marked as not run."""
    planted(dossier, tmp_path, "kim2024_pressure", {"bare over coated, bonded: fall": 2.4})
    planted(dossier, tmp_path, "kodama2024_interlayer", {"site of process 3": "electrolyte"})
    planted(dossier, tmp_path, "watanabe2025_solids", {})
    (tmp_path / "watanabe2025_solids" / "voids.csv").write_text(
        "shape,seed,plates,adhesion,angles_deg,electrolyte,void_returned,widest_charged_m,"
        "widest_returned_m\n"
        'pair,0,"die, 50 MPa",none,,WM,0.02,1e-7,5e-8\n'
        'pair,0,"die, 50 MPa",none,,HM,0.01,2e-7,1e-7\n'
        "pair,0,free,none,,WM,0.01,1e-7,5e-8\n"
        "pair,0,free,none,,HM,0.04,2e-7,1e-7\n",
        encoding="utf-8",
    )
    made = dossier.main(["--out", str(tmp_path), "--only"])
    rows = {(row["paper"], row["what"]): row for row in made}
    fall = rows["Kim 2024", "fall, bare over coated"]
    assert (fall["product"], fall["ratio"], fall["run"]) == ("2.4", "1.6", "quick")
    site = rows["Kodama 2024", "side of the interlayer where lithium deposits, process 3"]
    assert site["verdict"] == "contradicts"
    die = rows["Watanabe 2025", "HM's void over WM's after discharge, pairs in a die under 50 MPa"]
    assert (die["product"], die["verdict"]) == ("0.5", "contradicts")
    free = rows["Watanabe 2025", "HM's void over WM's after discharge, pairs with free plates"]
    assert (free["product"], free["verdict"]) == ("4", "holds")
    widest = rows["Watanabe 2025", "widest crack"]
    assert widest["product"] == "50 to 200"
    assert widest["verdict"] == "off by at least a factor of 1.5"
    assert rows["Zheng 2023", "von Mises stress of the electrolyte at a deposit"]["product"] == (
        "not run here"
    )
    with (tmp_path / "dossier.csv").open(encoding="utf-8", newline="") as stream:
        assert list(csv.DictReader(stream)) == list(rows.values())
    text = (tmp_path / "dossier.md").read_text(encoding="utf-8")
    assert "off by a factor of 1.6" in text and (tmp_path / "images" / "dossier.png").exists()


def test_a_changed_case_is_another_run(
    dossier: ModuleType, monkeypatch: Any, tmp_path: Path
) -> None:
    """The hash knows the files that a script names, and the arguments."""
    (tmp_path / "one.py").write_text('CASE = "one.toml"', encoding="utf-8")
    (tmp_path / "one.toml").write_text("a = 1", encoding="utf-8")
    monkeypatch.setattr(dossier, "CASES", tmp_path)
    first = dossier.fingerprint("one", ["--quick"])
    assert first == dossier.fingerprint("one", ["--quick"])
    assert first != dossier.fingerprint("one", [])
    (tmp_path / "one.toml").write_text("a = 2", encoding="utf-8")
    assert first != dossier.fingerprint("one", ["--quick"])
