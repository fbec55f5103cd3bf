"""An image on the command line: options that say what it shows, and what ``fem check`` tells."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fem.case import parse_overrides
from fem.cli.cases import naming
from fem.errors import InputError
from fem.units import parse

if TYPE_CHECKING:
    from fem.case.image import Image
    from fem.geometry.image import Picture
    from fem.geometry.shapes import Shapes

OPTIONS = ("pixel_size", "labels")
"""What says how to read an image, and goes with no case."""
PICTURES = (".png", ".tif", ".tiff", ".npy", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
"""Endings of images, also of those that are refused with a reason."""
WIDTH = 100
SHOWN = 12
"""Values of an image that are listed."""
_HEAD = 13


def is_image(path: Path) -> bool:
    """Whether an argument names an image, by its ending."""
    return path.suffix.lower() in PICTURES


def keys_of(arguments: argparse.Namespace, path: Path) -> dict[str, Any]:
    """The keys of ``[geometry.image]`` that the arguments give."""
    if not path.is_file():
        raise InputError("no such file", file=str(path), cure="a case (TOML) or a label image")
    keys: dict[str, Any] = {"file": str(path), **parse_overrides(arguments.changes)}
    if arguments.pixel_size is not None:
        keys["pixel_size"] = arguments.pixel_size
    if arguments.labels is not None:
        keys["labels"] = _labels(arguments.labels)
    return keys


def refuse_options(arguments: argparse.Namespace, names: Iterable[str] = OPTIONS) -> None:
    """Refuse options of images beside a case."""
    for name in names:
        if getattr(arguments, name) is not None:
            raise InputError(
                "a case says this itself",
                file=arguments.case,
                given=f"--{name.replace('_', '-')}",
                cure="change keys of the case with --set",
            )


def image_of(arguments: argparse.Namespace, path: Path) -> Image:
    """The table ``[geometry.image]`` that the arguments make."""
    from fem.case.alone import image_alone

    keys = keys_of(arguments, path)
    with naming(arguments):
        return image_alone(**keys)


def quantity(arguments: argparse.Namespace, name: str, unit: str) -> float:
    """The value above 0 of an option, in an SI unit."""
    text, option = getattr(arguments, name), f"--{name.replace('_', '-')}"
    try:
        value = parse(text, unit)
    except ValueError as error:
        raise InputError(str(error), given=f"{option} {text}") from None
    if value <= 0.0:
        raise InputError("not above 0", given=f"{option} {text}")
    return value


def _labels(text: str) -> dict[str, list[int | str]]:
    """``"electrolyte=1 active=2-40,50"`` as the table ``labels``."""
    labels = {}
    for word in text.split():
        name, equals, values = word.partition("=")
        if not equals or not name or not values:
            raise InputError(
                "not a phase with its pixel values",
                given=f"--labels {text}",
                allowed='PHASE=VALUES, such as --labels "electrolyte=1 active=2-40,50 void=0"',
            )
        labels[name] = [int(v) if re.fullmatch(r"-?\d+", v) else v for v in values.split(",")]
    return labels


def check(arguments: argparse.Namespace, path: Path) -> None:
    """Print what an image is, and with ``--labels`` what would be made of it."""
    from fem.geometry.pixels import pixels

    keys = keys_of(arguments, path)
    with naming(arguments):
        found = pixels(path)
        rows = [
            ("image", f"{path.name}: {found.shape[1]} x {found.shape[0]} pixels, {found.dtype}")
        ]
        rows += _values(found)
        if "labels" not in keys:
            end = "Nothing was cleaned: name the phases, such as " + _example(found)
        else:
            # What is told here is the same for pixels of any size.
            rows += _read({"pixel_size": "1 um", **keys}, path)
            end = "The image can be used. Nothing was solved or written."
    lines = []
    for head, text in rows:
        lines += textwrap.wrap(
            text, WIDTH, initial_indent=f"{head:<{_HEAD}}", subsequent_indent=" " * _HEAD
        )
    print("\n".join([*lines, "", end]))


def _values(pixels: np.ndarray) -> Iterator[tuple[str, str]]:
    values, counts = np.unique(pixels, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:SHOWN]
    shares = ", ".join(f"{values[k]} ({counts[k] / pixels.size:.2%})" for k in order)
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    yield f"{len(values)} values", shares + more


def _example(pixels: np.ndarray) -> str:
    values = np.unique(pixels)[:3].tolist()
    names = ("void", "electrolyte", "active")[3 - len(values) :]
    words = " ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
    return f'--labels "{words}"'


def _read(keys: dict[str, Any], path: Path) -> Iterator[tuple[str, str]]:
    from fem.case.alone import image_alone
    from fem.geometry.image import absent, picture
    from fem.geometry.shapes import shapes, told

    image = image_alone(**keys)
    clean = picture(image, path, needed=())
    shown = shapes(clean, image)
    yield from _phases(clean, shown)
    yield from (("", note) for note in (*absent(image, clean.read), *clean.notes))
    yield "cleaning", told(clean, shown, image.specks)


def _phases(clean: Picture, shown: Shapes) -> Iterator[tuple[str, str]]:
    """Area, pieces and percolation of each phase, pixels that share a side being joined."""
    edges = clean.piece[:, 0], clean.piece[:, -1], clean.piece[-1], clean.piece[0]
    left, right, bottom, top = map(np.unique, edges)
    joined = np.intersect1d(left, right), np.intersect1d(bottom, top)
    area = np.bincount(clean.piece.ravel()).astype(float)
    for head, phase in zip(("phases", "", "", "", ""), clean.read, strict=False):
        mine = clean.phase == phase
        along = [area[ends][mine[ends]].sum() / area[mine].sum() for ends in joined]
        yield (
            head,
            (
                f"{phase} {area[mine].sum() / area.sum():.2%} in {int(mine.sum())} "
                f"piece{'s' * bool(mine.sum() != 1)}, joined along x {along[0]:.1%}, "
                f"along y {along[1]:.1%}"
            ),
        )
