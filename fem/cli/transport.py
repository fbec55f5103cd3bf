"""``fem transport``: conductivity, tortuosity and percolation of a composite or an image."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from fem.case import parse_overrides
from fem.cli.cases import load, naming
from fem.cli.progress import Progress
from fem.errors import InputError
from fem.units import parse

if TYPE_CHECKING:
    from fem.effective.transport import Conductor, Transport

OPTIONS = ("pixel_size", "labels", "size", "ionic_conductivity", "electronic_conductivity")
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

    for name in OPTIONS:
        if getattr(arguments, name) is not None:
            raise InputError(
                "a case says this itself",
                file=arguments.case,
                given=f"--{name.replace('_', '-')}",
                cure="change keys of the case with --set",
            )
    case = load(arguments)
    _check(arguments, inputs_of(case))
    with Progress(arguments.quiet) as progress, naming(arguments):
        if case.geometry.image is None:
            drawn(case)
        transport = of_case(case, progress)
        _save(arguments, transport, case.title, progress)
    _tell(arguments, transport)


def _image(arguments: argparse.Namespace, path: Path) -> None:
    from fem.case.alone import image_alone
    from fem.effective.transport import of_image

    if not path.is_file():
        raise InputError("no such file", file=str(path), cure="a case (TOML) or a label image")
    keys: dict[str, Any] = {"file": str(path), **parse_overrides(arguments.changes)}
    if arguments.pixel_size is not None:
        keys["pixel_size"] = arguments.pixel_size
    if arguments.labels is not None:
        keys["labels"] = _labels(arguments.labels)
    with naming(arguments):
        image = image_alone(**keys)
    size = None if arguments.size is None else _quantity(arguments, "size", "m")
    known = {
        carrier: _quantity(arguments, f"{carrier}_conductivity", "S/m")
        for carrier in ("ionic", "electronic")
        if getattr(arguments, f"{carrier}_conductivity") is not None
    }
    _check(arguments, [path])
    with Progress(arguments.quiet) as progress, naming(arguments):
        transport = of_image(image, path, known, size, progress)
        _save(arguments, transport, path.name, progress)
    _tell(arguments, transport)


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
        labels[name] = [int(v) if re.fullmatch(r"\d+", v) else v for v in values.split(",")]
    return labels


def _quantity(arguments: argparse.Namespace, name: str, unit: str) -> float:
    text, option = getattr(arguments, name), f"--{name.replace('_', '-')}"
    try:
        value = parse(text, unit)
    except ValueError as error:
        raise InputError(str(error), given=f"{option} {text}") from None
    if value <= 0.0:
        raise InputError("not above 0", given=f"{option} {text}")
    return value


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
    if shape.interface:
        lines += ["", _row("interface", ("um2/um3",))]
        lines += [
            _row(f"  {first} | {second}", _digits([density * 1e-6]))
            for (first, second), density in shape.interface.items()
        ]
    for conductor in transport.conductors:
        lines += ["", *_conductor(conductor)]
    for note in box.mesh.geometry.notes:
        lines += ["", *wrap(note, 88)]
    return "\n".join(lines)


def _conductor(conductor: Conductor) -> list[str]:
    found = conductor.conduction
    unit = "S/m" if conductor.known else "relative"
    if not found.tensor_upper.any() and not any(found.effective):
        return [f"{conductor.carrier} conductivity: 0, no piece of the phase reaches a face"]
    factors = [f"{f:.5g}" if f is not None else "not joined" for f in found.tortuosity_factor]
    lower, upper = (
        _digits((t[0, 0], t[1, 1], t[0, 1])) for t in (found.tensor_lower, found.tensor_upper)
    )
    return [
        _row(f"{conductor.carrier} conductivity, {unit}", ("along x", "along y", "xy")),
        _row("  between equipotential faces", _digits(found.effective)),
        _row("    at least (uniform current)", _digits(found.lower)),
        _row("    at most (linear potential)", _digits(found.upper)),
        _row("  tensor, uniform current", lower),
        _row("  tensor, linear potential", upper),
        _row("  tortuosity factor", factors),
        _row("  Wiener bounds", _digits(conductor.wiener)),
        _row("  Hashin-Shtrikman bounds (isotropic)", _digits(conductor.hashin_shtrikman)),
    ]


def _row(label: str, cells: Iterable[str]) -> str:
    return f"{label:<40}" + "".join(f"{cell:>16}" for cell in cells)


def _digits(values: Iterable[float]) -> list[str]:
    return [f"{value:.5g}" for value in values]
