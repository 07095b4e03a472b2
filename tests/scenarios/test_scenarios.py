# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios: folders that a newcomer can read, planned and compared with what is expected.

A scenario is a folder with README.md, facts.json, policy.yml and goal.yml; plan.expect.txt is what
``drover plan`` prints, or the sentence of the error. Where it is missing, the test writes it and fails:
read it, and keep it if it is right.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from planner.errors import PlanningError
from planner.pipeline import make_plan
from planner.report.text import render

SCENARIOS = sorted(path.parent for path in Path(__file__).parent.glob("*/goal.yml"))


def outcome(folder: Path) -> str:
    """Plan a scenario; return the text for people."""

    def read(name: str) -> Any:
        return yaml.safe_load((folder / name).read_text(encoding="utf-8"))

    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    try:
        return render(make_plan(facts, read("policy.yml"), read("goal.yml")))
    except PlanningError as error:
        return f"{type(error).__name__}: {error.message}\n"


@pytest.mark.parametrize("folder", SCENARIOS, ids=lambda path: path.name)
def test_scenario(folder: Path) -> None:
    """The plan of the scenario is the one that its README promises."""
    expected = folder / "plan.expect.txt"
    found = outcome(folder)
    if not expected.exists():
        expected.write_text(found, encoding="utf-8")
        pytest.fail(f"{expected} did not exist; it was written, read it.")
    assert found == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", SCENARIOS, ids=lambda path: path.name)
def test_scenario_is_told(folder: Path) -> None:
    """Every scenario has a README that says what is expected."""
    assert "is expected" in (folder / "README.md").read_text(encoding="utf-8")
