"""What is kept of solids whose faces part, and cells in which nothing crosses them."""

from __future__ import annotations

import numpy as np
import pytest
from cells_in_time import MATERIAL, bed

import fem
from fem.cell.composition import Cell
from fem.physics import tangents
from fem.physics.mechanics import MechanicsSolution


def cell(**changes: object) -> Cell:
    """A disc in an elastic electrolyte, without a bond."""
    return Cell.of(
        bed(
            kinetics__cathode__diffusion="averaged",
            mechanics={"swelling": True, "lithium": "elastic"},
            stack={"pressure": "20 MPa"},
            interfaces__particle_electrolyte={"bond": "none"},
            materials__NCM811=MATERIAL | {"partial_molar_volume": "2e-6 m^3/mol"},
            **changes,
        )
    )


def step(cell: Cell, taken: float, before: MechanicsSolution | None) -> MechanicsSolution:
    """Solids whose particles have taken up this share of lithium since the start."""
    assert cell.stress is not None
    content = dict(cell.initial().content)
    for each in cell.particles:
        content[each.lithiation_name] = content[each.lithiation_name] + taken
    known = () if before is None else (before.history, before.unknowns, 1.0, before.parted)
    nothing = np.zeros(cell.mesh.nodes.shape[1])
    return cell.stress.problem().solve(nothing, cell.stress.swelling(content), *known)


def test_what_is_kept_changes_no_digit() -> None:
    """A step from the same state: with factors of steps before it, and in one without."""
    first = cell()
    states: list[MechanicsSolution] = []
    for taken in (0.05, 0.0, -0.015, -0.015, 0.02):
        states.append(step(first, taken, states[-1] if states else None))
        assert states[-1].parted is not None
    assert not states[2].parted.closed.all() and states[2].parted.closed.any()
    for taken, before, found in ((-0.015, states[1], states[2]), (0.02, states[3], states[4])):
        again = step(cell(), taken, before)
        assert again.unknowns.tobytes() == found.unknowns.tobytes()
        assert again.parted.traction.tobytes() == found.parted.traction.tobytes()


def test_solids_condensed_onto_their_gaps_are_those_that_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Faces part and close again, by dense factors of what is open and by sparse ones of all."""
    both = []
    for most in (tangents.MOST_GAPS, 0):
        monkeypatch.setattr(tangents, "MOST_GAPS", most)
        one, states = cell(), []
        for taken in (0.05, -0.015, 0.02):
            states.append(step(one, taken, states[-1] if states else None))
        problem = one.stress.problem()
        assert (problem._virgin._condensed is None) == (most == 0)
        both.append(states)
    for dense, sparse in zip(*both, strict=True):
        assert (dense.parted.closed == sparse.parted.closed).all()
        largest = abs(sparse.parted.traction).max()
        np.testing.assert_allclose(
            dense.parted.traction, sparse.parted.traction, rtol=0.0, atol=1e-9 * largest
        )
    assert len({state.parted.closed.sum() for state in both[0]}) > 1


def test_a_cell_that_conducts_nowhere_is_refused() -> None:
    """Faces that conduct as they press, and nothing that presses."""
    law = {"bond": "none", "conduction": "linear", "contact_pressure": "0.1 GPa"}
    still = cell().case.replace({"interfaces.particle_electrolyte": law, "stack.pressure": "0 MPa"})
    with pytest.raises(fem.InputError, match="no particle touches the electrolyte"):
        fem.run(still)
