"""``fem radiograph``: what an X-ray tomograph would show of a finished run."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from fem.cli.image import quantity
from fem.errors import InputError
from fem.units import parse

if TYPE_CHECKING:
    from fem.images.seen import Series


def command(arguments: argparse.Namespace) -> None:
    """Take slices of states of the run that the arguments name."""
    from fem.images.seen import Instrument
    from fem.materials.xray import KEV
    from fem.output.radiograph import check_folder, chosen, save, states

    how = Instrument(
        pixel=quantity(arguments, "pixel", "m"),
        energy=round(quantity(arguments, "energy", "J") / KEV, 9),
        blur=0.0 if arguments.blur is None else quantity(arguments, "blur", "m"),
        noise=0.0 if arguments.noise is None else quantity(arguments, "noise", "1/m"),
        seed=number("seed", arguments.seed, 0),
        fixed_volume=arguments.fixed_volume,
    )
    given = dict(_composition(text) for text in arguments.composition)
    times = [_time(text) for text in arguments.time]
    folder, out = Path(arguments.folder), Path(arguments.out)
    found = states(folder)
    if arguments.state == ["all"]:
        numbers = list(range(len(found)))
    else:
        numbers = [number("state", text) for text in arguments.state]
    picked = chosen(found, numbers, times)
    check_folder(out)
    taken = save(picked, how, out, given, found[-1][1].case.title)
    if not arguments.quiet:
        _tell(taken)
    print(out)


def number(option: str, text: str, least: int | None = None) -> int:
    """A whole number of an option."""
    try:
        value = int(text)
    except ValueError:
        value = None
    if value is None or (least is not None and value < least):
        allowed = "a whole number" + ("" if least is None else f" from {least} on")
        raise InputError("not a number", given=f"--{option} {text}", allowed=allowed)
    return value


def _time(text: str) -> float:
    try:
        return float(parse(text, "s"))
    except ValueError as error:
        raise InputError(str(error), given=f"--time {text}") from None


def _composition(text: str) -> tuple[str, tuple[str, float | None]]:
    """``NAME="FORMULA, DENSITY"``; the density may be left out where the library has one."""
    name, equals, rest = text.partition("=")
    formula, _, density = (part.strip() for part in rest.partition(","))
    if not equals or not name.strip() or not formula:
        raise InputError(
            "not a composition",
            given=f"--composition {text}",
            allowed='NAME="FORMULA, DENSITY", such as LCO="LiCoO2, 5.05 g/cm^3"',
        )
    try:
        value = float(parse(density, "kg/m^3")) if density else None
    except ValueError as error:
        raise InputError(str(error), given=f"--composition {text}") from None
    if value is not None and value <= 0.0:
        raise InputError("a density that is not above 0", given=f"--composition {text}")
    return name.strip(), (formula, value)


def _tell(taken: Series) -> None:
    grid = taken.states[0].slice.grid
    print(f"{grid.columns} x {grid.rows} pixels, {len(taken.states)} state(s)")
    for known in taken.states[0].slice.materials.values():
        print(f"  {known.material:<12} {known.formula:<22} {known.made / 100.0:>9.4g} 1/cm")
    heads = ("active peak", "shift", "dark near anode")
    print(f"{'state':>7} {'time / s':>12}" + "".join(f"{head:>17}" for head in heads))
    rows = list(taken.rows())
    for state in taken.states:
        mine = {row["region"]: row for row in rows if row["state"] == state.number}
        cathode, near = mine.get("cathode", {}), mine.get("electrolyte near anode", {})
        cells = (
            f"{cathode.get('active_peak', math.nan):.1f}",
            f"{cathode.get('active_peak_shift', math.nan):+.1f}",
            f"{near.get('tail_share', math.nan):.3%}",
        )
        print(f"{state.number:>7} {state.time:>12.6g}" + "".join(f"{c:>17}" for c in cells))
    for note in taken.states[0].slice.notes:
        print(f"note: {note}")
