"""The reference page of the material library: ``python -m fem.materials.reference DIRECTORY``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from fem.materials.library import library
from fem.materials.material import Material
from fem.materials.properties import PROPERTIES

_INTRODUCTION = """\
# Materials

<!-- Written by `python -m fem.materials.reference docs/reference`. Do not edit. -->

Every value that ships with the package, with its unit, its source and a status:

- **sourced**: the value stands in the source named, or is plain arithmetic on numbers that do.
- **assumption**: it does not, or the source was not checked. The note says what to scan.
- **given**: a user's own file or case gives it.

A run lists what it used in `references.txt`.

## Giving your own values

In a case, write only what differs:

```toml
[materials.LPSCl]
youngs_modulus = "22 GPa"
poisson_ratio = 0.37
```

In a material file, each value needs a source; `note` and `status` are optional. Properties
replace those of a built-in material one by one, and a new id makes a new material:

```toml
[LPSCl.youngs_modulus]
value = "22 GPa"
source = "own measurement, 2024"

[MyOxide]
title = "LiMO2"
kind = "active material"
summary = "What it is and where it is used."
[MyOxide.open_circuit_potential]
value = { stoichiometry = [0.3, 0.6, 0.9], potential = [4.3, 3.8, 3.5] }   # in V
source = "own measurement, 2024"
```

An open-circuit potential is a voltage (`"1.55 V"`), the name of a built-in function, or such a
table, interpolated linearly. It holds between `stoichiometry_min` and `stoichiometry_max`; a new
potential drops the window of the old one, and without these two its own range is the window.
"""


def markdown(library: Mapping[str, Material]) -> str:
    """The reference page: how to give values, the property names, then every material."""
    lines = [
        _INTRODUCTION,
        "## Properties",
        "",
        "| name | SI unit | allowed | meaning |",
        "|---|---|---|---|",
    ]
    for name, rule in PROPERTIES.items():
        unit = "-" if rule.dimensionless else rule.unit
        lines.append(f"| `{name}` | {unit} | {rule.bounds} | {rule.description} |")
    for material in library.values():
        lines += [
            "",
            f"## {material.id}",
            "",
            f"**{material.title}**, {material.kind}. {material.summary}",
            "",
            "| property | value | status | source | note |",
            "|---|---|---|---|---|",
        ]
        for prop in material.properties.values():
            status = "**assumption**" if prop.status == "assumption" else prop.status
            cells = (f"`{prop.name}`", prop.text, status, prop.source, prop.note)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write ``materials.md`` into the directory given."""
    if len(arguments) != 1:
        print("usage: python -m fem.materials.reference DIRECTORY", file=sys.stderr)
        return 2
    page = Path(arguments[0]) / "materials.md"
    page.write_text(markdown(library()), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
