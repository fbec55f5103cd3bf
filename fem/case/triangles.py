"""The table of a case file that takes the cell, triangles and all, from a mesh of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from fem.case.kinds import FilePath, Length, MaterialName
from fem.case.rules import Bounds, Number, Rule, refuse
from fem.case.table import Table
from fem.case.wiring import IdealWiring, Wiring


class Names(Rule):
    """Names of physical groups, one or a list of them, held as a tuple."""

    @property
    def kind(self) -> str:
        return "names of groups"

    @property
    def allowed(self) -> str:
        return 'a name such as "SE" or "particle *", where * stands for any text, or a list of them'

    @property
    def example(self) -> str:
        return '["particle *"]'

    def read(self, value: object) -> tuple[str, ...]:
        entries: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
        if not entries:
            raise refuse("no name is given", allowed=self.allowed)
        for entry in entries:
            if not isinstance(entry, str) or not entry.strip():
                raise refuse("not the name of a group", given=entry, allowed=self.allowed)
        return tuple(entries)

    def schema(self) -> dict[str, Any]:
        one = {"type": "string", "pattern": r"\S"}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


GroupNames = Annotated[tuple[str, ...], Names()]


class Groups(Table):
    """Which physical groups of the mesh are which phase; every triangle must be in one of them.

    A group is known by its physical name, or by its number if it has none. Triangles of one group
    that share a side are one piece; so neighbouring particles of different groups stay two.
    """

    lithium: GroupNames = Field(
        description="Lithium. It must lie along the whole upper edge of the mesh."
    )
    electrolyte: GroupNames | None = Field(
        default=None, description="Solid electrolyte, that of the composite cathode at least."
    )
    separator: GroupNames | None = Field(
        default=None, description="Electrolyte of another material, or without the factor."
    )
    active: GroupNames = Field(
        description="Active material; each piece is a particle, also one flat layer."
    )
    void: GroupNames | None = Field(
        default=None, description="Pores, cracks, and whatever else conducts nothing."
    )

    def phase_of(self, group: str) -> Iterator[str]:
        """Keys of this table that name a group."""
        for key, names in self:
            if any(fnmatchcase(group, name) for name in names or ()):
                yield key


class MeshFile(Table):
    """A mesh of all layers of the cell, made with Gmsh: a rectangle full of triangles.

    Its lower edge is the cathode's collector, its upper one the collector of the lithium. The
    triangles are taken as they are, so that mesh.size only matters where lithium moves.
    """

    file: FilePath = Field(
        description="Mesh in Gmsh's format .msh, 2.2 or 4.1, of triangles of first or second "
        "order; relative to the case file."
    )
    unit: Length = Field(
        description='Length that a 1 in the file stands for; meshes of fem mesh are in "1 m".'
    )
    labels: Groups = Field(description="Which physical groups are which phase.")
    electrolyte: MaterialName | None = Field(
        default=None, description="Material of the electrolyte, if labels.electrolyte is given."
    )
    separator: MaterialName | None = Field(
        default=None, description="Material of the separator, if labels.separator is given."
    )
    conductivity_factor: Annotated[float, Number(Bounds(gt=0, le=1), 1.0)] = Field(
        default=1.0,
        description="Factor on the ionic conductivity of labels.electrolyte.",
    )
    active: MaterialName = Field(description="Active material of the particles.")
    wiring: Wiring = Field(
        default=IdealWiring(),
        description='How electrons get to the particles; wiring = "ideal" is short for that kind.',
    )

    @model_validator(mode="after")
    def _electrolytes_have_a_material(self) -> Self:
        if self.labels.electrolyte is None and self.labels.separator is None:
            raise refuse(
                "no group is electrolyte",
                key="labels.electrolyte",
                allowed="names of physical groups for one or both of electrolyte, separator",
                cure='labels = { electrolyte = ["SE"], active = ["AM"], lithium = ["Li"] }, with '
                "the names of the mesh",
            )
        for name in ("electrolyte", "separator"):
            named, material = getattr(self.labels, name), getattr(self, name)
            if named is not None and material is None:
                raise refuse(
                    "this key is missing",
                    key=name,
                    allowed=f"the material of the groups that labels.{name} names",
                    cure=f'add {name} = "..." below [geometry.mesh]; fem materials lists them',
                )
            if named is None and material is not None:
                raise refuse(
                    "no group of the mesh is of this material",
                    key=name,
                    given=material,
                    cure=f"remove it, or name its groups with labels.{name}",
                )
        return self
