# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance of many hosts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.commands.drover import main
from planner.errors import Infeasible, UnknownHost
from planner.rolling import make_rolling_plan
from tests.benchmarks.instances import POLICY, synthetic
from tests.unit.planner.builders import TIGHT, Facts, cluster


def test_every_host_is_empty_once() -> None:
    """Each batch leaves its hosts empty, and all hosts have their turn."""
    facts = cluster(a={"x": 300}, b={"y": 300, "z": 100}, c={"w": 300})
    plan = make_rolling_plan(facts, TIGHT)
    assert [batch["goal_hosts"] for batch in plan["batches"]] == [["a"], ["c"], ["b"]]
    for batch in plan["batches"]:
        assert not set(batch["goal_hosts"]) & set(batch["placement"].values())


def test_with_an_empty_host_every_vm_moves_once() -> None:
    """An empty host comes first, takes the VMs of the next one, and so on: no VM moves twice."""
    facts = cluster(a={"x": 600, "y": 300}, b={"z": 600, "w": 300}, c={})
    plan = make_rolling_plan(facts, TIGHT)
    assert plan["batches"][0]["goal_hosts"] == ["c"]
    assert plan["migrations"] == plan["bound"] == 4


def test_few_vms_move_twice_in_a_larger_cluster() -> None:
    """Of 80 VMs on eight hosts, hardly more than those of the first batch move twice."""
    plan = make_rolling_plan(synthetic(8, 80, seed=1, first_fit=False), POLICY)
    first = len(plan["batches"][0]["steps"])
    assert plan["migrations"] <= plan["bound"] + 2 * first


def test_two_at_once_where_they_fit() -> None:
    """Batches of two halve the number of batches."""
    facts = cluster(a={"x": 100}, b={"y": 100}, c={"z": 100}, d={})
    assert len(make_rolling_plan(facts, TIGHT, at_once=2)["batches"]) == 2


def test_fewer_at_once_where_more_do_not_fit() -> None:
    """Three full hosts and an empty one: one at a time, though two were asked for."""
    facts = cluster(a={"x": 900}, b={"y": 900}, c={"z": 900}, d={})
    batches = make_rolling_plan(facts, TIGHT, at_once=2)["batches"]
    assert max(len(batch["steps"]) for batch in batches) == 1


def test_a_host_that_cannot_be_emptied_is_named() -> None:
    """The plan stops with the reason, before anything is moved."""
    with pytest.raises(Infeasible, match="stops at a"):
        make_rolling_plan(cluster(a={"x": 900}, b={"y": 900}), TIGHT)
    with pytest.raises(UnknownHost):
        make_rolling_plan(cluster(a={}), TIGHT, ["z"])


def test_the_vms_that_hold_later_hosts_are_named_with_the_first() -> None:
    """One look shows all that is to be done before the maintenance."""
    facts = cluster(a={"x": 100, "v": 100}, b={"y": 100}, c={"z": 100})
    blocker = {"code": "host_device", "message": "It uses a device.", "remedy": "Detach it."}
    for entry in facts["domains"]:
        entry["blockers"] = [blocker] if entry["name"] in "vxz" else []
    with pytest.raises(Infeasible) as caught:
        make_rolling_plan(facts, TIGHT)
    assert caught.value.message.removeprefix("The rolling maintenance stops at ") == (
        "c: VM z cannot leave c: it uses a device; detach it. VMs v, x cannot leave a: it uses a device; detach it."
    )


def test_a_host_takes_vms_again_once_its_maintenance_is_done() -> None:
    """A mark that an interrupted maintenance left on a named host does not keep VMs off it later."""
    facts = cluster(a={}, b={"y": 600})
    mark = {"maintenance": True, "at": "2026-11-24T12:00:00Z"}
    for entry in facts["hosts"]:
        entry["marks"] = {"a": mark}
    plan = make_rolling_plan(facts, TIGHT, ["a", "b"])
    assert [batch["placement"] for batch in plan["batches"]] == [{"y": "b"}, {"y": "a"}]


def test_leaves_alone_what_others_maintain() -> None:
    """Without names the maintenance is for all hosts but those in maintenance, and says so."""
    facts = cluster(a={}, b={"y": 100}, c={})
    facts["hosts"][0]["maintenance"] = True
    plan = make_rolling_plan(facts, TIGHT)
    assert [batch["goal_hosts"] for batch in plan["batches"]] == [["c"], ["b"]]
    assert "a is in maintenance and is left out; name it to maintain it." in plan["warnings"]


def in_maintenance(facts: Facts, *hosts: str) -> Facts:
    """Mark hosts as in maintenance."""
    for entry in facts["hosts"]:
        entry["maintenance"] = entry["name"] in hosts
    return facts


def test_what_was_interrupted_comes_first_and_alone() -> None:
    """A batch that was half way is taken up as it was, before the emptiest host, and nothing else joins it."""
    facts = in_maintenance(cluster(a={}, b={"y": 100}, c={}), "b")
    plan = make_rolling_plan(facts, TIGHT, at_once=2, begun=["b"])
    assert [batch["goal_hosts"] for batch in plan["batches"]] == [["b"], ["a", "c"]]
    assert "b comes first: its maintenance was interrupted." in plan["warnings"]


def test_what_was_interrupted_and_is_not_named_is_not_forgotten() -> None:
    """It has no turn where other hosts are named, and the plan says that it stays in maintenance."""
    facts = in_maintenance(cluster(a={}, b={"y": 100}, c={}), "b")
    plan = make_rolling_plan(facts, TIGHT, ["c"], begun=["b"])
    assert [batch["goal_hosts"] for batch in plan["batches"]] == [["c"]]
    assert plan["warnings"] == [
        "b stays in maintenance: it was interrupted there, and has no turn now."
    ]


def test_what_is_done_is_skipped_and_takes_vms_first() -> None:
    """A host that is done has no second turn, named or not, and the VMs of the next one go there."""
    for named in ([], ["a", "b"]):
        plan = make_rolling_plan(cluster(a={}, b={"y": 100}, c={}), TIGHT, named, done=["a", "c"])
        assert [batch["goal_hosts"] for batch in plan["batches"]] == [["b"]]
        assert "a is skipped: its maintenance is done." in plan["warnings"]
    facts = cluster(a={}, b={"y": 100}, c={})
    plan = make_rolling_plan(facts, TIGHT, ["b", "c"], done=["c"])
    assert plan["batches"][0]["placement"] == {"y": "c"}


def test_nothing_is_left() -> None:
    """When all hosts are done there is no batch, and none of them has a second turn."""
    plan = make_rolling_plan(cluster(a={}, b={"y": 100}), TIGHT, done=["a", "b"])
    assert (plan["batches"], plan["migrations"]) == ([], 0)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`drover rolling` prints a line for each batch, and writes their plans."""
    path, out = tmp_path / "facts.json", tmp_path / "rolling.json"
    path.write_text(json.dumps(cluster(a={"x": 100}, b={})))
    assert main(["rolling", "--facts", str(path), "--out", str(out)]) == 0
    assert "batch 2: a: 1 migration empties a." in capsys.readouterr().out
    assert len(json.loads(out.read_text())["batches"]) == 2
