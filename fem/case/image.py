"""The table of a case file that takes the cell's shapes from a segmented image."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from fem.case.containers import Items
from fem.case.kinds import AreaResistance, Conductivity, FilePath, Length, MaterialName
from fem.case.rules import Bounds, Choice, Number, Rule, Text, Whole, refuse, whole
from fem.case.table import Table
from fem.case.wiring import IdealWiring, Wiring

Islands = Literal["inactive", "refuse"]

LARGEST_VALUE = 2**31 - 1
"""Of a pixel."""
_RANGE = re.compile(r"\s*(-?\d+)\s*-\s*(-?\d+)\s*")


class Values(Rule):
    """Pixel values: whole numbers and ranges of them such as ``"2-40"``, one or a list.

    Held as a tuple of what was written, so that a case is written back as it was read.
    """

    @property
    def kind(self) -> str:
        return "pixel values"

    @property
    def allowed(self) -> str:
        return 'a whole number, a range such as "2-40" or "-3--1", or a list of these'

    @property
    def example(self) -> str:
        return "1"

    def read(self, value: object) -> tuple[int | str, ...]:
        entries: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
        if not entries:
            raise refuse("no value is given", allowed=self.allowed)
        for entry in entries:
            low, high = self.ends(entry)
            if not -LARGEST_VALUE <= low <= high <= LARGEST_VALUE:
                raise refuse("not pixel values", given=entry, allowed=self.allowed)
        return tuple(entry if isinstance(entry, str) else int(entry) for entry in entries)

    def ends(self, entry: object) -> tuple[int, int]:
        number = whole(entry)
        if number is not None:
            return number, number
        match = _RANGE.fullmatch(entry) if isinstance(entry, str) else None
        return (int(match[1]), int(match[2])) if match else (1, 0)

    def schema(self) -> dict[str, Any]:
        one = [
            {"type": "integer", "minimum": -LARGEST_VALUE, "maximum": LARGEST_VALUE},
            {"type": "string", "pattern": f"^{_RANGE.pattern}$"},
        ]
        return {"anyOf": [*one, {"type": "array", "items": {"anyOf": one}, "minItems": 1}]}


RESERVED = ("electrolyte", "active material", "lithium", "void", "idle")
"""Names of phases that no further one may have."""

PixelValues = Annotated[tuple[int | str, ...], Values()]


def intervals(values: tuple[int | str, ...]) -> list[tuple[int, int]]:
    """First and last value of each entry of a key that holds pixel values."""
    rule = Values()
    return [rule.ends(entry) for entry in values]


def overlap(first: tuple[int | str, ...], second: tuple[int | str, ...]) -> bool:
    """Whether two keys share a pixel value."""
    return any(
        low <= end and start <= high
        for low, high in intervals(second)
        for start, end in intervals(first)
    )


class OtherPhase(Table):
    """A phase that is neither of the four of `labels`, such as carbon or a binder.

    `fem transport` solves for what it conducts: ions, electrons, both or nothing. In a cell it is
    drawn as a void: it blocks ions, takes no part in reactions, and carries no stress.
    """

    name: Annotated[str, Text("name", "carbon")] = Field(description="What it is called.")
    labels: PixelValues = Field(description="Its pixel values.")
    ionic_conductivity: Conductivity | None = Field(
        default=None, description="Conductivity of ions; it conducts none if left out."
    )
    electronic_conductivity: Conductivity | None = Field(
        default=None, description="Conductivity of electrons; it conducts none if left out."
    )


class Labels(Table):
    """Which pixel values mean which phase.

    Pixels of one value that share a side are one piece. Neighbouring particles with different
    values stay two particles, also where they touch.
    """

    electrolyte: PixelValues | None = Field(default=None, description="Solid electrolyte.")
    active: PixelValues | None = Field(
        default=None,
        description="Active material; one value for all of it, or one a particle. An image without "
        'it is a separator, below which a cathode of kind = "plane" is drawn.',
    )
    void: PixelValues | None = Field(
        default=None, description="Pores, cracks, and whatever else conducts nothing."
    )
    lithium: PixelValues | None = Field(
        default=None,
        description="Lithium. The image then shows the whole cell, with lithium all along its "
        "upper edge, and nothing is drawn above it.",
    )


class Image(Table):
    """A segmented image of the cell's cross-section, its lower edge at the cathode's collector.

    It shows the composite cathode, or with `labels.lithium` all layers. Separator and anode are
    drawn above it as their tables say. Without `labels.active` it shows a separator, and the
    cathode is drawn below it.
    """

    file: FilePath = Field(
        description="TIFF, PNG or NPY with one whole number a pixel, relative to the case file."
    )
    pixel_size: Length = Field(description="Side of a pixel; its width if it is not square.")
    pixel_height: Length | None = Field(
        default=None, description="Height of a pixel; pixel_size if left out."
    )
    labels: Labels = Field(description="Which pixel values mean which phase.")
    slice: Annotated[int, Whole(Bounds(ge=0), 0)] | None = Field(
        default=None, description="Which image of a stack, from 0 on."
    )
    crop: Annotated[tuple[int, ...], Items(Whole(Bounds(ge=0), 0))] | None = Field(
        default=None,
        description="Part that is used: left, top, right and bottom in pixels from the upper left; "
        "right and bottom are the first ones left out.",
    )
    bin: Annotated[int, Whole(Bounds(ge=1, le=64), 2)] = Field(
        default=1,
        description="So many pixels by so many are one, with the label that most of them have.",
    )
    phases: tuple[OtherPhase, ...] = Field(
        default=(), description="Further phases, each with its name, labels and conductivities."
    )
    grain_boundary_resistance: AreaResistance | None = Field(
        default=None,
        description="Resistance of boundaries between grains of electrolyte with labels of their "
        "own, for fem transport; without it grains are one.",
    )
    electrolyte: MaterialName | None = Field(
        default=None, description="Material of the electrolyte, if the image shows some."
    )
    active: MaterialName | None = Field(
        default=None, description="Active material of the particles, if the image shows some."
    )
    specks: Annotated[int, Whole(Bounds(ge=0, le=1_000_000), 9)] = Field(
        default=9,
        description="Pieces of fewer pixels than this are dissolved into what surrounds them.",
    )
    smoothing: Annotated[float, Number(Bounds(ge=0, le=10), 0.7)] = Field(
        default=0.7,
        description="Tolerance in pixels within which outlines are smoothed and simplified; "
        "0 keeps the sides of the pixels.",
    )
    largest_change: Annotated[float, Number(Bounds(ge=0, le=1), 0.05)] = Field(
        default=0.05,
        description="Share of a phase that all cleaning together (specks, corners, smoothing) may "
        "change; beyond it the image is refused.",
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

    @property
    def named(self) -> list[tuple[str, str, tuple[int | str, ...]]]:
        """Name, key and pixel values of every phase that is given, further ones last."""
        given = [(n, f"labels.{n}", values) for n, values in self.labels if values is not None]
        more = [(p.name, f"phases[{k}].labels", p.labels) for k, p in enumerate(self.phases)]
        return given + more

    @property
    def pixel(self) -> tuple[float, float]:
        """Width and height of a pixel in m, after binning."""
        width = self.bin * float(self.pixel_size)
        return width, width if self.pixel_height is None else self.bin * float(self.pixel_height)

    @model_validator(mode="after")
    def _crop_has_four_sides(self) -> Self:
        if self.crop is not None and (
            len(self.crop) != 4 or self.crop[0] >= self.crop[2] or self.crop[1] >= self.crop[3]
        ):
            raise refuse(
                "not the four sides of what is to be left",
                key="crop",
                given=list(self.crop),
                allowed="[left, top, right, bottom] with left < right and top < bottom",
            )
        return self

    @model_validator(mode="after")
    def _phases_are_apart(self) -> Self:
        if not self.named:
            raise refuse(
                "no phase is named",
                key="labels",
                allowed=f"pixel values of one or more of {', '.join(Labels.model_fields)}",
                cure="labels = { electrolyte = 1, active = 2, void = 0 }, with the values "
                "of the image",
            )
        for (one, _, first), (two, key, second) in combinations(self.named, 2):
            if overlap(first, second):
                raise refuse(
                    f"{one} and {two} share a pixel value",
                    key=key,
                    given=list(second),
                    allowed="each pixel value for one phase only",
                )
        names = [*RESERVED, *(phase.name for phase in self.phases)]
        for k, phase in enumerate(self.phases):
            if names.count(phase.name) > 1:
                raise refuse(
                    "another phase has this name",
                    key=f"phases[{k}].name",
                    given=phase.name,
                    allowed=f"names that differ, and none of {', '.join(RESERVED)}",
                )
            if phase.ionic_conductivity is not None and self.grain_boundary_resistance is not None:
                raise refuse(
                    "boundaries of grains have a resistance where nothing else conducts ions "
                    "past them",
                    key=f"phases[{k}].ionic_conductivity",
                    given=phase.ionic_conductivity,
                    cure="remove it, or grain_boundary_resistance",
                )
        return self

    @model_validator(mode="after")
    def _phases_have_a_material(self) -> Self:
        for name in ("electrolyte", "active"):
            if getattr(self.labels, name) is not None and getattr(self, name) is None:
                raise refuse(
                    "this key is missing",
                    key=name,
                    allowed=f"the material of the phase that labels.{name} names",
                    cure=f'add {name} = "..." below [geometry.image]; fem materials lists them',
                )
        return self
