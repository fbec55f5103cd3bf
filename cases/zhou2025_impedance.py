"""
Charge transfer and contact in a spectrum: the two powders of Zhou 2025
=======================================================================

Zhou et al. (ACS Energy Lett. 10 (2025) 966) read a charge-transfer resistance of 17.3 ohm off the
spectrum of a composite with coarse LPSC and 9.9 ohm with fine LPSC, a ratio of 1.75, and see the
resistance between electrolyte and NCM grow by 545 ohm (coarse) and 34 ohm (fine) in 100 cycles at 2
MPa. This script takes the spectra of a drawn composite whose particles touch the electrolyte on a
share of their surface, and asks whether contact alone gives these numbers.

Assumed: the reaction and its double layer sit where there is contact and nowhere else, alike on
all particles. Shares come from pressed packings of spheres (``zhou2025_contact_area.py``): fine
over coarse 1.48 for a coarse powder of 3 to 6 um, 1.79 for 4 to 8 um and 2.40 for 8 to 12 um,
with 70 % of NCM811 by mass and without friction; the coarse size is not in the paper's text. An
exchange current density of 2 A/m2 and a double layer of 0.2 F/m2 are assumptions; ratios hardly
ask for them. The area of the paper's cell is not known here, so that ratios of resistances are
compared.

It would be refuted if the paper's powder were known not to be of 4 to 8 um, or if the time
constant of the arc moved: contact alone changes resistance and capacitance by inverse factors and
leaves it where it is.

What came out
-------------
The resistance of the arc goes as one over the contact in the whole composite, electrolyte
included: 1.48, 1.79 and 2.39 for the three sizes, beside 1.75 of the paper. The arc's time
constant stays within 0.5 %, while the paper's P1 goes from 0.5 to 1.4 us: something besides
contact differs between the powders. If all growth at 2 MPa were lost contact, 3.1 % of it would
be left in the coarse cathode and 22.5 % in the fine one. No run here loses contact so unevenly
between powders: discs that shrink by 7 % come loose all round at any of the paper's pressures.

Run it with ``python cases/zhou2025_impedance.py [--out DIR] [--quick]``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import brentq

import fem
from fem.measures.spectra import Spectrum, relaxation_times

CONTACTS = {"3 to 6 um": 1.48, "4 to 8 um": 1.79, "8 to 12 um": 2.40}
"""Contact areas, fine over coarse, by the size of the coarse powder."""
PAPER = {"coarse": 17.3, "fine": 9.9}
GROWTH = {"coarse": 545.0, "fine": 34.0}
"""The paper's resistances and what they grow by, in ohm."""
EXCHANGE, DOUBLE_LAYER = 2.0, 0.2
"""In A/m2 and F/m2 where all of the surface is in contact."""
COARSE = 0.1
"""Share of the surface that is in contact with coarse powder; only ratios are compared."""
FREQUENCIES = np.logspace(5.0, -2.0, 36)


def cell(size: str) -> fem.Cell:
    """Particles of 3 um in a composite below a separator; lithium that resists next to nothing."""
    return fem.Cell.of(
        fem.Case.from_dict(
            {
                "title": "Composite of which a share of the surface is in contact",
                "geometry": {
                    "width": "10 um",
                    "anode": {"thickness": "5 um"},
                    "separator": {"material": "LPSCl", "thickness": "20 um"},
                    "cathode": {
                        "electrolyte": "LPSCl",
                        "thickness": "20 um",
                        "particles": {
                            "rows": 5,
                            "columns": 2,
                            "diameter": "3 um",
                            "material": "NCM811",
                        },
                    },
                },
                "kinetics": {
                    "anode": {"exchange_current_density": "1e5 A/m^2"},
                    "cathode": {"exchange_current_density": "1 A/m^2", "stoichiometry": 0.5},
                },
                "operation": {"current_density": "1 A/m^2"},
                "mechanics": {"enabled": False},
                "mesh": {"size": size},
            }
        )
    )


@dataclass(frozen=True)
class Composite:
    """Spectra of one cell at any share of contact."""

    known: fem.Cell

    @cache  # noqa: B019
    def spectrum(self, share: float) -> Spectrum:
        """About rest; diffusion, which is slower, is left out."""
        share = float(share)
        here = self.known.replace(
            {
                "kinetics.cathode.exchange_current_density": f"{EXCHANGE * share!r} A/m^2",
                "kinetics.cathode.double_layer_capacitance": f"{DOUBLE_LAYER * share!r} F/m^2",
            }
        )
        return fem.impedance(here, FREQUENCIES)

    def resistance(self, share: float) -> float:
        """What the arc of the reaction resists, in ohm m2: from its one end to the other."""
        real = self.spectrum(share).impedance.real
        return float(real[-1] - real[0])

    def time(self, share: float) -> float:
        """Relaxation time in s at which the arc is largest."""
        spectrum = self.spectrum(share)
        found = relaxation_times(spectrum.frequency, spectrum.impedance)
        return float(found.time[np.argmax(found.density)])

    def left(self, growth: float, share: float) -> float:
        """What is left of a share where its resistance has grown by so many times itself."""
        wanted = (1.0 + growth) * self.resistance(share)

        def excess(log: float) -> float:
            return float(np.log(self.resistance(share * np.exp(log)) / wanted))

        return float(np.exp(brentq(excess, -np.log(3.0 * (1.0 + growth)), 0.0, xtol=1e-4)))


