"""The table of a case file that says what the cell is made of: `geometry`.

Each class is one table; each field is one key, with its rule in the annotation and its meaning in
the description. What involves several keys of one table is checked by that table; what involves
several tables is in `fem.case.checks`. Values are in SI units.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from fem.case.image import Image
from fem.case.interlayer import Flaw, Interlayer
from fem.case.kinds import Depth, FilePath, Length, MaterialName, Motion, Position
from fem.case.layouts import Layout
from fem.case.rules import Bounds, Choice, Number, refuse
from fem.case.table import Table, by_kind
from fem.case.triangles import MeshFile
from fem.case.wiring import IdealWiring, Wiring
from fem.units import Quantity


class Protrusion(Table):
    """A half-ellipse of lithium that reaches from the anode into the separator."""

    x: Position = Field(description="Coordinate of its axis, from the left wall.")
    depth: Length = Field(description="How far it reaches below the flat lithium surface.")
    half_width: Length = Field(description="Half of its width at the lithium surface.")
    fillet: Length | None = Field(
        default=None, description="Radius that rounds the corners at its feet; sharp if left out."
    )


class Isolated(Table):
    """An ellipse of lithium wholly inside the electrolyte, without contact to the anode."""

    x: Position = Field(description="Coordinate of its centre, from the left wall.")
    y: Position = Field(description="Coordinate of its centre, from the cathode collector.")
    half_width: Length = Field(description="Half axis along x.")
    half_height: Length = Field(description="Half axis along y.")


class Surface(Table):
    """A lithium surface that is not flat: a sine, or a smooth curve through points of a file."""

    amplitude: Length | None = Field(
        default=None, description="Half of the height of a sine; deepest at the left wall."
    )
    wavelength: Length | None = Field(
        default=None,
        description="Length of the sine; twice the width of the cell over a whole number, so that "
        "its mirror images at the side walls continue it.",
    )
    file: FilePath | None = Field(
        default=None,
        description="CSV file of points `x, y` in order from the left wall to the right, relative "
        "to the case file; y counts upwards from the flat surface.",
    )
    unit: Length = Field(
        default=Quantity(1e-6, "1 um"), description="Length that a 1 in the file stands for."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        wave = {"amplitude": self.amplitude, "wavelength": self.wavelength}
        given = [name for name, value in wave.items() if value is not None]
        if self.file is not None and given:
            raise refuse(
                "a surface is a sine or comes from a file",
                key=given[0],
                given=wave[given[0]],
                allowed="amplitude and wavelength, or file",
                cure=f"remove {given[0]}, or file",
            )
        missing = sorted(wave.keys() - set(given))
        if self.file is None and missing:
            raise refuse(
                f"the surface has no {missing[0]}",
                key=missing[0],
                allowed="amplitude and wavelength, or file",
                cure='add amplitude = "2 um" and wavelength = "40 um", or file = "surface.csv"',
            )
        return self


class Anode(Table):
    """Lithium on top of the separator."""

    material: MaterialName = Field(default="lithium", description="Material of the anode.")
    thickness: Length | None = Field(
        default=None,
        description="Thickness of the flat layer; needed unless an image or a mesh shows the "
        "lithium.",
    )
    protrusions: tuple[Protrusion, ...] = Field(
        default=(), description="Half-ellipses of lithium into the separator."
    )
    isolated: tuple[Isolated, ...] = Field(
        default=(), description="Ellipses of lithium inside the electrolyte, without contact."
    )
    surface: Surface | None = Field(
        default=None,
        description="A surface that is not flat, instead of protrusions; flat if left out.",
    )
    reserve: Depth | None = Field(
        default=None,
        description="Thickness of the layer that a protocol can strip; all of it if left out. "
        '"0 um" makes an anode-less cell, where only plated lithium can be stripped.',
    )
    fading: Length | None = Field(
        default=None,
        description="Thickness of lithium at which half of what it could strip is stripped, in a "
        "protocol; so the foil is used up place by place, as where it is thin. If left out, the "
        "run ends where the first place is used up.",
    )
    motion: Annotated[Motion, Choice(Motion)] = Field(
        default="kept",
        description="Lithium surface of a protocol: kept as drawn, or moved with the lithium "
        "that is plated and stripped.",
    )
    interlayer: Interlayer | None = Field(
        default=None,
        description="Mixed conductor between separator and anode; see `kinetics.interlayer`.",
    )
    flaw: Flaw | None = Field(
        default=None, description="Flaws of the electrolyte that lithium may enter in a protocol."
    )

    @property
    def strippable(self) -> Quantity:
        """Thickness that can be stripped besides what was plated, in m."""
        strippable = self.thickness if self.reserve is None else self.reserve
        assert strippable is not None, "a protocol with lithium from an image needs a reserve"
        return strippable

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        if self.surface is not None and self.protrusions:
            raise refuse(
                "protrusions are drawn on a flat surface",
                key="surface",
                allowed="a surface or protrusions",
                cure="remove one of them, or draw the protrusions into the file of the surface",
            )
        return self

    @model_validator(mode="after")
    def _reserve_is_there(self) -> Self:
        if self.reserve is None or self.thickness is None:
            return self
        if self.reserve > self.thickness:
            raise refuse(
                "the reserve is thicker than the layer (geometry.anode.thickness, "
                f"{self.thickness.text})",
                key="reserve",
                given=self.reserve,
                allowed=f"at most {self.thickness.text}",
                cure="raise thickness, or leave reserve out: then all of the layer can be stripped",
            )
        return self


class Separator(Table):
    """The electrolyte between the electrodes."""

    material: MaterialName = Field(description="Material of the separator.")
    thickness: Length = Field(description="Thickness without protrusions.")


class ParticleCathode(Table):
    """A composite cathode: particles of active material, each one resolved, in an electrolyte."""

    kind: Annotated[Literal["particles"], Choice(Literal["particles"])] = Field(
        default="particles", description="Composite of resolved particles."
    )
    electrolyte: MaterialName = Field(description="Material of the electrolyte in the composite.")
    conductivity_factor: Annotated[float, Number(Bounds(gt=0, le=1), 1.0)] = Field(
        default=1.0,
        description="Factor on the ionic conductivity of the electrolyte inside the composite.",
    )
    thickness: Length = Field(description="Thickness of the composite.")
    particles: Layout = Field(description="The particles.")
    wiring: Wiring = Field(
        default=IdealWiring(),
        description='How electrons get to the particles; wiring = "ideal" is short for that kind.',
    )


class PlaneCathode(Table):
    """A slab of active material whose flat upper face reacts."""

    kind: Annotated[Literal["plane"], Choice(Literal["plane"])] = Field(
        description="One flat electrode."
    )
    material: MaterialName = Field(description="Material of the slab.")
    thickness: Length = Field(description="Thickness of the slab.")


Cathode = Annotated[
    Annotated[ParticleCathode, Tag("kind=particles")] | Annotated[PlaneCathode, Tag("kind=plane")],
    Discriminator(by_kind("particles")),
]


_TABLE = {
    True: "a table, or [geometry.image] or [geometry.mesh]",
    False: 'a table of kind = "plane", as the image shows no active material; or labels.active',
}
"""What a table that is missing may be, by whether there is no image."""


class Geometry(Table):
    """The cell from the cathode collector (y = 0) up; the side walls are symmetry planes.

    It is drawn from the numbers of these tables, or taken from an image as far as that shows it, or
    from a mesh.
    """

    width: Length | None = Field(
        default=None,
        description="Distance between the side walls; an image and a mesh have their own.",
    )
    depth: Length = Field(
        default=Quantity(1.0, "1 m"), description="Out of plane, for totals in A and A.h."
    )
    anode: Anode = Field(description="Lithium on top.")
    separator: Separator | None = Field(
        default=None,
        description="Electrolyte between the electrodes; may be left out if an image shows it.",
    )
    cathode: Cathode | None = Field(
        default=None,
        description="Positive electrode at the bottom, unless an image shows it. Below an image "
        "without active material only a plane one.",
    )
    image: Image | None = Field(
        default=None, description="Segmented image of the composite cathode or of all layers."
    )
    mesh: MeshFile | None = Field(
        default=None, description="Mesh of one's own of all layers, with named groups."
    )

    @property
    def source(self) -> str:
        """Key of the table that shapes are taken from; empty if all is drawn."""
        return next((name for name in ("image", "mesh") if getattr(self, name) is not None), "")

    @property
    def wiring(self) -> Wiring:
        """How electrons get to the active material, drawn or shown by an image or a mesh."""
        composite = self.cathode or self.image or self.mesh
        return getattr(composite, "wiring", IdealWiring())

    @model_validator(mode="after")
    def _drawn_or_shown(self) -> Self:
        image = self.image
        if image is not None and self.mesh is not None:
            raise refuse(
                "shapes are taken from an image or from a mesh",
                key="mesh",
                allowed="one of [geometry.image], [geometry.mesh]",
                cure="remove one of them",
            )
        shown = ["width"] if self.source else []
        if image is not None and image.labels.active is not None:
            shown.append("cathode")
        elif image is not None and isinstance(self.cathode, ParticleCathode):
            raise refuse(
                "an image takes the place of particles, and none is drawn beside it",
                key="cathode.kind",
                given="particles",
                allowed='"plane", below an image without labels.active',
                cure='kind = "plane", or remove [geometry.image]',
            )
        if self.mesh is not None:
            shown.append("cathode")
        if self.mesh is not None or (image is not None and image.labels.lithium is not None):
            shown += ["separator", "anode.thickness", "anode.protrusions", "anode.isolated"]
            shown += ["anode.surface"]
        for key in shown:
            table, _, name = key.rpartition(".")
            if getattr(self.anode if table else self, name) not in (None, ()):
                raise refuse(
                    f"the {self.source} shows this already",
                    key=key,
                    cure=f"remove it, or [geometry.{self.source}]",
                )
        needed = {"anode.thickness": '"50 um"', "cathode": ""}
        if not self.source:
            needed = {"width": '"420 um"', "separator": "", **needed}
        for key, example in needed.items():
            table, _, name = key.rpartition(".")
            if key not in shown and getattr(self.anode if table else self, name) is None:
                raise refuse(
                    f"this {'key' if example else 'table'} is missing",
                    key=key,
                    allowed="a length above 0" if example else _TABLE[image is None],
                    cure=f"add {name} = {example}" if example else f"add [geometry.{name}]",
                )
        return self
