"""The description of a cell and what is done with it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Annotated, Any, Self

import tomli_w
from pydantic import Field, PrivateAttr, ValidationError, model_validator

from fem import units
from fem.case.cell import Geometry
from fem.case.checks import check
from fem.case.contact import Interfaces, Stack
from fem.case.containers import Items, Materials
from fem.case.crystals import ListedAxes
from fem.case.explain import explain, require_known
from fem.case.inactive import Inactive, MapPattern
from fem.case.interphase import Interphase
from fem.case.keys import Tables, fields
from fem.case.kinds import MATERIAL
from fem.case.layouts import Listed
from fem.case.numerics import Mesh, Output, Stepping
from fem.case.operation import Operation, Protocol, Snapshot
from fem.case.physics import Kinetics, Mechanics
from fem.case.profile import read_profile
from fem.case.rules import Text
from fem.case.table import Table, flat, plain
from fem.case.text import is_sweep, set_key
from fem.errors import InputError
from fem.frozen import FrozenMapping
from fem.text import missing_file, names_table, read_text, read_toml


class Case(Table):
    """A cell and what is done with it: validated, in SI units, never changed once made.

    Make one with `load`, `parse` or `from_dict`, and vary it with `replace`. Two cases are equal
    if their values are equal, whatever units they were written in.
    """

    title: Annotated[str, Text(empty=True)] = Field(
        default="", description="Shown on figures and in reports."
    )
    material_files: Annotated[tuple[str, ...], Items(Text("file path", "materials.toml"))] = Field(
        default=(), description="Files of further materials, relative to the case file."
    )
    geometry: Geometry = Field(description="Shapes and where which material is.")
    inactive: Inactive = Field(default=Inactive(), description="Particles that do not react.")
    kinetics: Kinetics = Field(description="Reactions at the electrodes.")
    materials: Annotated[FrozenMapping, Materials()] = Field(
        default=FrozenMapping(),
        description="Properties that replace those of the library, by name of the material.",
    )
    operation: Operation = Field(description="What is imposed.")
    mechanics: Mechanics = Field(default=Mechanics(), description="Stress from plated lithium.")
    interfaces: Interfaces = Field(
        default=Interfaces(), description="How solids hold together where they meet."
    )
    interphase: Interphase = Field(
        default=Interphase(), description="Electrolyte that reacts where it meets an electrode."
    )
    stack: Stack | None = Field(
        default=None, description="What presses on the top; `mechanics.top` says if left out."
    )
    mesh: Mesh = Field(default=Mesh(), description="Element sizes.")
    stepping: Stepping = Field(default=Stepping(), description="Steps in time of a protocol.")
    output: Output = Field(default=Output(), description="What a protocol keeps.")

    _file: Path | None = PrivateAttr(default=None)
    _directory: Path | None = PrivateAttr(default=None)

    def __init__(self, /, **tables: Any) -> None:
        try:
            super().__init__(**tables)
        except ValidationError as error:
            raise explain(error, type(self)) from None

    def idle(self) -> frozenset[str]:
        unused: dict[str, Table | None] = {
            "interfaces": Interfaces(),
            "interphase": Interphase(),
            "stack": None,
        }
        if isinstance(self.operation, Snapshot):
            # What is not the default is kept for the day the case becomes a protocol.
            unused |= {"stepping": Stepping(), "output": Output()}
        return frozenset(name for name, table in unused.items() if getattr(self, name) == table)

    @model_validator(mode="after")
    def _tables_fit_together(self) -> Self:
        check(self)
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Case) and self.__dict__ == other.__dict__

    def __repr__(self) -> str:
        where = f", {self._file.name}" if self._file is not None else ""
        return f"<Case {self.title!r}: {self.operation.kind}{where}, {len(self.to_dict())} tables>"

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        """For notebooks: every key with its value, folded."""
        rows = "".join(
            f"<tr><td><code>{escape(key)}</code></td><td>{escape(value)}</td></tr>"
            for key, value in flat(self.to_dict())
        )
        return (
            f"<details><summary><b>Case</b> {escape(self.title)} ({self.operation.kind})</summary>"
            f"<table>{rows}</table></details>"
        )

    def __hash__(self) -> int:
        return hash(tuple(self.__dict__.values()))

    # -- making ---------------------------------------------------------------------------------

    @classmethod
    def load(cls, path: str | os.PathLike[str], changes: Mapping[str, Any] | None = None) -> Self:
        """Read a case file, with `changes` as for `replace` made before it is validated."""
        file = Path(path)
        data = read_toml(read_text(file), str(file))
        return cls._validated(data, changes or {}, file, file.parent)

    @classmethod
    def parse(cls, text: str, file: str | os.PathLike[str] | None = None) -> Self:
        """Read the text of a case file; `file` is where it stands or would stand."""
        data = read_toml(text, str(file) if file is not None else None)
        return cls.from_dict(data, file)

    @classmethod
    def from_dict(
        cls, tables: Mapping[str, Any], file: str | os.PathLike[str] | None = None
    ) -> Self:
        """A case from nested mappings and sequences of the form of a case file."""
        path = Path(file) if file is not None else None
        return cls._validated(plain(tables, explicit=True), {}, path, path.parent if path else None)

    def replace(self, changes: Mapping[str, Any]) -> Self:
        """Another case with some keys changed: ``case.replace({"mesh.size": "2 um"})``.

        Keys are dotted and reach into lists (``geometry.anode.protrusions[0].depth``); a table or
        list is replaced whole; `None` removes a key. The result is validated anew.
        """
        return self._validated(plain(self, explicit=True), changes, self._file, self._directory)

    @classmethod
    def _validated(
        cls,
        data: dict[str, Any],
        changes: Mapping[str, Any],
        file: Path | None,
        directory: Path | None,
    ) -> Self:
        try:
            if is_sweep(data):
                raise InputError(
                    "a sweep file, not a case",
                    allowed="a file with the table [geometry]",
                    cure=f"fem sweep {file.name if file else 'FILE'} --out DIR solves its members",
                )
            for key, value in changes.items():
                require_known(key, cls)
                set_key(data, key, plain(value, explicit=True))
            case = cls(**data)
            case._file = file
            case._directory = (directory or Path()).absolute()
            case._require_files()
        except InputError as error:
            error.file = error.file or (str(file) if file else None)
            raise
        return case

    # -- files ----------------------------------------------------------------------------------

    @property
    def file(self) -> Path | None:
        """The case file this was read from, if any."""
        return self._file

    @property
    def directory(self) -> Path:
        """The folder that relative paths in the case start from."""
        return self._directory or Path.cwd()

    def resolve(self, name: str) -> Path:
        """The path of a file named in the case."""
        return self.directory / name

    @property
    def files(self) -> dict[str, str]:
        """The files the case refers to, as written, by dotted key."""
        files = {f"material_files[{i}]": name for i, name in enumerate(self.material_files)}
        files |= {
            f"materials.{material}.{name}": value
            for material, properties in self.materials.items()
            for name, value in properties.items()
            if names_table(value)
        }
        if self.inactive.file is not None:
            files["inactive.file"] = self.inactive.file
        if isinstance(self.inactive.pattern, MapPattern):
            files["inactive.pattern.file"] = self.inactive.pattern.file
        surface = self.geometry.anode.surface
        if surface is not None and surface.file is not None:
            files["geometry.anode.surface.file"] = surface.file
        particles = getattr(self.geometry.cathode, "particles", None)
        if isinstance(particles, Listed):
            files["geometry.cathode.particles.file"] = particles.file
        if isinstance(self.mechanics.axis, ListedAxes):
            files["mechanics.axis.file"] = self.mechanics.axis.file
        if self.geometry.image is not None:
            files["geometry.image.file"] = self.geometry.image.file
        if self.geometry.mesh is not None:
            files["geometry.mesh.file"] = self.geometry.mesh.file
        if isinstance(self.operation, Protocol):
            profiles = self.operation.profiles.items()
            files |= {f"{key}.file": profile.file for key, profile in profiles}
        return files

    @property
    def material_names(self) -> dict[str, str]:
        """The materials the case names for its parts, by dotted key."""
        return dict(_material_names(self, ""))

    def _require_files(self) -> None:
        start = "the folder of the case file"
        for key, name in self.files.items():
            if not self.resolve(name).is_file():
                raise missing_file(self.resolve(name), start, key=key, given=name)
        if isinstance(self.operation, Protocol):
            for profile in set(self.operation.profiles.values()):
                read_profile(profile, self.resolve(profile.file))

    # -- text and hash --------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """The resolved case as nested dicts and lists, values with a unit as the user's text."""
        tables: dict[str, Any] = plain(self)
        return tables

    def to_toml(self, folder: str | os.PathLike[str] | None = None) -> str:
        """The resolved case as TOML, defaults included, values with a unit as the user's text.

        Parameters
        ----------
        folder
            Where the text will be saved. Relative paths are rewritten so that they lead from there
            to the same files; they stay as given if it is left out.
        """
        tables = self.to_dict()
        if folder is not None:
            for key, name in self.files.items():
                set_key(tables, key, self._seen_from(folder, name))
        return tomli_w.dumps({name: table for name, table in tables.items() if table != {}})

    def _seen_from(self, folder: str | os.PathLike[str], name: str) -> str:
        if Path(name).is_absolute():
            return name
        try:
            return Path(os.path.relpath(self.resolve(name), folder)).as_posix()
        except ValueError:  # another drive: there is no relative path
            return self.resolve(name).as_posix()

    @property
    def sha256(self) -> str:
        """Hash of what the case says, in hexadecimal.

        It depends on SI values (12 digits) and on the content of the files referred to; not on
        title, format, order of keys, spelling of units, nor where the files are.
        """
        return self.digest()

    def digest(self, without: Collection[str] = ()) -> str:
        """`sha256` of what the case says outside of some tables."""
        content = plain(self, _digits)
        content["materials"] = _si(self.materials)
        for key, name in self.files.items():
            set_key(content, key, self._digest(name))
        for name in {"title", *without}:
            content.pop(name, None)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def _digest(self, name: str) -> str:
        """Hash of a file and, if that is one of materials, of the tables that it names."""
        path = self.resolve(name)
        try:
            content = path.read_bytes()
            if path.suffix.lower() == ".toml":
                tables = read_toml(read_text(path), str(path)).values()
                values = [entry.get("value") for table in tables for entry in _tables(table)]
                for table_name in map(str, filter(names_table, values)):
                    content += (path.parent / table_name).read_bytes()
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", file=name) from None
        return hashlib.sha256(content).hexdigest()


