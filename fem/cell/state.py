"""The state of a cell in time: what a step starts from and all that a run must keep.

A state is never changed. A step makes a trial state; accepting it means to go on from it, rejecting
it means to forget it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.physics.stage import CellSolution
from fem.solve.stepping import Content

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class State:
    """A cell at one instant.

    Attributes
    ----------
    time
        In s since the start of the run.
    content
        For each group of surfaces what it holds. Lithium: plated charge at the quadrature points
        (1, ne, nq) in C per m of depth. Particles: change of the stoichiometry since the
        start (k, n), then, group after group at the end, the charge they have given (k,) in C per m
        of depth.
    rate
        Their rates per s; `None` where they jump because what drives the cell has changed.
    solution
        Potentials and reactions; `None` before the first.
    previous
        Times and solutions of the last instants that the next one is extrapolated from.
    """

    time: float
    content: Content
    rate: Content | None = None
    solution: CellSolution | None = None
    previous: tuple[tuple[float, CellSolution], ...] = ()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers by name, for a file."""
        out: dict[str, NDArray[Any]] = {"time": np.array(self.time)}
        for name, content in (("content", self.content), ("rate", self.rate)):
            out |= {f"{name}.{i}": a for i, a in enumerate(content or ())}
        known = list(self.previous)
        if self.solution is not None:
            known.append((self.time, self.solution))
        for number, (time, solution) in enumerate(known):
            out |= _pack(f"solution.{number}", time, solution)
        return out

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> State:
        """The state that `arrays` gave."""

        def sequence(name: str) -> Content:
            found = [k for k in arrays if k.startswith(name + ".")]
            return tuple(arrays[f"{name}.{i}"] for i in range(len(found)))

        count = len([k for k in arrays if k.startswith("solution.") and k.endswith(".time")])
        known = tuple(_unpack(f"solution.{number}", arrays) for number in range(count))
        return cls(
            time=float(arrays["time"]),
            content=sequence("content"),
            rate=sequence("rate") or None,
            solution=known[-1][1] if known else None,
            previous=known[:-1],
        )


def extrapolated(known: list[tuple[float, CellSolution]], time: float) -> CellSolution:
    """The solution at `time` by the polynomial through the last three known ones."""
    recent = [(t, s) for t, s in known[-3:] if s.potential.shape == known[-1][1].potential.shape]
    times = np.array([t for t, _ in recent])
    if len(set(times.tolist())) < len(times) or len(times) == 1:
        return recent[-1][1]
    weights = [float(np.prod([(time - b) / (a - b) for b in times if b != a])) for a in times]
    last = recent[-1][1]

    def mix(name: str) -> list[Floats]:
        return [
            np.asarray(sum(w * a for w, a in zip(weights, arrays, strict=True)))
            for arrays in zip(*(getattr(s, name) for _, s in recent), strict=True)
        ]

    potential = np.asarray(sum(w * s.potential for w, (_, s) in zip(weights, recent, strict=True)))
    voltages = [float(v) for v in mix("voltages")]
    return replace(last, potential=potential, voltages=tuple(voltages), inner=tuple(mix("inner")))


_NUMBERS = ("iterations", "linear_iterations", "residual")
_LISTS = ("inner", "loads", "currents")


def _pack(name: str, time: float, solution: CellSolution) -> dict[str, NDArray[Any]]:
    out: dict[str, NDArray[Any]] = {
        f"{name}.time": np.array(time),
        f"{name}.potential": solution.potential,
        f"{name}.voltages": np.array(solution.voltages),
        f"{name}.films": np.array(solution.films),
        f"{name}.numbers": np.array([getattr(solution, n) for n in _NUMBERS], dtype=float),
    }
    for key in _LISTS:
        out |= {f"{name}.{key}.{i}": a for i, a in enumerate(getattr(solution, key))}
    return out


def _unpack(name: str, arrays: dict[str, NDArray[Any]]) -> tuple[float, CellSolution]:
    lists = {}
    for key in _LISTS:
        count = len([k for k in arrays if k.startswith(f"{name}.{key}.")])
        lists[key] = tuple(arrays[f"{name}.{key}.{i}"] for i in range(count))
    iterations, linear, residual = arrays[f"{name}.numbers"].tolist()
    solution = CellSolution(
        potential=arrays[f"{name}.potential"],
        voltages=tuple(arrays[f"{name}.voltages"].tolist()),
        films=tuple(arrays[f"{name}.films"].tolist()),
        iterations=int(iterations),
        linear_iterations=int(linear),
        residual=residual,
        **lists,
    )
    return float(arrays[f"{name}.time"]), solution
