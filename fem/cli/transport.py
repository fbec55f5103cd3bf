"""``fem transport``: conductivity, tortuosity and percolation of a composite or an image."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from fem.cli.cases import load, naming
from fem.cli.image import OPTIONS as READING
from fem.cli.image import image_of, quantity, refuse_options
from fem.cli.progress import Progress

if TYPE_CHECKING:
    from fem.effective.numbers import Conductor, Transport

WIDTH = 100
OPTIONS = (*READING, "size", "ionic_conductivity", "electronic_conductivity")
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
    from fem.effective.transport import of_image

    image = image_of(arguments, path)
    size = None if arguments.size is None else quantity(arguments, "size", "m")
    known = {
        carrier: quantity(arguments, f"{carrier}_conductivity", "S/m")
        for carrier in ("ionic", "electronic")
        if getattr(arguments, f"{carrier}_conductivity") is not None
    }
    _check(arguments, [path])
    with Progress(arguments.quiet) as progress, naming(arguments):
        transport = of_image(image, path, known, size, progress, compare=not arguments.quick)
        _save(arguments, transport, path.name, progress)
    _tell(arguments, transport)


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
