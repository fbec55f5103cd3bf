"""
Five papers and what comes out: every number that a model can reach
====================================================================

Each of the other scripts sets one paper beside what comes out. This one runs them all, reads the
numbers from what they write, and puts them into one table: what the paper has and where, what comes
out, their ratio, what decides it, what would refute it, and the command that makes it. The
statements of the papers are in ``dossier_claims.csv``, each typed once, with the reasons; results
are read, not typed.

Run it with ``python cases/dossier.py [--only NAME ...] [--quick] [--short] [--out DIR]``. Each
script writes into a folder of its own in DIR. It is not run again as long as neither it, nor the
files that it names, nor the version of ``fem``, nor its arguments change, so that the whole can be
stopped and taken up. ``--only kodama2024`` runs scripts whose names begin so, ``--only`` alone
none; ``--quick`` takes coarse meshes and few samples where a script offers that; ``--short`` leaves
out those that take more than ten minutes of a processor. What has not been run stays in the table
as "not run here". DIR gets ``dossier.csv``, ``dossier.md`` (the page ``docs/dossier.md``) and
``images``. ``zhou2025_utilization.py`` and ``zhou2025_contact_area.py`` need the extra `packing`.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

import fem

CASES = Path(__file__).parent
PROJECT = CASES.parent / "pyproject.toml"
VERSION = (
    tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"]
    if PROJECT.exists()
    else version("assb-fem")
)
"""Of the tree that these scripts stand in, or of what is installed."""
Value = float | str | list[float] | None
"""A number, a word, the least and largest over inputs that are free, or that none comes out."""
Numbers = Mapping[str, Value]

# %%
# What is run
# -----------


@dataclass(frozen=True)
class Script:
    """How a script of ``cases`` is run.

    Attributes
    ----------
    whole, quick
        Arguments for the study as it is meant, and for a coarse one. ``{out}`` is its folder.
    long
        Whether the whole takes more than ten minutes of a processor.
    figure
        A picture that it makes and that the page shows; the page says so where it is coarse.
    """

    whole: tuple[str, ...] = ("--out", "{out}")
    quick: tuple[str, ...] = ("--out", "{out}", "--quick")
    long: bool = False
    figure: str = ""


def _sized(size: str) -> tuple[str, ...]:
    return "--out", "{out}", "--size", size


SCRIPTS: Mapping[str, Script] = {
    "zheng2023": Script(quick=_sized("4 um"), figure="von_mises_against_thickness.png"),
    "zheng2023_geometry": Script(
        ("--out", "{out}", "--no-films"), (*_sized("4 um"), "--no-films"), long=True
    ),
    "zheng2023_growth": Script(quick=_sized("6 um"), long=True),
    "zheng2023_yielding": Script(quick=_sized("4 um"), long=True),
    "zheng2023_codependent": Script(
        ("--out", "{out}", "--cycles", "2"), ("--part", "A", *_sized("5 um")), long=True
    ),
    "stranded_state": Script(long=True),
    "zhou2025_utilization": Script(figure="utilization.png"),
    "zhou2025_contact_area": Script(long=True),
    "zhou2025_impedance": Script(figure="impedance.png"),
    "zhou2025_pressure": Script(long=True),
    "watanabe2025_solids": Script(
        quick=("--out", "{out}", "--quick", "--shapes", "disc"),
        long=True,
    ),
    "watanabe2025_cracks": Script(long=True),
    "kodama2024_interlayer": Script(("{out}",), ("{out}",), figure="sites.png"),
    "kim2024_pressure": Script(long=True),
    "kim2024_cell": Script((), ("--quick",), long=True),
}


def fingerprint(script: str, arguments: Sequence[str]) -> str:
    """Hash of a script, of the cases and tables that it names, of the version and the arguments."""
    names, known = [f"{script}.py"], []
    while names:
        file = CASES / names.pop()
        if file in known or not file.exists():
            continue
        known.append(file)
        if file.suffix != ".csv":
            text = file.read_text(encoding="utf-8")
            names += re.findall(r"\w+\.(?:toml|csv)\b", text)
    digest = hashlib.sha256(json.dumps([VERSION, *arguments]).encode())
    for file in sorted(known):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Made:
    """A run of a script that is kept in a folder."""

    fingerprint: str
    command: str
    quick: bool
    seconds: float
    failed: str
    version: str

    @classmethod
    def of(cls, folder: Path) -> Made | None:
        """What a folder holds, if anything."""
        file = folder / "made.json"
        return cls(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def run(name: str, quick: bool, folder: Path) -> Made:
    """Run a script, unless its folder holds that very run; the time is that of the processor."""
    given = SCRIPTS[name].quick if quick else SCRIPTS[name].whole
    mark = fingerprint(name, given)
    known = Made.of(folder)
    if known and known.fingerprint == mark and not known.failed:
        return known
    folder.mkdir(parents=True, exist_ok=True)
    arguments = [each.replace("{out}", str(folder.resolve())) for each in given]
    before = os.times()
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        ended = subprocess.run(
            [sys.executable, str(CASES / f"{name}.py"), *arguments],
            stdout=output, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    after = os.times()
    seconds = sum(after[2:4]) - sum(before[2:4])
    failed = ended.stderr.strip().splitlines()[-1] if ended.returncode and ended.stderr else ""
    if ended.returncode and not failed:
        failed = f"ended with {ended.returncode}"
    words = [f'"{each}"' if " " in each else each for each in given]
    command = " ".join(["python", f"cases/{name}.py", *words]).replace("{out}", f"OUT/{name}")
    made = Made(mark, command, quick, seconds, failed, VERSION)
    (folder / "made.json").write_text(json.dumps(vars(made), indent=1), encoding="utf-8")
    return made


# %%
# What scripts write
# ------------------
# Most write ``numbers.json``. Of the others a table or what they print is read.


def _table(file: Path) -> list[dict[str, str]]:
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _span(values: Sequence[float]) -> Value:
    """Least and largest of what is known."""
    known = [value for value in values if math.isfinite(value)]
    return [min(known), max(known)] if known else None


def numbers(folder: Path) -> Numbers:
    """The numbers that a script has written as such."""
    file = folder / "numbers.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def voids(folder: Path) -> Numbers:
    """Voids around discs: HM over WM on return, by shape and plates; the widest gap in nm."""
    pairs: dict[tuple[str, ...], dict[str, dict[str, str]]] = {}
    for row in _table(folder / "voids.csv"):
        key = tuple(row[name] for name in ("shape", "seed", "plates", "adhesion", "angles_deg"))
        pairs.setdefault(key, {})[row["electrolyte"]] = row
    ratios: dict[str, list[float]] = {"disc": [], "pair free": [], "pair die": []}
    for (shape, _, plates, *_), pair in pairs.items():
        both = [float(pair[name]["void_returned"] or "nan") for name in ("WM", "HM")]
        if len(both) == 2 and max(both) > 1e-5:
            kind = shape if shape == "disc" else f"{shape} {plates.split(',')[0].split()[0]}"
            ratios.setdefault(kind, []).append(both[1] / max(both[0], 1e-5))
    widest = [
        1e9 * float(row[f"widest_{end}_m"] or "nan")
        for pair in pairs.values()
        for row in pair.values()
        for end in ("charged", "returned")
    ]
    told = {kind: _span(each) for kind, each in ratios.items() if each}
    return told | ({"widest": _span(widest)} if widest else {})


def cracks(folder: Path) -> Numbers:
    """Gaps of the cell in time, of the case as it is shipped."""
    rows = _table(folder / "cracks.csv")
    if not rows:
        return {}
    name, gap, widest, between, passed = list(rows[0])[1], *list(rows[0])[3:6], list(rows[0])[8]
    shipped = [row for row in rows if row["variant"] == rows[0]["variant"]]
    wm, hm = ([row for row in shipped if row[name] == kind] for kind in ("WM", "HM"))
    lost = [100 * (1 - float(each[1][passed]) / float(each[0][passed])) for each in (wm, hm)]
    told: dict[str, Value] = {
        "WM kept": float(wm[1][gap]) / float(wm[0][gap]),
        "lost HM less WM": lost[1] - lost[0],
        "between over electrolyte": _span(
            [float(each[0][between]) / float(each[0][widest]) for each in (wm, hm)]
        ),
    }
    if min(len(wm), len(hm)) > 2:
        told["second over first"] = _span(
            [float(each[2][gap]) / float(each[0][gap]) for each in (wm, hm)]
        )
    return told


def stranded(folder: Path) -> Numbers:
    """Shares of dead particles below (NCM811) and above (LCO) the middle of their windows."""
    rows = [row for row in _table(folder / "stranded.csv") if row["why"]]
    told: dict[str, Value] = {}
    for name, middle in (("NCM811", 0.60), ("LCO", 0.73)):
        dead = [float(row["stoichiometry"]) for row in rows if row["material"].startswith(name)]
        below = sum(x < middle for x in dead)
        if dead:
            told[f"{name} below"], told[f"{name} above"] = below / len(dead), 1 - below / len(dead)
    return told


def pressed(folder: Path) -> Numbers:
    """First discharges, fine less coarse, and contact by pressure, without adhesion."""
    found = {
        (row["kind"], int(row["pressure"])): row
        for row in _table(folder / "runs.csv")
        if row["bond"] == "none" and not row["failed"]
    }
    told: dict[str, Value] = {}
    for pressure in (2, 10, 30):
        pair = [found.get((kind, pressure)) for kind in ("fine", "coarse")]
        if pair[0] and pair[1]:
            told[f"gain {pressure}"] = float(pair[0]["discharge"]) - float(pair[1]["discharge"])
    kinds = {kind for kind, _ in found}
    told["touching 30 over 2"] = _span(
        [
            float(found[kind, 30]["touching"]) / float(found[kind, 2]["touching"])
            for kind in kinds
            if (kind, 30) in found and (kind, 2) in found
        ]
    )
    return told


def both_electrodes(folder: Path) -> Numbers:
    """Lithium opposite live particles over that without dead ones; fade of bare over coated."""
    told: dict[str, Value] = {}
    output = folder / "output.txt"
    text = output.read_text(encoding="utf-8") if output.exists() else ""
    for until in ("to 4.2 V", "0.4 mAh/cm2"):
        rows = re.findall(rf"{until}\s+\d/\d by width\s+[\d.]+\s+([\d.]+)", text)
        told[until] = _span([float(each) for each in rows])
    fades = {}
    rows_of = _table(folder / "codependent.csv")
    for variant in ("bare", "coated"):
        given = [float(row["capacity"]) for row in rows_of if row["variant"] == variant]
        if len(given) > 1:
            fades[variant] = (1 - given[-1] / given[0]) / (len(given) - 1)
    if len(fades) == 2:
        told["fade bare over coated"] = fades["bare"] / fades["coated"]
    return told


def kim_cell(folder: Path) -> Numbers:
    """Charge to 4.2 V, discharges after a hold, and rise of the resistance, as printed."""
    output = folder / "output.txt"
    text = output.read_text(encoding="utf-8") if output.exists() else ""
    told: dict[str, Value] = {}
    if found := re.search(r"product +([\d.]+) mAh/g from .*?; ([\d.]+)\n", text):
        told["4.2 V"] = [float(each) for each in found.groups()]
    for name in ("bare", "coated"):
        if found := re.search(rf"{name}: charge [\d.]+, discharge ([\d.]+)", text):
            told[f"discharge {name}"] = float(found[1])
        if found := re.search(rf"{name}: least .* that is ([\d.]+) ", text):
            told[f"pulses {name}"] = float(found[1])
    return told


READERS: Mapping[str, Callable[[Path], Numbers]] = {
    "watanabe2025_solids": voids,
    "watanabe2025_cracks": cracks,
    "stranded_state": stranded,
    "zhou2025_pressure": pressed,
    "zheng2023_codependent": both_electrodes,
    "kim2024_cell": kim_cell,
}

# %%
# Beside the papers
# -----------------

KINDS = {
    "computed": "nothing that the paper measured of this went in",
    "free": "an input that the paper does not give moves it; ranges are over what was tried",
    "put in": "the paper's number, or one fitted to it, went in: no test",
}


@dataclass(frozen=True)
class Claim:
    """A number or a statement of a paper: a row of ``dossier_claims.csv``.

    `value` is a number, "a to b", "> a", "< a", "= a", "all" (of k of n set-ups) or a word. Rows
    without a `script` are not reached, and `decided` says why.
    """

    paper: str
    what: str
    place: str
    value: str
    unit: str
    script: str
    key: str
    kind: str
    decided: str
    refuted: str

    @property
    def range(self) -> tuple[float, float] | None:
        """Numbers that agree with it, as an interval; none of a word."""
        if found := re.fullmatch(r"(-?[\d.]+) to (-?[\d.]+)", self.value):
            return float(found[1]), float(found[2])
        if found := re.fullmatch(r"([<>=]?) ?(-?[\d.]+)", self.value):
            at = float(found[2])
            return {"<": (-math.inf, at), ">": (at, math.inf)}.get(found[1], (at, at))
        return None


def claims() -> list[Claim]:
    """All of them, in the order of the page; an empty value is that of the row above."""
    found: list[Claim] = []
    with (CASES / "dossier_claims.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            found.append(Claim(**{**row, "value": row["value"] or found[-1].value}))
    return found


def ratio(claim: Claim, value: Value) -> str:
    """Product over paper, where both are numbers and the paper's is no bound."""
    if claim.range is None or claim.value[0] in "<>" or isinstance(value, str | None):
        return ""
    low, high = claim.range
    if min(low, high) <= 0.0:
        return ""
    ends = value if isinstance(value, list) else [value]
    parts = [f"{each / (high if each > high else max(each, low)):.2g}" for each in ends]
    return " to ".join(dict.fromkeys(parts))


