# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that leave room for the VMs of hosts that fail, and the search that gathers it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from planner.cluster.placement import Placement
from planner.solver.indexed import Indexed
from planner.solver.milp.backend import Effort, solve_program
from planner.solver.milp.failures import Cuts, Refuge, add_failures
from planner.solver.milp.variables import Variables
from planner.solver.refusal.remedies import find_spare_room
from planner.solver.search.state import State
from planner.solver.spare.gather import Gathering
from tests.unit.planner.builders import TIGHT, Facts, cluster, evacuation, policy, problem, rule

REQUIRED = {"count": 1, "strictness": "required"}
SMALL = cluster(a={"x": 300}, b={"y": 500}, c={"z": 400})


def posed(facts: Facts, goal: dict[str, Any] | None = None, *rules: dict[str, Any]) -> Indexed:
    """Return a problem that requires room for a host that fails."""
    document = {**policy(*rules), "spare_hosts": REQUIRED}
    return Indexed(problem(facts, goal or {"goal": "balance"}, document))


def placements(indexed: Indexed) -> Iterator[tuple[dict[int, int], Placement]]:
    """Yield the moves to every placement within the limits of hosts."""
    for hosts in product(*((item.home, *item.destinations) for item in indexed.items)):
        moves = {n: at for n, at in enumerate(hosts) if at != indexed.items[n].home}
        placement = indexed.placement(moves)
        loads = indexed.problem.snapshot.loads(placement)
        if all(load.fits(indexed.problem.room.caps[name]) for name, load in loads.items()):
            yield moves, placement


def allowed(indexed: Indexed, cuts: Cuts, moves: dict[int, int]) -> bool:
    """Tell whether the rows let these moves be made."""
    variables = Variables(indexed, range(len(indexed.items)))
    for (item, at), column in variables.y.items():
        variables.program.row([(column, 1.0)], "=", float(moves.get(item) == at))
    cuts.apply(variables)
    return solve_program(variables.program, {}, Effort()).has_values


@pytest.mark.parametrize(
    "facts",
    [
        SMALL,
        cluster(a={"x": 600}, b={"y": 300}, c={"z": 300}),
        cluster(a={"x": 900}, b={"y": 700}, c={"z": 100}),
    ],
    ids=["roomy", "tight", "missing"],
)
def test_rows_let_what_the_simulation_lets(facts: Facts) -> None:
    """For each failure a place for all VMs that would be there; as many without one as now, all failures together."""
    indexed = posed(facts)
    spare, cuts = indexed.problem.spare, Cuts(indexed.problem)
    cuts.failures = [("a",), ("b",), ("c",)]
    for moves, placement in placements(indexed):
        assert allowed(indexed, cuts, moves) is not spare.worsens(placement), placement


def test_vms_take_refuge_only_where_they_may_run() -> None:
    """There is room on c, where a rule keeps x away."""
    only = rule("host_affinity", ["x"], hosts=["a", "b"])
    indexed = posed(cluster(a={"x": 600}, b={"y": 500}, c={}), None, only)
    variables = Variables(indexed, [], fixed={})
    add_failures(variables, [("a",)], Refuge())
    assert not solve_program(variables.program, {}, Effort()).has_values
    free = posed(cluster(a={"x": 600}, b={"y": 500}, c={}))
    variables = Variables(free, [], fixed={})
    add_failures(variables, [("a",)], Refuge())
    assert solve_program(variables.program, {}, Effort()).has_values


def test_hosts_that_are_emptied_take_nobody_over() -> None:
    """a is to be emptied, so nothing is left for y when b fails."""
    indexed = posed(cluster(a={}, b={"y": 600}, c={"z": 600}), evacuation("a"))
    variables = Variables(indexed, [], fixed={})
    add_failures(variables, [("b",)], Refuge())
    assert not solve_program(variables.program, {}, Effort()).has_values


def test_a_cut_learns_failures_and_then_placements() -> None:
    """Known failures teach nothing more, so the placement itself is forbidden; others are not."""
    indexed = posed(cluster(a={"x": 300}, b={"y": 300}, c={"z": 700}, d={}))
    cuts = Cuts(indexed.problem)
    crowded = indexed.placement({0: 2})
    cuts.add(crowded)
    learned = list(cuts.failures)
    cuts.add(crowded)
    assert cuts.failures == learned
    assert not allowed(indexed, cuts, {0: 2})
    assert allowed(indexed, cuts, {})
    assert allowed(indexed, cuts, {0: 3})


def test_failures_of_hosts_to_be_emptied_are_not_learned() -> None:
    """Nothing runs there afterwards."""
    indexed = posed(cluster(a={"x": 800}, b={"y": 800}, c={}), evacuation("a"))
    cuts = Cuts(indexed.problem)
    cuts.add(indexed.placement({0: 2}))
    assert cuts.failures
    assert all("a" not in failed for failed in cuts.failures)


def test_the_least_room_that_would_do() -> None:
    """x goes to c; should b fail then, 100 MiB are missing on c for y, or as much should c fail."""
    indexed = posed(cluster(a={"x": 600}, b={"y": 500}, c={}), evacuation("a"))
    room = find_spare_room(indexed, [("b",), ("c",)], Effort())
    assert sum(amount.memory_mib for amount in room.values()) == pytest.approx(200, abs=2)
    assert find_spare_room(indexed, [], Effort()) == {}


def test_scattered_room_is_gathered() -> None:
    """z has to go to d; 500 free on each of the other hosts are no place for it should d fail, until b is emptied."""
    facts = cluster(a={"u": 500}, b={"v": 300, "w": 200}, c={"x": 500}, d={}, e={"z": 600})
    indexed = posed(facts, evacuation("e"))
    state = State(indexed)
    state.move(indexed.item_of["z"], indexed.number["d"])
    assert indexed.problem.spare.worsens(indexed.placement(state.moves()))
    assert Gathering(state).run()
    placement = indexed.placement(state.moves())
    assert not indexed.problem.spare.worsens(placement)
    assert indexed.problem.goal.shortfalls(indexed.problem.snapshot, placement) == ()


def test_where_nothing_is_missing_nothing_moves() -> None:
    """What had moved before for no reason comes home."""
    indexed = posed(SMALL)
    state = State(indexed)
    state.move(0, 1)
    assert Gathering(state).run()
    assert state.moves() == {}


def test_room_that_is_not_there_is_not_found() -> None:
    """All VMs are too large for each other's hosts, and one more has lost its place."""
    indexed = posed(cluster(a={"x": 600}, b={"y": 600}, c={}))
    state = State(indexed)
    state.move(0, 2)
    assert Gathering(state).run()
    full = posed(cluster(a={"x": 600}, b={"y": 600}, c={"z": 600}, d={}), evacuation("a"))
    state = State(full)
    state.move(0, 3)
    assert not Gathering(state).run()


def test_the_policy_of_tight_has_no_spare_hosts() -> None:
    """Without them nothing is cut off."""
    indexed = Indexed(problem(SMALL, {"goal": "balance"}, TIGHT))
    cuts = Cuts(indexed.problem)
    cuts.add(indexed.problem.snapshot.placement)
    assert cuts.failures == []
    assert not indexed.problem.spare.worsens(indexed.placement({0: 1}))
