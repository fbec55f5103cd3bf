"""Threads and patience, and the order in which files go to the processes that test them."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

# Set before numpy is imported: threads of small matrix products only wait for each other.
for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# On a busy machine any example may take long, and how long it takes is no statement of a test.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

LONGEST_FIRST = (
    "test_cases_time.py",
    "test_events.py",
    "test_cases_zheng2023.py",
    "test_balances.py",
    "test_verification_transport.py",
    "test_plot_figures.py",
    "test_verification_mechanics_deposits.py",
    "test_kill.py",
)
"""Files that take longest. A file goes to one process as a whole, and one of these at the end
would leave the other processes without work; all others are short."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


def pytest_collection_finish() -> None:
    """Thousands of tests stay until the end: the garbage collector need not look at them again."""
    gc.collect()
    gc.freeze()
