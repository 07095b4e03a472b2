# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items packed into hosts that stay, one after the other, with ejections, and by their sizes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from planner.solver.indexed import Indexed
from planner.solver.milp.backend import Effort
from planner.solver.milp.program import Ending
from planner.solver.search.neighbours import PARTNERS, partners
from planner.solver.search.pack import Packing
from planner.solver.search.place import place_spreading, spread_moved
from planner.solver.search.repack import Neighbourhood, Repacking, follow, repack
from planner.solver.search.state import State
from tests.unit.planner.builders import Facts, cluster, domain, host, policy, problem, rule
from tests.unit.planner.strategies import clusters

BALANCE = {"goal": "balance"}


def packing(facts: Facts, hosts: list[int] | None = None, *rules: dict[str, Any]) -> Packing:
    """Return a packing into some hosts, or all."""
    indexed = Indexed(problem(facts, BALANCE, policy(*rules)))
    return Packing(State(indexed), range(len(indexed.hosts)) if hosts is None else hosts)


def named(found: Packing, items: list[int]) -> list[str]:
    """Return the names of items."""
    return [found.state.indexed.items[item].members[0] for item in items]


def items_of(found: Packing, *names: str) -> list[int]:
    """Return items by their names."""
    return [found.state.indexed.item_of[name] for name in names]


def where(found: Packing) -> dict[str, str]:
    """Return the host of each VM."""
    return dict(found.state.indexed.placement(found.state.moves()))


CROWD = cluster(a={"l": 600, "m": 300, "s": 100}, b={"p": 400}, c={"q": 700}, d={})


def test_what_fits_is_packed_the_largest_first() -> None:
    """Into the hosts that stay only: 600 beside 400, 300 beside 700; for the last nothing is left."""
    found = packing(CROWD, [1, 2])
    left = found.fill(items_of(found, "s", "m", "l"))
    assert named(found, left) == ["s"]
    assert {name: where(found)[name] for name in "lms"} == {"l": "b", "m": "c", "s": "a"}
    assert found.room(1) == found.room(2)
    assert found.room(1)[0] == 0


def test_without_parts_it_ends_at_the_first_size_that_does_not_fit() -> None:
    """A host is only emptied if all of its VMs fit elsewhere."""
    found = packing(cluster(a={"l": 900, "s": 100}, b={"p": 400}), [1])
    assert named(found, found.fill(items_of(found, "l", "s"), partly=False)) == ["l"]
    assert where(found)["s"] == "a"
    assert found.fill(items_of(found, "s")) == []


def test_a_mark_brings_everything_back() -> None:
    """Items, hosts that were closed, and hosts that were opened."""
    found = packing(CROWD, [0, 1, 2])
    before, mark = where(found), found.mark()
    found.close(0)
    found.fill(items_of(found, "l", "m"))
    found.reopen(3)
    assert found.hosts == [1, 2, 3]
    assert where(found) != before
    found.take_back(mark)
    assert (found.hosts, where(found)) == ([0, 1, 2], before)
    assert found.items_on[0] == set(items_of(found, "l", "m", "s"))


def test_an_item_in_the_way_goes_elsewhere() -> None:
    """500 fit nowhere before the VM of 300 has left b for c."""
    found = packing(cluster(a={"x": 500}, b={"p": 300, "q": 300}, c={"r": 600}), [1, 2])
    assert found.fill(items_of(found, "x")) == items_of(found, "x")
    assert found.squeeze(items_of(found, "x")) == []
    assert all(found.is_within(host) for host in (1, 2))
    assert where(found)["x"] == "b"
    assert sorted(where(found)[name] for name in "pq") == ["b", "c"]


def test_two_items_change_places_for_a_third() -> None:
    """The sums fit only with 500 and 400 exchanged: x of 500 beside 400, and 500 beside 400."""
    facts = cluster(a={"x": 600}, b={"p": 500}, c={"q": 400, "r": 200})
    found = packing(facts, [1, 2])
    assert found.squeeze(items_of(found, "x")) == []
    assert all(found.is_within(host) for host in (1, 2))
    assert where(found)["x"] in ("b", "c")


def test_what_finds_no_room_is_left_over() -> None:
    """And nothing has moved in vain."""
    facts = cluster(a={"x": 500}, b={"p": 600}, c={"q": 600})
    found = packing(facts, [1, 2])
    assert named(found, found.squeeze(items_of(found, "x"))) == ["x"]
    assert found.state.moves() == {}


def test_rules_keep_items_out() -> None:
    """There is room on b beside the rival, and none of it counts."""
    apart = rule("anti_affinity", ["x", "p"])
    found = packing(cluster(a={"x": 100}, b={"p": 100}, c={"q": 950}), [1, 2], apart)
    assert named(found, found.fill(items_of(found, "x"))) == ["x"]


def test_items_of_one_size_fill_a_host_before_the_next() -> None:
    """Four of 250 fill one host, and the fifth begins another."""
    facts = {
        "hosts": [host(name) for name in "acd"],
        "domains": [domain(f"v{number}", "a", 250, 4) for number in range(5)],
    }
    found = packing(facts, [1, 2])
    assert found.fill(range(5)) == []
    counts = sorted(list(where(found).values()).count(name) for name in "cd")
    assert counts == [1, 4]


def test_spreading_takes_the_emptiest_host() -> None:
    """The largest first: 600 to the empty one, 300 beside 400, 100 to what is emptiest then."""
    found = packing(CROWD)
    state = found.state
    assert place_spreading(state, items_of(found, "s", "m", "l")) == []
    assert {name: where(found)[name] for name in "lms"} == {"l": "d", "m": "b", "s": "d"}