NEAR = 0.1
"""Relative difference up to which a number is called near to the paper's."""


def verdict(claim: Claim, value: Value) -> str:
    """What may be said, by rule and not by hand."""
    if value is None:
        return "no number comes out"
    if claim.kind == "put in":
        return "no test: put in"
    if isinstance(value, str):
        return "as in the paper" if value == claim.value else "contradicts"
    ends = value if isinstance(value, list) else [value, value]
    if claim.value == "all":
        held, asked = ends
        return "holds" if held == asked else "contradicts" if not held else "holds in part"
    assert claim.range is not None, claim
    low, high = claim.range
    free = " of a free input" if claim.kind == "free" else ""
    if claim.value[0] in "<>":
        inside = [low < each < high for each in ends]
        return "holds" if all(inside) else "holds in part" if any(inside) else "contradicts"
    if low == high == 0.0:
        return "as in the paper" if not any(ends) else "contradicts"
    if ends[0] <= high and ends[1] >= low:
        return f"within the range{free}" if ends[0] < ends[1] else "as in the paper"
    if ends[1] <= 0.0 < low:
        return "contradicts"
    off = low / ends[1] if ends[1] < low else ends[0] / high
    if off <= 1.0 + NEAR:
        near = low <= ends[0] * (1.0 + NEAR) and ends[1] <= high * (1.0 + NEAR)
        return f"{'' if near else 'nearest end '}within {100 * NEAR:.0f} %"
    return f"off by {'at least ' if ends[0] < ends[1] else ''}a factor of {off:.2g}"


