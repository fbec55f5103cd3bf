"""Figures of `fem.plot` for the gallery: they belong to no window system, which it would ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from sphinx_gallery.scrapers import figure_rst


def figures(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save the figures of axes that a block has named, once; pyplot's are left to it."""
    files = []
    for value in list(block_vars["example_globals"].values()):
        if not isinstance(value, Axes) or plt.fignum_exists(getattr(value.figure, "number", -1)):
            continue
        figure = value.figure
        if getattr(figure, "in_gallery", False):
            continue
        figure.in_gallery = True
        files.append(next(block_vars["image_path_iterator"]))
        figure.savefig(files[-1], dpi=150)
    return figure_rst(files, gallery_conf["src_dir"])


def _get_sg_image_scraper() -> Callable[..., str]:
    return figures
