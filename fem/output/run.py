"""Writing everything of a run into a folder, and drawing its figures again."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from fem.case import Case
from fem.errors import InputError
from fem.measures.spectra import Spectrum
from fem.output.folder import CHECKPOINTS, replacing, require_free, whole
from fem.output.history import NAME as HISTORY
from fem.output.history import write_history
from fem.output.report import (
    CAPTIONS,
    CAPTIONS_IN_TIME,
    CAPTIONS_OF_FACES,
    CAPTIONS_OF_FACES_IN_TIME,
    CAPTIONS_OF_FLOW,
    CAPTIONS_OF_LAYERS,
    CAPTIONS_OF_REACTIONS,
    CAPTIONS_OF_SPECTRA,
    CAPTIONS_OF_STACK,
    report,
)
from fem.output.series import COLLECTION, Series, write_series
from fem.output.series import FOLDER as SERIES
from fem.output.stored import NAME as STORED
from fem.output.stored import load, write_result
from fem.output.tables import (
    write_anode,
    write_columns,
    write_cycles,
    write_events,
    write_faces,
    write_metrics,
    write_particles,
)
from fem.output.viewer import NAME as VIEWER
from fem.output.viewer import viewer
from fem.results.result import Result
from fem.results.spectrum_tables import impedance_columns, relaxation_columns

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = (*(f"{name}.png" for name in CAPTIONS), "panel.pdf", "report.html", VIEWER)
"""What is drawn, and the pages that show it."""
ANIMATIONS = ("animation.gif", "animation.mp4")
"""What is drawn of a run in time besides; the second needs the package imageio-ffmpeg."""
GAPS_ANIMATIONS = ("gaps_animation.gif", "gaps_animation.mp4")
"""The same where faces may part."""
FIGURES_IN_TIME = (*(f"{name}.png" for name in CAPTIONS_IN_TIME), *ANIMATIONS)
_OF_SOLIDS = (
    *(*CAPTIONS_OF_FACES, *CAPTIONS_OF_FACES_IN_TIME, *CAPTIONS_OF_STACK, *CAPTIONS_OF_FLOW),
    *(*CAPTIONS_OF_REACTIONS, *CAPTIONS_OF_LAYERS),
)
FIGURES_OF_SPECTRA = tuple(f"{name}.png" for name in CAPTIONS_OF_SPECTRA)
"""What is drawn of spectra."""
FIGURES_OF_SOLIDS = (*(f"{name}.png" for name in _OF_SOLIDS), *GAPS_ANIMATIONS)
"""What is drawn where faces may part, solids yield or creep, electrolyte reacts, or an anode has an
interlayer."""
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
FACES = "faces.csv"
"""Pairs of faces; missing where none may part."""
SPECTRA, RELAXATION = "impedance.csv", "drt.csv"
"""Impedance spectra, and what was found in them; missing where the protocol takes none."""
CYCLES = "cycles.csv"
"""What each pass of a loop of the protocol took up and gave; missing without loops."""
_OTHER_KINDS = tuple(
    f"{name}.{kind}"
    for name in (*CAPTIONS, *CAPTIONS_IN_TIME, *_OF_SOLIDS, *CAPTIONS_OF_SPECTRA)
    for kind in ("svg", "pdf")
)
OWNED = (
    *(*FILES, *FIGURES_IN_TIME, *FIGURES_OF_SOLIDS, *FIGURES_OF_SPECTRA, *_OTHER_KINDS),
    *(*GROWING, EVENTS, CYCLES, FACES, SPECTRA, RELAXATION, CHECKPOINTS),
)
"""Everything that a run of whatever kind writes, and the next one takes away."""
KINDS = ("png", "svg", "pdf")
"""What figures are saved as."""
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
    if result.faces is not None:
        write_faces(result.faces, new / FACES)
    if result.history is not None:
        write_events(result.history, new / EVENTS)
    if result.cycles:
        write_cycles(result.cycles, new / CYCLES)
    if result.spectra:
        write_spectra(result.spectra, new)
    write_fields(result, new / "fields.vtu")
    write_result(result, folder, new / STORED)
    _write_text(new / "case.toml", result.case.to_toml(folder))
    _write_text(new / "references.txt", result.references)
    _draw(result, new)


def write_spectra(spectra: Sequence[Spectrum], folder: Path) -> None:
    """``impedance.csv`` and ``drt.csv`` in a folder."""
    for name, columns in ((SPECTRA, impedance_columns), (RELAXATION, relaxation_columns)):
        found = columns(spectra)
        if found:
            with whole(folder / name) as new:
                write_columns(found, new)


def redraw(directory: str | Path, kind: str = "png", along: str = "x") -> tuple[str, ...]:
    """Draw the figures and the report of a finished run again; their names.

    Parameters
    ----------
    kind
        Of `KINDS`: beside the PNG files, which the report needs, each figure is saved as that.
    along
        What the profile along the lithium is drawn over: "x", or "s" for the arc length.

    Raises
    ------
    InputError
        If the directory holds no finished run, or its file is damaged.
    """
    _require_kind(kind)
    if along not in ("x", "s"):
        raise InputError("unknown abscissa", given=along, allowed='"x" or "s"')
    folder = Path(directory)
    result = Series(folder).filled(load(folder))
    drawn = (*(*FIGURES, *FIGURES_IN_TIME, *FIGURES_OF_SOLIDS, *FIGURES_OF_SPECTRA, *_OTHER_KINDS),)
    with replacing(folder, drawn) as new:
        _draw(result, new, kind, along)
        return tuple(sorted(entry.name for entry in new.iterdir()))


def draw_field(directory: str | Path, name: str, path: str | Path | None, **how: Any) -> Path:
    """Draw one field of a finished run; the file.

    Parameters
    ----------
    path
        A file ending in one of `KINDS`; by default ``field_NAME.png`` in the folder of the run.
    how
        As for `fem.plot.field`.

    Raises
    ------
    InputError
        If there is no finished run or no such field, or it cannot be drawn or written like that.
    """
    from fem import plot
    from fem.plot.canvas import settle

    folder = Path(directory)
    file = folder / f"field_{name}.png" if path is None else Path(path)
    _require_kind(file.suffix.lstrip("."))
    result = load(folder)
    with plot.style():
        drawn = settle(cast("Figure", plot.field(result, name, **how).figure))
        content = _saved(drawn, file.suffix.lstrip("."))
    with whole(file) as new:
        new.write_bytes(content)
    return file


def _require_kind(kind: str) -> None:
    if kind not in KINDS:
        raise InputError("unknown format of a figure", given=kind, allowed=", ".join(KINDS))


def _saved(figure: Figure, kind: str) -> bytes:
    """A figure as a file: maps rasterised, text as text."""
    from fem import plot

    # Without a date the same run gives the same file.
    options: dict[str, dict[str, Any]] = {
        "png": {"dpi": plot.RASTER_DPI},
        "svg": {"dpi": PRINT_DPI, "metadata": {"Date": None}},
        "pdf": {"dpi": PRINT_DPI, "metadata": {"CreationDate": None}},
    }
    return _bytes(figure, kind, **options[kind])


def _draw(result: Result, folder: Path, kind: str = "png", along: str = "x") -> None:
    from fem import plot
    from fem.plot.animation import animate

    pictures = {}
    with plot.style():
        for name, figure in plot.figures(result, along).items():
            pictures[name] = _saved(figure, "png")
            (folder / f"{name}.png").write_bytes(pictures[name])
            if kind != "png":
                (folder / f"{name}.{kind}").write_bytes(_saved(figure, kind))
        panel = _saved(plot.panel(result), "pdf")
        for name in _animations(result):
            of = "gaps" if name in GAPS_ANIMATIONS else "currents"
            animate(result.frames, folder / name, of=of, history=result.history)
            if name.endswith(".gif"):
                pictures[name.removesuffix(".gif")] = (folder / name).read_bytes()
    (folder / "panel.pdf").write_bytes(panel)
    _write_text(folder / VIEWER, viewer(result))
    _write_text(folder / "report.html", report(result, pictures, VIEWER))


def _animations(result: Result) -> tuple[str, ...]:
    """The files to draw; none where nothing moves."""
    if len(result.frames) < 2:
        return ()
    part = all(f.result is not None and f.result.faces is not None for f in result.frames)
    kinds = 2 if find_spec("imageio_ffmpeg") else 1
    return ANIMATIONS[:kinds] + (GAPS_ANIMATIONS[:kinds] if part else ())


def _bytes(figure: Figure, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format=kind, **options)
    return stream.getvalue()


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
