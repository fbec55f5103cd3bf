"""The reference page of the material library: ``python -m fem.materials.reference DIRECTORY``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from fem.materials.formula import FUNCTIONS
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

## Functions of the stoichiometry

An open-circuit potential is a voltage (`"1.55 V"`), the name of a built-in function, a formula, a
file of points (below), or a table as above. A chemical diffusivity is a value (`"4e-15 m^2/s"`), a
formula, or a table `{ stoichiometry = [..], chemical_diffusivity = [..] }` in m²/s, whose
logarithm is interpolated. Tables can stand in material files only. Points stand in any order.
Between them the curve is smooth and monotone (PCHIP); beyond them a diffusivity keeps its value,
and a potential is not extrapolated: a run ends its step where a particle's surface comes to the
end of the table.

Strains are formulas or tables too. `volume_strain` is a relative change of volume, alike in all
directions; with `mechanics.axis` in the case, `strain_along_axis` and `strain_across_axis` are
those of a crystal. Only differences between two fractions count, so a strain may be 0 at any x.
Beyond its table, or a formula beyond the window, a strain keeps its value.

A formula is text in x, the lithium fraction, and gives V, m²/s or a strain:

```toml
[materials.NCM811]
open_circuit_potential = "4.2 - 0.8*x + 0.02*tanh(15*(x - 0.5))"
stoichiometry_min = 0.3
stoichiometry_max = 0.9
chemical_diffusivity = "1e-14*exp(-3*x)"
volume_strain = "-0.05*(1 - x)^2"
```

It may hold numbers, x, `+ - * /`, `**` or `^` for powers, parentheses and these functions:
FUNCTIONS.
It must be finite everywhere in the window, a diffusivity also positive.

The potential holds between `stoichiometry_min` and `stoichiometry_max`. A new potential drops the
window of the old one; without these two its own range is the window, for a formula from 0 to 1. Of
`volume_strain`, `partial_molar_volume` and `volume_change`, in this order, the first that a
material has is used; a new one drops those before it.

Potential, window and `max_concentration` count lithium on one scale. Take all of them from one
source: a run in time warns if they stand in different files.

## Measured potentials

A potential may be the name of a file (`.csv`, `.txt`, `.tsv`, `.dat`) beside the case, or beside
the material file that names it:

```toml
[materials.NCM811]
open_circuit_potential = "ocp.csv"
```

Columns are parted by commas, semicolons, tabs or blanks; with any but commas, decimals may be
written with a comma. Names above the columns are read (`x`, `stoichiometry`; `OCP`, `voltage`, `U
[V]`, `mV`), and so are two columns without names, if their numbers tell them apart. Rows stand in
any order; those at one x are averaged, up to 50 mV apart. Where the file has a capacity or a state
of charge instead, say which lithium fractions its ends are; the one with more lithium is where the
potential is lower:

```toml
[materials.NCM811]
open_circuit_potential = "capacity.csv"
stoichiometry_min = 0.27
stoichiometry_max = 0.91
```

A file that holds charge and discharge is refused: it is two curves.

## Temperature

What a material file or a case gives holds at the temperature of the case, with two exceptions. With
`diffusivity_activation_energy` E and `reference_temperature` T0, the diffusivity is multiplied by
exp(E/R (1/T0 - 1/T)). With an `entropic_coefficient`, T - T0 times it is added to the potential. A
new value of the diffusivity or of the potential drops what the old one came with.

## Files in the Battery Parameter eXchange format

A file in `material_files` whose name ends in `.json` is read as a cell in the
[BPX](https://bpxstandard.com) format. Its positive electrode becomes an active material, named
after the file: `lgm50.json` gives `lgm50`. Read are `OCP [V]`, `Maximum concentration
[mol.m-3]`, `Minimum stoichiometry`, `Maximum stoichiometry` and `Diffusivity [m2.s-1]`, as numbers,
formulas or tables, with its activation energy, `Entropic change coefficient [V.K-1]` and the
reference temperature of the file (298.15 K if it has none), which are applied; the rest describes a
cell with a liquid electrolyte. Add elastic constants in the case, below `[materials.lgm50]`.

`OCP [V]` is the mean curve. A branch is taken by its name:

```toml
[materials.lgm50]
open_circuit_potential = "delithiation"    # or "lithiation"
```

Each particle of a blended electrode becomes a material: `Large` of `lgm50.json` is `lgm50_Large`.

"""


def markdown(library: Mapping[str, Material]) -> str:
    """The reference page: how to give values, the property names, then every material."""
    allowed = ", ".join(f"`{name}`" for name in FUNCTIONS)
    lines = [
        _INTRODUCTION.replace("FUNCTIONS", allowed).rstrip(),
        "",
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
