"""Meshes of one's own: read back as they were written, refused by name where they cannot be."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fem
from fem.errors import InputError
from fem.geometry import Phase, build
from fem.geometry.curves import Line
from fem.geometry.parabolas import Parabolas
from fem.mesh import from_case, quality
from fem.mesh.plain import describe, geometry_from
from fem.output.vtk import write_mesh

NAMES = {1: "SE", 2: "AM", 3: "Li", 4: "pore"}
LABELS = {"electrolyte": "SE", "active": "AM", "lithium": "Li", "void": "pore*"}
KINETICS = {
    "anode": {"exchange_current_density": "320 A/m^2"},
    "cathode": {"exchange_current_density": "2 A/m^2"},
}


def written(path: Path, points: Any, cells: Any, names: dict[int, str] = NAMES) -> Path:
    """Gmsh's format 2.2 as one writes it by hand; `cells` are a tag and nodes from 0 each."""
    kind = {2: 1, 3: 2, 4: 3, 6: 9}
    lines = ["$MeshFormat", "2.2 0 8", "$EndMeshFormat", "$PhysicalNames", str(len(names))]
    lines += [f'2 {tag} "{name}"' for tag, name in names.items()]
    lines += ["$EndPhysicalNames", "$Nodes", str(len(points))]
    lines += [
        f"{k} {' '.join(map(repr, [*map(float, p), 0.0][:3]))}" for k, p in enumerate(points, 1)
    ]
    lines += ["$EndNodes", "$Elements", str(len(cells))]
    for k, (tag, nodes) in enumerate(cells, 1):
        lines.append(f"{k} {kind[len(nodes)]} 2 {tag} {tag} {' '.join(str(n + 1) for n in nodes)}")
    path.write_text("\n".join([*lines, "$EndElements", ""]))
    return path


def squares(phase: Any, n: int = 10) -> tuple[list[tuple[float, float]], list[Any]]:
    """A square of n by n squares, two triangles each, with the tags of `phase` at column, row."""
    points = [(float(x), float(y)) for y in range(n + 1) for x in range(n + 1)]
    cells = []
    for y in range(n):
        for x in range(n):
            a, b = y * (n + 1) + x, (y + 1) * (n + 1) + x
            cells += [(phase(x, y), (a, a + 1, b + 1)), (phase(x, y), (a, b + 1, b))]
    return points, cells


def porous(x: int, y: int) -> int:
    """Lithium above a square particle and a pore."""
    if y >= 8:
        return 3
    if 2 <= x < 5 and 2 <= y < 5:
        return 2
    return 4 if 6 <= x < 8 and 5 <= y < 6 else 1


def layers(x: int, y: int) -> int:
    return 3 if y >= 8 else 2 if y < 3 else 1


def case_of(file: Path, changes: dict[str, Any] | None = None, **table: Any) -> fem.Case:
    table = {
        "file": str(file),
        "unit": "1 um",
        "labels": LABELS,
        "electrolyte": "LPSCl",
        "active": "NCM811",
        **table,
    }
    return fem.Case.from_dict(
        {
            "geometry": {"mesh": table, "anode": {}},
            "kinetics": KINETICS,
            "operation": {"current_density": "10 A/m^2"},
            "mechanics": {"enabled": False},
        }
    ).replace(changes or {})


def drawn(**changes: Any) -> fem.Case:
    """A cell of four discs below a protrusion, with stress."""
    return fem.Case.from_dict(
        {
            "geometry": {
                "width": "40 um",
                "anode": {
                    "thickness": "8 um",
                    "protrusions": [
                        {"x": "18 um", "depth": "4 um", "half_width": "5 um", "fillet": "1 um"}
                    ],
                },
                "separator": {"material": "LPSCl", "thickness": "15 um"},
                "cathode": {
                    "electrolyte": "LPSCl",
                    "conductivity_factor": 0.5,
                    "thickness": "40 um",
                    "particles": {
                        "layout": "lattice",
                        "rows": 2,
                        "columns": 2,
                        "diameter": "10 um",
                        "material": "NCM811",
                    },
                },
            },
            "inactive": {"ids": [2]},
            "kinetics": KINETICS,
            "operation": {"current_density": "10 A/m^2", "plating_time": "100 s"},
            "mechanics": {"lithium": "elastic"},
            "mesh": {"size": "2 um"},
        }
    ).replace(changes)