def _tables(table: Any) -> list[Mapping[str, Any]]:
    """The tables right below a table."""
    values = table.values() if isinstance(table, Mapping) else ()
    return [value for value in values if isinstance(value, Mapping)]


def _material_names(table: Table, prefix: str) -> Iterator[tuple[str, str]]:
    """Keys of `table` and the tables below it that name a material, and what they name."""
    for name, (_, form) in fields(type(table)).items():
        value, key = getattr(table, name), prefix + name
        if isinstance(form, Text) and form.noun == MATERIAL and isinstance(value, str):
            yield key, value
        elif isinstance(value, Table):
            yield from _material_names(value, f"{key}.")
        elif isinstance(form, Tables) and isinstance(value, tuple):
            for number, entry in enumerate(value):
                yield from _material_names(entry, f"{key}[{number}].")


def _digits(value: float) -> float:
    """12 digits: the same length in um and in mm may differ in the last bit."""
    return float(f"{value:.12g}")


def _si(value: Any) -> Any:
    """Properties with their text, where it is a value with a unit, in SI base units."""
    if isinstance(value, Mapping):
        return {name: _si(item) for name, item in value.items()}
    if isinstance(value, str):
        base = units.base(value)
        return [_digits(base[0]), base[1]] if base else value
    return _digits(value)