def shown(value: Value) -> str:
    """As text."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " to ".join(dict.fromkeys(f"{each:.3g}" for each in value))
    return f"{value:.3g}"


COLUMNS = (
    "paper", "what", "place", "value", "unit", "product", "ratio", "verdict", "kind", "decided",
    "refuted", "script", "run", "command",
)  # fmt: skip


def row_of(claim: Claim, made: Made | None, read: Numbers) -> dict[str, str]:
    """A row of the table."""
    row = {name: getattr(claim, name) for name in COLUMNS if hasattr(claim, name)}
    row |= {"product": "not run here", "ratio": "", "verdict": "", "run": "", "command": ""}
    if not claim.script:
        return row | {"product": "not reached"}
    row["command"] = f"python cases/dossier.py --only {claim.script}"
    if made is None:
        return row
    row["run"] = "quick" if made.quick else "whole"
    row["command"] = made.command
    if made.failed:
        return row | {"product": "failed", "verdict": made.failed}
    if claim.key not in read:
        return row | {"product": "not in this run" if made.quick else "no number"}
    value = read[claim.key]
    text = shown(value)
    if claim.value == "all" and isinstance(value, list):
        text = f"{value[0]:.0f} of {value[1]:.0f}"
    return row | {"product": text, "ratio": ratio(claim, value), "verdict": verdict(claim, value)}


def collect(out: Path) -> tuple[list[dict[str, str]], dict[str, Made]]:
    """All rows, from what the folders below `out` hold, and the runs that are in them."""
    made = {name: found for name in SCRIPTS if (found := Made.of(out / name))}
    read = {name: READERS.get(name, numbers)(out / name) for name in made}
    rows = [row_of(each, made.get(each.script), read.get(each.script, {})) for each in claims()]
    return rows, made


# %%
# The page
# --------

HEAD = f"""# Five papers and what comes out

