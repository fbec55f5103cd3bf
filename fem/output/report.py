"""``report.html``: one page with the pictures, numbers, parameters and sources of a run."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from fem.case.table import flat
from fem.results.numbers import all_numbers, key_numbers
from fem.results.quantities import declared
from fem.results.result import Result

WARNING = "Warning"
"""How a note begins that a reader must not miss."""

CAPTIONS = {
    "potential": "Electrolyte potential and the paths of the current. Look at where lines crowd "
    "together: each carries the same current, so that is where lithium plates or strips fastest, "
    "and where equipotential lines are dense most voltage is lost.",
    "flux": "Current density in the electrolyte. Bright necks between particles and at tips are "
    "what limits the cell; dark electrolyte carries next to nothing.",
    "von_mises": "Von Mises stress in the solids. Look at how far it reaches from the lithium and "
    "from particles. Colours are logarithmic if half of the cell would be dark otherwise: equal "
    "steps of colour are then equal factors.",
    "von_mises_tip": "Von Mises stress around the most loaded protrusion, on a linear scale. "
    "Compare the mean at each tip with the strength of the electrolyte; sharp feet are singular, "
    "so their stress depends on the mesh and is not counted.",
    "anode_profile": "Along the lithium surface. Thin lines are values at nodes and thick ones "
    "means over 2 µm; look at peaks against the dashed line, which is the applied current density.",
}
CAPTIONS_OF_SPECTRA = {
    "nyquist": "Impedance spectra to one scale, dots at whole decades. Look for arcs, each a "
    "reaction with its double layer, for the slope of diffusion, and for what grows from one "
    "spectrum to the next.",
    "bode": "Size and phase of the impedance over frequency. Look for plateaus: between two of "
    "them lies what one process resists.",
    "drt": "Relaxation times of the last spectrum. The area below a peak is its resistance; shaded "
    "is what is missing once a process is left out, which tells whose peak it is.",
}
"""Figures that only a run has that took spectra."""
CAPTIONS_OF_FLOW = {
    "inelastic_strain": "Equivalent strain that yielding and creep have left. Look for bands that "
    "join particles: there the solid has made room for good, and gaps open once particles shrink.",
}
"""Figures that only a run has whose solids yield or creep."""
CAPTIONS_OF_REACTIONS = {
    "interphase": "Thickness of electrolyte that has reacted, along particles and lithium. Compare "
    "lithium above particles that react and above those that do not.",
}
"""Figures that only a run has whose electrolyte reacts."""
CAPTIONS_OF_STACK = {
    "stack_history": "What the pressure of the plate on top and the height of the stack have "
    "changed by since the start, below the voltage. Look for what does not come back after a "
    "cycle.",
}
"""Figures that only a run in time has on whose top a plate presses."""
CAPTIONS_OF_LAYERS = {
    "lithium_places": "Charge that each place has taken up, one above the other, and the voltage. "
    "Dotted lines are what lithium has opened. Look for a place that goes on after another began: "
    "there the two compete.",
    "interlayer": "Thickness of lithium on both sides of the interlayer, and lithium in it. Look "
    "for a side that is uneven along x.",
}
"""Figures that only a run has whose anode has an interlayer."""
CAPTIONS_OF_FACES = {
    "gaps": "Where particles have parted from the electrolyte and from each other, drawn as many "
    "times wider as the title says; of a run in time in the kept state with the largest gap. "
    "Look at which sides open: no current crosses there.",
    "contact_pressure": "Pressure with which faces press on each other in the last state. Look for "
    "pale stretches: these part next.",
}
"""Figures that only a run has whose faces may part."""
CAPTIONS_OF_FACES_IN_TIME = {
    "contact_history": "Open share of the particles' surface, gaps, dead material and the pressure "
    "of the stack, in time and over the stoichiometry. Look for what does not close again, and for "
    "voltage that falls while the open share rises.",
}
CAPTIONS_IN_TIME = {
    "voltage": "Voltage against the capacity of each charge and discharge, then voltage and "
    "current in time with what ended each step. Look for a step that ended by another cause than "
    "it should, and at the gap between charge and discharge: voltage that is lost.",
    "anode_history": "Plated thickness and plating along the lithium at the times of the colour "
    "bar, then the largest value over the mean. A ratio that rises says that lithium grows ever "
    "less evenly.",
    "stoichiometry": "Lithium in the particles, inactive ones hatched; the particle whose surface "
    "is furthest from its mean; means and surfaces of all over the height. Long bars say that "
    "diffusion limits, and a slope over the height that the electrolyte does.",
}
"""Figures that only a run in time has."""
ANIMATIONS = {
    "animation": "The run as a film, even in time: plating, plated thickness, current density and "
    "stoichiometry.",
    "gaps_animation": "Gaps that open and close as a film, even in time, with the voltage and the "
    "open share of the surface.",
}
FILES = {
    "metrics.json": "all numbers above, in SI units",
    "anode.csv": "profile along the lithium surface, a row a node in order of arc length; "
    "normal stress of the lithium on the electrolyte, tension positive, empty without mechanics",
    "particles.csv": "a row a particle; active is true or false; current into the electrolyte per "
    "metre of depth; stoichiometry empty where the case gives none; inactivity says why one is not "
    "active",
    "fields.vtu": "fields for ParaView on points doubled along interfaces, NaN where a field is "
    "not defined; stress as xx, yy, zz, xy, yz, xz; phase 0 electrolyte, 1 lithium, 2 active "
    "material; region numbers the pieces",
    "result.npz": "the same for fem plot, which draws the figures again",
    "panel.pdf": "the maps at a journal's column width",
    "viewer.html": "the fields to choose from, zoom into and read values of, in any browser",
    "case.toml": "the case as resolved, defaults included",
    "references.txt": "sources of every parameter",
}
FILES_IN_TIME = {
    "history.csv": "a row an accepted step: time, voltage, current (positive on charge) and the "
    "numbers that follow, SI units in their names",
    "events.csv": "a row a step of the protocol: when it ended, and what ended it",
    "cycles.csv": "a row a pass of a loop of the protocol: capacities, energies, efficiencies",
    "fields.pvd": "the series of fields for ParaView, files in series",
    "animation.gif": "the run in time",
}
FILES_OF_SPECTRA = {
    "impedance.csv": "a row a frequency of each spectrum: impedance times area, its residuals in "
    "Kramers and Kronig's relations, and the impedance without each process",
    "drt.csv": "a row a relaxation time of each spectrum: the distribution, also without each "
    "process",
}
FILES_OF_FACES = {
    "faces.csv": "a row a pair of faces that may part: where, out of which particle, gap, slip, "
    "what is open, pressure, shear, damage of the bond, and whether they touch",
}
MOST_CYCLES = 20
"""Cycles that the page lists; `cycles.csv` has all."""
CYCLE_COLUMNS = (
    *("charge_capacity_Ah_m2", "discharge_capacity_Ah_m2", "coulombic_efficiency"),
    *("charge_energy_Wh_m2", "discharge_energy_Wh_m2", "energy_efficiency"),
)
"""What the page shows of them."""
STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
  max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.2; } h2 { font-size: 1.15rem; margin-top: 2rem; }
p.small { color: #555; font-size: .85rem; }
figure { margin: 1rem 0; } img { max-width: 100%; height: auto; }
figcaption { color: #444; font-size: .9rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
td, th { border-bottom: 1px solid #ddd; padding: .25rem .5rem .25rem 0; text-align: left;
  vertical-align: top; }
td.value { text-align: right; font-variant-numeric: tabular-nums; }
td.inner { padding-left: 1rem; } th { padding-top: 1rem; font-weight: 600; }
code, pre { font: .85rem/1.4 ui-monospace, monospace; }
pre { white-space: pre-wrap; background: #f6f6f6; padding: .75rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .5rem; }
.cards div { border-left: .2rem solid #0b4f8a; padding: .2rem .6rem; line-height: 1.3;
  color: #444; font-size: .9rem; } .cards strong { font-size: 1.3rem; color: #1a1a1a; }
summary { cursor: pointer; font-weight: 600; padding: .4rem 0; }
details { border-bottom: 1px solid #ddd; }
mark { background: #ffe9a8; color: inherit; padding: 0 .15rem; }
.warning { background: #fff3d6; border-left: .3rem solid #c77700; padding: .5rem .75rem;
  margin: .5rem 0; }
"""


