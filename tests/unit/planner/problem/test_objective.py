# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a placement is worth."""

from __future__ import annotations

import pytest

from tests.unit.planner.builders import cluster, evacuation, policy, problem, rule


def test_what_a_placement_is_worth() -> None:
    """Each move a fixed part and its transfer, more for a higher priority; preferences by their weight."""
    facts = cluster(a={"x": 600, "y": 100}, b={"z": 200}, c={})
    facts["domains"][1]["priority"] = 2
    apart = rule("anti_affinity", ["x", "z"], strictness="preferred", weight=30.0)
    found = problem(facts, evacuation("a"), {**policy(apart), "costs": {"per_migration_s": 10}})
    objective, present = found.objective, found.snapshot.placement
    assert objective.cost_s("x") == pytest.approx(10 + 0.6)
    assert objective.cost_s("y") == pytest.approx(3 * (10 + 0.1))
    assert objective.value_s(present) == 0
    placement = present.move({"x": "b", "y": "c"})
    terms = {term.name: term.value for term in objective.terms(placement)}
    assert (terms["migrations"], terms["preferences not kept"]) == (2, 30.0)
    assert objective.value_s(placement) == pytest.approx(10.6 + 30.3 + 30)


def test_a_repair_counts_what_is_broken() -> None:
    """Rules by their violations, hosts by shares of their limits."""
    facts = cluster(a={"x": 1000, "y": 200}, b={})
    found = problem(facts, {"goal": "repair"}, policy(rule("anti_affinity", ["x", "y"])))
    [broken] = [t for t in found.objective.terms(found.snapshot.placement) if t.weight_s > 1]
    assert (broken.name, broken.value) == ("policies broken", pytest.approx(1.2))
