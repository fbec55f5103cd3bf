"""Discs from a table, as one has them of a slice of a packing of spheres."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, Listed
from fem.errors import InputError
from fem.text import read_table

Floats = NDArray[np.float64]

KEY = "geometry.cathode.particles"
COLUMNS = ("x", "y", "diameter", "material")


@dataclass(frozen=True)
class Discs:
    """Centres and radii (n,) in m, and the file and the lines (n,) that they stand in."""

    x: Floats
    y: Floats
    radius: Floats
    file: str
    lines: tuple[int, ...]

    def outside(self, width: float, thickness: float) -> NDArray[np.bool_]:
        """Whether each disc (n,) touches or crosses an edge of the composite."""
        x, y, r = self.x, self.y, self.radius
        return np.asarray((x <= r) | (x >= width - r) | (y <= r) | (y >= thickness - r))

    def refuse_outside(self, width: float, thickness: float) -> None:
        """Raise an `InputError` that names a disc without electrolyte towards an edge."""
        outside = self.outside(width, thickness)
        if outside.any():
            k = int(np.argmax(outside))
            raise InputError(
                f"line {self.lines[k]}: particle {k} touches or crosses an edge of the composite, "
                f"which is {width * 1e6:.4g} um wide and {thickness * 1e6:.4g} um thick",
                file=self.file,
                key=f"{KEY}.file",
                given=f"x = {self.x[k] * 1e6:.4g} um, y = {self.y[k] * 1e6:.4g} um, "
                f"diameter = {self.radius[k] * 2e6:.4g} um",
                allowed='discs inside; or overlap = "clip" or "merge", which cut them there',
                cure="move it, check unit, or set overlap",
            )


def read_discs(case: Case, layout: Listed) -> Discs:
    """The discs of a layout.

    Raises
    ------
    InputError
        If a column is missing, a diameter is not above 0, or a row is of another material.
    """
    sheet = read_table(case.resolve(layout.file))
    names = [(re.match(r"[a-z]+", c.name.strip().lower()) or [""])[0] for c in sheet.columns]
    if not any(names) and len(names) in (3, 4):
        names = list(COLUMNS[: len(names)])
    missing = [name for name in COLUMNS[:3] if names.count(name) != 1]
    if missing or not len(sheet):
        raise InputError(
            f"the table has no column {missing[0]}" if missing else "the table has no discs",
            file=sheet.file,
            key=f"{KEY}.file",
            given=[column.name for column in sheet.columns],
            allowed="columns x, y, diameter and perhaps material, or three without names",
            cure="write the names of the columns into the first line",
        )
    columns = dict(zip(names, sheet.columns, strict=True))
    x, y, diameter = (float(layout.unit) * np.array(columns[n].numbers) for n in COLUMNS[:3])
    lines = columns["x"].lines
    wrong = np.flatnonzero(diameter <= 0.0)
    if len(wrong):
        raise InputError(
            f"line {lines[wrong[0]]}: a disc needs a size",
            file=sheet.file,
            key=f"{KEY}.file",
            given=columns["diameter"].cells[wrong[0]],
            allowed="a diameter above 0",
            cure="correct the line or remove it",
        )
    if "material" in columns:
        for line, cell in zip(lines, columns["material"].cells, strict=True):
            if cell.strip() != layout.material:
                raise InputError(
                    f"line {line}: a disc of another material than {KEY}.material "
                    f"({layout.material}); a cathode has one active material",
                    file=sheet.file,
                    key=f"{KEY}.file",
                    given=cell,
                    allowed=layout.material,
                    cure="leave discs of other materials out; those that do not react can be "
                    "named in [inactive]",
                )
    return Discs(x, y, 0.5 * diameter, sheet.file, lines)
