"""The table of faces that may part, against the solid state that it tells of."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import fem
from fem.cell.composition import Cell
from fem.geometry import Phase
from fem.results.result import Result
from fem.results.view import View

BOND = "interfaces.particle_electrolyte"
CASE: dict[str, Any] = {
    "geometry": {
        "width": "24 um",
        "anode": {"thickness": "4 um"},
        "separator": {"material": "LPSCl", "thickness": "6 um"},
        "cathode": {
            "electrolyte": "LPSCl",
            "thickness": "14 um",
            "particles": {"rows": 1, "columns": 2, "diameter": "10 um", "material": "NCM811"},
        },
    },
    "kinetics": {
        "anode": {"exchange_current_density": "320 A/m^2"},
        "cathode": {
            "exchange_current_density": "2 A/m^2", "stoichiometry": 0.85, "diffusion": "averaged",
        },
    },
    "operation": {"kind": "protocol", "steps": [{"rest": "1 s"}]},
    "mechanics": {"enabled": True, "swelling": True, "lithium": "elastic"},
    "stack": {"pressure": "60 MPa"},
    "interfaces": {"particle_electrolyte": {"bond": "none"}},
    "mesh": {"size": "3 um"},
}  # fmt: skip
STIFFNESS = 4e15
COHESIVE = {
    BOND: {
        "bond": "cohesive", "strength": "5 MPa", "toughness": "0.02 J/m^2",
        "stiffness": f"{STIFFNESS} Pa/m",
    }
}  # fmt: skip


@cache
def shrunk(by: float, cohesive: bool = False) -> Result:
    """Both particles with `by` less lithium than at the start, the first of them with half that."""
    case = fem.Case.from_dict(CASE)
    if cohesive:
        case = case.replace(COHESIVE)
    cell = Cell.of(case)
    start = cell.initial()
    content = dict(start.content)
    for each in cell.particles:
        less = np.where(each.ids == 0, 0.5 * by, by)
        x = content[each.lithiation_name]
        content[each.lithiation_name] = x - less.reshape(-1, *[1] * (x.ndim - 1))
    assert cell.stress is not None
    held, _ = cell.stress.advanced(content, start.held, 1.0)
    state = cell.instant(type(start)(1.0, content, held), cell.drives(current=0.0))
    return View.of(cell, 0.0).result(state)


def sides(result: Result) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The points of the fields on both sides of all pairs: the particle's, and the other's."""
    mesh, faces = result.field_mesh, result.faces
    assert faces is not None
    body = np.full(len(mesh.points), -1)
    for number, region in enumerate(result.geometry.regions):
        if region.phase == Phase.ACTIVE:
            body[mesh.triangles[mesh.region == number]] = region.body
    inside = (mesh.phase == str(Phase.ACTIVE)) | (mesh.phase == str(Phase.ELECTROLYTE))
    found = []
    for owner in (faces.particle, faces.other):
        points = [
            np.flatnonzero(inside & (body == who) & (np.hypot(*(mesh.points - p).T) < 1e-12))
            for who, p in zip(owner, np.stack([faces.x, faces.y], axis=1), strict=True)
        ]
        assert all(len(each) == 1 for each in points)
        found.append(np.concatenate(points))
    return found[0], found[1]


@pytest.mark.parametrize("cohesive", [False, True])
def test_doubled_points_move_apart_by_gap_and_slip(cohesive: bool) -> None:
    """So a program that warps the fields by the displacement shows gaps that are open."""
    result = shrunk(0.1, cohesive)
    faces = result.faces
    assert faces is not None
    inner, outer = sides(result)
    jump = result.fields["displacement"][outer] - result.fields["displacement"][inner]
    tangent = np.stack([-faces.normal[:, 1], faces.normal[:, 0]], axis=1)
    size = np.abs(faces.gap).max()
    assert size > 1e-10
    assert (jump * faces.normal).sum(axis=1) == pytest.approx(faces.gap, abs=1e-6 * size)
    assert (jump * tangent).sum(axis=1) == pytest.approx(faces.slip, abs=1e-6 * size)


def test_faces_are_open_or_press() -> None:
    result = shrunk(0.1)
    faces = result.faces
    assert faces is not None
    assert 0 < faces.open.sum() < len(faces)
    assert (faces.gap >= 0.0).all()
    assert (faces.pressure >= 0.0).all()
    assert not faces.pressure[faces.open].any()
    assert (faces.closed == ~faces.open).all()
    assert np.isnan(faces.damage).all()
    assert result.metrics["gap_max_m"] == faces.gap.max()
    # The particle that has lost more lithium has parted further.
    one, other = (faces.gap[faces.particle == body].max() for body in (0, 1))
    assert one < other


def test_normals_point_out_of_particles_and_edges_go_around_them() -> None:
    result = shrunk(0.1)
    faces, particles = result.faces, result.particles
    assert faces is not None
    centre = np.stack([particles.x, particles.y], axis=1)[faces.particle]
    out = np.stack([faces.x, faces.y], axis=1) - centre
    assert faces.normal == pytest.approx(out / np.hypot(*out.T)[:, None], abs=2e-3)
    start, end, _ = faces.edges.T
    steps = np.stack([faces.x[end] - faces.x[start], faces.y[end] - faces.y[start]])
    tangent = np.stack([-faces.normal[start, 1], faces.normal[start, 0]])
    assert ((steps * tangent).sum(axis=0) > 0.0).all()
    rim = np.hypot(*steps).sum()
    assert rim == pytest.approx(np.pi * particles.diameter.sum(), rel=0.02)


def test_bonds_say_how_damaged_they_are() -> None:
    result = shrunk(0.1, cohesive=True)
    faces = result.faces
    assert faces is not None
    assert ((faces.damage >= 0.0) & (faces.damage <= 1.0)).all()
    assert faces.damage[faces.open].min() > 0.0
    assert 0 < (faces.damage > 0.0).sum() < len(faces)
    # What is left of the stiffness holds what has opened.
    holds = faces.gap > 0.0
    tension = (1.0 - faces.damage) * STIFFNESS * faces.gap
    assert -faces.pressure[holds] == pytest.approx(tension[holds], rel=1e-6, abs=1.0)


def test_results_without_such_faces_have_no_table() -> None:
    case = fem.Case.from_dict({k: v for k, v in CASE.items() if k not in ("interfaces", "stack")})
    cell = Cell.of(case)
    state = cell.instant(cell.initial(), cell.drives(current=0.0))
    result = View.of(cell, 0.0).result(state)
    assert result.faces is None
    assert not {"dead_particles", "gap_max_m"} & set(result.metrics)
