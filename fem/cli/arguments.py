"""The arguments of every command."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from typing import Any

from fem.errors import InputError, closest

_OVERRIDE = re.compile(r"[A-Za-z][\w.\[\]-]*\s*=")


def read(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments of a command line.

    Raises
    ------
    InputError
        If a command or an option does not exist.
    SystemExit
        From argparse, after it has written the help, the version or what is missing.
    """
    parser, commands = _parser()
    words = _one_override_each(argv)
    name = next((word for word in words if not word.startswith("-")), None)
    if name is not None and name not in commands:
        match = closest(name, commands)
        raise InputError(
            "there is no such command",
            given=name,
            allowed=", ".join(commands),
            cure=f"did you mean fem {match}?" if match else "see fem --help",
        )
    arguments, unknown = parser.parse_known_args(words)
    if unknown:
        raise _unknown(unknown[0], arguments.command, commands[arguments.command])
    return arguments


def _unknown(word: str, command: str, parser: argparse.ArgumentParser) -> InputError:
    if not word.startswith("-"):
        return InputError(
            f"one argument too many for fem {command}", given=word, allowed=_usage(parser)
        )
    options = [o for action in parser._actions for o in action.option_strings if o[:2] == "--"]
    match = closest(word.lstrip("-"), (option[2:] for option in options))
    return InputError(
        f"fem {command} has no such option",
        given=word,
        allowed=", ".join(options),
        cure=f"did you mean --{match}?" if match else None,
    )


def _usage(parser: argparse.ArgumentParser) -> str:
    return " ".join(parser.format_usage().removeprefix("usage:").split())


def _one_override_each(argv: Sequence[str]) -> list[str]:
    """``--set a=1 b=2`` as ``--set a=1 --set b=2``; argparse would take a case that follows too."""
    words: list[str] = []
    for word in argv:
        again = len(words) > 1 and words[-2] == "--set" and _OVERRIDE.match(word)
        words += ["--set", word] if again else [word]
    return words


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("assb-fem")
        except PackageNotFoundError:  # running from a source tree
            number = "(not installed)"
        print(f"assb-fem {number}")
        parser.exit()


