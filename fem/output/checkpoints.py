"""The state of a run in time in one file (`fem.output.sealed`): whole, or known not to be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.errors import InputError
from fem.output.folder import CHECKPOINTS, safely
from fem.output.sealed import opened, sealed

Arrays = Mapping[str, NDArray[Any]]

FORMAT = b"assb-fem checkpoint 5\n"
"""The first bytes of a file; the number changes with what an older program could not read."""
SUFFIX = ".ckpt"
KEPT = 3
"""Files that are kept, should the newest not be readable."""
_FACTS = "facts"
_ARRAY = "array."


@dataclass(frozen=True)
class Checkpoint:
    """What a run goes on from.

    Attributes
    ----------
    number
        Of the accepted step; 0 is the initial state.
    arrays, facts
        As they were given.
    path
        The file.
    rows
        Of the history, up to this state; empty until a `Recorder` has read them.
    damaged
        What was wrong with newer files, a phrase each; empty if this was the newest.
    missing
        Numbers of the frames that were kept up to this state and are gone; empty until a
        `Recorder` has looked.
    """

    number: int
    arrays: dict[str, NDArray[Any]]
    facts: Mapping[str, Any]
    path: Path
    rows: tuple[Mapping[str, float], ...] = ()
    damaged: tuple[str, ...] = ()
    missing: tuple[int, ...] = ()


def write_checkpoint(folder: Path, number: int, arrays: Arrays, facts: Mapping[str, Any]) -> None:
    """Put a state on the disk, then take older ones away but for the last `KEPT`.

    Parameters
    ----------
    folder
        The folder of the run; its folder of checkpoints is made if need be.
    number
        Of the accepted step.
    arrays
        By name; of numbers, not of objects.
    facts
        What JSON can hold.

    Raises
    ------
    OSError
        If it cannot be written; all older ones are then as they were.
    """
    place = folder / CHECKPOINTS
    place.mkdir(exist_ok=True)
    with safely(_path(place, number)) as new:
        new.write_bytes(_packed(number, arrays, facts))
    files = _files(place)
    kept = [each for each in files if each <= number][-KEPT:]
    for each in set(files) - set(kept):
        files[each].unlink()


def last_checkpoint(
    folder: Path, unfit: Callable[[Checkpoint], str] = lambda checkpoint: ""
) -> Checkpoint | None:
    """The newest state of a run that is whole and fit; `None` if none was ever written.

    Parameters
    ----------
    folder
        The folder of the run.
    unfit
        Says why a whole checkpoint cannot be used; empty if it can.

    Raises
    ------
    InputError
        If there are files but none can be used.
    """
    place = folder / CHECKPOINTS
    problems: list[str] = []
    for number, path in sorted(_files(place).items(), reverse=True):
        try:
            found = _read(number, path)
            problem = unfit(found)
        except (OSError, ValueError) as error:
            problem = getattr(error, "strerror", None) or str(error)
        if not problem:
            return replace(found, damaged=tuple(problems))
        problems.append(f"{path.name}: {problem}")
    if not problems:
        return None
    raise InputError(
        f"no checkpoint of this run can be used: {'; '.join(problems)}",
        file=str(place),
        cure="run the case anew in another folder",
    )


def _files(place: Path) -> dict[int, Path]:
    """Files of checkpoints by number, the oldest first."""
    paths = {int(path.stem): path for path in place.glob(f"*{SUFFIX}") if path.stem.isdecimal()}
    return dict(sorted(paths.items()))


def _path(place: Path, number: int) -> Path:
    return place / f"{number:06d}{SUFFIX}"


def _packed(number: int, arrays: Arrays, facts: Mapping[str, Any]) -> bytes:
    text = json.dumps({"number": number, "facts": facts}).encode()
    members: dict[str, Any] = {_ARRAY + name: np.asarray(a) for name, a in arrays.items()}
    members[_FACTS] = np.frombuffer(text, dtype=np.uint8)
    return sealed(FORMAT, members)


def _read(number: int, path: Path) -> Checkpoint:
    """The content of a file.

    Raises
    ------
    ValueError
        If it is damaged, or is not what its name says.
    """
    members = opened(FORMAT, path.read_bytes())
    try:
        envelope = json.loads(members.pop(_FACTS).tobytes())
        found, facts = envelope["number"], envelope["facts"]
    except KeyError as error:
        raise ValueError(f"damaged: {error}") from error
    if found != number:
        raise ValueError(f"holds step {found}")
    arrays = {name.removeprefix(_ARRAY): array for name, array in members.items()}
    for array in arrays.values():
        array.flags.writeable = False
    return Checkpoint(number, arrays, facts, path)
