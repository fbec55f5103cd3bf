"""Where lithium went in a cell with an interlayer, and which sites and flaws it has opened."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fem.cell.blocks import Content, Floats
from fem.cell.flaws import SOUND
from fem.cell.interfaces import Interface
from fem.cell.interlayer import CollectorSide, Deposits, Dissolved, Store
from fem.cell.lithium import LithiumInterface

if TYPE_CHECKING:
    from fem.cell.composition import Cell
    from fem.cell.state import State

USED = 1e-9
"""Thickness of lithium in m, in the mean over the width, that a discharge leaves behind."""


def stores(cell: Cell) -> tuple[Store, ...]:
    """The places that take lithium up beside the lithium of the foil; none without interlayer."""
    return tuple(each for each in cell.interfaces if isinstance(each, Store))


def taken(cell: Cell, content: Content) -> dict[str, float]:
    """Charge of the lithium taken up since the start by place, in C per m of depth."""
    found = {each.kind: float(each.charge(content).sum()) for each in stores(cell)}
    return found | {"collector": float(cell.lithium.charge(content).sum())}


def lithium_left(cell: Cell, content: Content) -> float:
    """The least thickness of lithium that can still be stripped anywhere, in m.

    With an interlayer that of all places together, in the mean over the width, less `USED`: each
    place ends by itself.
    """
    lithium = cell.lithium
    if not isinstance(lithium, CollectorSide):
        return cell.lithium_left(content)
    charge = sum(taken(cell, content).values())
    for each in stores(cell):
        if isinstance(each, Dissolved):
            charge += each.start * each.full * each.patches.length
    width = cell.mesh.geometry.width
    return lithium.reserve + lithium.per_charge * charge / width - USED


def sites(cell: Cell) -> tuple[Deposits | CollectorSide, ...]:
    """The sites that lithium opens."""
    kinds = (Deposits, CollectorSide)
    return tuple(each for each in cell.interfaces if isinstance(each, kinds))


def _thickness(site: Interface, content: Content) -> Floats:
    """Of the lithium at the points of a site, in m."""
    if isinstance(site, LithiumInterface):
        return site.thickness_at_points(content)
    assert isinstance(site, Deposits)
    return site.thickness(content)


def flawed(cell: Cell) -> Interface | None:
    """The interface along which the electrolyte has flaws."""
    return next((each for each in cell.interfaces if each.flaws is not None), None)


def intensities(cell: Cell, state: State) -> Floats:
    """K over the toughness of flaws along their interface (1, ne, nq); 0 of those that opened."""
    where = flawed(cell)
    assert where is not None and where.flaws is not None
    solution = state.solved
    number = cell.interfaces.index(where)
    trace = cell.potentials.trace(solution, number)
    terminal = where.surface.terminal[where.patches.piece_of_node]
    difference = where.patches.at_points(np.array(solution.voltages)[terminal] - trace)
    found = where.flaws.intensity(difference, _thickness(where, state.content))
    return np.where(state.held[where.flaws.entered.name] != SOUND, 0.0, found)


def worst_flaw(cell: Cell, state: State) -> tuple[float, float]:
    """The largest K over the toughness of flaws that are closed, and its x in m."""
    where = flawed(cell)
    assert where is not None
    found = intensities(cell, state)
    x = (where.patches.coordinates[0] @ where.patches.shapes).reshape(found.shape)
    place = int(found.argmax())
    return float(found.flat[place]), float(x.flat[place])


def within_flaws(cell: Cell, state: State) -> float:
    """Charge that lithium before open flaws has taken up since, in C per m of depth."""
    where = flawed(cell)
    assert where is not None and where.flaws is not None
    charge = state.content[where.charge_name]
    return float(where.flaws.within(charge, state.held).sum())


def opened(cell: Cell, state: State, tolerance: float) -> tuple[State, list[str]]:
    """`state` with what its lithium has opened, and what that is in words; nothing is solved.

    `tolerance` is that of K over the toughness.
    """
    held, told = dict(state.held), list[str]()
    for site in sites(cell):
        before = held[site.shut.opened.name]
        held |= site.shut.after(held, _thickness(site, state.content))
        now = held[site.shut.opened.name]
        if not before.any() and now.any():
            kind = site.kind if isinstance(site, Deposits) else "collector"
            told.append(NAMES[kind])
    where = flawed(cell)
    if where is not None and where.flaws is not None:
        name = where.flaws.entered.name
        opens = intensities(cell, state) >= 1.0 - tolerance
        if opens.any():
            if (held[name] == SOUND).all():
                told.append(
                    f"lithium enters a crack at x = {1e6 * worst_flaw(cell, state)[1]:.4g} um"
                )
            held[name] = np.where(opens, state.content[where.charge_name], held[name])
    if all(np.array_equal(held[name], values) for name, values in state.held.items()):
        return state, []
    return replace(state, held=held), told


NAMES = {
    "electrolyte": "lithium opens electrolyte|interlayer",
    "pores": "lithium opens the pores of the interlayer",
    "collector": "lithium opens interlayer|collector",
}
"""What is told where lithium appears first."""
