"""The state of a cell: what a step starts from and all that a run must keep.

A state is never changed. A step makes a trial state; accepting it means to go on from it, rejecting
it means to forget it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.cell.blocks import Content
from fem.physics.charge import ChargeSolution

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class State:
    """A cell at one instant.

    Attributes
    ----------
    time
        In s since the start of the run.
    content
        Blocks that evolve, by name.
    held
        Blocks that do not: they change between accepted steps only.
    rate
        Rates of `content` per s; `None` where they jump because something was set anew.
    solution
        Potentials and reactions; `None` before the first.
    previous
        Times and solutions of the last instants that the next one is extrapolated from.
    """

    time: float
    content: Content
    held: Content = field(default_factory=dict)
    rate: Content | None = None
    solution: ChargeSolution | None = None
    previous: tuple[tuple[float, ChargeSolution], ...] = ()

    @property
    def solved(self) -> ChargeSolution:
        """Potentials and reactions, which are there once the cell was solved."""
        assert self.solution is not None, "solve the instant first"
        return self.solution

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers by name, for a file."""
        out: dict[str, NDArray[Any]] = {"time": np.array(self.time)}
        for kind, content in (("content", self.content), ("held", self.held), ("rate", self.rate)):
            out |= {f"{kind}/{name}": values for name, values in (content or {}).items()}
        known = list(self.previous)
        if self.solution is not None:
            known.append((self.time, self.solution))
        for number, (time, solution) in enumerate(known):
            out |= _pack(f"solution/{number}", time, solution)
        return out

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> State:
        """The state that `arrays` gave."""
        known: list[tuple[float, ChargeSolution]] = []
        while f"solution/{len(known)}/time" in arrays:
            known.append(_unpack(f"solution/{len(known)}", arrays))
        return cls(
            time=float(arrays["time"]),
            content=_below("content", arrays),
            held=_below("held", arrays),
            rate=_below("rate", arrays) or None,
            solution=known[-1][1] if known else None,
            previous=tuple(known[:-1]),
        )


def extrapolated(known: list[tuple[float, ChargeSolution]], time: float) -> ChargeSolution:
    """The solution at `time` by the polynomial through the last three known ones."""
    recent = [(t, s) for t, s in known[-3:] if s.potential.shape == known[-1][1].potential.shape]
    times = np.array([t for t, _ in recent])
    last = recent[-1][1]
    if len(set(times.tolist())) < len(times) or len(times) == 1:
        return last
    weights = [float(np.prod([(time - b) / (a - b) for b in times if b != a])) for a in times]

    def mixed(values: list[Floats]) -> Floats:
        return np.asarray(sum(w * a for w, a in zip(weights, values, strict=True)))

    solutions = [s for _, s in recent]
    return replace(
        last,
        potential=mixed([s.potential for s in solutions]),
        voltages=tuple(mixed([np.array(s.voltages) for s in solutions]).tolist()),
        drops=tuple(mixed(list(each)) for each in zip(*(s.drops for s in solutions), strict=True)),
        inner=tuple(
            {name: mixed([s.inner[k][name] for s in solutions]) for name in names}
            for k, names in enumerate(last.inner)
        ),
    )


_NUMBERS = ("unknowns", "iterations", "linear_iterations", "residual")
_LISTS = ("drops", "loads", "currents")


def _below(place: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """What stands below a place, by the rest of its name."""
    return {
        name.removeprefix(place + "/"): values
        for name, values in arrays.items()
        if name.startswith(place + "/")
    }


def _pack(place: str, time: float, solution: ChargeSolution) -> dict[str, NDArray[Any]]:
    out: dict[str, NDArray[Any]] = {
        f"{place}/time": np.array(time),
        f"{place}/potential": solution.potential,
        f"{place}/voltages": np.array(solution.voltages),
        f"{place}/films": np.array(solution.films),
        f"{place}/correction": solution.correction,
        f"{place}/numbers": np.array([getattr(solution, n) for n in _NUMBERS], dtype=float),
    }
    for key in _LISTS:
        out |= {f"{place}/{key}/{i}": a for i, a in enumerate(getattr(solution, key))}
    for i, inner in enumerate(solution.inner):
        out |= {f"{place}/inner/{i}/{name}": values for name, values in inner.items()}
    return out


def _unpack(place: str, arrays: Mapping[str, NDArray[Any]]) -> tuple[float, ChargeSolution]:
    mine = _below(place, arrays)
    lists = {key: tuple(_in_order(_below(key, mine))) for key in _LISTS}
    inner = tuple(_below(f"inner/{i}", mine) for i in range(len(lists["loads"])))
    unknowns, iterations, linear, residual = mine["numbers"].tolist()
    solution = ChargeSolution(
        potential=mine["potential"],
        voltages=tuple(mine["voltages"].tolist()),
        inner=inner,
        films=tuple(mine["films"].tolist()),
        correction=mine.get("correction", np.zeros((2, 0))),
        unknowns=int(unknowns),
        iterations=int(iterations),
        linear_iterations=int(linear),
        residual=residual,
        **lists,
    )
    return float(mine["time"]), solution


def _in_order(numbered: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    return [numbered[str(i)] for i in range(len(numbered))]