@dataclass(frozen=True)
class Found:
    """What came out: ratios of resistances and of times by coarse size, and shares left."""

    ratios: dict[str, float]
    times: dict[str, float]
    left: dict[str, float]


def study(size: str = "1 um") -> tuple[Composite, Found]:
    """Spectra at all shares, and the contact that growth would leave."""
    composite = Composite(cell(size))
    fine = {name: COARSE * ratio for name, ratio in CONTACTS.items()}
    ratios = {
        name: composite.resistance(COARSE) / composite.resistance(share)
        for name, share in fine.items()
    }
    times = {name: composite.time(COARSE) / composite.time(share) for name, share in fine.items()}
    left = {
        kind: composite.left(
            GROWTH[kind] / PAPER[kind], COARSE if kind == "coarse" else fine["4 to 8 um"]
        )
        for kind in GROWTH
    }
    return composite, Found(ratios, times, left)


def table(found: Found) -> str:
    """Paper, product, assumption, and what would refute it."""
    paper = PAPER["coarse"] / PAPER["fine"]
    lines = [
        "charge-transfer resistance, coarse over fine, from contact alone",
        f"  paper                      {paper:.2f}  (17.3 over 9.9 ohm)",
    ]
    for name, ratio in found.ratios.items():
        contact = CONTACTS[name]
        lines.append(
            f"  product, {name:<17} {ratio:.2f}  "
            f"(contact {contact:.2f}; time {found.times[name]:.2f})"
        )
    lines += [
        "  assumption: reaction and double layer where there is contact, alike everywhere",
        "  refuted by: a coarse powder that is not of 4 to 8 um; an arc that moves. The paper's P1",
        "              goes from 0.5 to 1.4 us, by 2.8, where contact alone leaves it: something",
        "              besides contact differs",
        "growth in 100 cycles at 2 MPa, if it were contact alone",
    ]
    for kind, growth in GROWTH.items():
        lines.append(
            f"  {kind}: +{growth:g} ohm on {PAPER[kind]:g} ohm would leave "
            f"{100.0 * found.left[kind]:.1f} % of the contact"
        )
    lines += [
        "  assumption: the growth is all of charge transfer; the paper's is of electrolyte and NCM",
        "              together, an interphase included",
        "  refuted by: contact that is seen in cross sections of cycled cathodes; discs that",
        "              shrink by 7 % come loose at any pressure: the factor of 16 between",
        "              the powders is not explained by shrinkage alone",
    ]
    return "\n".join(lines)


def draw(composite: Composite) -> Figure:
    """Nyquist plots of coarse and fine powders over the resistance of the coarse one."""
    figure, axes = plt.subplots(figsize=(5.0, 3.4), layout="constrained")
    size = composite.resistance(COARSE)
    shares = {"coarse": COARSE} | {f"fine, {n} coarse": COARSE * r for n, r in CONTACTS.items()}
    for colour, (name, share) in zip(
        plt.get_cmap("viridis")(np.linspace(0.0, 0.85, len(shares))), shares.items(), strict=True
    ):
        z = composite.spectrum(share).impedance / size
        axes.plot(z.real - z.real[0], -z.imag, ".-", color=colour, markersize=3, label=name)
    axes.set_aspect("equal")
    axes.set_xlabel("real part less that of the electrolyte, over the coarse resistance")
    axes.set_ylabel("−imaginary part, likewise")
    figure.legend(frameon=False, fontsize="small", loc="outside upper center", ncols=2)
    return figure


def main(arguments: Sequence[str] | None = None) -> None:
    """Solve, print, and write ``impedance.png`` and ``impedance.txt``."""
    parser = argparse.ArgumentParser(description="Contact in the spectra of Zhou 2025")
    parser.add_argument("--out", default="out/zhou2025_impedance", help="folder of the results")
    parser.add_argument("--quick", action="store_true", help="coarse elements")
    options = parser.parse_args(arguments)
    composite, found = study("1.5 um" if options.quick else "0.5 um")
    text = table(found)
    print(text)
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "impedance.txt").write_text(text + "\n", encoding="utf-8")
    ratios, times = found.ratios.values(), [1.0 / time for time in found.times.values()]
    told = {
        "resistance_coarse_over_fine": [min(ratios), max(ratios)],
        "time_fine_over_coarse": [min(times), max(times)],
    }
    (folder / "numbers.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    draw(composite).savefig(folder / "impedance.png", dpi=200)


if __name__ == "__main__":
    main()
