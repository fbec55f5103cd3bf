"""From arguments to an exit status: the only place where errors become text on a terminal."""

from __future__ import annotations

import importlib
import io
import os
import sys
import traceback
from collections.abc import Sequence

from fem.cli.arguments import read
from fem.errors import FemError, InputError

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit status.

    0 done, 1 a solve or a save failed, 2 the input is wrong, 130 interrupted.
    """
    # Dense blocks are small here: threads of BLAS would mostly wait for each other, for long where
    # the machine is shared. It only counts if set before numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console may lack letters that names hold
    debug = "--debug" in given
    try:
        status = _status(given, debug)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output had enough (`fem materials | head`). Python would complain once
        # more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = DONE
    return status


def _status(given: list[str], debug: bool) -> int:
    try:
        arguments = read(given)
        importlib.import_module(f"fem.cli.{arguments.command}").command(arguments)
    except SystemExit as end:  # argparse: --help, --version, or arguments that cannot be read
        return end.code if isinstance(end.code, int) else FAILED
    except BrokenPipeError:
        raise
    except KeyboardInterrupt as stop:
        return _failed(str(stop) or "interrupted", INTERRUPTED, debug)
    except InputError as error:
        return _failed(str(error), WRONG_INPUT, debug)
    except FemError as error:
        return _failed(str(error), FAILED, debug)
    except Exception as error:
        text = f"internal error: {type(error).__name__}: {' '.join(str(error).split())}"
        return _failed(f"{text} (run with --debug for the traceback)", FAILED, debug)
    return DONE


def _failed(message: str, status: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(message, file=sys.stderr)
    return status
