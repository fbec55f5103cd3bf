"""Writing everything of a run into a folder, and drawing its figures again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fem.case import Case
from fem.output.folder import CHECKPOINTS, replacing, require_free
from fem.output.history import NAME as HISTORY
from fem.output.history import write_history
from fem.output.report import CAPTIONS, CAPTIONS_IN_TIME, report
from fem.output.series import COLLECTION, Series, write_series
from fem.output.series import FOLDER as SERIES
from fem.output.stored import NAME as STORED
from fem.output.stored import load, write_result
from fem.output.tables import write_anode, write_events, write_metrics, write_particles
from fem.output.viewer import NAME as VIEWER
from fem.output.viewer import viewer
from fem.results.result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = (*(f"{name}.png" for name in CAPTIONS), "panel.pdf", "report.html", VIEWER)
"""What is drawn, and the pages that show it."""
ANIMATIONS = ("animation.gif", "animation.mp4")
"""What is drawn of a run in time besides; the second needs the package imageio-ffmpeg."""
FIGURES_IN_TIME = (*(f"{name}.png" for name in CAPTIONS_IN_TIME), *ANIMATIONS)
FILES = (
    *("metrics.json", "anode.csv", "particles.csv", "fields.vtu", STORED),
    *("case.toml", "references.txt"),
    *FIGURES,
)
"""What a run writes; without mechanics the figures of stress are missing."""
GROWING = (HISTORY, SERIES, COLLECTION)
"""What a run in time writes besides, while it runs."""
EVENTS = "events.csv"
"""When and why the steps of a protocol ended."""
OWNED = (*FILES, *FIGURES_IN_TIME, *GROWING, EVENTS, CHECKPOINTS)
"""Everything that a run of whatever kind writes, and the next one takes away."""
PRINT_DPI = 300
"""Pixels an inch of the rasterised fields in ``panel.pdf``."""


def check_folder(folder: str | Path, case: Case, resume: bool = False) -> None:
    """Refuse a folder that a run of `case` may not or cannot write into; leaves no trace.

    Parameters
    ----------
    resume
        Whether the unfinished run in the folder is to go on.
    """
    require_free(Path(folder), OWNED, inputs_of(case), resume)


def inputs_of(case: Case) -> Iterator[Path]:
    """The files that a case is read from."""
    if case.file is not None:
        yield case.file
    yield from map(case.resolve, case.files.values())


def save(result: Result, directory: str | Path) -> None:
    """Write everything of a run into `directory`, whole or not at all.

    Files of an earlier run are replaced, other files stay.

    Raises
    ------
    InputError
        If the directory holds other files but no earlier run, or cannot be written to.
    FemError
        If writing fails midway; what was there before is then untouched.
    """
    folder = Path(directory)
    check_folder(folder, result.case)
    with replacing(folder, OWNED) as new:
        if result.history is not None:
            write_history(result.history.columns, new / HISTORY)
        write_series(result.frames, new)
        write_all(result, folder, new)


def write_all(result: Result, folder: Path, new: Path) -> None:
    """Write what every run has, and draw it, into `new`; the files will stand in `folder`.

    Raises
    ------
    OSError
        If the disk is full.
    """
    from fem.output.vtk import write_fields  # meshio takes a third of a second

    write_metrics(result.metrics, new / "metrics.json")
    write_anode(result.anode, new / "anode.csv")
    write_particles(result.particles, new / "particles.csv")
    if result.history is not None:
        write_events(result.history, new / EVENTS)
    write_fields(result, new / "fields.vtu")
    write_result(result, folder, new / STORED)
    _write_text(new / "case.toml", result.case.to_toml(folder))
    _write_text(new / "references.txt", result.references)
    _draw(result, new)


def redraw(directory: str | Path) -> tuple[str, ...]:
    """Draw the figures and the report of a finished run again; their names.

    Raises
    ------
    InputError
        If the directory holds no finished run, or its file is damaged.
    """
    folder = Path(directory)
    result = Series(folder).filled(load(folder))
    with replacing(folder, (*FIGURES, *FIGURES_IN_TIME)) as new:
        _draw(result, new)
        return tuple(sorted(entry.name for entry in new.iterdir()))


def _draw(result: Result, folder: Path) -> None:
    from fem import plot
    from fem.plot.animation import animate

    pictures = {}
    with plot.style():
        for name, figure in plot.figures(result).items():
            pictures[name] = _bytes(figure, "png", dpi=plot.RASTER_DPI)
            (folder / f"{name}.png").write_bytes(pictures[name])
        # Without a date the same run gives the same file.
        panel = _bytes(plot.panel(result), "pdf", dpi=PRINT_DPI, metadata={"CreationDate": None})
        for name in _animations(result):
            animate(result.frames, folder / name)
            if name.endswith(".gif"):
                pictures["animation"] = (folder / name).read_bytes()
    (folder / "panel.pdf").write_bytes(panel)
    _write_text(folder / "report.html", report(result, pictures))
    _write_text(folder / VIEWER, viewer(result))


def _animations(result: Result) -> tuple[str, ...]:
    """The files to draw; none where nothing moves."""
    if len(result.frames) < 2:
        return ()
    return ANIMATIONS if find_spec("imageio_ffmpeg") else ANIMATIONS[:1]


def _bytes(figure: Figure, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format=kind, **options)
    return stream.getvalue()


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
