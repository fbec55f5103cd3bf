"""``fem transport``: conductivity, tortuosity and percolation of a composite or an image."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fem.cli.cases import load, naming
from fem.cli.image import OPTIONS as READING
from fem.cli.image import image_of, quantity, refuse_options
from fem.cli.progress import Progress
from fem.errors import InputError

if TYPE_CHECKING:
    from fem.effective.numbers import Conductor, Transport
    from fem.effective.statistics import Scatter

WIDTH = 100
SILENT = (
    "width_m",
    "height_m",
    "per_m",
    "tensor",
    "lower",
    "upper",
    "as_read",
    "wiener",
    "shtrikman",
)
"""Parts of names of numbers that a table of many samples leaves to the file."""
SIDES = ("conductivity_both_relative", "conductivity_both_S_m")
"""Ends of names of numbers for which a representative size is told."""
OPTIONS = (*READING, "size", "windows", "ionic_conductivity", "electronic_conductivity")
"""What goes with an image only."""


def command(arguments: argparse.Namespace) -> None:
    """Measure what the arguments name."""
    path = Path(arguments.case)
    if path.suffix.lower() in (".toml", ".py"):
        _case(arguments)
    else:
        _image(arguments, path)


def _case(arguments: argparse.Namespace) -> None:
    from fem.cli.estimate import drawn
    from fem.effective.transport import of_case
    from fem.output.run import inputs_of

    refuse_options(arguments, OPTIONS)
    case = load(arguments)
    _check(arguments, inputs_of(case))
    with Progress(arguments.quiet) as progress, naming(arguments):
        if case.geometry.image is None:
            drawn(case)
        transport = of_case(case, progress, compare=not arguments.quick)
        _save(arguments, transport, case.title, progress)
    _tell(arguments, transport)


def _image(arguments: argparse.Namespace, path: Path) -> None:
    from fem.effective.statistics import of_stack
    from fem.effective.transport import of_image
    from fem.geometry.pixels import pages

    image = image_of(arguments, path)
    size = None if arguments.size is None else quantity(arguments, "size", "m")
    known = {
        carrier: quantity(arguments, f"{carrier}_conductivity", "S/m")
        for carrier in ("ionic", "electronic")
        if getattr(arguments, f"{carrier}_conductivity") is not None
    }
    windows = _windows(arguments)
    _check(arguments, [path])
    slices = pages(path)
    if windows > 1 or (slices > 1 and image.slice is None):
        _scatter(arguments, partial(of_stack, image, path, slices, windows, known, size))
        return
    with Progress(arguments.quiet) as progress, naming(arguments):
        transport = of_image(image, path, known, size, progress, compare=not arguments.quick)
        _save(arguments, transport, path.name, progress)
    _tell(arguments, transport)


def _windows(arguments: argparse.Namespace) -> int:
    text = arguments.windows
    if text is None:
        return 1
    if not re.fullmatch(r"[1-9]\d?", text):
        raise InputError(
            "not a number of windows", given=f"--windows {text}", allowed="1 to 99 along each side"
        )
    return int(text)


def _scatter(arguments: argparse.Namespace, measured: Callable[..., Scatter]) -> None:
    from fem.output.transport import save_scatter

    with Progress(arguments.quiet) as progress, naming(arguments):
        scatter = measured(progress=progress)
        if arguments.out is not None:
            save_scatter(scatter, Path(arguments.out), Path(arguments.case).name)
    if not arguments.quiet:
        print(describe_scatter(scatter))
        if arguments.out is not None:
            print(f"written to {arguments.out}")


def describe_scatter(scatter: Scatter) -> str:
    """A table of means with their intervals, and how large a window would be representative."""
    count = len(scatter.samples)
    lines = [
        f"{count} samples of {scatter.width * 1e6:.4g} x {scatter.height * 1e6:.4g} um",
        "",
        _row("number", ("mean", "+- 95 %", "deviation", "samples")),
    ]
    told = [n for n in scatter.spreads if not any(word in n for word in SILENT)]
    for name in told:
        spread = scatter.spreads[name]
        half = spread.half_width
        scatter_of_one = ("", "") if half is None else (f"{half:.3g}", f"{spread.deviation:.3g}")
        cells = (f"{spread.mean:.5g}", *scatter_of_one, str(spread.count))
        lines.append(_row(f"  {name}", cells))
    for name in told:
        side = scatter.representative(name) if name.endswith(SIDES) else None
        if side is not None:
            lines += ["", f"{name} would scatter by 5 % in windows of {side * 1e6:.3g} um,"]
            lines.append("if its deviation falls as the inverse of their side.")
    return "\n".join(lines)


def _check(arguments: argparse.Namespace, inputs: Iterable[Path]) -> None:
    from fem.output.transport import check_folder

    if arguments.out is not None:
        check_folder(Path(arguments.out), inputs)


def _save(
    arguments: argparse.Namespace, transport: Transport, title: str, progress: Progress
) -> None:
    from fem.output.transport import save

    if arguments.out is not None:
        progress("figures and files")
        save(transport, Path(arguments.out), title)


def _tell(arguments: argparse.Namespace, transport: Transport) -> None:
    if not arguments.quiet:
        print(describe(transport))
        if arguments.out is not None:
            print(f"written to {arguments.out}")


def describe(transport: Transport) -> str:
    """Tables of phases, interfaces and conductors."""
    box, shape = transport.box, transport.morphology
    lines = [
        f"box  {box.width * 1e6:.4g} x {box.height * 1e6:.4g} um",
        "",
        _row("phase", ("area fraction", "joined along x", "along y")),
    ]
    lines += [
        _row(f"  {phase}", _digits((fraction, *shape.percolating[phase])))
        for phase, fraction in shape.fraction.items()
    ]
    if transport.cleaning:
        lines += ["", _row("cleaning of the image", ("as read", "as drawn", "changed"))]
        for c in transport.cleaning:
            changed = f"{c.changed:.2%}" if c.read else ""
            lines.append(_row(f"  {c.phase}", (*_digits((c.read, c.drawn)), changed)))
    if shape.interface:
        lines += ["", _row("interface", ("um2/um3",))]
        lines += [
            _row(f"  {first} | {second}", _digits([density * 1e-6]))
            for (first, second), density in shape.interface.items()
        ]
    for conductor in transport.conductors:
        lines += ["", *_conductor(conductor)]
    if not transport.conductors:
        lines += ["", "Neither ions nor electrons are conducted: there is no phase that does."]
    for note in transport.notes:
        lines += ["", *textwrap.wrap(note, WIDTH)]
    return "\n".join(lines)


def _conductor(conductor: Conductor) -> list[str]:
    found, read = conductor.conduction, conductor.as_read
    unit = "S/m" if conductor.known else "relative"
    nothing = not found.tensor_upper.any() and not any(found.effective)
    if nothing and not (read and any(read.effective)):
        return [f"{conductor.carrier} conductivity: 0, no piece of the phase reaches a face"]
    lower, upper = (
        _digits((t[0, 0], t[1, 1], t[0, 1])) for t in (found.tensor_lower, found.tensor_upper)
    )
    return [
        _row(f"{conductor.carrier} conductivity, {unit}", ("along x", "along y", "xy")),
        _row("  between equipotential faces", _digits(found.effective)),
        *([_row("    without cleaning", _digits(read.effective))] if read else []),
        _row("    at least (uniform current)", _digits(found.lower)),
        _row("    at most (linear potential)", _digits(found.upper)),
        _row("  tensor, uniform current", lower),
        _row("  tensor, linear potential", upper),
        _row("  tortuosity factor", _factors(found.tortuosity_factor)),
        *([_row("    without cleaning", _factors(read.tortuosity_factor))] if read else []),
        _row("  Wiener bounds", _digits(conductor.wiener)),
        _row("  Hashin-Shtrikman bounds (isotropic)", _digits(conductor.hashin_shtrikman)),
    ]


def _factors(factors: Iterable[float | None]) -> list[str]:
    return ["not joined" if factor is None else f"{factor:.5g}" for factor in factors]


def _row(label: str, cells: Iterable[str]) -> str:
    return f"{label:<40}" + "".join(f"{cell:>16}" for cell in cells)


def _digits(values: Iterable[float]) -> list[str]:
    return [f"{value:.5g}" for value in values]
