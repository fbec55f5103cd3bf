"""A sweep file: one case, and what to vary in it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from fem.case.containers import Items
from fem.case.explain import explain, require_known
from fem.case.model import Case
from fem.case.rules import Bounds, Number, Rule, Text, Whole, refuse
from fem.case.table import Table, plain
from fem.errors import InputError
from fem.frozen import FrozenMapping
from fem.text import missing_file, read_text, read_toml
from fem.units import base, parse

DEFAULT_METRICS = ("overpotential_V", "focusing_max_over_mean")
HOT = (1.2, 1.5, 2.0)


class Lists(Rule):
    """Lists of values by the dotted key of the case that takes them."""

    @property
    def kind(self) -> str:
        return "lists by key"

    @property
    def allowed(self) -> str:
        return "a list of values a key of the case, such as " + self.example

    @property
    def example(self) -> str:
        return '"inactive.fraction" = [0.1, 0.3]'

    def read(self, value: object) -> FrozenMapping:
        if not isinstance(value, Mapping):
            raise refuse("not a table", allowed=self.allowed)
        found = dict(_lists(value, ""))
        for key, values in found.items():
            if not isinstance(values, list | tuple) or not values:
                raise refuse(
                    "not a list of values" if values != [] else "an empty list",
                    key=key,
                    given=values,
                    allowed=self.allowed,
                    cure="write the values in brackets [ ]",
                )
        return FrozenMapping({key: tuple(values) for key, values in found.items()})

    def schema(self) -> dict[str, Any]:
        lists = {"type": "array", "minItems": 1}
        return {"type": "object", "additionalProperties": {"anyOf": [lists, {"type": "object"}]}}


def _lists(value: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """A key without quotes is a table of tables in TOML; it means the same."""
    for name, item in value.items():
        key = f"{path}.{name}" if path else str(name)
        if isinstance(item, Mapping):
            yield from _lists(item, key)
        else:
            yield key, item


class Repeat(Table):
    """Random members at every point: `key` takes the numbers `first`, `first` + 1, ..."""

    key: Annotated[str, Text("key", "inactive.seed")] = Field(
        description="Key of the case that takes the number, such as a seed."
    )
    count: Annotated[int, Whole(Bounds(ge=1), 100)] = Field(description="Members a point.")
    first: Annotated[int, Whole(Bounds(ge=0), 0)] = Field(default=0, description="First number.")


class Report(Table):
    """What is summed up and drawn."""

    metrics: Annotated[tuple[str, ...], Items(Text("metric", "overpotential_V"), unique=True)] = (
        Field(
            default=DEFAULT_METRICS,
            description="Names of metrics; one that is a list is reported entry by entry.",
        )
    )
    hot: Annotated[
        tuple[float, ...], Items(Number(Bounds(gt=0.0), 1.5), unique=True, alone=True)
    ] = Field(
        default=HOT,
        description="Multiples of the mean: how probable is it that a place along the lithium, or "
        "a particle, carries more than that.",
    )
    precision: Annotated[float, Number(Bounds(gt=0.0, lt=1.0), 0.02)] = Field(
        default=0.02,
        description="Half of a 95 % interval over the value: how many members that takes is told.",
    )


class Sweep(Table):
    """A case, and what to vary in it: the full grid of `vary`, by `zip`, by `repeat`.

    Make one with `load` or `from_dict`. Members are numbered from 0: the last key of `vary` goes
    faster than those before it, the rows of `zip` faster than that, and repeats fastest.
    """

    case: Annotated[str, Text("file path", "my_case.toml")] = Field(
        description="The case file, relative to the sweep file."
    )
    vary: Annotated[FrozenMapping, Lists()] = Field(
        default=FrozenMapping(), description="Keys whose values make a full grid."
    )
    zip: Annotated[FrozenMapping, Lists()] = Field(
        default=FrozenMapping(),
        description="Keys whose values go together: lists of one length, a row of which is one "
        "point.",
    )
    repeat: Repeat | None = Field(default=None, description="Random members at every point.")
    report: Report = Field(default=Report(), description="What is summed up and drawn.")

    _base: Case = PrivateAttr()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        lengths = {key: len(values) for key, values in self.zip.items()}
        if len(set(lengths.values())) > 1:
            raise refuse(
                "lists of different lengths",
                key="zip",
                given=", ".join(f"{key}: {length}" for key, length in lengths.items()),
                allowed="lists of one length, whose rows go together",
                cure="make them as long as each other, or move keys to [vary]",
            )
        keys = self.keys
        if not keys:
            raise refuse(
                "nothing is varied",
                allowed="one of [vary], [zip] and [repeat] at least",
                cure='add [vary] with a list, such as "operation.current_density" = ["1 A/m^2"]',
            )
        twice = next((key for number, key in enumerate(keys) if key in keys[:number]), None)
        if twice is not None:
            raise refuse(
                "a key is varied in two places",
                given=twice,
                allowed="each key in one of [vary], [zip] and [repeat]",
                cure="remove all but one",
            )
        return self

    # -- making ---------------------------------------------------------------------------------

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a sweep file and its case.

        Raises
        ------
        InputError
            If one of them is wrong, or a key is varied that no case has.
        """
        file = Path(path)
        return cls.from_dict(read_toml(read_text(file), str(file)), file)

    @classmethod
    def from_dict(
        cls, tables: Mapping[str, Any], file: str | os.PathLike[str] | None = None
    ) -> Self:
        """A sweep from nested mappings and sequences of the form of a sweep file.

        `file` is where they stand or would stand; `case` may also be a `Case` itself.
        """
        given, start = tables.get("case"), Path(file).parent if file is not None else Path()
        data = {**tables, "case": repr(given)} if isinstance(given, Case) else {**tables}
        try:
            if "geometry" in data and given is None:
                raise InputError(
                    "a case, not a sweep file",
                    allowed=f"a table with the keys {', '.join(cls.model_fields)}",
                    cure=f'write a sweep file with case = "{Path(file or "my_case.toml").name}"',
                )
            try:
                sweep = cls(**data)
            except ValidationError as error:
                raise explain(error, cls) from None
            for key in sweep.keys:
                require_known(key, Case)
        except InputError as error:
            error.file = error.file or (str(file) if file is not None else None)
            raise
        if isinstance(given, Case):
            sweep._base = given
        else:
            path = start / sweep.case
            if not path.is_file():
                place = {"file": str(file)} if file is not None else {}
                start_of = "the folder of the sweep file"
                raise missing_file(path, start_of, key="case", given=sweep.case, **place)
            sweep._base = sweep._first_of(path)
        return sweep

    def _first_of(self, path: Path) -> Case:
        """The case as its first member that can be: it may be incomplete without what is varied.

        Each member changes all varied keys, so that it does not matter which one.
        """
        problem: InputError | None = None
        for changes in self.members:
            try:
                return Case.load(path, changes)
            except InputError as error:
                problem = problem or error
        assert problem is not None
        raise problem

    # -- members --------------------------------------------------------------------------------

    @property
    def base(self) -> Case:
        """The case that is varied, as one of its members."""
        return self._base

    @property
    def keys(self) -> tuple[str, ...]:
        """The varied keys, in the order in which they are changed."""
        repeated = () if self.repeat is None else (self.repeat.key,)
        return (*self.vary, *self.zip, *repeated)

    @property
    def repeats(self) -> int:
        """Members a point."""
        return 1 if self.repeat is None else self.repeat.count

    @property
    def points(self) -> tuple[dict[str, Any], ...]:
        """What is changed at each point, repeats aside; in order."""
        rows = [
            dict(zip(self.zip, row, strict=True)) for row in zip(*self.zip.values(), strict=True)
        ]
        return tuple(
            dict(zip(self.vary, values, strict=True)) | row
            for values in product(*self.vary.values())
            for row in rows or [{}]
        )

    @property
    def members(self) -> tuple[dict[str, Any], ...]:
        """What is changed in each member, as for `Case.replace`; in order."""
        if self.repeat is None:
            return self.points
        key, first = self.repeat.key, self.repeat.first
        numbers = range(first, first + self.repeat.count)
        return tuple({**point, key: number} for point in self.points for number in numbers)

    @property
    def sha256(self) -> str:
        """Hash of what is solved: of the case as `Case.sha256`, and of the tables."""
        tables = plain(self)
        content = [self.base.sha256, {name: tables[name] for name in tables if name != "case"}]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def numbers_of(values: Sequence[Any]) -> tuple[list[float], str] | None:
    """Values of a key as numbers in one unit, that of the first; `None` where they are none."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return [float(value) for value in values], ""
    if not all(isinstance(value, str) and base(value) for value in values):
        return None
    unit = str(values[0]).strip().lstrip("+-.0123456789eE").strip()
    try:
        return [float(parse(value, unit)) for value in values], unit
    except ValueError:
        return None
