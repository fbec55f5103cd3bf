"""State blocks: declared once, found by name, written from the declaration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cells_in_time import bed, cell_of, current, flat
from test_trials import Taken, same

import fem
from fem.cell import build
from fem.cell.blocks import Place
from fem.cell.composition import Cell
from fem.cell.state import State
from fem.laws.interfaces import Evolving
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


WEAR = 1e-5
"""Of a law below, in 1/s for 1 A/m^2."""


@dataclass(frozen=True)
class Wearing:
    """A law that drives a variable of its own: wear w grows with the current that has crossed."""

    law: Any
    variables = ("wear",)
    evolving = (Evolving("wear", "1", "what the current wears off", scale=0.1, measure="w"),)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.law, name)

    def __call__(self, difference: Any, state: Any) -> Any:
        current, by_difference, by_state = self.law(difference, state)
        left = 1.0 - state["wear"]
        slopes = {name: left * slope for name, slope in by_state.items()}
        return left * current, left * by_difference, slopes | {"wear": -current}

    def evolved(self, before: Any, c: float, current: Any) -> Any:
        return {"wear": before["wear"] + WEAR * c * np.abs(current)}


@pytest.fixture
def worn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every interface has a law that drives a variable of its own."""
    for name in ("Intercalation", "Plating"):
        law = getattr(build, name)
        monkeypatch.setattr(build, name, lambda *a, law=law: Wearing(law(*a)))


def noisy(cell: Cell) -> State:
    """A state with noise in every block and every rate, and one particle dead if there are two."""
    random = np.random.default_rng(5)
    start = cell.initial()
    size = dict.fromkeys(Place, 0.001) | {
        Place.LITHIUM_POINTS: 1e-6, Place.PIECES: 1e-4,
    }  # fmt: skip
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


def test_blocks_of_laws_survive_too(worn: None, tmp_path: Path) -> None:
    """Variables that laws drive are blocks like others: in checkpoints, steps and errors."""
    test_every_block_survives_a_checkpoint_bit_by_bit("discs and an island", tmp_path)
    cell = cell_of(CELLS["discs and an island"])
    assert {cell.blocks[f"{name}.wear"].place for name in ("lithium", "particles")} == {
        Place.LITHIUM_VALUES,
        Place.PARTICLE_POINTS,
    }


@pytest.mark.slow
def test_variables_of_laws_follow_a_line_that_moves(worn: None) -> None:
    """Wear by the current that has crossed, on a line that moves and is meshed anew; resumed."""
    tip = {"x": "5 um", "depth": "2 um", "half_width": "1.5 um", "fillet": "0.5 um"}
    case = bed(
        {"charge": "60 A/m^2", "until": {"time": "60 s"}},
        geometry__anode={"thickness": "20 um", "motion": "moved", "protrusions": [tip]},
        materials__NCM811__chemical_diffusivity="1e-11 m^2/s",
        mesh__size="1.5 um",
    )
    kept: list[Accepted] = []
    simulate(case, observers=[kept.append])
    meshes = {a.shape.mesh.nodes.shape[1] for a in kept if a.shape is not None}
    assert len(meshes) > 1, "meshed anew"
    # The mean over both interfaces grows by the charge that crosses them, whatever the mesh does.
    length = 0.5 * sum(i.patches.length for i in kept[-1].view.cell.interfaces)
    for before, after in pairwise(kept):
        crossed = 60.0 * 10e-6 * (after.state.time - before.state.time)
        grown = after.row["w"] - before.row["w"]
        assert grown == pytest.approx(WEAR * crossed / length, rel=0.1, abs=1e-15)
    middle = len(kept) // 2
    again: list[Accepted] = []
    rows = [a.row for a in kept[: middle + 1]]
    taken = Taken(kept[middle].arrays(), kept[middle].facts(), rows)
    simulate(case, observers=[again.append], resume=taken)
    assert same(again[-1].state, kept[-1].state)


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
