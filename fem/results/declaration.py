"""How a number of a run is declared: its unit, its name for people, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Flag, auto


class Place(Flag):
    """The file that a number stands in."""

    METRICS = auto()
    """``metrics.json``: a value, or a list of one a protrusion or body, of the last state."""
    HISTORY = auto()
    """``history.csv``: one value an accepted step."""
    ANODE = auto()
    """``anode.csv``: one value a node of the lithium line."""
    PARTICLES = auto()
    """``particles.csv``: one value a particle."""
    FIELDS = auto()
    """``fields.vtu``: one value, or the components of one, a point of the mesh."""
    FACES = auto()
    """``faces.csv``: one value a pair of faces that may part."""
    CYCLES = auto()
    """``cycles.csv``: one value a pass of a loop of the protocol."""
    SPECTRUM = auto()
    """``impedance.csv``: one value a frequency of a spectrum."""
    RELAXATION = auto()
    """``drt.csv``: one value a relaxation time of a spectrum."""


FACTORS = {
    ("m", "µm"): 1e6,
    ("m", "nm"): 1e9,
    ("m²", "µm²"): 1e12,
    ("V", "mV"): 1e3,
    ("ohm·m²", "ohm·cm²"): 1e4,
    ("Pa", "MPa"): 1e-6,
    ("Ω m²", "Ω cm²"): 1e4,
    ("Ah/m²", "mAh/cm²"): 0.1,
    ("Wh/m²", "mWh/cm²"): 0.1,
}
"""What a value in the first unit is multiplied by to be one in the second."""

LEAST = {
    "V": 1e-3,  # a step in time is not better than a fifth of it
    "A/m²": 1e-3,  # a cell at rest is solved to less
    "A": 1e-12,
    "A/m": 1e-9,
    "m": 1e-10,  # an atom
    "Pa": 1e3,  # rounding of a stress a million times as large
    "Ah/m²": 1e-6,  # a thousandth of an atom's layer of lithium
    "s": 1e-3,
}
"""Spans of values in a unit within which nothing is meant, unless a number says otherwise."""
ZERO = 1e-6
"""Share of that span below which a value is the rounding of zero."""


@dataclass(frozen=True)
class Declared:
    """A number of a run.

    Attributes
    ----------
    name
        As it stands in files, with its unit. A name with a placeholder, such as
        ``lithium_pressure_{model}_Pa``, declares a family; the placeholder may also stand in the
        label and in the meaning.
    unit
        Of the values in files; empty for a ratio, a count or a text.
    label
        What it is in a few plain words: in the report, on the terminal, along axes.
    places
        Where it stands.
    meaning
        One or two sentences: what it is, over what it is averaged, what its sign says.
    shown
        The unit that people are shown; empty if that is `unit`.
    main
        Whether the terminal shows it after a run.
    part_of
        Name of the number that this is a part of. The label begins with the label of that one.
    text
        Whether it is not a number at all.
    least
        Span in `unit` within which differences mean nothing; by default that of the unit, see
        `LEAST`. Axes and colour bars span no less, so that rounding looks flat.
    words
        What the placeholder may stand for, each with the words that people read for it. A family
        without takes anything, in its own word.
    """

    name: str
    unit: str
    label: str
    places: Place
    meaning: str = field(kw_only=True)
    shown: str = field(default="", kw_only=True)
    main: bool = field(default=False, kw_only=True)
    part_of: str = field(default="", kw_only=True)
    text: bool = field(default=False, kw_only=True)
    least: float = field(default=-1.0, kw_only=True)
    words: Mapping[str, str] = field(default_factory=dict, kw_only=True, hash=False)

    def __post_init__(self) -> None:
        if self.shown and (self.unit, self.shown) not in FACTORS:
            raise ValueError(f"{self.name}: nobody knows how many {self.shown} are one {self.unit}")
        if self.least < 0.0:
            object.__setattr__(self, "least", LEAST.get(self.unit, 0.0))

    def cleared(self, value: float) -> float:
        """A value from a file, or zero if it is the rounding of zero."""
        return value if abs(value) >= ZERO * self.least else 0.0

    @property
    def display(self) -> str:
        """The unit that people are shown, empty if there is none."""
        return self.shown or self.unit

    @property
    def factor(self) -> float:
        """What a value from a file is multiplied by to be one in the unit `display`."""
        return FACTORS[self.unit, self.shown] if self.shown else 1.0

    def axis(self, unit: str = "", between: str = " ") -> str:
        """The label of an axis; `unit` where values are shown in another one than `display`."""
        unit = unit or self.display
        return f"{self.label}{between}({unit})" if unit else self.label

    @property
    def placeholder(self) -> str:
        """What stands in braces in the name of a family, empty for any other."""
        return self.name.partition("{")[2].partition("}")[0]

    def named(self, name: str) -> Declared | None:
        """This one, or the member of this family, if that is what `name` names."""
        if not self.placeholder:
            return self if name == self.name else None
        brace = f"{{{self.placeholder}}}"
        before, _, after = self.name.partition(brace)
        word = name[len(before) : len(name) - len(after)]
        if not word or name != before + word + after or (self.words and word not in self.words):
            return None
        read = self.words.get(word, word)
        label, meaning = (text.replace(brace, read) for text in (self.label, self.meaning))
        return replace(self, name=name, label=label, meaning=meaning, words={})

    def members(self) -> tuple[Declared, ...]:
        """This one, or all of the family; a family that takes anything has none to list."""
        if not self.placeholder:
            return (self,)
        names = (self.name.replace(f"{{{self.placeholder}}}", word) for word in self.words)
        return tuple(member for name in names if (member := self.named(name)))
