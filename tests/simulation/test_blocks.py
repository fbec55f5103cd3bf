"""State blocks: declared once, found by name, written from the declaration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cells_in_time import bed, cell_of, current, flat
from test_trials import Taken, same

import fem
from fem.cell.blocks import Place
from fem.cell.composition import Cell
from fem.cell.state import State
from fem.output.checkpoints import last_checkpoint, write_checkpoint
from fem.runs.simulation import Accepted, simulate
from fem.runs.steps import step

ISLAND = {"x": "5 um", "y": "14 um", "half_width": "2 um", "half_height": "1.5 um"}
VARYING = "1e-13*exp(3*(x - 0.6))"
CELLS = {
    "slab": flat(),
    "discs and an island": bed(columns=2, geometry__anode__isolated=[ISLAND]),
    "unlike discs": bed(columns=2, materials__NCM811__chemical_diffusivity=VARYING),
    "averaged": bed(kinetics__cathode__diffusion="averaged"),
    "fixed": bed(columns=2, kinetics__cathode__diffusion="fixed"),
    "stress": bed(mechanics={"enabled": True, "lithium": "elastic", "coupling": "both"},
                  materials__NCM811__volume_change=-0.05),
}  # fmt: skip


def noisy(cell: Cell) -> State:
    """A state with noise in every block and every rate, and one particle dead if there are two."""
    random = np.random.default_rng(5)
    start = cell.initial()
    size = {Place.LITHIUM_POINTS: 1e-6, Place.PARTICLE_NODES: 1e-3, Place.PIECES: 1e-4}
    content = {
        name: values + size[cell.blocks[name].place] * random.standard_normal(values.shape)
        for name, values in start.content.items()
    }
    held = {name: values.copy() for name, values in start.held.items()}
    for each in cell.particles:
        if len(each.ids) > 1:
            held[f"{each.name}.inactivity"][0] = 3.0
    rate = {name: 1e-3 * values for name, values in content.items()}
    state = cell.instant(State(1.0, content, held), current(cell, 5.0))
    return replace(state, rate=rate)


@pytest.mark.parametrize("name", CELLS)
def test_every_block_survives_a_checkpoint_bit_by_bit(name: str, tmp_path: Path) -> None:
    """Noise in every block: what a file gives back goes on as what was written."""
    cell, another = cell_of(CELLS[name]), cell_of(CELLS[name])
    state = noisy(cell)
    assert set(state.content) | set(state.held) == set(cell.blocks)
    assert all(np.ptp(v) > 0.0 for v in state.content.values() if v.size > 1)
    write_checkpoint(tmp_path, 1, state.arrays(), {})
    found = last_checkpoint(tmp_path)
    assert found is not None
    read = State.from_arrays(found.arrays)
    assert same(state, read)
    for dt in (0.5, 1.0):
        state = step(cell, state, dt, current(cell, 5.0)).state
        read = step(another, read, dt, current(another, 5.0)).state
        assert same(state, read)


@pytest.mark.parametrize("name", CELLS)
def test_blocks_say_what_they_are(name: str) -> None:
    """Names are unique, starts have the shapes of contents, and nothing writes into them."""
    cell = cell_of(CELLS[name])
    declared = [block for interface in cell.interfaces for block in interface.blocks]
    assert len(declared) == len(cell.blocks)
    state = cell.instant(cell.initial(), current(cell, 5.0))
    after = step(cell, state, 0.1, current(cell, 5.0)).state
    for block in declared:
        assert block.unit
        assert block.meaning
        assert not block.start.flags.writeable
        values = (after.content if block.evolves else after.held)[block.name]
        assert values.shape == block.start.shape
        np.broadcast_to(block.error_weight, values.shape)
        np.broadcast_to(block.change_weight, values.shape)


def test_a_checkpoint_of_other_blocks_is_refused_in_words() -> None:
    """As one that was written before particles were resolved, or by another version."""
    step_of = {"charge": "20 A/m^2", "until": {"time": "5 s"}}
    kept: list[Accepted] = []
    case = bed(step_of)
    simulate(case, observers=[kept.append])
    arrays, facts = kept[3].arrays(), kept[3].facts()
    rows = [a.row for a in kept[:4]]
    other = case.replace({"kinetics.cathode.diffusion": "averaged"})
    with pytest.raises(fem.InputError, match=r"other state blocks .*particles\.lithiation"):
        simulate(other, resume=Taken(arrays, facts, rows))
    simulate(case, resume=Taken(arrays, facts, rows))
