# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of every kind of rule say what its oracle says: of each placement, whether it may be, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from planner.cluster.placement import Placement
from planner.policy.base import Rule
from planner.solver.indexed import Indexed
from planner.solver.milp import constraints
from planner.solver.milp.backend import Effort, solve_program
from planner.solver.milp.variables import Variables
from planner.solver.search.state import State
from tests.unit.planner.builders import Facts, cluster, policy, problem, rule

SPREAD = cluster(a={"x": 1, "y": 1}, b={"z": 1}, c={})
TOGETHER = cluster(a={"x": 1, "y": 1, "z": 1}, b={}, c={})
ALL = ["x", "y", "z"]
WEIGHT = 7.0

RULES: dict[str, dict[str, Any]] = {
    "affinity": rule("affinity", ALL),
    "anti_affinity": rule("anti_affinity", ALL),
    "two_a_host": rule("anti_affinity", ALL, at_most=2),
    "a_rack": rule("anti_affinity", ALL, across="rack"),
    "allow": rule("host_affinity", ["x", "z"], hosts=["a"]),
    "forbid": rule("host_affinity", ["x", "y"], hosts=["a", "c"], mode="forbid"),
    "licence": rule("licence", ALL, at_most_hosts=1),
    "separation": {"type": "separation", "name": "s", "groups": [["x"], ["y", "z"]]},
    "racks_apart": {"type": "separation", "name": "s", "groups": [["x"], ["z"]], "across": "rack"},
}


def racked(facts: Facts) -> Facts:
    """Return the facts with a and b in one rack, and c in another."""
    racks = {"a": "r1", "b": "r1", "c": "r2"}
    hosts = [{**entry, "labels": {"rack": racks[entry["name"]]}} for entry in facts["hosts"]]
    return {**facts, "hosts": hosts}


def ruled(facts: Facts, kind: str, strictness: str, goal: str) -> tuple[Indexed, Rule]:
    """Return a problem with one rule."""
    document = {**RULES[kind], "strictness": strictness, "weight": WEIGHT}
    posed = problem(racked(facts), {"goal": goal}, policy(document))
    return Indexed(posed), posed.policies.rules[0]


def placements(indexed: Indexed) -> Iterator[tuple[dict[int, int], Placement]]:
    """Yield the moves to every placement that the items may have, and the placement."""
    ways = [(item.home, *item.destinations) for item in indexed.items]
    for hosts in product(*ways):
        moves = {n: host for n, host in enumerate(hosts) if host != indexed.items[n].home}
        yield moves, indexed.placement(moves)


def priced(indexed: Indexed, moves: dict[int, int]) -> float | None:
    """Return what the rows of the rules charge for moves; ``None`` where they refuse them."""
    variables = Variables(indexed, [], fixed=moves)
    constraints.add_rules(variables)
    answer = solve_program(variables.program, variables.costs, Effort())
    return answer.objective + variables.constant if answer.has_values else None


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("strictness", ["never_worsen", "preferred"])
def test_rows_price_a_placement_as_its_oracle_does(kind: str, strictness: str) -> None:
    """A firm rule lets nothing be broken more than now; a preferred one charges its weight for each violation."""
    indexed, about = ruled(SPREAD, kind, strictness, "balance")
    snapshot = indexed.problem.snapshot
    for moves, placement in placements(indexed):
        amount = about.amount(snapshot, placement)
        if not about.is_firm:
            assert priced(indexed, moves) == pytest.approx(WEIGHT * amount), placement
        elif amount <= about.tolerated(snapshot):
            assert priced(indexed, moves) == pytest.approx(0.0), placement
        else:
            assert priced(indexed, moves) is None, placement


@pytest.mark.parametrize("kind", ["anti_affinity", "allow", "licence", "separation", "a_rack"])
def test_a_repair_charges_for_what_stays_broken(kind: str) -> None:
    """As much for each violation as its repair is worth; more than now may not be broken."""
    indexed, about = ruled(TOGETHER, kind, "never_worsen", "repair")
    snapshot, repair_s = indexed.problem.snapshot, indexed.problem.goal.repair_s
    for moves, placement in placements(indexed):
        amount = about.amount(snapshot, placement)
        wanted = repair_s * amount if amount <= about.tolerated(snapshot) else None
        assert priced(indexed, moves) == pytest.approx(wanted), placement


@pytest.mark.parametrize("kind", ["anti_affinity", "forbid", "separation", "affinity"])
def test_a_required_rule_holds_in_the_end(kind: str) -> None:
    """Whatever is broken now."""
    indexed, about = ruled(SPREAD, kind, "required", "repair")
    for moves, placement in placements(indexed):
        holds = about.amount(indexed.problem.snapshot, placement) == 0
        assert (priced(indexed, moves) is not None) is holds, placement


def test_a_stay_that_is_preferred_makes_moves_dearer() -> None:
    """One that is firm leaves its VMs no way at all."""
    document = rule("stay", ["x", "z"], strictness="preferred", weight=WEIGHT)
    indexed = Indexed(problem(SPREAD, {"goal": "balance"}, policy(document)))
    by_name = {item.members: number for number, item in enumerate(indexed.items)}
    assert priced(indexed, {}) == 0.0
    assert priced(indexed, {by_name["x",]: 1, by_name["y",]: 1, by_name["z",]: 2}) == 2 * WEIGHT
    firm = policy({**document, "strictness": "required"})
    assert [item.members for item in Indexed(problem(SPREAD, {"goal": "balance"}, firm)).items] == [
        ("y",)
    ]


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("facts", [SPREAD, TOGETHER], ids=["spread", "together"])
def test_running_counts_tell_what_the_oracle_tells(kind: str, facts: Facts) -> None:
    """After every move the search knows what is broken, and before it what would be."""
    indexed, about = ruled(facts, kind, "preferred", "balance")
    snapshot, state = indexed.problem.snapshot, State(indexed)
    assert state.rules_s == WEIGHT * about.amount(snapshot, snapshot.placement)
    for moves, placement in placements(indexed):
        for item, entry in enumerate(indexed.items):
            host = moves.get(item, entry.home)
            before_s, more_s = state.rules_s, state.more_rules_s(item, host)
            state.move(item, host)
            assert state.rules_s == before_s + more_s
        assert state.rules_s == WEIGHT * about.amount(snapshot, placement), placement


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("facts", [SPREAD, TOGETHER], ids=["spread", "together"])
def test_a_search_obeys_firm_rules(kind: str, facts: Facts) -> None:
    """From the present placement a single move is let if, and only if, it breaks nothing more than now."""
    indexed, about = ruled(facts, kind, "never_worsen", "balance")
    snapshot, state = indexed.problem.snapshot, State(indexed)
    for item, entry in enumerate(indexed.items):
        for host in entry.destinations:
            after = about.amount(snapshot, indexed.placement({item: host}))
            assert state.obeys(item, host) is (after <= about.tolerated(snapshot))
