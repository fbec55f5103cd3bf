"""Maps of where a box conducts: the current density under a field along x and along y."""

from __future__ import annotations

from typing import cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray
from skfem import Basis, ElementTriP2

from fem.effective.conduction import Potential
from fem.effective.numbers import Conductor, Transport
from fem.effective.statistics import Scatter, Spread
from fem.geometry.types import OUTSIDE
from fem.plot import canvas
from fem.plot.canvas import HAIR, INK, MUTED
from fem.plot.paint import ACTIVE, AREA_END, FLUX_MAP, draw_field
from fem.plot.scale import MICROMETRE, robust_range
from fem.plot.scene import Part
from fem.results.result import FieldMesh

Floats = NDArray[np.float64]

NAMES = tuple(f"{carrier}_current_{axis}" for carrier in ("ionic", "electronic") for axis in "xy")
"""Names of the figures."""
SCATTER = "scatter"
"""Name of the figure of many samples."""
NOTHING = Spread(0.0, 0.0, 0)
_CORNERS = np.array([[0.0, 1.0, 0.0, 0.5, 0.5, 0.0], [0.0, 0.0, 1.0, 0.0, 0.5, 0.5]])
"""The nodes of a P2 triangle in its own coordinates."""
_SMALLEST = 1e-9


def figures(transport: Transport, title: str = "") -> dict[str, Figure]:
    """A map of the current density for each carrier and direction in which something conducts.

    Parameters
    ----------
    title
        Stands below the maps.
    """
    drawn = {}
    title = "; ".join(text for text in (title, _cleaning(transport)) if text)
    for conductor in transport.conductors:
        for axis, potential in zip("xy", conductor.conduction.potentials, strict=True):
            if potential is not None:
                axes = _current(transport, conductor, potential, axis, title)
                figure = canvas.settle(cast(Figure, axes.figure))
                drawn[f"{conductor.carrier}_current_{axis}"] = figure
    return drawn


def _cleaning(transport: Transport) -> str:
    """How much of each phase of an image is not as it was read, in words."""
    parts = [f"{c.changed:.1%} of the {c.phase}" for c in transport.cleaning if c.read]
    return f"cleaning changed {', '.join(parts)}" if parts else ""


def _current(
    transport: Transport, conductor: Conductor, potential: Potential, axis: str, title: str
) -> Axes:
    box = transport.box
    left, bottom = (end / MICROMETRE for end in box.origin)
    window = (left, left + box.width / MICROMETRE, bottom, bottom + box.height / MICROMETRE)
    with canvas.style():
        axes = canvas.map_figure(window, title)
        canvas.frame(axes, window, f"{conductor.carrier.capitalize()} current along {axis}")
        axes.set_facecolor(ACTIVE)
        part, density = _at_points(potential)
        mean = conductor.conduction.effective["xy".index(axis)]
        limits = robust_range(density / mean, part.areas, _SMALLEST, may_be_log=True)
        drawn = draw_field(axes, part, density / mean, limits, FLUX_MAP)
        note = f"\n{AREA_END}" if limits.extend != "neither" else ""
        canvas.colour_bar(axes, drawn, limits, f"current density / mean{note}")
        mesh = box.mesh
        rows = np.flatnonzero((mesh.sides != OUTSIDE).all(axis=1))
        lines = mesh.nodes[:, mesh.edges[rows][:, [0, 2, 1]]] / MICROMETRE
        axes.add_collection(
            LineCollection(list(lines.transpose(1, 2, 0)), colors=INK, linewidths=HAIR, zorder=2),
            autolim=False,
        )
    return axes


def _at_points(potential: Potential) -> tuple[Part, Floats]:
    """The solved triangles as a part, and the current density (A/m^2) at its points."""
    space = potential.space
    mesh = space.mesh
    nodes, region = mesh.triangles[space.elements], mesh.region[space.elements]
    count = mesh.nodes.shape[1]
    plain = FieldMesh(mesh.nodes.T, nodes, region, np.full(count, ""), np.arange(count))
    part = Part.of(plain, np.ones(len(nodes), dtype=bool))
    basis = Basis(
        mesh.skfem, ElementTriP2(), elements=space.elements, quadrature=(_CORNERS, np.ones(6) / 12)
    )
    slope = sum(
        np.asarray(basis.basis[k][0].grad) * potential.values[space.triangles[:, k]][:, None]
        for k in range(6)
    )
    density = potential.conductivity[:, None] * np.hypot(*np.asarray(slope))
    # The mean over the triangles at a node, by area.
    weights = np.broadcast_to(np.asarray(basis.dx).sum(axis=1)[:, None], density.shape)
    total, weight = (
        np.bincount(nodes.ravel(), each.ravel(), count)[part.source]
        for each in (weights * density, weights)
    )
    return part, np.asarray(total / weight)


def scatter_figure(scatter: Scatter, title: str = "") -> Figure | None:
    """Conductivity of every sample along x, y and their mean, with the interval of the mean.

    `None` if no sample conducts anything.

    Parameters
    ----------
    title
        Stands below.
    """
    spreads = scatter.spreads
    units = {"S_m": "S/m", "relative": "relative"}
    drawn = [
        (carrier, end)
        for carrier in ("ionic", "electronic")
        for end in units
        if spreads.get(f"{carrier}_conductivity_both_{end}", NOTHING).mean > 0.0
    ]
    if not drawn:
        return None
    with canvas.style():
        figure = canvas.new_figure(
            45.0 * len(drawn) + 40.0 * (len(drawn) == 1), 62.0, 1, len(drawn)
        )
        for number, (carrier, end) in enumerate(drawn, start=1):
            axes = figure.add_subplot(1, len(drawn), number)
            for place, axis in enumerate(("x", "y", "both")):
                name = f"{carrier}_conductivity_{axis}_{end}"
                values = scatter.values(name)
                beside = place + np.linspace(-0.2, 0.2, len(values)) * (len(values) > 1)
                axes.plot(beside, values, "o", markersize=2.5, color=MUTED, alpha=0.6, mew=0.0)
                axes.errorbar(
                    place, spreads[name].mean, spreads[name].half_width or 0.0,
                    fmt="D", markersize=4.0, color=INK, capsize=4.0, linewidth=1.0,
                )  # fmt: skip
            axes.set_xticks(range(3), ["x", "y", "both"])
            axes.set_xlabel("direction")
            axes.set_xlim(-0.5, 2.5)
            axes.set_ylim(bottom=0.0)
            axes.set_ylabel(f"{carrier} conductivity ({units[end]})")
        words = f"{len(scatter.samples)} samples of {1e6 * scatter.width:.4g} x "
        words += f"{1e6 * scatter.height:.4g} µm; bars: 95 % interval of the mean"
        canvas.footnote(figure, "; ".join(text for text in (title, words) if text))
    return canvas.settle(figure)
