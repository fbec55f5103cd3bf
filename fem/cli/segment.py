"""``fem segment``: phases of a grey image by thresholds, and a case that runs on them."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any, get_args

from fem.cli.image import PICTURES, quantity
from fem.cli.radiograph import number
from fem.errors import InputError


def command(arguments: argparse.Namespace) -> None:
    """Segment the image that the arguments name, and write labels and a case."""
    from fem.geometry.pixels import pixels
    from fem.images.cases import tables_of
    from fem.images.segmentation import Dark, segment, shares, thresholds
    from fem.output.segment import CASE, check_folder, save

    path, out = Path(arguments.image), Path(arguments.out)
    if not path.is_file():
        raise InputError("no such file", file=str(path), allowed=f"an image: {', '.join(PICTURES)}")
    pixel = quantity(arguments, "pixel_size", "m")
    median = number("median", arguments.median, 1)
    specks = number("specks", arguments.specks, 1)
    if arguments.dark not in get_args(Dark):
        raise InputError(
            "no such choice", given=f"--dark {arguments.dark}", allowed=", ".join(get_args(Dark))
        )
    if arguments.thresholds is not None and arguments.classes is not None:
        raise InputError("thresholds are given or found", given="--classes", cure="leave one out")
    before = _case(arguments.case)
    inputs = [path] if before is None or before.file is None else [path, before.file]
    check_folder(out, inputs)
    greys = pixels(path)
    if arguments.thresholds is None:
        between = thresholds(greys, number("classes", arguments.classes or "3", 2), median)
    else:
        between = tuple(_grey(text) for text in arguments.thresholds)
    labels = segment(greys, between, median, arguments.dark, specks)
    found = shares(labels)
    present = [name for name, share in found.items() if share > 0.0]
    tables, notes = tables_of(
        present, arguments.pixel_size, before, arguments.electrolyte, arguments.active
    )
    facts: dict[str, Any] = {
        "pixel_m": pixel,
        "thresholds": list(between),
        "median": median,
        "specks": specks,
        "dark": arguments.dark,
        **{f"{name}_share": share for name, share in found.items()},
        "notes": notes,
    }
    save(labels, tables, facts, pixel, greys, out)
    print("thresholds", ", ".join(f"{value:.6g}" for value in between))
    print(", ".join(f"{name} {found[name]:.3%}" for name in present))
    for note in notes:
        print(f"note: {note}")
    print(out / CASE)


def _grey(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError("not a grey value", given=f"--thresholds {text}", allowed="a number")
    return value


def _case(name: str | None) -> Any:
    """The case of a file, or of a finished run."""
    from fem.case import Case

    if name is None:
        return None
    path = Path(name)
    if path.is_dir():
        path = path / "case.toml"
        if not path.is_file():
            raise InputError("no case in this folder", file=name, allowed="the folder of a run")
    return Case.load(path)