Made by `cases/dossier.py` from what the other scripts write: nothing under *here*, *ratio* and
*verdict* is typed. Numbers in the reasons beside them are, from the pages named above each table.
Every number and statement of the five papers that a model can reach stands here once, also where
what comes out contradicts it. Rows marked *quick* are of coarse meshes and few samples; those *not
run here* were not run when this page was made, and the command says how.

- **Ratio** is what comes out over what the paper has (over its nearer end, where that is a range).
- **Verdict** follows a rule: within {100 * NEAR:.0f} %; off by a factor (of a range its nearest end
  is told so); a statement holds, holds in part (of the range that was tried), or is contradicted.
- **Kind** says what a verdict is worth. """ + " ".join(
    f"*{kind}*: {words}{';' if kind != 'put in' else '.'}" for kind, words in KINDS.items()
)
TAIL = """
## What none of this shows

- Agreement in a row that is *free* says that the paper's number is possible, not that it follows.
- Every cell here is a section in two dimensions of materials whose constants come from elsewhere;
  [Materials](reference/materials.md) says which are assumptions, [Verification](verification.md)
  that the equations are solved, and [the limits of the theory](theory.md#limits-of-validity) where
  they should not be used. The packings of spheres alone are in space.
- Few samples, mostly one: a range in the table is over inputs, and no interval of confidence.
"""
PAGES = {
    "Zheng 2023": "[Both electrodes together](codependent.md), [hot spots](hot_spots.md), "
    "[X-rays](radiograph.md)",
    "Zhou 2025": "[Impedance](impedance.md)",
    "Watanabe 2025": "[Cracks](cracks.md)",
    "Kodama 2024": "[Interlayers](interlayer.md)",
    "Kim 2024": "[Beside Kim 2024](kim2024.md)",
}
HEADS = ("what", "paper", "here", "ratio", "verdict", "kind, run", "decided by", "refuted by")
LEFT = ("paper", "what", "value", "why")
COMMANDS = """## Commands

The whole, and one paper of it:

<!-- not run here: hours of a processor -->

```sh
python cases/dossier.py --out OUT
python cases/dossier.py --out OUT --only kim2024
```"""


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(each.replace("|", "\\|").replace("<", "&lt;") for each in cells) + " |"


def page(rows: Sequence[Mapping[str, str]], made: Mapping[str, Made], out: Path) -> str:
    """The page, with pictures of the runs below ``images``."""
    (out / "images").mkdir(exist_ok=True)
    figure = draw(rows)
    figure.savefig(out / "images" / "dossier.png", dpi=160)
    plt.close(figure)
    reached = [row for row in rows if row["product"] != "not reached"]
    verdicts = [row["verdict"].split(" of ")[0] for row in reached]
    lines = [HEAD, "", _line(["verdict", *KINDS]), "|" + "---|" * (1 + len(KINDS))]
    for each in sorted(set(filter(None, verdicts))):
        counts = [
            sum(v == each and row["kind"] == kind for v, row in zip(verdicts, reached, strict=True))
            for kind in KINDS
        ]
        lines.append(_line([each, *(str(n or "") for n in counts)]))
    idle = sum(not row["verdict"] for row in reached)
    lines += ["", f"Of {len(reached)} rows {idle} have no verdict: not run here, or no number.", ""]
    lines += ["![What comes out over what the papers have](images/dossier.png)", ""]
    lines += [
        "Bars are ranges over inputs, open ends free ones; less than 0.001 is drawn as 0.001."
    ]
    lines += ["Rows with a bound and those that were put in are not drawn."]
    for paper in PAGES:
        lines += ["", f"## {paper}", "", f"Told at length: {PAGES[paper]}.", ""]
        lines += [_line(HEADS), "|" + "---|" * len(HEADS)]
        here = [row for row in reached if row["paper"] == paper]
        for row in here:
            paper_has = " ".join(filter(None, (row["value"], row["unit"]))) + f" ({row['place']})"
            kind = ", ".join(filter(None, (row["kind"], row["run"])))
            what = f"{row['what']} (`{row['script']}`)"
            came = [row["product"], row["ratio"], row["verdict"], kind]
            lines.append(_line([what, paper_has, *came, row["decided"], row["refuted"]]))
        for name in dict.fromkeys(row["script"] for row in here):
            picture = out / name / SCRIPTS[name].figure
            if SCRIPTS[name].figure and name in made and picture.exists():
                shutil.copy(picture, out / "images" / f"dossier_{name}.png")
                coarse = ", a coarse run" if made[name].quick else ""
                lines += ["", f"![Of {name}.py{coarse}](images/dossier_{name}.png)", ""]
                lines += [f"Drawn by `cases/{name}.py`{coarse}."]
    lines += ["", "## Not reached", "", _line(LEFT), "|" + "---|" * len(LEFT)]
    for row in rows:
        if row["product"] == "not reached":
            value = " ".join(filter(None, (row["value"], row["unit"]))) + f" ({row['place']})"
            lines.append(_line([row["paper"], row["what"], value, row["decided"]]))
    lines += ["", COMMANDS, "", _line(("command", "this page", "CPU")), "|---|---|---|"]
    for name, script in SCRIPTS.items():
        if name in made:
            ran = made[name]
            told = f"{'quick' if ran.quick else 'whole'}, version {ran.version}"
            lines.append(_line([f"`{ran.command}`", told, f"{ran.seconds / 60:.1f} min"]))
        else:
            words = "more than 10 min" if script.long else "less than 10 min"
            command = f"`python cases/dossier.py --out OUT --only {name}`"
            lines.append(_line([command, "not run here", words]))
    return "\n".join([*lines, TAIL])


def draw(rows: Sequence[Mapping[str, str]]) -> Figure:
    """Ratios on a logarithmic axis, a row each, by paper."""
    known = [row for row in rows if row["ratio"] and row["verdict"] != "no test: put in"]
    colours = dict(zip(PAGES, plt.get_cmap("tab10").colors, strict=False))
    with fem.plot.style():
        height = 1.2 + 0.17 * len(known)
        figure, axes = plt.subplots(figsize=(6.9, height), layout="constrained")
        for k, row in enumerate(known):
            ends = [max(float(each), 1e-3) for each in row["ratio"].split(" to ")]
            look: dict[str, Any] = {"color": colours[row["paper"]]}
            fill = "white" if row["kind"] == "free" else colours[row["paper"]]
            axes.plot([ends[0], ends[-1]], [k, k], lw=2.5, **look)
            axes.plot(ends, [k] * len(ends), "o", ms=4, mfc=fill, zorder=3, **look)
        axes.axvline(1.0, color="0.3", lw=0.8)
        axes.axvspan(1.0 / (1.0 + NEAR), 1.0 + NEAR, color="0.9", zorder=0)
        labels = [f"{row['paper']}: {row['what']}" for row in known]
        cut = [each if len(each) < 70 else each[:67] + "…" for each in labels]
        axes.set_yticks(range(len(known)), cut, fontsize=6)
        axes.set(xscale="log", xlabel="what comes out over what the paper has")
        axes.invert_yaxis()
    return figure


# %%
# Run it all
# ----------


def chosen(names: Sequence[str]) -> list[str]:
    """Scripts of these names; of a name that is none, those that begin so."""
    return [
        script
        for script in SCRIPTS
        if script in names or any(script.startswith(n) for n in names if n not in SCRIPTS)
    ]


def main(arguments: Sequence[str] | None = None) -> list[dict[str, str]]:
    """Run what is asked for, and write the table and the page of all that is there."""
    parser = argparse.ArgumentParser(description="Five papers and what comes out.")
    parser.add_argument("--out", default="out/dossier", type=Path, help="folder of the results")
    parser.add_argument("--only", nargs="*", help="scripts whose names begin so; none of them")
    parser.add_argument("--quick", action="store_true", help="coarse meshes and few samples")
    parser.add_argument("--short", action="store_true", help="without what takes over 10 min")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    for name, script in SCRIPTS.items():
        if given.only is not None and name not in chosen(given.only):
            continue
        if given.short and script.long and not given.quick:
            continue
        made = run(name, given.quick, given.out / name)
        words = made.failed or f"{made.seconds:.0f} s of a processor"
        print(f"{name:<24}{words}", flush=True)
    rows, found = collect(given.out)
    with (given.out / "dossier.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (given.out / "dossier.md").write_text(page(rows, found, given.out), encoding="utf-8")
    return rows


if __name__ == "__main__":
    main()