def report(result: Result, pictures: Mapping[str, bytes], viewer: str = "") -> str:
    """The page as text: what matters most, pictures, and all the rest folded.

    Parameters
    ----------
    pictures
        PNG or GIF files by the name of the figure.
    viewer
        The interactive page beside this one, to which it links; empty if there is none.
    """
    title = result.case.title or "Run of a solid-state cell"
    warnings = [note for note in result.notes if note.startswith(WARNING)]
    others = [note for note in result.notes if not note.startswith(WARNING)]
    metrics = result.metrics
    files = FILES | (FILES_IN_TIME if result.history is not None else {})
    if result.spectra:
        files |= FILES_OF_SPECTRA
    if result.faces is not None:
        files |= FILES_OF_FACES
    if not result.cycles:
        files = {name: text for name, text in files.items() if name != "cycles.csv"}
    keys = flat(result.case.to_dict())
    link = f'<p><a href="{escape(viewer)}">Look into the fields</a>: choose one and a time, read '
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        '<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{STYLE}</style></head>",
        "<body>",
        f"<h1>{escape(title)}</h1>",
        f'<p class="small">assb-fem {escape(str(metrics.get("version", "")))}, '
        f"case {escape(str(metrics.get('case_sha256', ''))[:12])}</p>",
        *(f'<p class="warning">{escape(note)}</p>' for note in warnings),
        "<h2>Key numbers</h2>",
        *_cards(metrics),
        *([f"{link}values under the mouse.</p>"] if viewer else []),
        *_cycles(result.cycles),
        "<h2>Pictures</h2>",
        *(_figure(name, picture) for name, picture in pictures.items()),
        "<h2>Everything else</h2>",
        *_folded("All numbers", _numbers(metrics)),
        *_folded("Assumptions", _list(others)),
        *_folded(
            "Parameters of the case",
            _table((f"<code>{escape(k)}</code>", escape(v)) for k, v in keys),
        ),
        *_folded("Sources", [f"<pre>{_sources(result.references)}</pre>"]),
        *_folded(
            "Files of this run",
            _table((f"<code>{name}</code>", escape(text)) for name, text in files.items()),
        ),
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _cards(metrics: Mapping[str, Any]) -> Iterator[str]:
    """The few numbers that say most, each with its label in full."""
    yield '<div class="cards">'
    for number in key_numbers(metrics):
        yield (
            f'<div title="{escape(number.meaning)}"><strong>{escape(number.value)}</strong> '
            f"{escape(number.unit)}<br>{escape(number.label)}</div>"
        )
    yield "</div>"


