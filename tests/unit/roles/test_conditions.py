# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions of tasks can be read: of one that cannot be, Ansible tells only when the task is due."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

ROOT = Path(__file__).parents[3]
FILES = sorted([*ROOT.glob("roles/**/*.yml"), *ROOT.glob("playbooks/*.yml")])
CONDITIONS = ("when", "until", "failed_when", "changed_when", "that")


def mappings(node: Any) -> Iterator[dict[str, Any]]:
    """Return the mappings in a document, at any depth; each task is one."""
    if isinstance(node, dict):
        yield node
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    for one in inside:
        yield from mappings(one)


def conditions(document: Any) -> Iterator[str]:
    """Return the conditions in a document."""
    for node in mappings(document):
        for key in CONDITIONS:
            found = node.get(key, [])
            yield from (str(one) for one in (found if isinstance(found, list) else [found]))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_condition_can_be_read(path: Path) -> None:
    """As Ansible reads it: after an if, where a bare `a if b else c` is a mistake."""
    for condition in conditions(yaml.safe_load(path.read_text())):
        jinja2.Environment().parse("{% if " + condition + " %}{% endif %}")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_expression_decides_about_ignoring_errors(path: Path) -> None:
    """Ansible takes any expression for true when it decides whether an error is fatal to all hosts: a rolling
    maintenance had gone on to the next host while the first one's libvirt was down.
    """
    for task in mappings(yaml.safe_load(path.read_text())):
        assert isinstance(task.get("ignore_errors", False), bool), task.get("name")
