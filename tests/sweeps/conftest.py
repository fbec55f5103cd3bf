"""What several files of this folder need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def unspread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command solves in this process: others have their own test."""
    from contextlib import contextmanager

    from fem.runs import workers

    @contextmanager
    def here(function: Any, *_: Any) -> Iterator[Any]:
        yield lambda items: map(function, items)

    monkeypatch.setattr(workers, "spread", here)
