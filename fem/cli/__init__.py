"""The command ``fem``; each command is a module of this package, imported when it is called."""

from fem.cli.entry import main

__all__ = ["main"]
