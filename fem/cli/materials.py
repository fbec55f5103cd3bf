"""``fem materials``: the library, each value with its unit and source."""

from __future__ import annotations

import argparse

from fem.errors import InputError, closest


def command(arguments: argparse.Namespace) -> None:
    """Print all materials, or the one that the arguments name."""
    from fem.materials import describe, library, overview

    materials = library()
    name = arguments.name
    if name is None:
        print(overview(materials), end="")
    elif name in materials:
        print(describe(materials[name]), end="")
    else:
        match = closest(name.lower(), {known.lower(): known for known in materials})
        meant = next((known for known in materials if known.lower() == match), None)
        raise InputError(
            "there is no such material",
            given=name,
            allowed=", ".join(materials),
            cure=f"did you mean {meant}?" if meant else None,
        )
