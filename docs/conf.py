"""Sphinx settings: ``python -m sphinx -W -b html docs docs/_build``.

Tutorials are run, each within a minute of one core. The gallery shows the case scripts in
``cases/`` and does not run them: a script solves many cases at full resolution, half a minute and
more, and saves its pictures itself. Tests run the scripts.
"""

from __future__ import annotations

import logging
import shutil
import sys
import tomllib
from pathlib import Path

DOCS = Path(__file__).parent.resolve()
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))  # so that the API is that of this tree, installed or not
sys.path.insert(0, str(DOCS))  # gallery_figures

logging.getLogger("skfem").setLevel(logging.WARNING)  # tutorials would tell of every basis

_project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "assb-fem"
author = "the assb-fem developers"
copyright = "the assb-fem developers"
version = release = _project["version"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "tutorials"]
html_theme = "furo"
html_title = f"assb-fem {release}"
html_show_sphinx = False
default_role = "code"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_attr_annotations = False

# Scripts are staged below the build folder, with the cases they load and the page head that the
# gallery asks for, so that cases/ holds cases and nothing else.
_STAGE = DOCS / "_build" / "gallery_source"
shutil.rmtree(_STAGE, ignore_errors=True)
_STAGE.mkdir(parents=True)
for _file in [file for kind in ("py", "toml") for file in (ROOT / "cases").glob(f"*.{kind}")]:
    shutil.copy(_file, _STAGE)
(_STAGE / "GALLERY_HEADER.rst").write_text(
    "Case scripts\n============\n\n"
    "Studies of several runs, as they stand in the folder ``cases/``. Each is a plain script: run "
    "it with ``python cases/NAME.py``, and it prints its table and saves its figures. The pages "
    "here show the scripts, not their output.\n",
    encoding="utf-8",
)
sphinx_gallery_conf = {
    "examples_dirs": ["tutorials", "_build/gallery_source"],
    "gallery_dirs": ["tutorials_built", "gallery"],
    "filename_pattern": r"plot_\d",
    "image_scrapers": ("gallery_figures", "matplotlib"),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "copyfile_regex": r".*\.toml",
    "write_computation_times": False,
}