def read_back(case: fem.Case, file: Path) -> fem.Case:
    """The same cell from a mesh of the product's own."""
    return case.replace(
        {
            "geometry": {
                "anode": {},
                "mesh": {
                    "file": str(file),
                    "unit": "1 m",
                    "labels": {
                        "lithium": "lithium",
                        "separator": "separator",
                        "electrolyte": "cathode electrolyte",
                        "active": "particle *",
                    },
                    "separator": "LPSCl",
                    "electrolyte": "LPSCl",
                    "conductivity_factor": 0.5,
                    "active": "NCM811",
                },
            }
        }
    )


@pytest.mark.parametrize("flat", [True, False])
def test_a_mesh_of_the_product_gives_the_same_numbers(tmp_path, flat):
    """Curved triangles come back node by node; all that differs is the order of sums."""
    case = drawn(**{"geometry.anode.protrusions": []} if flat else {"mechanics.enabled": False})
    mesh = from_case(case, build(case))
    write_mesh(mesh, tmp_path / "cell.msh")
    again = read_back(case, tmp_path / "cell.msh")
    shape = build(again)
    same = from_case(again, shape)
    assert np.sort(same.nodes, axis=1) == pytest.approx(np.sort(mesh.nodes, axis=1), abs=1e-18)
    assert len(same.edges) == len(mesh.edges)
    assert list(shape.particles.inactivity) == ["", "", "set", ""]
    assert shape.particles.x == pytest.approx([10e-6, 30e-6, 10e-6, 30e-6], rel=1e-6)
    one, two = fem.run(case).metrics, fem.run(again).metrics
    names = ["overpotential_V", "overpotential_electrolyte_V", "anode_plating_max_A_m2"]
    # Stress leaves out the feet of protrusions, which only a drawing knows.
    names += ["von_mises_se_p99_Pa", "lithium_pressure_elastic_Pa"] if flat else []
    for name in names:
        # Stress is solved to fewer digits than the charge.
        tolerance = 1e-8 if name.endswith("_Pa") else 1e-11
        assert two[name] == pytest.approx(one[name], rel=tolerance), name


def test_layers_written_by_hand_have_the_voltage_of_one_dimension(tmp_path):
    """5 um of electrolyte at 10 A/m2 lose i L / sigma; the first order of a mesh is exact there."""
    case = case_of(written(tmp_path / "layers.msh", *squares(layers)), unit="1 um")
    case = case.replace({"materials": {"LPSCl": {"ionic_conductivity": "0.2 S/m"}}})
    result = fem.run(case)
    lost = result.metrics["overpotential_electrolyte_V"]
    assert lost == pytest.approx(10.0 * 5e-6 / 0.2, rel=1e-9)
    assert result.metrics["anode_plating_max_A_m2"] == pytest.approx(10.0, rel=1e-9)


@pytest.mark.parametrize("unit", ["1 um", "2 um", "1 nm", "1 mm"])
def test_the_unit_is_the_length_of_a_1(tmp_path, unit):
    shape = build(case_of(written(tmp_path / "cell.msh", *squares(porous)), unit=unit))
    length = {"1 um": 1e-6, "2 um": 2e-6, "1 nm": 1e-9, "1 mm": 1e-3}[unit]
    assert shape.width == pytest.approx(10 * length, rel=1e-12)
    assert shape.lithium_y == pytest.approx(8 * length, rel=1e-12)
    areas = {region.name.split()[0]: region.area / length**2 for region in shape.regions}
    assert areas == pytest.approx({"lithium": 20, "SE": 69, "particle": 9, "void": 2}, rel=1e-12)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000), x=st.floats(-50, 50), y=st.floats(-50, 50))
def test_order_direction_and_place_do_not_matter(tmp_path_factory, seed, x, y):
    folder = tmp_path_factory.mktemp("order")
    points, cells = squares(porous)
    plain = from_case(*_with_shape(case_of(written(folder / "plain.msh", points, cells))))
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(points))
    place = np.argsort(order)
    moved = [(points[k][0] + x, points[k][1] + y) for k in order]
    shuffled = []
    for k in rng.permutation(len(cells)):
        tag, nodes = cells[k]
        turn = list(np.roll([int(place[n]) for n in nodes], rng.integers(3)))
        shuffled.append((tag, turn[::-1] if rng.random() < 0.5 else turn))
    other = from_case(*_with_shape(case_of(written(folder / "other.msh", moved, shuffled))))
    assert quality(other).triangles == quality(plain).triangles
    assert sorted(a for _, a, _ in quality(other).areas) == pytest.approx(
        sorted(a for _, a, _ in quality(plain).areas), rel=1e-9
    )
    for mesh in (plain, other):
        assert len(mesh.interface(Phase.LITHIUM)) == 10
        assert len(mesh.interface(Phase.ACTIVE)) == 12
        line = mesh.geometry.outlines[0].curve
        assert isinstance(line, Line) and line.start[0] == 0.0 and line.end[0] > 9.9e-6


