# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small cluster asked for a balance, with parts of a policy."""

from __future__ import annotations

from typing import Any

from planner.problem.problem import Problem
from tests.unit.planner.builders import TIGHT, Facts, cluster, problem

NOW = "2026-11-24T22:00:00+00:00"
FACTS = cluster(a={"x": 600, "y": 100}, b={"z": 200}, c={})
BALANCE = {"goal": "balance", "now": NOW}


def posed(
    document: dict[str, Any] | None = None, goal: Any = None, facts: Facts = FACTS
) -> Problem:
    """Return a problem; its policy is tight but for the parts given."""
    return problem(facts, goal or BALANCE, {**TIGHT, **(document or {})})