def _folded(heading: str, content: Iterable[str]) -> Iterator[str]:
    """Content that a click unfolds, and paper shows."""
    yield f"<details><summary>{escape(heading)}</summary>"
    yield from content
    yield "</details>"


def _list(notes: Iterable[str]) -> Iterator[str]:
    yield "<ul>"
    yield from (f"<li>{escape(note)}</li>" for note in notes)
    yield "</ul>"


def _numbers(metrics: Mapping[str, Any]) -> Iterator[str]:
    yield "<table>"
    for heading, numbers in all_numbers(metrics).items():
        yield f'<tr><th colspan="4">{escape(heading)}</th></tr>'
        for number in numbers:
            inner = ' class="inner"' if number.part else ""
            yield (
                f'<tr title="{escape(number.meaning)}"><td{inner}>{escape(number.label)}</td>'
                f'<td class="value">{escape(number.value)}</td>'
                f"<td>{escape(number.unit)}</td><td><code>{escape(number.name)}</code></td></tr>"
            )
    yield "</table>"


def _cycles(cycles: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The cycles of a protocol, of many the first and the last ones."""
    if not cycles:
        return
    yield "<h2>Cycles</h2>"
    shown = [declared(name) for name in CYCLE_COLUMNS]
    heads = ["cycle", *(f"{each.label} {each.display}".strip() for each in shown)]
    left_out = len(cycles) - MOST_CYCLES
    ends = [*cycles[: MOST_CYCLES // 2], *cycles[-MOST_CYCLES // 2 :]] if left_out > 0 else cycles
    yield "<table>"
    yield "<tr>" + "".join(f"<th>{escape(head)}</th>" for head in heads) + "</tr>"
    for number, cycle in enumerate(ends):
        if left_out > 0 and number == MOST_CYCLES // 2:
            yield f'<tr><td colspan="{len(heads)}">... {left_out} more in cycles.csv</td></tr>'
        label = cycle["label"] + ("" if cycle["complete"] else " (not complete)")
        values = (cycle[each.name] * each.factor for each in shown)
        numbers = ("" if value != value else f"{value:.5g}" for value in values)
        cells = "".join(f'<td class="value">{number}</td>' for number in numbers)
        yield f"<tr><td>{escape(label)}</td>{cells}</tr>"
    yield "</table>"


def _figure(name: str, picture: bytes) -> str:
    captions = {
        **CAPTIONS, **CAPTIONS_IN_TIME, **CAPTIONS_OF_FACES, **CAPTIONS_OF_FACES_IN_TIME,
        **CAPTIONS_OF_STACK, **CAPTIONS_OF_FLOW, **CAPTIONS_OF_REACTIONS, **CAPTIONS_OF_LAYERS,
        **CAPTIONS_OF_SPECTRA, **ANIMATIONS,
    }  # fmt: skip
    caption = escape(captions.get(name, name.replace("_", " ").capitalize() + "."))
    kind = "gif" if picture.startswith(b"GIF8") else "png"
    data = base64.b64encode(picture).decode()
    return (
        f'<figure><img alt="{caption}" src="data:image/{kind};base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Rows of cells that are HTML already."""
    yield "<table>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
    yield "</table>"


def _sources(text: str) -> str:
    return escape(text).replace("ASSUMPTION", "<mark>ASSUMPTION</mark>")
