# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing VMs back, and moving one by hand."""

from __future__ import annotations

import pytest

from planner.errors import Infeasible, InputError, UnknownDomain
from planner.pipeline import make_plan
from tests.unit.planner.builders import TIGHT, cluster, domain, host, policy, rule


def marked(
    facts: dict[str, list[dict[str, object]]], name: str, *vms: str
) -> dict[str, list[dict[str, object]]]:
    """Put a host into maintenance, with a mark of the VMs that left it."""
    mark = {
        "maintenance": True,
        "at": "2026-11-24T09:00:00Z",
        "evacuated": [{"name": vm, "uuid": None} for vm in vms],
    }
    facts["hosts"][0]["marks"] = {name: mark}
    return facts


def test_the_evacuated_vms_come_back() -> None:
    """The VMs in the host's mark come back, no other VM moves."""
    facts = marked(cluster(a={}, b={"x": 100, "other": 100}, c={"y": 100}), "a", "x", "y")
    plan = make_plan(facts, TIGHT, {"goal": "restore", "host": "a"})
    assert plan["placement"] == {"x": "a", "y": "a", "other": "b"}
    assert plan["status"] == "optimal"


def test_a_host_in_maintenance_takes_nothing_else() -> None:
    """The same mark keeps other plans away from the host."""
    facts = marked(cluster(a={}, b={"x": 100}, c={"p": 800}), "a", "x")
    assert make_plan(facts, TIGHT, {"goal": "evacuate", "hosts": ["b"]})["placement"]["x"] == "c"


def test_the_highest_priority_comes_back_first() -> None:
    """Where not all fit, priority decides before number, and the rest is named."""
    facts = cluster(a={"resident": 500}, b={"x": 300, "y": 300, "gold": 500})
    facts["domains"][-1]["priority"] = 3
    plan = make_plan(
        facts, TIGHT, {"goal": "restore", "hosts": ["a"], "domains": ["x", "y", "gold"]}
    )
    assert [step["domain"] for step in plan["steps"]] == ["gold"]
    assert "VM x stays on b: there is no room for it under the policies." in plan["warnings"]


def test_restoring_obeys_rules() -> None:
    """A VM whose rival moved in meanwhile stays away."""
    facts = cluster(a={"rival": 100}, b={"x": 100})
    rules = policy(rule("anti_affinity", ["x", "rival"]))
    plan = make_plan(facts, rules, {"goal": "restore", "hosts": ["a"], "domains": ["x"]})
    assert plan["steps"] == []


def test_restoring_without_a_mark_does_nothing() -> None:
    """A host that nothing was moved away from needs nothing back."""
    plan = make_plan(cluster(a={}, b={"x": 1}), TIGHT, {"goal": "restore", "host": "a"})
    assert plan["message"].startswith("Nothing to do")


def test_one_vm_goes_where_a_person_says() -> None:
    """Migrate moves exactly the VM named to exactly the host named."""
    plan = make_plan(
        cluster(a={"x": 1, "y": 1}, b={}),
        TIGHT,
        {"goal": "migrate", "domain": "x", "destination": "b"},
    )
    assert plan["placement"] == {"x": "b", "y": "a"}
    assert plan["steps"][0]["reason"] == "asked to run on b"


@pytest.mark.parametrize(
    ("goal", "error", "words"),
    [
        (
            {"domain": "x", "destination": "full"},
            Infeasible,
            "it needs 300 MiB of memory, and 100 are free there",
        ),
        ({"domain": "x", "destination": "resting"}, Infeasible, "resting is in maintenance"),
        ({"domain": "x", "destination": "rivals"}, Infeasible, "allows 1 of its VMs on rivals"),
        ({"domain": "nobody", "destination": "full"}, UnknownDomain, "There is no VM nobody"),
        ({"domain": "off", "destination": "full"}, InputError, "off is shutoff on a"),
        ({"domain": "x"}, InputError, "needs a destination"),
    ],
)
def test_refused_with_the_reason(goal: dict[str, str], error: type[Exception], words: str) -> None:
    """A host that cannot take the VM is refused before anything moves, and the reason is said."""
    facts = {
        "hosts": [host("a"), host("full"), host("resting", maintenance=True), host("rivals")],
        "domains": [
            domain("x", "a", 300),
            domain("y", "full", 900),
            domain("z", "rivals"),
            domain("off", "a", state="shutoff"),
        ],
    }
    with pytest.raises(error) as caught:
        make_plan(facts, policy(rule("anti_affinity", ["x", "z"])), {"goal": "migrate", **goal})
    assert words in str(caught.value)