def _with_shape(case):
    return case, build(case)


def double(points, cells):
    """The pore with nodes of its own."""
    own: dict[int, int] = {}
    new = list(points)
    for k, (tag, nodes) in enumerate(cells):
        if tag == 4:
            for n in nodes:
                own.setdefault(n, len(points) + len(own))
            cells[k] = (tag, tuple(own[n] for n in nodes))
    return new + [points[n] for n in own], cells


def hole(points, cells):
    return points, [cell for cell in cells if cell[0] != 4]


def upside_down(points, cells):
    return [(x, -y) for x, y in points], cells


def tilted(points, cells):
    return [(x, y, x) for x, y in points], cells


def square_elements(points, cells):
    return points, [*cells[2:], (cells[0][0], (0, 1, 12, 11))]


def ungrouped(points, cells):
    return points, [(0, cells[0][1]), *cells[1:]]


def twice(points, cells):
    return points, [*cells, (1, cells[0][1])]


def crosswise(points, cells):
    """Two particles that meet at a node."""
    _, cells = squares(lambda x, y: 2 if (x, y) in ((2, 2), (3, 3)) else 3 if y > 7 else 1)
    return points, cells


def lines_only(points, cells):
    return points, [(1, (0, 1))]


WRONG = [
    (double, {}, "nodes are there twice", "geometry.mesh.file", "Coherence"),
    (hole, {}, r"gap or a bay near \(6.*5", "geometry.mesh.file", "labels.void"),
    (upside_down, {}, "upper edge .* not all one piece of lithium", "labels.lithium", "turn"),
    (tilted, {}, "not lie in the plane of x and y", "geometry.mesh.file", "turn it"),
    (square_elements, {}, "elements of kind quad", "geometry.mesh.file", "Recombine"),
    (ungrouped, {}, "1 triangles are in no physical group", "geometry.mesh.file", "Physical"),
    (twice, {}, "more than two triangles share", "geometry.mesh.file", "one physical group"),
    (crosswise, {}, r"active material meet at one node only, near \(3, 3\)", "file", "gap"),
    (lines_only, {}, "no triangles", "geometry.mesh.file", "gmsh -2"),
    (None, {"unit": "1 m"}, "10 m wide", "geometry.mesh.unit", "1 um"),
    (None, {"unit": "1e-10 m"}, "1e-09 m wide", "geometry.mesh.unit", "1 um"),
    (
        None,
        {"labels.void": "SE"},
        "group 'SE' of the mesh is electrolyte and void",
        "labels",
        "one",
    ),
    (None, {"labels.electrolyte": ["SE", "SEE"]}, "no group 'SEE'", "labels.electrolyte", "SE"),
    (None, {"labels.void": None}, "no label names group 'pore'", "labels", "void"),
]


@pytest.mark.parametrize(("spoilt", "changes", "problem", "key", "cure"), WRONG)
def test_what_cannot_be_is_refused_by_name(tmp_path, spoilt, changes, problem, key, cure):
    points, cells = squares(porous)
    if spoilt is not None:
        points, cells = spoilt(points, cells)
    case = case_of(written(tmp_path / "cell.msh", points, cells))
    case = case.replace({f"geometry.mesh.{name}": value for name, value in changes.items()})
    with pytest.raises(InputError) as caught:
        from_case(case, build(case))
    assert re.search(problem, caught.value.problem)
    assert str(caught.value.key).endswith(key)
    assert cure in str(caught.value.cure)


@pytest.mark.parametrize(
    "text", ["", "$MeshFormat\n9.9 0 8\n$EndMeshFormat\n", "hello", "\x00\x01"]
)
def test_what_is_no_mesh_is_refused(tmp_path, text):
    file = tmp_path / "cell.msh"
    file.write_text(text)
    with pytest.raises(InputError, match="cannot be read as a mesh of Gmsh"):
        build(case_of(file))


