"""The table of a case file that takes the cell's shapes from a segmented image."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from fem.case.kinds import FilePath, Length, MaterialName
from fem.case.rules import Bounds, Choice, Number, Rule, Whole, refuse, whole
from fem.case.table import Table
from fem.case.wiring import IdealWiring, Wiring

Islands = Literal["inactive", "refuse"]

LARGEST_VALUE = 2**31 - 1
"""Of a pixel."""
_RANGE = re.compile(r"\s*(\d+)\s*-\s*(\d+)\s*")


class Values(Rule):
    """Pixel values: whole numbers and ranges of them such as ``"2-40"``, one or a list.

    Held as a tuple of what was written, so that a case is written back as it was read.
    """

    @property
    def kind(self) -> str:
        return "pixel values"

    @property
    def allowed(self) -> str:
        return 'a whole number of at least 0, a range such as "2-40", or a list of these'

    @property
    def example(self) -> str:
        return "1"

    def read(self, value: object) -> tuple[int | str, ...]:
        entries: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
        if not entries:
            raise refuse("no value is given", allowed=self.allowed)
        for entry in entries:
            low, high = self.ends(entry)
            if not 0 <= low <= high <= LARGEST_VALUE:
                raise refuse("not pixel values", given=entry, allowed=self.allowed)
        return tuple(entry if isinstance(entry, str) else int(entry) for entry in entries)

    def ends(self, entry: object) -> tuple[int, int]:
        number = whole(entry)
        if number is not None:
            return number, number
        match = _RANGE.fullmatch(entry) if isinstance(entry, str) else None
        return (int(match[1]), int(match[2])) if match else (-1, -1)

    def schema(self) -> dict[str, Any]:
        one = [
            {"type": "integer", "minimum": 0, "maximum": LARGEST_VALUE},
            {"type": "string", "pattern": f"^{_RANGE.pattern}$"},
        ]
        return {"anyOf": [*one, {"type": "array", "items": {"anyOf": one}, "minItems": 1}]}


PixelValues = Annotated[tuple[int | str, ...], Values()]


def intervals(values: tuple[int | str, ...]) -> list[tuple[int, int]]:
    """First and last value of each entry of a key that holds pixel values."""
    rule = Values()
    return [rule.ends(entry) for entry in values]


class Labels(Table):
    """Which pixel values mean which phase.

    Pixels of one value that share a side are one piece. Neighbouring particles with different
    values stay two particles, also where they touch.
    """

    electrolyte: PixelValues = Field(description="Solid electrolyte.")
    active: PixelValues = Field(
        description="Active material; one value for all of it, or one a particle."
    )
    void: PixelValues | None = Field(
        default=None, description="Pores, cracks, and whatever else conducts nothing."
    )
    lithium: PixelValues | None = Field(
        default=None,
        description="Lithium. The image then shows the whole cell, with lithium all along its "
        "upper edge, and nothing is drawn above it.",
    )

    @model_validator(mode="after")
    def _values_are_apart(self) -> Self:
        given = [(name, value) for name, value in self if value is not None]
        for (one, first), (two, second) in combinations(given, 2):
            for low, high in intervals(second):
                if any(low <= end and start <= high for start, end in intervals(first)):
                    raise refuse(
                        f"{one} and {two} share a pixel value",
                        key=two,
                        given=list(second),
                        allowed="each pixel value for one phase only",
                    )
        return self


class Image(Table):
    """A segmented image of the cell's cross-section, its lower edge at the cathode's collector.

    It shows the composite cathode, or with `labels.lithium` all layers. Separator and anode are
    drawn above it as their tables say.
    """

    file: FilePath = Field(
        description="TIFF, PNG or NPY with one whole number a pixel, relative to the case file."
    )
    pixel_size: Length = Field(description="Side of a pixel.")
    labels: Labels = Field(description="Which pixel values mean which phase.")
    electrolyte: MaterialName = Field(description="Material of the electrolyte.")
    active: MaterialName = Field(description="Active material of the particles.")
    specks: Annotated[int, Whole(Bounds(ge=0, le=1_000_000), 9)] = Field(
        default=9,
        description="Pieces of fewer pixels than this are dissolved into what surrounds them.",
    )
    smoothing: Annotated[float, Number(Bounds(ge=0, le=10), 0.7)] = Field(
        default=0.7,
        description="Tolerance in pixels within which outlines are smoothed and simplified; "
        "0 keeps the sides of the pixels.",
    )
    islands: Annotated[Islands, Choice(Islands)] = Field(
        default="inactive",
        description="What happens to electrolyte cut off from the lithium and to particles "
        "without contact to connected electrolyte: they take no part, or the case is refused.",
    )
    wiring: Wiring = Field(
        default=IdealWiring(),
        description='How electrons get to the particles; wiring = "ideal" is short for that kind.',
    )
