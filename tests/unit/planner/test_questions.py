# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Explanations, changed clusters, failures, and the room that is left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.advice.explain import explain
from planner.cluster.resources import Resources
from planner.commands.drover import main
from planner.errors import UnknownDomain, UnknownHost
from planner.pipeline import make_plan
from planner.whatif.failure import fail
from planner.whatif.room import room_for
from tests.unit.planner.builders import (
    TIGHT,
    Facts,
    cluster,
    evacuation,
    host,
    policy,
    problem,
    rule,
)

REPAIR = {"goal": "repair"}


def test_each_other_host_has_its_reason() -> None:
    """For a VM that moves, the plan says of every other host why not: full, forbidden, in maintenance, or fuller."""
    facts = cluster(a={"x": 300}, b={"y": 900}, c={"z": 100}, d={"w": 200}, e={})
    facts["hosts"].append(host("f", maintenance=True))
    document = policy(rule("anti_affinity", ["x", "z"]), rule("stay", ["y", "z", "w"]))
    why = make_plan(facts, document, evacuation("a"))["explanations"]["x"]
    assert why["a"] == "a is to be emptied"
    assert "b would carry 1200 MiB of memory of 1000" in why["b"]
    assert "allows 1 of its VMs on c" in why["c"]
    assert "d could take it, but would be 50% full; e is 30% full with it" in why["d"]
    assert why["f"] == "f is in maintenance"


def test_explain_tells_of_moves_and_of_vms_that_stay() -> None:
    """A VM that moves, one that has no reason to, one that cannot, and one that is not there."""
    facts = cluster(a={"x": 300}, b={"y": 100, "gpu": 100}, c={})
    facts["domains"][2]["blockers"] = [
        {"code": "hostdev", "message": "it has a device of its host"}
    ]
    plan = make_plan(facts, TIGHT, evacuation("a"))
    assert explain(plan, "x").startswith("x goes from a to c: a is being emptied.")
    assert (
        explain(plan, "y")
        == "y stays on b: no policy and no part of the goal gains enough from moving it.\n"
    )
    assert "it cannot move: it has a device of its host" in explain(plan, "gpu")
    with pytest.raises(UnknownDomain):
        explain(plan, "nobody")


def test_room_counts_per_host_what_is_short_first() -> None:
    """700 MiB free hold seven VMs of 100 MiB, but 8 vCPUs only four with two each."""
    facts: Facts = {"hosts": [host("a", 700, 16), host("b", 1000, 8)], "domains": []}
    room = room_for(problem(facts, REPAIR), Resources(100, 2, 0))
    assert room.per_host == {"a": 7, "b": 4}
    assert room.bottleneck == {"a": "memory", "b": "vCPUs"}
    assert room.with_spare is None


def test_room_with_spare_hosts_leaves_room_for_a_failure() -> None:
    """Three empty hosts hold 30 VMs of 97 MiB; so that one may fail, only as many as two hold."""
    facts: Facts = {"hosts": [host(name, vcpus=64) for name in "abc"], "domains": []}
    room = room_for(problem(facts, REPAIR), Resources(97, 1, 0), spare=1)
    assert room.total == 30
    assert room.with_spare == 20


def test_a_failure_says_who_finds_a_place() -> None:
    """Of two VMs of a failed host one fits elsewhere, and the other is named."""
    facts = cluster(a={"x": 600, "y": 500}, b={"z": 300})
    outcome = fail(problem(facts, REPAIR), ["a"])
    assert outcome.restarted == {"x": "b"}
    assert outcome.unplaced == ("y",)
    assert "no place for 1: y" in outcome.sentence()
    with pytest.raises(UnknownHost):
        fail(problem(facts, REPAIR), ["nowhere"])


@pytest.fixture
def facts_file(tmp_path: Path) -> str:
    """Write a facts file."""
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(cluster(a={"x": 400, "y": 400}, b={})))
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["what-if", "--fail", "a"], 0, "all 2 VMs could be started"),
        (["what-if", "--remove-host", "b", "--fail", "a"], 0, "no place for 2"),
        (["what-if", "--add-host", "c:16:1000", "--goal", "balance"], 0, "even"),
        (["what-if", "--grow", "x:1:900"], 0, "a carries 1300 MiB"),
        (
            [
                "what-if",
                "--add-vm",
                "z:b:1:100",
                "--remove-vm",
                "y",
                "--goal",
                "evacuate",
                "--host",
                "b",
            ],
            0,
            "empties b",
        ),
        (["what-if", "--remove-host", "a"], 2, "still holds x, y"),
        (["what-if", "--grow", "nobody:1:1"], 2, "neither a host nor a VM nobody"),
        (["what-if", "--add-host", "c:many:1"], 2, "is not a number"),
        (["what-if", "--add-host", "c"], 2, "needs 3 parts"),
        (
            ["capacity", "--memory-mib", "100", "--spare", "1"],
            0,
            "so that any 1 of the hosts may still fail",
        ),
        (["capacity", "--spare=-1"], 2, "less than nothing"),
        (["capacity", "--memory-mib=-5"], 2, "less than nothing"),
        (["capacity", "--cpu-usage=nan"], 2, "less than nothing"),
    ],
)
def test_commands(
    facts_file: str, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    """Each question has its answer on standard output, each mistake its sentence on standard error."""
    assert main([arguments[0], "--facts", facts_file, *arguments[1:]]) == code
    captured = capsys.readouterr()
    assert words in (captured.err if code else captured.out)
