"""``fem plot``: the figures of a finished run again, without solving."""

from __future__ import annotations

import argparse


def command(arguments: argparse.Namespace) -> None:
    """Draw the figures and the report in the folder that the arguments name."""
    from fem.output import redraw

    for name in redraw(arguments.folder):
        print(name)
