"""``fem mesh``: the mesh of a case as a file, with figures of its quality."""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from fem.cli.cases import load, naming
from fem.errors import InputError, closest

if TYPE_CHECKING:
    from fem.mesh import Quality

SUFFIXES = (".vtu", ".msh")


def command(arguments: argparse.Namespace) -> None:
    """Mesh the case that the arguments name."""
    path = Path(arguments.out)
    if path.suffix.lower() not in SUFFIXES:
        match = closest(path.suffix.lower(), SUFFIXES)
        raise InputError(
            "the ending of the file must name its format",
            file=str(path),
            allowed=" (ParaView) or ".join(SUFFIXES) + " (Gmsh 4.1)",
            cure=f"--out {path.with_suffix(match or SUFFIXES[0])}" if path.stem else None,
        )
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(
            "a folder, not a file" if path.is_dir() else f"no such folder: {path.parent}",
            file=str(path),
            cure="give a file in a folder that exists with --out",
        )
    case = load(arguments)

    from fem import mesh
    from fem.cli.estimate import drawn
    from fem.output.folder import require_writable, whole
    from fem.output.vtk import write_mesh

    require_writable(path.parent)
    with naming(arguments):
        made = mesh.from_case(case, drawn(case))
    with whole(path) as temporary:
        write_mesh(made, temporary)
    print(describe(mesh.quality(made)))
    print(f"written to {path}")


def describe(quality: Quality) -> str:
    """Counts, the smallest angle, and the area of each region against the exact one.

    Particles, and pieces of an image alike, stand in one line, with the worst of them.
    """
    lines = [
        f"triangles        {quality.triangles}",
        f"nodes            {quality.nodes}",
        f"interface edges  {quality.interface_edges}",
        f"smallest angle   {quality.smallest_angle:.1f} deg",
        "areas            mesh / um2     exact / um2    relative error",
    ]
    groups: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for name, area, exact in quality.areas:
        kind = name if name.startswith("isolated") else re.sub(r" \d+$", "", name)
        groups[kind].append((area, exact))
    for name, areas in groups.items():
        many = name if len(areas) == 1 else f"{len(areas)} pieces of {name}"
        many = f"{len(areas)} {name}s" if name == "particle" else many
        area, exact = (sum(pair[i] for pair in areas) * 1e12 for i in range(2))
        worst = max(abs(a - e) / e for a, e in areas)
        each = " (worst of them)" if len(areas) > 1 else ""
        lines.append(f"  {many:<19}  {area:<13.6g}  {exact:<13.6g}  {worst:.1e}{each}")
    return "\n".join(lines)
