"""Tables of thousands of rows, each a line of work: one test instead of one for every row."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import pytest


def every_row(
    argument: str, rows: Sequence[Any], name: Callable[[Any], str] = str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Like ``pytest.mark.parametrize``, in one test, which goes on after rows that fail.

    To collect, send and tell a test takes ten times as long as to try a value of a key. Fixtures
    are made once, so a row has to leave them as they were.

    Parameters
    ----------
    argument
        What the function calls a row.
    rows
        At least one.
    name
        What a row that fails is called. The names of all that fail are in the message, and what
        went wrong with them below it.
    """
    assert rows, "a table without rows tests nothing"

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def test(**fixtures: Any) -> None:
            failed: list[tuple[str, BaseException]] = []
            for row in rows:
                try:
                    function(**fixtures, **{argument: row})
                except (Exception, pytest.fail.Exception) as error:
                    failed.append((name(row), error))
            if failed:
                names, errors = zip(*failed, strict=True)
                told = f"{len(failed)} of {len(rows)} rows fail: {'; '.join(names)}"
                raise BaseExceptionGroup(told, errors)

        signature = inspect.signature(function)
        others = [p for p in signature.parameters.values() if p.name != argument]
        test.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
        return test

    return decorate
