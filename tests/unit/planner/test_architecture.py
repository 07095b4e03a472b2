# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The house rules of the planner, read from its own source."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import networkx
import pytest

PLANNER = Path(__file__).parents[3] / "planner"
FILES = sorted(PLANNER.rglob("*.py"))

ROOMS = {
    "cluster": {"errors", "documents"},
    "policy": {"cluster", "errors", "documents", "libraries"},
    "goal": {"cluster", "errors", "documents", "policy.capacity"},
    "problem": {"cluster", "policy", "goal"},
    "patience": set(),
    "outcome": set(),
    "solver": {"problem", "cluster", "policy", "goal", "errors", "libraries", "patience"},
    "schedule": {
        "seal",
        "problem",
        "cluster",
        "policy",
        "goal",
        "errors",
        "libraries",
        "patience",
        "solver.solution",
    },
    "attainment": {"outcome"},
    "verify": {"problem", "cluster", "policy", "goal", "errors"},
    "power": {
        "pipeline",
        "problem",
        "cluster",
        "policy",
        "goal",
        "errors",
        "documents",
        "schedule.plan",
    },
    "simulation": {
        "pipeline",
        "problem",
        "power",
        "cluster",
        "policy",
        "goal",
        "errors",
        "documents",
        "importers.source",
        "report.table",
        "schedule",
    },
    "page": {"outcome", "report", "cluster", "documents", "errors", "libraries", "visible"},
    "monitoring": {"errors"},
    "advice": {
        "visible",
        "problem",
        "cluster",
        "policy",
        "goal",
        "errors",
        "patience",
        "solver",
        "schedule",
    },
}
"""Who may import whom, inside the planner."""

SOLVER_SHARED = {"immovable", "indexed", "budget", "solution", "exact", "milp", "search"}
"""What all of the solver's rooms stand on; these import none of the rooms by question."""

SOLVER_QUESTIONS: dict[str, set[str]] = {
    "refusal": set(),
    "spare": {"refusal"},
    "balancing": set(),
    "consolidation": set(),
    "repairing": {"refusal"},
    "evacuating": {"refusal"},
    "restoring": {"refusal"},
}
"""The solver's rooms by question, and which others each may import."""

LIBRARIES = {
    "argcomplete": {"commands/drover.py"},
    "pulp": {"solver/milp/backend.py"},
    "highspy": {"solver/milp/backend.py"},
    "distributed": {"fleet/executors.py"},
    "networkx": {"schedule/parking.py"},
    "jmespath": {"policy/selector.py"},
    "yaml": {"commands/parsing.py"},
    "fastjsonschema": {"documents.py"},
    "jinja2": {"page/template.py"},
    "markupsafe": {"page/template.py"},
}
"""The one file that may load each library."""

STANDARD = {
    "abc", "argparse", "ast", "base64", "bisect", "collections", "concurrent", "contextlib", "copy", "csv",
    "dataclasses", "datetime", "enum", "fnmatch", "functools", "posixpath",
    "hashlib", "heapq", "importlib", "itertools", "json", "math", "operator", "os", "pathlib", "random", "re", "sys",
    "contextvars", "multiprocessing", "shlex", "shutil", "signal", "tempfile", "threading",
    "time", "types", "typing", "urllib", "xml",
}  # fmt: skip


NETWORK = {"http", "ssl"}
"""What talks to a network; one file may import it."""


