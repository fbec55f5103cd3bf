"""A sweep that is solved: its members, and what they say together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.case.sweep import Sweep
from fem.results.estimates import ESTIMATES, PERCENTILES, Estimate, estimates, fewest
from fem.results.members import Row, at_points, reported, table, text_of, told
from fem.results.places import Packed, Spread, along_lithium, by_particle
from fem.results.sensitivity import Influence, influences

Floats = NDArray[np.float64]
Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class Swept:
    """A sweep that is solved. Make one with `fem.runs.sweep.solved`.

    Columns are those of the files that ``fem sweep`` writes: lists by name, of which
    ``pandas.DataFrame(columns)`` makes a frame.

    Attributes
    ----------
    sweep
        What was asked for; its `points` are numbered from 0.
    rows
        One a member, in their order.
    packed
        What the members carry where, packed for a journal; none where a point has one member.
    """

    sweep: Sweep
    rows: tuple[Row, ...]
    packed: tuple[Packed, ...] = ()

    # -------------------------------------------------------------------------------- metrics

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Names of the reported metrics, lists by entry."""
        return reported(self.sweep, self.rows)

    def values(self, metric: str) -> list[Floats]:
        """The values of a metric at each point, in the order of the members."""
        return at_points(self.sweep, self.rows, metric)

    @cached_property
    def estimates(self) -> Mapping[str, tuple[Mapping[str, Estimate], ...]]:
        """Of each reported metric at each point: mean and percentiles with their intervals."""
        return {
            metric: tuple(estimates(values) for values in self.values(metric))
            for metric in self.metrics
        }

    def needed(self, metric: str, name: str) -> tuple[float, float]:
        """The widest interval of a metric at any point, and how many members at a point it takes.

        Parameters
        ----------
        name
            One of `fem.results.estimates.ESTIMATES`.

        Returns
        -------
        Half of the interval over the value, and the members that take it to ``report.precision``;
        nan where some point has too few members to tell.
        """
        known = [each[name] for each in self.estimates[metric] if each[name].count]
        members = [each.members(self.sweep.report.precision, fewest(name)) for each in known]
        # The maximum of numpy, which lets nan through.
        return float(np.max([each.precision for each in known])), float(np.max(members))

    def table(self) -> Columns:
        """Columns of ``members.csv``."""
        return table(self.sweep, self.rows)

    def summary(self) -> Columns:
        """Columns of ``summary.csv``."""
        return _columns(self._summary())

    def _summary(self) -> Iterator[dict[str, Any]]:
        precision = self.sweep.report.precision
        for metric in self.metrics:
            for point, values in enumerate(self.values(metric)):
                known = self.estimates[metric][point]
                row = {**self._words(point), "metric": metric, "count": len(values)}
                row |= told(values, known)
                for name in PERCENTILES:
                    row |= {f"{name}_low": known[name].low, f"{name}_high": known[name].high}
                for name in ESTIMATES:
                    row[f"members_{name}"] = known[name].members(precision, fewest(name))
                yield row

    # ---------------------------------------------------------------------------- sensitivity

    @cached_property
    def influences(self) -> tuple[Influence, ...]:
        """What each reported metric owes to each key that varies."""
        return tuple(
            each for name in self.metrics for each in influences(self.sweep, self.rows, name)
        )

    def sensitivity(self) -> Columns:
        """Columns of ``sensitivity.csv``."""
        names = [field.name for field in fields(Influence)]
        found = [asdict(each) for each in self.influences]
        return {name: [each[name] for each in found] for name in names}

    # --------------------------------------------------------------------------------- places

    @cached_property
    def lithium(self) -> Mapping[int, Spread]:
        """How plating along the lithium differs between the members, by number of the point.

        Without points whose members have other lines than each other.
        """
        return dict(self._places(along_lithium))

    @cached_property
    def particles(self) -> Mapping[int, Spread]:
        """How currents of the particles differ between the members, by number of the point.

        Without points whose members have other particles than each other.
        """
        return {point: each for point, each in self._discs.items() if len(each.x)}

    def hot_spots(self) -> Columns:
        """Columns of ``hot_spots.csv``."""
        return _columns(self._hot_spots(self.lithium, "s_m", dead=False))

    def particle_table(self) -> Columns:
        """Columns of ``particles.csv``."""
        return _columns(self._hot_spots(self.particles, "diameter_m", dead=True))

    @property
    def apart(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Points without a map along the lithium, and of particles, as their drawings differ."""
        here = tuple(self._at_points)
        return (
            tuple(point for point in here if point not in self.lithium),
            tuple(point for point in here if point not in self._discs),
        )

    @cached_property
    def _discs(self) -> Mapping[int, Spread]:
        """As `particles`, with points that have none."""
        return dict(self._places(by_particle))

    @cached_property
    def _at_points(self) -> Mapping[int, list[tuple[Packed, slice]]]:
        """Packed members at each point, each with those of its members that belong there."""
        found: dict[int, list[tuple[Packed, slice]]] = {}
        for packed in self.packed:
            points = np.array(packed.members) // self.sweep.repeats
            for point in np.unique(points).tolist():
                first, last = np.flatnonzero(points == point)[[0, -1]].tolist()
                found.setdefault(point, []).append((packed, slice(first, last + 1)))
        return dict(sorted(found.items()))

    def _places(self, spread: Callable[..., Spread]) -> Iterator[tuple[int, Spread]]:
        for point, packed in self._at_points.items():
            try:
                yield point, spread(packed, self.sweep.report.hot)
            except ValueError:
                continue

    def _hot_spots(
        self, found: Mapping[int, Spread], size: str, dead: bool
    ) -> Iterator[dict[str, Any]]:
        for point, each in found.items():
            columns: dict[str, Any] = {}
            if dead:
                columns["id"] = range(len(each.x))
            places = {"x_m": each.x, "y_m": each.y}
            columns |= {**places, size: each.size} if dead else {size: each.size, **places}
            columns["members"] = [each.members] * len(each.x)
            if dead:
                columns |= {"alive": each.carrying, "probability_dead": each.dead}
            columns |= {"mean": each.mean, "p05": each.p05, "p50": each.p50, "p95": each.p95}
            columns |= {
                f"probability_over_{multiple:g}": share
                for multiple, share in zip(self.sweep.report.hot, each.over, strict=True)
            }
            listed = {k: np.asarray(column).tolist() for k, column in columns.items()}
            words = {"point": point, **self._words(point)}
            for row in zip(*listed.values(), strict=True):
                yield {**words, **dict(zip(listed, row, strict=True))}

    def _words(self, point: int) -> dict[str, str]:
        """What was changed at a point, as it stands in tables."""
        return {key: text_of(value) for key, value in self.sweep.points[point].items()}


def _columns(rows: Iterator[Mapping[str, Any]]) -> Columns:
    found: Columns = {}
    for row in rows:
        for name, value in row.items():
            found.setdefault(name, []).append(value)
    return found
