"""The numbers of faces that may part; see `fem.results.quantities`."""

from __future__ import annotations

from fem.results.declaration import Declared, Place

_METRICS, _HISTORY, _PARTICLES = Place.METRICS, Place.HISTORY, Place.PARTICLES
_BOTH = _METRICS | _HISTORY

# fmt: off
FACES: tuple[Declared, ...] = (
    Declared("open_fraction", "", "share of the particles' surface that is open",
        _BOTH | _PARTICLES, meaning=
        "Share of the length between particles and electrolyte whose gap is open; of a single "
        "particle in `particles.csv`."),
    Declared("gap_mean_m", "m", "mean gap", _BOTH, shown="nm", meaning=
        "Between particles and electrolyte, closed faces included."),
    Declared("gap_max_m", "m", "largest gap", _BOTH, shown="nm", meaning=
        "Between particles and electrolyte."),
    Declared("stack_pressure_Pa", "Pa", "stack pressure", _BOTH, shown="MPa", meaning=
        "Pressure of the plate on top."),
    Declared("dead_particles", "", "particles that do not react", _HISTORY, meaning=
        "For whatever reason, those that were inactive as drawn included."),
    Declared("dead_fraction", "", "share of the active material that does not react", _HISTORY,
        meaning="By area."),
    Declared("dead_since_s", "s", "inactive since", _PARTICLES, meaning=
        "Time at which the particle stopped reacting; empty for one that reacts, or that was "
        "inactive as drawn."),
    Declared("why", "", "why it does not react", _PARTICLES, text=True, meaning=
        "The same as `inactivity`."),
)
# fmt: on