def imports(path: Path) -> list[tuple[int, str]]:
    """Return the level and the module of every import in a file."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.append((node.level, node.module or ""))
        elif isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
    return found


def inside(path: Path, level: int, module: str) -> str:
    """Return the module inside the planner that a relative import means."""
    parts = path.relative_to(PLANNER).parts[:-1]
    return ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PLANNER)))
def test_only_relative_imports_and_the_standard_library(path: Path) -> None:
    """The planner works as `planner`, as `drover_planner` and inside the collection, because it never names itself."""
    allowed = STANDARD | {"__future__"}
    if path.relative_to(PLANNER).as_posix() == "commands/prometheus.py":
        allowed |= NETWORK
    for level, module in imports(path):
        if level == 0:
            assert module.split(".")[0] in allowed, module


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PLANNER)))
def test_arrows_point_one_way(path: Path) -> None:
    """A room imports only itself and the rooms before it."""
    room = path.relative_to(PLANNER).parts[0].removesuffix(".py")
    if room not in ROOMS:
        return
    for level, module in imports(path):
        if level:
            target = inside(path, level, module)
            allowed = {room, *ROOMS[room]}
            assert any(target == name or target.startswith(f"{name}.") for name in allowed), (
                f"{path.name}: {target}"
            )


@pytest.mark.parametrize(
    "path", sorted((PLANNER / "solver").rglob("*.py")), ids=lambda path: path.name
)
def test_rooms_of_the_solver_stand_on_what_they_share(path: Path) -> None:
    """A question has a room of its own; only `solve.py` knows all of them."""
    room = path.relative_to(PLANNER / "solver").parts[0].removesuffix(".py")
    if room == "solve":
        return
    allowed = {room, *SOLVER_SHARED, *SOLVER_QUESTIONS.get(room, ())}
    for level, module in imports(path):
        target = inside(path, level, module).split(".") if level else []
        if target[:1] == ["solver"]:
            assert set(target[1:2]) <= allowed, module


def test_nothing_imports_the_commands() -> None:
    """Files, clock and arguments stay at the edge."""
    importing = [
        path.relative_to(PLANNER).as_posix()
        for path in FILES
        for level, module in imports(path)
        if level and inside(path, level, module).split(".", maxsplit=1)[0] == "commands"
    ]
    assert {name for name in importing if not name.startswith("commands/")} == {"__main__.py"}


def module_of(path: Path) -> str:
    """Return the module's name inside the planner; a package has its own name, the planner itself none."""
    return (
        ".".join(path.relative_to(PLANNER).with_suffix("").parts)
        .removesuffix("__init__")
        .rstrip(".")
    )


def test_no_circles() -> None:
    """No module imports itself by way of others, not even inside its functions."""
    modules = {module_of(path) for path in FILES}
    arrows = networkx.DiGraph()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = inside(path, node.level, node.module or "")
                for alias in node.names:
                    named = f"{base}.{alias.name}".lstrip(".")
                    arrows.add_edge(module_of(path), named if named in modules else base)
    assert [
        sorted(circle)
        for circle in networkx.strongly_connected_components(arrows)
        if len(circle) > 1
    ] == []


def test_one_place_looks_at_a_clock() -> None:
    """What time it is comes in as text; only the command asks the machine for it."""
    looks = [
        path.relative_to(PLANNER).as_posix()
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in ("now", "utcnow", "today")
        and isinstance(node.value, ast.Name)
        and node.value.id in ("datetime", "date")
    ]
    assert looks == ["commands/arguments.py"]


def test_one_file_loads_each_library() -> None:
    """Each third-party library is loaded in one place."""
    found: dict[str, set[str]] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "require"
            ):
                name = ast.literal_eval(node.args[0])
                found.setdefault(name, set()).add(path.relative_to(PLANNER).as_posix())
    assert found == LIBRARIES


def functions() -> list[tuple[str, ast.FunctionDef]]:
    """Return all functions of the planner."""
    return [
        (path.relative_to(PLANNER).as_posix(), node)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]


def test_files_and_functions_stay_short() -> None:
    """No file has 400 lines, no function more than 60."""
    assert [
        path.name for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) >= 400
    ] == []
    assert [(file, f.name) for file, f in functions() if (f.end_lineno or 0) - f.lineno > 60] == []


def test_public_functions_are_documented() -> None:
    """Everything without a leading underscore says what it does."""
    bare = [
        (file, f.name)
        for file, f in functions()
        if not f.name.startswith("_") and not ast.get_docstring(f)
    ]
    nested = {"lead", "occupancy", "shelters", "duration_ms", "allowed", "add_3", "add_4", "key"}
    assert [entry for entry in bare if entry[1] not in nested] == []


def test_every_package_is_in_the_distribution() -> None:
    """What is not named there is missing wherever drover-planner is installed from a wheel."""
    project = tomllib.loads((PLANNER.parent / "pyproject.toml").read_text(encoding="utf-8"))
    folders = [path.parent.relative_to(PLANNER).parts for path in PLANNER.rglob("__init__.py")]
    named = project["tool"]["setuptools"]["packages"]
    assert sorted(named) == sorted(".".join(("drover_planner", *parts)) for parts in folders)
