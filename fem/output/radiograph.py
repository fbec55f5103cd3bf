"""Writing slices, and what is read off them, into a folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fem.errors import InputError
from fem.images.seen import Instrument, Seen, Series, series, states_of
from fem.images.slices import BLACK, WHITE
from fem.output.folder import FOLDERS, MARK, replacing, require_free
from fem.output.series import Series as Frames
from fem.output.stored import load
from fem.output.tables import write_metrics, write_table
from fem.plot import RASTER_DPI, style
from fem.plot.radiograph import depth_figure, grey_file, histogram_figure, slice_figure
from fem.results.result import Result

NUMBERS = "radiograph.json"
SLICE = "slice"
_TABLES = ("histogram.csv", "depth.csv", "regions.csv", "materials.csv")
_PICTURES = ("histogram.png", "depth.png")
MATERIAL_COLUMNS = (
    *("material", "formula", "density_kg_m3", "x_as_made", "attenuation_as_made_1_m"),
    *("host_1_m", "lithium_1_m", "grey_as_made", "source"),
)
_HISTOGRAM = ("state", "time_s", "region", "grey", "attenuation_1_m", "pixels")


def names(numbers: list[int] | tuple[int, ...]) -> tuple[str, ...]:
    """Files of slices of states by their numbers."""
    return tuple(f"{SLICE}_{n:06d}.{ending}" for n in numbers for ending in ("tif", "png"))


def states(folder: Path) -> tuple[tuple[float, Result], ...]:
    """Times and states of the finished run in a folder.

    Raises
    ------
    InputError
        If there is none, or it cannot be read.
    """
    return states_of(Frames(folder).filled(load(folder)))


def chosen(
    found: tuple[tuple[float, Result], ...], numbers: list[int], times: list[float]
) -> dict[int, tuple[float, Result]]:
    """States by number, from 0 on or from the last, -1, back; and those nearest to times in s."""
    if not numbers and not times:
        numbers = [-1]
    index = []
    for number in numbers:
        if not -len(found) <= number < len(found):
            raise InputError(
                "the run has kept no such state",
                given=f"--state {number}",
                allowed=f"0 to {len(found) - 1}, or -1 for the last",
                cure="more states are kept with output.frames",
            )
        index.append(number % len(found))
    at = np.array([time for time, _ in found])
    for time in times:
        if not 0.0 <= time <= at[-1] * (1.0 + 1e-12):
            raise InputError(
                "the run was not there at this time",
                given=f"--time {time:g} s",
                allowed=f"0 to {at[-1]:g} s",
            )
        index.append(int(np.argmin(np.abs(at - time))))
    return {k: found[k] for k in sorted(set(index))}


def check_folder(folder: Path) -> None:
    """Refuse a folder that slices may not or cannot be written into: that of a run, or others'."""
    if (folder / MARK).exists() or any((folder / name).is_dir() for name in FOLDERS):
        raise InputError(
            "this folder holds a run", file=str(folder), cure="give another folder with --out"
        )
    require_free(folder, (NUMBERS, *_TABLES, *_PICTURES), also=NUMBERS)


def save(
    found: dict[int, tuple[float, Result]],
    instrument: Instrument,
    folder: Path,
    given: dict[str, tuple[str, float | None]] | None = None,
    title: str = "",
) -> Series:
    """Take slices of states, and write them with all that is read off them, all or nothing.

    Raises
    ------
    InputError
        As `fem.images.slices.radiograph`.
    FemError
        If writing fails midway; what was there before is then untouched.
    """
    taken = series(found, instrument, given)
    old = [path.name for path in folder.glob(f"{SLICE}_*.*")]
    with replacing(folder, (NUMBERS, *_TABLES, *_PICTURES, *old)) as new:
        for state in taken.states:
            tiff, picture = names((state.number,))
            (new / tiff).write_bytes(grey_file(taken.scale.greys(state.slice.attenuation)[::-1]))
            _draw(new / picture, slice_figure(taken, state, title))
        write_table(new / "histogram.csv", _HISTOGRAM, taken.histograms())
        _rows(new / "regions.csv", list(taken.rows()))
        _rows(new / "depth.csv", [row for s in taken.states for row in _depths(taken, s)])
        write_table(new / "materials.csv", MATERIAL_COLUMNS, _materials(taken))
        write_metrics(_facts(taken), new / NUMBERS)
        _draw(new / "histogram.png", histogram_figure(taken, title))
        _draw(new / "depth.png", depth_figure(taken, title))
    return taken


def _draw(path: Path, figure: Any) -> None:
    with style():
        figure.savefig(path, dpi=RASTER_DPI)


def _rows(path: Path, rows: list[dict[str, Any]]) -> None:
    write_table(path, rows[0], (row.values() for row in rows))


def _depths(taken: Series, state: Seen) -> Iterator[dict[str, Any]]:
    columns = {name: values.tolist() for name, values in taken.depths(state).items()}
    for values in zip(*columns.values(), strict=True):
        numbers = dict(zip(columns, values, strict=True))
        yield {"state": state.number, "time_s": state.time, **numbers}


def _materials(taken: Series) -> Iterator[tuple[str | float, ...]]:
    for known in taken.states[0].slice.materials.values():
        grey = float(taken.scale.exact(np.array(known.made)))
        yield (
            *(known.material, known.formula, known.density, known.as_made, known.made),
            *(known.host, known.lithium, grey, known.source),
        )  # fmt: skip


def _facts(taken: Series) -> dict[str, Any]:
    how, grid = taken.instrument, taken.states[0].slice.grid
    return {
        "pixel_m": how.pixel,
        "energy_keV": how.energy,
        "blur_m": how.blur,
        "noise_1_m": how.noise,
        **{name: asdict(how)[name] for name in ("seed", "fixed_volume")},
        "columns": grid.columns,
        "rows": grid.rows,
        "states": [state.number for state in taken.states],
        "times_s": [state.time for state in taken.states],
        "grey_void": BLACK,
        "grey_white": WHITE,
        "attenuation_white_1_m": taken.scale.white,
        "grey_noise": taken.noise,
        "attenuation_source": taken.source,
        "notes": list(taken.states[0].slice.notes),
    }