def test_a_tier_is_not_left() -> None:
    """What does not fit there is left over for the next one."""
    found = packing(CROWD)
    left = place_spreading(found.state, items_of(found, "l", "m"), {2})
    assert named(found, left) == ["l"]
    assert where(found)["m"] == "c"
    assert place_spreading(found.state, left, set()) == left


def test_what_moved_is_spread_where_that_costs_nothing() -> None:
    """Two VMs that had to leave need not share a host; one that never moved stays."""
    facts = cluster(a={"x": 300, "y": 300}, b={"p": 100}, c={})
    found = packing(facts)
    for item in items_of(found, "x", "y"):
        found.state.move(item, 1)
    spread_moved(found.state)
    assert sorted(where(found)[name] for name in "xy") != ["b", "b"]
    assert where(found)["p"] == "b"


def test_spreading_ends_where_nothing_has_moved_or_nothing_helps() -> None:
    """One VM on one of two equal hosts is as good as on the other."""
    found = packing(cluster(a={"x": 300}, b={}, c={}))
    spread_moved(found.state)
    assert found.state.moves() == {}
    found.state.move(0, 1)
    spread_moved(found.state)
    assert found.state.moves() == {0: 1}


def test_partners_have_together_what_is_needed() -> None:
    """Those that help most first, of equal ones the first by name, and no more of them than that takes."""
    facts = cluster(a={"x": 500}, b={"p": 400}, c={"q": 950}, d={"r": 100})
    found = packing(facts)
    assert partners(found, range(4), [0], 1.0) == (1,)
    assert partners(found, range(4), [0], 2.0) == (1, 3)
    assert partners(found, [2], [0], 1.0) is None
    assert partners(found, [0], [0], 1.0) is None


def test_partners_are_few() -> None:
    """A model of more hosts would be slow before it is better."""
    names = {f"h{number:02d}": {"v": 990} for number in range(PARTNERS + 10)}
    facts = cluster(a={"x": 500}, **{n: {f"{n}v": 990} for n in names})
    found = packing(facts)
    assert partners(found, range(len(found.hosts)), [0], 1.0) is None
    few = partners(packing(cluster(a={}, **{n: {} for n in names})), range(20), [0], 1.0)
    assert few is not None
    assert len(few) <= PARTNERS


HALVES = cluster(a={"x": 500, "y": 500}, b={"p": 400, "q": 100}, c={"r": 400}, d={})


def test_a_host_is_emptied_into_its_partners_with_fewest_migrations() -> None:
    """Both halves fit beside 400 and 500: nobody else has to move."""
    found = packing(HALVES, [0, 1, 2])
    hood = Neighbourhood((0, 1, 2), closed=frozenset({0}))
    assert repack(found, hood, Effort())
    assert set(found.state.moves()) == set(items_of(found, "x", "y"))
    assert found.items_on[0] == set()


def test_others_make_room_and_their_moves_are_counted() -> None:
    """500 fit nowhere beside 300 and 300 on both: one of them has to go, which costs at least its migration."""
    facts = cluster(a={"x": 500}, b={"p": 300, "q": 300}, c={"r": 300, "s": 300, "t": 50})
    found = packing(facts)
    answer = Repacking(found, Neighbourhood((0, 1, 2), closed=frozenset({0}))).solve(Effort())
    assert answer is not None
    moved = {item for item, _host in answer.moves}
    others = moved - set(items_of(found, "x"))
    items = found.state.indexed.items
    assert len(others) == 1
    assert answer.bound_s == pytest.approx(sum(items[item].cost_s for item in others), rel=1e-3)
    assert follow(found, Neighbourhood((0, 1, 2)), answer)


def test_no_room_at_all_is_proved() -> None:
    """Also by pieces: two VMs of 600 do not share what is free on three hosts."""
    found = packing(cluster(a={"x": 600, "y": 300}, b={"p": 600}, c={"q": 600}))
    model = Repacking(found, Neighbourhood((0, 1, 2), closed=frozenset({0})))
    assert model.solve(Effort()) is None
    assert model.ending is Ending.INFEASIBLE


def test_an_item_that_a_firm_rule_is_about_does_not_leave_a_host_unasked() -> None:
    """The model that keeps rules leaves it; the relaxed one, whose answer is a bound only, may move it."""
    apart = rule("anti_affinity", ["x", "r"])
    found = packing(HALVES, None, apart)
    hood = Neighbourhood((0, 1, 2), closed=frozenset({0}))
    kept = Repacking(found, hood)
    assert kept.solve(Effort()) is None
    assert kept.ending is None
    assert Repacking(found, hood, relaxed=True).solve(Effort()) is not None


def test_of_optional_hosts_no_more_are_used_than_allowed() -> None:
    """Three half-empty hosts fit on two; on one they do not."""
    facts = cluster(a={"x": 300}, b={"y": 300}, c={"z": 600})
    for most, possible in ((2, True), (1, False)):
        found = packing(facts)
        hood = Neighbourhood((0, 1, 2), optional=frozenset({0, 1, 2}), at_most=most)
        assert repack(found, hood, Effort()) is possible
        assert len(set(where(found).values())) == (2 if possible else 3)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(clusters())
def test_packing_never_overfills_a_host_that_was_not_over_full(facts: Facts) -> None:
    """Whatever is put where, and whatever is left over stays at home."""
    found = packing(facts)
    indexed = found.state.indexed
    evicted = list(indexed.items_at[0])
    found.close(0)
    left = found.squeeze(found.fill(evicted))
    assert all(found.state.where[item] == indexed.items[item].home for item in left)
    for stays in found.hosts:
        assert found.is_within(stays)
    assert sorted(item for items in found.items_on.values() for item in items) == list(
        range(len(indexed.items))
    )
