# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where nobody can tell whether a host is in maintenance, it is; and an evacuation that was left is not forgotten."""

from __future__ import annotations

from typing import Any

from planner.pipeline import make_plan
from tests.unit.planner.builders import cluster, evacuation

DAMAGED = {"unreadable_marks": ["c"]}
OUT = {"marks": {"c": {"maintenance": False, "at": "2026-11-24T22:00:00Z"}}}


def plan(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Return the plan that empties host a, with what hosts a and b say of marks."""
    facts = cluster(a={"x": 100}, b={"y": 300}, c={})
    facts["hosts"][0].update(a)
    facts["hosts"][1].update(b)
    return make_plan(facts, None, evacuation("a"))


def test_a_host_whose_mark_nobody_can_read_takes_no_vms() -> None:
    """The warning names it, where the file is damaged, and the way out."""
    made = plan(DAMAGED, DAMAGED)
    assert made["placement"]["x"] == "b"
    [warning] = [text for text in made["warnings"] if "counts as in maintenance" in text]
    assert "its mark cannot be read on a, b. Remove the mark's file there" in warning


def test_a_mark_that_another_host_can_read_counts() -> None:
    """Every host keeps a copy for that."""
    made = plan(DAMAGED, OUT)
    assert made["placement"]["x"] == "c"
    assert not any("counts as in maintenance" in text for text in made["warnings"])


def test_a_host_that_was_not_emptied_is_remembered() -> None:
    """Whatever the plan is for."""
    facts = cluster(a={"x": 100, "y": 100}, b={})
    facts["hosts"][0]["maintenance"] = True
    repaired = make_plan(facts, None, {"goal": "repair"})
    assert any(
        "a is in maintenance, and 2 of its VMs are still there" in w for w in repaired["warnings"]
    )
    emptied = make_plan(facts, None, evacuation("a"))
    assert not any("still there" in warning for warning in emptied["warnings"])
