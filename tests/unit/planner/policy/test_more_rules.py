# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules across failure domains, between groups, about licences, and about VMs that stay."""

from __future__ import annotations

import pytest

from planner.cluster.parse import parse_cluster
from planner.errors import Immovable, Infeasible, InputError
from planner.pipeline import make_plan
from planner.policy.anti_affinity import AntiAffinity
from planner.policy.licence import Licence
from planner.policy.separation import Separation
from tests.unit.planner.builders import Facts, cluster, domain, evacuation, host, policy, rule

RACKS: Facts = {
    "hosts": [
        host(name, labels={"rack": rack})
        for name, rack in (("a", "r1"), ("b", "r1"), ("c", "r2"), ("d", "r3"))
    ],
    "domains": [domain("x", "a"), domain("y", "c"), domain("load", "d", 700)],
}
SEPARATION = {"type": "separation", "name": "rivals", "groups": [["x"], ["y", "z"]]}


def test_anti_affinity_across_racks_counts_racks() -> None:
    """Two VMs on different hosts of one rack break a rule across racks."""
    snapshot = parse_cluster(RACKS)
    apart = AntiAffinity(name="apart", domains=("x", "y"), across="rack")
    assert apart.amount(snapshot, {"x": "a", "y": "b"}) == 1
    assert apart.amount(snapshot, {"x": "a", "y": "c"}) == 0


def test_evacuation_keeps_racks_apart() -> None:
    """y leaves its rack for the third one, though a host in the first rack is emptier."""
    plan = make_plan(
        RACKS, policy(rule("anti_affinity", ["x", "y"], across="rack")), evacuation("c")
    )
    assert plan["placement"]["y"] == "d"


def test_licence_counts_hosts() -> None:
    """Three hosts in use with two licensed are one too many."""
    facts = cluster(a={"x": 1}, b={"y": 1}, c={"z": 1})
    licence = Licence(name="db", domains=("x", "y", "z"), at_most_hosts=2)
    assert licence.amount(parse_cluster(facts), {"x": "a", "y": "b", "z": "c"}) == 1


def test_evacuation_keeps_to_licensed_hosts() -> None:
    """The VM goes to the host that is in use for its licence already, though another is emptier."""
    facts = cluster(a={"x": 100}, b={"y": 100, "load": 500}, c={})
    plan = make_plan(
        facts,
        policy(rule("licence", ["x", "y"], at_most_hosts=1, strictness="required")),
        evacuation("a"),
    )
    assert plan["placement"]["x"] == plan["placement"]["y"]
    kept = make_plan(facts, policy(rule("licence", ["y"], at_most_hosts=1)), evacuation("a"))
    assert kept["placement"]["y"] == "b"


def test_licence_without_room_is_named() -> None:
    """No room on the licensed host: the licence is the reason."""
    facts = cluster(a={"x": 300}, b={"y": 100, "load": 800}, c={})
    rules = policy(
        rule("licence", ["x", "y"], at_most_hosts=1, strictness="required"),
        rule("stay", ["y", "load"]),
    )
    with pytest.raises(Infeasible, match="licence"):
        make_plan(facts, rules, evacuation("a"))


def test_separation_counts_groups_per_host() -> None:
    """Two groups on one host are one too many; two VMs of one group are none."""
    facts = cluster(a={"x": 1}, b={"y": 1, "z": 1})
    apart = Separation(name="rivals", domains=("x", "y", "z"), groups=(("x",), ("y", "z")))
    assert apart.amount(parse_cluster(facts), {"x": "a", "y": "a", "z": "b"}) == 1
    assert apart.amount(parse_cluster(facts), {"x": "a", "y": "b", "z": "b"}) == 0
    assert (
        apart.amount_during(parse_cluster(facts), {"x": ("a", "b"), "y": ("b",), "z": ("b",)}) == 1
    )


def test_evacuation_keeps_groups_apart() -> None:
    """x avoids the emptier host where its rivals are."""
    facts = cluster(a={"x": 100}, b={"y": 100, "z": 100}, c={"load": 500})
    assert make_plan(facts, policy(SEPARATION), evacuation("a"))["placement"]["x"] == "c"


def test_separation_without_a_free_host_is_named() -> None:
    """Where every other host has rivals, the rule is named as the reason."""
    facts = cluster(a={"x": 100}, b={"y": 100, "z": 100})
    with pytest.raises(Infeasible, match="separation rule rivals"):
        make_plan(facts, policy(SEPARATION), evacuation("a"))


def test_groups_do_not_overlap() -> None:
    """A VM in two of the groups would have to be apart from itself."""
    with pytest.raises(InputError, match="x is in two of the groups"):
        make_plan(
            cluster(a={"x": 1}), policy({**SEPARATION, "groups": [["x"], ["x"]]}), evacuation("a")
        )


def test_a_vm_that_stays_is_moved_by_no_goal() -> None:
    """Balance leaves it alone; the evacuation of its host is refused, naming the rule."""
    facts = cluster(a={"x": 400, "y": 400}, b={})
    document = policy(rule("stay", ["x"]))
    assert make_plan(facts, document, {"goal": "balance"})["placement"]["x"] == "a"
    with pytest.raises(Immovable, match="the stay rule stay keeps it there"):
        make_plan(facts, document, evacuation("a"))
