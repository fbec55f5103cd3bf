"""A run as a film: what goes on in the cell, or where faces part."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fem.errors import FemError, InputError
from fem.plot import canvas
from fem.plot.film import Film
from fem.plot.gap_film import GapFilm
from fem.results.history import Frame, History

KINDS = (".gif", ".mp4")
_FONT = 7.0
SUBJECTS = ("currents", "gaps")
_SHORTEST = 20
"""Least milliseconds of a picture: viewers slow down what is faster."""
_RATE = 50
"""Pictures a second of a film whose pictures all last as long."""


def animate(
    frames: Sequence[Frame],
    path: Path,
    seconds: float = 6.0,
    *,
    of: str = "currents",
    history: History | None = None,
) -> None:
    """Write a run as a film that is even in time, with the simulated time in the corner.

    Each state is shown as long as it is the nearest in time; one that would be seen for less than
    a fiftieth of a second is left out, but for the first and the last.

    Of currents, lines show plating and plated thickness along the lithium as means over 2 um of
    arc; below, where states have their fields, a map of the current density in the electrolyte and
    of the stoichiometry in the particles. Of gaps, a map shows the particles, with gaps drawn wider
    than they are, beside the voltage and the open share of the surface in time. Axes, colours and
    by how much gaps are enlarged stay the same throughout.

    Parameters
    ----------
    frames
        States in order of time; read twice.
    path
        A file ending in .gif, or in .mp4, which needs the package ``imageio-ffmpeg``.
    seconds
        How long the film runs.
    of
        "currents" or "gaps", for which all states need their fields and faces that may part.
    history
        That of the run, for the curves of a film of gaps; without it they go from state to state.

    Raises
    ------
    InputError
        Without any state, or without faces in a film of gaps; for another kind of file or subject,
        a length that is not positive, or where a package is missing.
    FemError
        If the film cannot be encoded.
    """
    if not len(frames):
        raise InputError("a film needs at least one state", key="output.frames", given=0)
    if path.suffix not in KINDS:
        raise InputError("unknown kind of film", given=path.name, allowed=" or ".join(KINDS))
    if not 0.0 < seconds < np.inf:
        raise InputError(
            "a film has to last", given=seconds, allowed="a positive number of seconds"
        )
    if of not in SUBJECTS:
        raise InputError("unknown subject of a film", given=of, allowed=" or ".join(SUBJECTS))
    encoder = _encoder(path) if path.suffix == ".mp4" else None
    with canvas.style(_FONT):
        film = GapFilm(frames, history) if of == "gaps" else Film(frames)
        if encoder is None:
            _write_gif(film, frames, path, seconds)
        else:
            _write_mp4(encoder, film, frames, path, seconds)


def _write_gif(film: Film | GapFilm, frames: Sequence[Frame], path: Path, seconds: float) -> None:
    palette = _palette(film.colours)

    shown = lasting([frame.time for frame in frames], seconds)

    def pictures() -> Iterator[Image.Image]:
        for number, _ in shown:
            picture = Image.fromarray(film.picture(frames[number]))
            yield picture.quantize(palette=palette, dither=Image.Dither.NONE)

    made = pictures()
    next(made).save(
        path, format="GIF", save_all=True, append_images=made, loop=0,
        duration=[milliseconds for _, milliseconds in shown],
    )  # fmt: skip


def lasting(times: Sequence[float], seconds: float) -> list[tuple[int, int]]:
    """The states that a film of so many seconds shows, each with the milliseconds it lasts.

    `times` are those of the states, in order.
    """
    t = np.asarray(times, dtype=float)
    if t[-1] <= t[0]:
        t = np.arange(len(t), dtype=float)
    ends = np.concatenate([t[:1], 0.5 * (t[1:] + t[:-1]), t[-1:]]) - t[0]
    # Viewers count in hundredths of a second.
    ends = 10.0 * np.round(100.0 * seconds * ends / (ends[-1] or 1.0))
    shown: list[tuple[int, int]] = []
    waiting = 0
    for number, length in enumerate(np.diff(ends).astype(int).tolist()):
        waiting += length
        if waiting >= _SHORTEST or number in (0, len(t) - 1):
            shown.append((number, max(waiting, _SHORTEST)))
            waiting = 0
    return shown


def _palette(colours: NDArray[np.float64]) -> Image.Image:
    """Red, green and blue (n, 3) as the palette that all pictures share."""
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.round(255.0 * colours).astype(np.uint8).tobytes())
    return palette


def _write_mp4(
    encoder: Any, film: Film | GapFilm, frames: Sequence[Frame], path: Path, seconds: float
) -> None:
    width, height = (int(n) for n in film.canvas.get_width_height())
    writer = encoder.write_frames(
        str(path), (width, height), fps=_RATE, macro_block_size=2, quality=7,
        ffmpeg_log_level="error",
    )  # fmt: skip
    try:
        writer.send(None)
        for number, milliseconds in lasting([frame.time for frame in frames], seconds):
            picture = film.picture(frames[number]).tobytes()
            for _ in range(max(round(milliseconds * _RATE / 1000), 1)):
                writer.send(picture)
    except OSError as error:
        raise FemError(f"cannot encode {path.name}: {error}") from error
    finally:
        writer.close()


def _encoder(path: Path) -> Any:
    try:
        return importlib.import_module("imageio_ffmpeg")
    except ImportError:
        raise InputError(
            "a film of this kind needs the package imageio-ffmpeg",
            given=path.name,
            allowed="a file ending in .gif needs nothing more",
            cure='install "assb-fem[video]"',
        ) from None
