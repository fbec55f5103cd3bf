"""`cases/lithium_interphase.py`: what it varies, and how its layers follow the local rate."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

CASES = Path(__file__).parents[2] / "cases"
SHORT = {
    "geometry.cathode.thickness": "20 um",
    "geometry.cathode.particles.rows": 1,
    "operation.steps": [{"charge": "7.7 A/m^2", "until": {"time": "1 min"}}],
    "stepping.tolerance": 0.1,
}


@pytest.fixture(scope="module")
def study() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location(
        "lithium_interphase", CASES / "lithium_interphase.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_the_share_that_the_paper_asks_for(study: ModuleType) -> None:
    layer = study.Layer(mean=1e-9, live=2e-9, dead=0.5e-9, plated=10e-6)
    assert layer.share_for_the_paper == pytest.approx(1e-4 * 160.0 / 200.0)


@pytest.mark.slow
def test_layers_follow_the_power_of_the_local_rate(study: ModuleType) -> None:
    """In a minute nothing changes: f^m opposite live particles, and 1 where all are."""
    even = study.zheng(None, 1.0, "5 um", SHORT)
    assert even.live == pytest.approx(1e-4 * even.plated, rel=1e-6)
    dead = study.DEAD["a third dead"]
    one, two = (study.zheng(dead, power, "5 um", SHORT) for power in (1.0, 2.0))
    rate = one.live / even.live
    assert rate > 1.05
    assert two.live / even.live == pytest.approx(rate**2, rel=1e-2)
    assert two.dead < one.dead < even.dead
