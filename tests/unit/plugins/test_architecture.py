# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The house rules of what runs on hosts, read from its own source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[3] / "plugins"
MODULE_UTILS = PLUGINS / "module_utils"
FILES = sorted(MODULE_UTILS.rglob("*.py"))

FLOORS: tuple[tuple[str, ...], ...] = (
    ("_execution",),
    ("_migration",),
    ("_live", "_quick"),
    ("_preflight",),
    ("_prerequisites",),
    ("_ends", "_inspection", "_baseline"),
    ("_libvirt", "_linux"),
    ("_request",),
    ("_facts",),
    ("_patience", "_uris"),
    ("_errors",),
)
"""The rooms from top to bottom: each imports only what is on a floor below its own."""

LARGEST_ROOM = 0.15
"""The share of all lines of the plugins that a room may have: who enters it must be able to read it."""

LIBRARY = "_libvirt"
"""The only room that knows the libvirt binding."""


def room_of(path: Path) -> str:
    """Return the room that a file is in; a file in no room is one by itself."""
    return path.relative_to(MODULE_UTILS).parts[0].removesuffix(".py")


def floor_of(room: str) -> int:
    """Return on which floor a room is, counted from the top."""
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def imports(path: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Yield level, module and names of every import in a file, also of those inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from ((0, alias.name, []) for alias in node.names)


def entered(path: Path) -> Iterator[str]:
    """Yield the rooms that a file of a room imports from, its own left out."""
    for level, module, names in imports(path):
        inside = path.parent != MODULE_UTILS
        if level == (2 if inside else 1):
            yield from [module.split(".")[0]] if module else names
        elif level:
            assert inside, f"{path.name} imports from outside of module_utils"
            assert level == 1, f"{path.name} imports from outside of module_utils"


def lines(path: Path) -> int:
    """Return how many lines a file has."""
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(MODULE_UTILS)))
def test_arrows_point_down(path: Path) -> None:
    """A room knows nothing of those that stand on it, nor of its neighbours."""
    own = floor_of(room_of(path))
    assert [room for room in entered(path) if floor_of(room) <= own] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(MODULE_UTILS)))
def test_one_room_knows_libvirt(path: Path) -> None:
    """Everybody else gets handles from it, and errors in our words."""
    foreign = [
        module
        for level, module, _names in imports(path)
        if not level and module.split(".")[0] in ("libvirt", "libvirt_qemu", "libvirtmod")
    ]
    assert not foreign or room_of(path) == LIBRARY


def test_a_qemu_is_ended_from_one_place() -> None:
    """Where the other host is asked first (C(_ends/redundancy.py)); a pool that is destroyed is no VM."""
    enders = {
        path.name
        for path in PLUGINS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("destroy", "destroyFlags")
    }
    assert enders == {"domain.py", "redundancy.py", "volumes.py"}
    callers = {
        path.name
        for path in FILES
        for _level, module, names in imports(path)
        if module.endswith("domain") and "destroy" in names
    }
    assert callers == set()


def test_no_room_is_a_house() -> None:
    """A room with more than its share is two rooms."""
    share = LARGEST_ROOM * sum(map(lines, PLUGINS.rglob("*.py")))
    sizes = {room: 0 for rooms in FLOORS for room in rooms}
    for path in FILES:
        sizes[room_of(path)] += lines(path)
    assert {room: size for room, size in sizes.items() if size > share} == {}


def test_every_room_that_is_named_is_there() -> None:
    """What the floors name cannot be empty."""
    assert {room_of(path) for path in FILES} == {room for rooms in FLOORS for room in rooms}


@pytest.mark.parametrize("path", sorted((PLUGINS / "modules").glob("*.py")), ids=lambda p: p.name)
def test_modules_know_only_what_travels_with_them(path: Path) -> None:
    """Ansible sends a module to a host together with module_utils, and nothing else of the collection."""
    collection = "ansible_collections.drover.libvirt.plugins."
    ours = [
        (level, module.removeprefix(collection))
        for level, module, _names in imports(path)
        if level or module.startswith("ansible_collections.drover")
    ]
    assert [name for _level, name in ours if not name.startswith("module_utils.")] == []


def executable_lines(path: Path) -> int:
    """Return how many lines of a module's functions do something: no documentation, no comments, no docstrings."""
    found: set[int] = set()
    for function in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(function, (ast.FunctionDef, ast.ClassDef)):
            for node in ast.walk(function):
                is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
                if isinstance(node, ast.stmt) and not is_text:
                    last = node.body[0].lineno - 1 if hasattr(node, "body") else node.end_lineno
                    found.update(range(node.lineno, max(node.lineno, last or 0) + 1))
    return len(found)


@pytest.mark.parametrize("path", sorted((PLUGINS / "modules").glob("*.py")), ids=lambda p: p.name)
def test_module_bodies_are_short(path: Path) -> None:
    """A module reads its options, calls one function of a room and returns its answer: what it does is told there."""
    assert executable_lines(path) <= 50
