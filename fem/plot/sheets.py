"""The figures of a result as a set: one file each, and one panel at a journal's column width."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fem.plot import canvas
from fem.plot.contact import contact_history
from fem.plot.curves import voltage
from fem.plot.faces import contact_pressure, gaps
from fem.plot.fields import field
from fem.plot.growth import anode_history
from fem.plot.interlayer import interlayer, lithium_places
from fem.plot.interphase import interphase
from fem.plot.lithiation import stoichiometry
from fem.plot.maps import draw_flux, draw_potential, draw_von_mises, flux, potential, von_mises
from fem.plot.paint import key_of_particles
from fem.plot.profile import anode_profile
from fem.plot.scene import Scene
from fem.plot.spectra import bode, drt, nyquist
from fem.plot.stack import PRESSURE, stack_history
from fem.plot.tip import Focus, draw_von_mises_tip, von_mises_tip
from fem.results.result import Result
from fem.results.spectrum_tables import distributions

PANEL_WIDTH = 180.0
"""Double column of a journal, in mm."""
_FONT, _TITLE_PAD = 6.5, 5.0
_TALLEST, _BESIDE, _AROUND, _UNDER = 90.0, 24.0, 12.5, 30.0
"""In mm: the height of a map at most; the room beside it, and around it with the colour bar at its
side or below."""
_KEY = 4.0
"""What the key below all maps takes, in mm."""


def figures(result: Result, along: str = "x") -> dict[str, Figure]:
    """The figures of a run by name, to be saved as name.png.

    The profile along the lithium is drawn over `along`, "x" or "s" for the arc length.
    Those of stress only if it was solved, of inelastic strain if solids yield or creep, of gaps and
    contact if faces may part, of the interphase if electrolyte reacts; of voltage, growth,
    stoichiometry, and the stack if one presses, for runs in time; of impedance and relaxation times
    if spectra were taken.
    """
    drawn: dict[str, Axes] = {}
    if result.history is not None:
        drawn["voltage"] = voltage(result)
        if result.frames:
            drawn["anode_history"] = anode_history(result)
        if "deposit" in result.fields:
            drawn["lithium_places"] = lithium_places(result)
        if len(Scene.of(result).active.source):
            drawn["stoichiometry"] = stoichiometry(result)
    if result.spectra:
        drawn |= {"nyquist": nyquist(result), "bode": bode(result)}
        if any(distributions(spectrum) for spectrum in result.spectra):
            drawn["drt"] = drt(result)
    drawn |= {"potential": potential(result), "flux": flux(result)}
    if "deposit" in result.fields:
        drawn["interlayer"] = interlayer(result)
    if Scene.of(result).has_stress:
        drawn["von_mises"] = von_mises(result)
        drawn["von_mises_tip"] = von_mises_tip(result)
    if result.history is not None and PRESSURE in result.history.columns:
        drawn["stack_history"] = stack_history(result)
    if "inelastic_strain" in result.fields:
        drawn["inelastic_strain"] = field(result, "inelastic_strain")
    if "interphase" in result.fields:
        drawn["interphase"] = interphase(result)
    if result.faces is not None:
        if result.history is not None:
            drawn["contact_history"] = contact_history(result)
        drawn |= {"gaps": gaps(result), "contact_pressure": contact_pressure(result)}
    drawn["anode_profile"] = anode_profile(result, along=along)
    return {name: canvas.settle(cast(Figure, axes.figure)) for name, axes in drawn.items()}


def panel(result: Result) -> Figure:
    """The maps a to d at a journal's double column width: rasterised fields, vector text.

    Without mechanics it has two maps. A key below says which particles do not react, if some do
    not. Save it with `dpi` as the resolution of the fields.
    """
    scene = Scene.of(result)
    handles = key_of_particles(scene)
    maps: list[tuple[str, tuple[float, ...], Callable[[Axes, str], None]]] = [
        ("Potential, current lines", scene.window, lambda ax, t: draw_potential(scene, ax, t)),
        ("Current density", scene.window, lambda ax, t: draw_flux(scene, ax, t)),
    ]
    if scene.has_stress:
        focus = Focus.of(result, scene)
        where = "at the tips" if len(focus.zones) else "at the interface"
        maps += [
            ("Von Mises stress", scene.window, lambda ax, t: draw_von_mises(scene, ax, t)),
            (
                f"Von Mises stress {where}",
                focus.window,
                lambda ax, t: draw_von_mises_tip(scene, focus, ax, t),
            ),
        ]
    aspects = [(w[1] - w[0]) / (w[3] - w[2]) for _, w, _ in maps]
    columns = 1 if aspects[0] > 2.0 * canvas.WIDE else 2
    rows = -(-len(maps) // columns)
    width = PANEL_WIDTH / columns - _BESIDE
    heights = [
        min(width / aspect, _TALLEST) + (_UNDER if aspect > canvas.WIDE else _AROUND)
        for aspect in aspects
    ]
    # Maps share the height of the first in their row.
    heights = heights[::columns]
    with canvas.style(_FONT):
        figure = canvas.new_figure(PANEL_WIDTH, sum(heights) + _KEY * bool(handles), rows, columns)
        grid = figure.subplots(
            rows, columns, squeeze=False, gridspec_kw={"height_ratios": heights}
        ).ravel()
        for letter, axes, (title, _, draw) in zip("abcd", grid, maps, strict=False):
            draw(axes, "")
            axes.set_title(letter, loc="left", fontweight="bold")
            axes.annotate(
                title, (0.0, 1.0), xycoords="axes fraction", xytext=(10.0, _TITLE_PAD),
                textcoords="offset points", va="baseline", fontsize="large",
            )  # fmt: skip
        if handles:
            figure.legend(
                handles=handles, loc="outside lower left", ncols=len(handles), frameon=False,
                handletextpad=0.3, borderpad=0.2,
            )  # fmt: skip
        return canvas.settle(figure)