def test_a_folded_triangle_of_second_order_is_refused_at_the_file(tmp_path):
    points, cells = squares(layers, 2)
    (tag, (a, b, c)), middle = cells[0], len(points)
    points += [(0.5, 0.9), (1.0, 0.5), (0.5, 0.5)]
    cells[0] = (tag, (a, b, c, middle, middle + 1, middle + 2))
    points[middle] = (0.5, 0.0)
    points[middle + 2] = (0.9, 0.1)
    case = case_of(written(tmp_path / "cell.msh", points, cells), labels={**LABELS})
    with pytest.raises(InputError) as caught:
        from_case(case, build(case))
    assert caught.value.key != "mesh.size"


def test_cut_off_pieces_take_no_part(tmp_path):
    """Electrolyte in a particle's hollow is idle, lithium in it too, and that is told."""

    def phase(x: int, y: int) -> int:
        if 2 <= x < 7 and 1 <= y < 6:
            return (3 if x == 4 else 1) if 3 <= x < 6 and y == 3 else 2
        return 3 if y >= 8 else 2 if x == 8 and y == 2 else 1

    shape = build(case_of(written(tmp_path / "cell.msh", *squares(phase))))
    kinds = sorted(str(region.phase) for region in shape.regions)
    assert kinds.count("idle") == 3
    assert any("idle: 3.57% of the electrolyte, in 2 pieces" in note for note in shape.notes)
    assert any("idle: 4.76% of the lithium, in 1 piece." in note for note in shape.notes)
    assert list(shape.particles.inactivity) == ["", "touches lithium"]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), pieces=st.integers(1, 6), bend=st.floats(0, 0.3))
def test_a_row_of_parabolas_is_its_nodes(seed, pieces, bend):
    rng = np.random.default_rng(seed)
    knots = np.c_[np.arange(pieces + 1), rng.uniform(-0.3, 0.3, pieces + 1)]
    middles = 0.5 * (knots[1:] + knots[:-1]) + bend * rng.uniform(-0.5, 0.5, (pieces, 2))
    points = np.empty((2 * pieces + 1, 2))
    points[::2], points[1::2] = knots, middles
    curve = Parabolas(tuple(map(tuple, 1e-6 * points)))
    places = curve.point(curve.parameter(1e-6 * points.T))
    assert places == pytest.approx(1e-6 * points.T, abs=1e-19)
    t = np.union1d(np.linspace(0.0, 1.0, 4001), curve.corners)
    x, y = curve.point(t)
    assert curve.length == pytest.approx(np.hypot(np.diff(x), np.diff(y)).sum(), rel=1e-5)
    moment = (0.5 * (x[1:] + x[:-1])) @ np.diff(y)
    assert curve.moment == pytest.approx(moment, abs=1e-5 * curve.length**2)
    off = rng.uniform(0, 1, 50)
    assert curve.parameter(curve.point(off)) == pytest.approx(off, abs=1e-9)
    if pieces == 1 and bend == 0.0:
        assert np.isinf(curve.radius(off)).all() or curve.radius(off).min() > 1e3 * curve.length


def test_a_geometry_of_parabolas_goes_to_a_file_and_back(tmp_path):
    case = drawn()
    write_mesh(from_case(case, build(case)), tmp_path / "cell.msh")
    shape = build(read_back(case, tmp_path / "cell.msh"))
    assert any(isinstance(outline.curve, Parabolas) for outline in shape.outlines)
    again = geometry_from(describe(shape), shape.particles)
    assert again == replace(shape, triangles=None)


@pytest.mark.slow
def test_lithium_of_a_mesh_moves(tmp_path):
    """Plated by 1.3 um in all, with new triangles on the way: the lithium is what it gained."""
    changes = {
        "geometry.anode": {"reserve": "1 um", "motion": "moved"},
        "kinetics.cathode.stoichiometry": 0.9,
        "kinetics.cathode.diffusion": "fixed",
        "operation": {
            "kind": "protocol",
            "steps": [{"charge": "50 A/m^2", "until": {"time": "200 s"}}],
        },
        "mesh.size": "0.5 um",
    }
    file = written(tmp_path / "cell.msh", *squares(porous))
    result = fem.run(case_of(file, changes))
    thick = 50.0 * 200.0 / 96485.33 * 12.97e-6
    lithium = next(r for r in result.geometry.regions if r.name == "lithium")
    # The line follows what is plated by a step behind.
    assert 0.85 * thick < lithium.area / 10e-6 - 2e-6 <= thick
    areas = {region.name.split()[0]: 1e12 * region.area for region in result.geometry.regions}
    assert areas["particle"] == pytest.approx(9.0, rel=1e-12)
    assert sum(areas.values()) == pytest.approx(100.0, rel=1e-12)
