"""The table of an image without the case around it."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from fem.case.explain import explain
from fem.case.image import Image

UNNAMED = "unnamed"
"""Stands for materials that nobody asks for."""


def image_alone(**keys: Any) -> Image:
    """The table ``[geometry.image]`` from its keys; materials may be left out.

    Raises
    ------
    InputError
        If a key is unknown, is missing, or has a wrong value.
    """
    try:
        return Image(**{"electrolyte": UNNAMED, "active": UNNAMED, **keys})
    except ValidationError as error:
        raise explain(error, Image) from None
