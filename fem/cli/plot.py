"""``fem plot``: the figures of a finished run again, or one field as asked for, without solving."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fem.errors import InputError
from fem.units import parse

FOR_A_FIELD = ("range", "scale", "window", "deformed", "out")
"""Options that need the name of a field."""
FOR_ALL = ("along",)
"""Options that go without."""


def command(arguments: argparse.Namespace) -> None:
    """Draw the figures and the report in the folder that the arguments name, or one field."""
    from fem.output import draw_field, redraw

    if arguments.field is None:
        _refuse(arguments, FOR_A_FIELD, "name the field: --field NAME")
        kind, along = arguments.format or "png", arguments.along or "x"
        for name in redraw(arguments.folder, kind, along):
            print(name)
        return
    _refuse(arguments, FOR_ALL, "leave --field out")
    path = arguments.out and Path(arguments.out)
    if arguments.format and path is None:
        path = Path(arguments.folder, f"field_{arguments.field}.{arguments.format}")
    elif arguments.format and path.suffix != f".{arguments.format}":
        raise InputError(
            "the file ends in another format", given=f"--out {path} --format {arguments.format}",
            cure="leave --format out",
        )  # fmt: skip
    how: dict[str, Any] = {"scale": arguments.scale or "linear"}
    if arguments.window is not None:
        how["window"] = tuple(_quantity("window", text, "m") for text in arguments.window)
    if arguments.range is not None:
        unit = _unit(arguments.field)
        how["limits"] = tuple(_quantity("range", text, unit) for text in arguments.range)
    if arguments.deformed is not None:
        how["deformed"] = _number("deformed", arguments.deformed)
    print(draw_field(arguments.folder, arguments.field, path, **how))


def _refuse(arguments: argparse.Namespace, names: tuple[str, ...], cure: str) -> None:
    for name in names:
        if getattr(arguments, name) is not None:
            raise InputError(
                "an option that does not go with the others", given=f"--{name}", cure=cure
            )


def _unit(name: str) -> str:
    """The SI unit of a field; empty for one that does not exist, which is refused later."""
    from fem.plot.fields import SHOWN
    from fem.results.quantities import declared

    return declared(SHOWN[name].field).unit.replace("²", "^2") if name in SHOWN else ""


def _quantity(option: str, text: str, unit: str) -> float:
    if not unit:
        return _number(option, text)
    try:
        return float(parse(text, unit))
    except ValueError as error:
        raise InputError(str(error), given=f"--{option} {text}") from None


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError("not a number", given=f"--{option} {text}") from None
