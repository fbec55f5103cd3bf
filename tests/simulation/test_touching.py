"""Particles that touch share nodes, but not their lithium."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import fem
from fem.cell.composition import Cell
from fem.geometry import Phase
from fem.results.view import View


def touching(folder: Path) -> fem.Case:
    """Two squares of 3 um side by side in electrolyte, below a separator."""
    labels = np.ones((16, 20), dtype=np.uint8)
    labels[5:11, 4:10], labels[5:11, 10:16] = 2, 3
    np.save(folder / "labels.npy", labels)
    image = {
        "file": str(folder / "labels.npy"), "pixel_size": "0.5 um", "specks": 0, "smoothing": 0.0,
        "labels": {"electrolyte": 1, "active": "2-3"}, "electrolyte": "LPSCl", "active": "NCM811",
    }  # fmt: skip
    return fem.Case.from_dict(
        {
            "geometry": {
                "anode": {"thickness": "4 um"},
                "separator": {"material": "LPSCl", "thickness": "5 um"},
                "image": image,
            },
            "kinetics": {
                "anode": {"exchange_current_density": "50 A/m^2"},
                "cathode": {"exchange_current_density": "2 A/m^2", "stoichiometry": 0.6},
            },
            "operation": {"kind": "protocol", "steps": [{"rest": "1 s"}]},
            "mechanics": {"enabled": True, "lithium": "elastic", "swelling": True},
            "mesh": {"size": "1 um"},
        }
    )


def test_only_the_one_that_changed_swells_and_shows_it(tmp_path: Path) -> None:
    """Particle 1 loses a tenth of its lithium: it shrinks in tension, its neighbour is pulled."""
    cell = Cell.of(touching(tmp_path))
    start = cell.initial()
    one = next(p for p in cell.particles if p.ids[0] == 1)
    content = {**start.content, one.lithiation_name: start.content[one.lithiation_name] - 0.1}
    assert cell.stress is not None
    swelling = cell.stress.swelling(content)
    assert swelling is not None
    elements = cell.stress.body.space.elements
    regions = cell.mesh.geometry.regions
    body = np.array([r.body if r.phase == Phase.ACTIVE else -1 for r in regions])
    bodies = body[cell.mesh.region[elements]]
    assert (swelling[bodies == 1] < 0.0).all()
    assert not swelling[bodies != 1].any()

    state = cell.instant(type(start)(0.0, content, start.held), cell.drives(current=0.0))
    result = View.of(cell, 0.0).result(state, row=None)
    field = result.fields["stoichiometry"]
    for particle, expected in ((0, 0.6), (1, 0.5)):
        mine = body[result.field_mesh.region] == particle
        points = np.unique(result.field_mesh.triangles[mine])
        assert np.ptp(field[points]) == 0.0
        assert abs(field[points[0]] - expected) < 1e-12
