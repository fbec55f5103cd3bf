"""Errors that a user can act on.

Every error that leaves the package is one of these two, or the kind of the second that has a name
of its own. The command line turns `InputError` into
exit status 2 (nothing was computed, nothing was written) and `SolveError` into exit status 1
(everything accepted so far is kept).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class FemError(Exception):
    """Base of all errors raised on purpose by this package."""


class InputError(FemError):
    """The input is wrong: a case, a material file, a sweep, or an argument.

    Parameters
    ----------
    problem
        What is wrong, in one sentence without a full stop.
    key
        Dotted key of the case file, such as ``geometry.anode.thickness``.
    given
        What the user wrote; shown with `repr`.
    allowed
        What would have been accepted.
    cure
        What to do about it.
    file
        The file the key stands in.
    """

    def __init__(
        self,
        problem: str,
        *,
        key: str | None = None,
        given: object = None,
        allowed: str | None = None,
        cure: str | None = None,
        file: str | None = None,
    ) -> None:
        self.problem = problem
        self.key = key
        self.given = given
        self.allowed = allowed
        self.cure = cure
        self.file = file
        super().__init__(problem)

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.file, self.key) if part)
        lines = [f"{place}: {self.problem}" if place else self.problem]
        if self.given is not None:
            lines.append(f"  given:   {self.given!r}")
        if self.allowed:
            lines.append(f"  allowed: {self.allowed}")
        if self.cure:
            lines.append(f"  cure:    {self.cure}")
        return "\n".join(lines)


class SolveError(FemError):
    """A solve did not reach its tolerance.

    Parameters
    ----------
    problem
        What happened, in one sentence without a full stop.
    field
        The unknown that was solved for, such as ``phi_e``.
    residual
        The last relative residual norm.
    step, time
        Where in a run in time it happened: the step's number or label, and the time in s; `None`
        for a snapshot.
    cures
        What usually helps, most likely first.
    """

    def __init__(
        self,
        problem: str,
        *,
        field: str | None = None,
        residual: float | None = None,
        step: int | str | None = None,
        time: float | None = None,
        cures: Iterable[str] = (),
    ) -> None:
        self.problem = problem
        self.field = field
        self.residual = residual
        self.step = step
        self.time = time
        self.cures = tuple(cures)
        super().__init__(problem)

    def __str__(self) -> str:
        facts = []
        if self.step is not None:
            facts.append(f"step {self.step}" if isinstance(self.step, int) else self.step)
        if self.time is not None:
            facts.append(f"time {self.time:.6g} s")
        if self.field is not None:
            facts.append(f"field {self.field}")
        if self.residual is not None:
            facts.append(f"relative residual {self.residual:.3g}")
        lines = [self.problem + (f" ({', '.join(facts)})" if facts else "")]
        lines += [f"  try: {cure}" for cure in self.cures]
        return "\n".join(lines)


class LimitLoad(SolveError):
    """Solids that yield without hardening bear no more: there is no equilibrium under the load.

    Smaller steps lead no further, so whoever controls steps stops here.
    """


def closest(name: str, names: Iterable[str]) -> str | None:
    """The most similar of `names` to `name`, or `None` if none is similar."""
    matches = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return matches[0] if matches else None