def _parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    top = argparse.ArgumentParser(
        prog="fem",
        description="Finite elements for all-solid-state batteries.",
        epilog="fem COMMAND --help shows the options of a command.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    group = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        parser = group.add_parser(name, help=text, description=text, allow_abbrev=False)
        parser.add_argument("--debug", action="store_true", help="show tracebacks of errors")
        return parser

    def add_case(
        name: str,
        text: str,
        changes: str = 'change a key of the case, such as mesh.size="2 um"; may be repeated',
    ) -> argparse.ArgumentParser:
        parser = add(name, text)
        image = name in ("check", "transport")
        parser.add_argument(
            "case",
            metavar="CASE.toml" + image * "|IMAGE",
            help="the case file" + image * ", or image",
        )
        parser.add_argument(
            "--set", metavar="KEY=VALUE", action="append", default=[], dest="changes", help=changes
        )
        return parser

    run = add_case("run", "Solve a case and write numbers, fields, figures and a report.")
    run.add_argument("--out", metavar="DIR", help="where to write (default: out/CASE)")
    run.add_argument("--resume", action="store_true", help="go on with a run in time")
    run.add_argument("--quiet", action="store_true", help="no progress, no summary")
    image = 'change a key of the case, or of the image, such as "smoothing=0"; may be repeated'
    check = add_case(
        "check", "Validate a case, or an image, and print what would run; writes nothing.", image
    )
    mesh = add_case("mesh", "Write the mesh of a case alone and print its quality.")
    mesh.add_argument("--out", metavar="F", required=True, help="a file ending in .vtu or .msh")
    transport = add_case(
        "transport", "Conductivity, tortuosity and percolation of a composite or a label image.",
        image,
    )  # fmt: skip
    for parser in (check, transport):
        parser.add_argument(
            "--pixel-size", metavar="LENGTH", help='side of a pixel of an image, such as "0.5 um"'
        )
        parser.add_argument(
            "--labels",
            metavar="LABELS",
            help='its phases, such as "electrolyte=1 active=2-40 void=0"',
        )
    for option, value, meaning in (
        ("--size", "LENGTH", "element size on its interfaces (default: two pixels)"),
        ("--ionic-conductivity", "VALUE", 'of its electrolyte, such as "0.3 S/m"'),
        ("--electronic-conductivity", "VALUE", "of its active material"),
    ):
        transport.add_argument(option, metavar=value, help=meaning)
    transport.add_argument("--out", metavar="DIR", help="where to write transport.json and maps")
    transport.add_argument(
        "--windows", metavar="N", help="cut each slice into N by N windows, for their scatter"
    )
    transport.add_argument(
        "--quick", action="store_true", help="do not solve an image without cleaning beside it"
    )
    transport.add_argument("--quiet", action="store_true", help="no progress, no table")
    plot = add("plot", "Draw the figures and the report of a finished run again.")
    plot.add_argument("folder", metavar="DIR", help="the folder that fem run has written")
    drawn: tuple[tuple[str, str | tuple[str, ...], int | None, str], ...] = (
        ("--field", "NAME", None, "draw this field alone, such as von_mises or stress_yy"),
        ("--range", ("LOW", "HIGH"), 2, 'ends of its colours, such as "0 MPa" "50 MPa"'),
        ("--scale", "SCALE", None, "of its colours: linear, log or symlog"),
        ("--window", ("LEFT", "RIGHT", "BOTTOM", "TOP"), 4, 'what to show, such as "20 um" ...'),
        ("--deformed", "FACTOR", None, "enlarge displacements by this factor in its shape"),
        ("--along", "x|s", None, "draw the lithium profile over x or the arc length s"),
        ("--format", "FORMAT", None, "png, svg or pdf"),
        ("--out", "FILE", None, "where to draw the field (default: field_NAME.png in DIR)"),
    )
    for option, names, count, meaning in drawn:
        plot.add_argument(option, metavar=names, nargs=count, help=meaning)
    _images(add)
    sweep = add("sweep", "Solve many cases, and say how their numbers are distributed.")
    sweep.add_argument("sweep", metavar="SWEEP.toml", help="the sweep file")
    sweep.add_argument("--out", metavar="DIR", required=True, help="where to write")
    sweep.add_argument("--workers", metavar="N", help="processes (default: one a core)")
    sweep.add_argument(
        "--scheduler", metavar="ADDRESS", help="of Dask, such as tcp://192.168.0.2:8786"
    )
    sweep.add_argument("--resume", action="store_true", help="go on with an unfinished sweep")
    sweep.add_argument("--quiet", action="store_true", help="no progress, no summary")
    compare = add("compare", "What differs between finished runs, as a table and a figure.")
    compare.add_argument(
        "folders", metavar="DIR", nargs="+", help="folders that fem run has written, two or more"
    )
    compare.add_argument(
        "--out", metavar="DIR", default="out/comparison", help="where to (default: out/comparison)"
    )
    materials = add("materials", "List the materials, or one with every value and its source.")
    materials.add_argument("name", metavar="NAME", nargs="?", help="a material, such as LPSCl")
    example = add("example", "List the cases that come along, or copy one to start from.")
    example.add_argument("name", metavar="NAME", nargs="?", help="a case, as listed")
    example.add_argument("--out", metavar="DIR", default=".", help="where to (default: here)")
    return top, dict(group.choices)


def _images(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The commands from a run to an image, and back."""
    shot = add("radiograph", "What an X-ray tomograph would show of a finished run.")
    shot.add_argument("folder", metavar="RUN", help="the folder that fem run has written")
    shot.add_argument(
        "--state", metavar="N", action="append", default=[],
        help="a state that the run has kept: from 0 on, -1 for the last (default), or all; may be "
        "repeated",
    )  # fmt: skip
    shot.add_argument(
        "--time", metavar="TIME", action="append", default=[],
        help='the state nearest to a time, such as "2 h"; may be repeated',
    )  # fmt: skip
    for option, value, default, meaning in (
        ("--pixel", "LENGTH", "1.3 um", "side of a pixel"),
        ("--energy", "ENERGY", "25 keV", "of the X-rays"),
        ("--blur", "LENGTH", None, "full width of the point spread at half its height"),
        ("--noise", "VALUE", None, 'its standard deviation, such as "0.5 1/cm"'),
        ("--seed", "N", "1", "of the noise"),
    ):
        words = f"{meaning} (default: {default or 'none'})"
        shot.add_argument(option, metavar=value, default=default, help=words)
    shot.add_argument(
        "--composition", metavar='NAME="FORMULA, DENSITY"', action="append", default=[],
        help='what a material is made of, such as LCO="LiCoO2, 5.05 g/cm^3"; may be repeated',
    )  # fmt: skip
    shot.add_argument(
        "--fixed-volume", action="store_true",
        help="leave out that active material is denser or lighter by its lithium",
    )  # fmt: skip
    shot.add_argument("--out", metavar="DIR", required=True, help="where to write")
    shot.add_argument("--quiet", action="store_true", help="no summary")
    back = add("segment", "Phases of a grey image by thresholds, and a case that runs on them.")
    back.add_argument("image", metavar="IMAGE", help="TIFF, PNG or NPY of grey values")
    back.add_argument(
        "--pixel-size", metavar="LENGTH", required=True, help='side of a pixel, such as "1.3 um"'
    )
    back.add_argument(
        "--classes", metavar="N", help="by multi-Otsu thresholds: 2, 3 (default) or 4 classes"
    )
    back.add_argument(
        "--thresholds", metavar="GREY", nargs="+", help="grey values between classes, dark first"
    )
    back.add_argument(
        "--median", metavar="N", default="1", help="take medians of N by N pixels first"
    )
    back.add_argument(
        "--specks", metavar="N", default="1", help="dissolve pieces of fewer pixels than this"
    )
    back.add_argument(
        "--dark", metavar="PHASE", default="both",
        help="the darkest of three classes: lithium, void, or both (default): lithium where it "
        "hangs together with the upper edge, else void",
    )  # fmt: skip
    back.add_argument(
        "--case", metavar="CASE.toml|RUN", help="take all but the shapes from this case, or run"
    )
    for option, meaning in (("--electrolyte", "LPSCl"), ("--active", "NCM811")):
        words = f"its material, where no case says it (default: {meaning})"
        back.add_argument(option, metavar="NAME", default=meaning, help=words)
    back.add_argument("--out", metavar="DIR", required=True, help="where to write")
