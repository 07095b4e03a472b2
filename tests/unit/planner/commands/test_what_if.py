# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters changed by hand on the command line, and what is said of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import pytest

from planner.cluster.resources import Resources
from planner.commands.arguments import GOALS
from planner.commands.what_if import add_edits, edited, room_of, state_of, told, told_room
from planner.errors import InputError
from tests.unit.planner.builders import cluster, policy, problem, rule


def options(add: Callable[[argparse.ArgumentParser], None], *arguments: str) -> argparse.Namespace:
    """Return options as a shell gives them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--goal", choices=GOALS)
    add(parser)
    return parser.parse_args(arguments)


FACTS = cluster(a={"x": 400}, b={})


def changed(*arguments: str) -> dict[str, Any]:
    """Return the facts after changes."""
    found: dict[str, Any] = edited(FACTS, options(add_edits, *arguments))
    return found


def test_changes_are_made_in_the_order_that_makes_sense() -> None:
    """What is added may be grown; what is removed first leaves a host that can be removed then."""
    found = changed(
        "--remove-host", "a", "--remove-vm", "x", "--grow", "y:4:200", "--add-vm", "y:c:2:100", "--add-host", "c:8:500"
    )  # fmt: skip
    assert [entry["name"] for entry in found["hosts"]] == ["b", "c"]
    [vm] = found["domains"]
    assert (vm["vcpus"], vm["memory_mib"], vm["cpu_usage"]) == (4, 200, 2.0)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--add-host", "c:8"], "'c:8' needs 3 parts with colons between them."),
        (["--add-host", "c::500"], "'c::500' needs 3 parts with colons between them."),
        (["--add-vm", "y:a:2"], "'y:a:2' needs 4 parts with colons between them."),
        (["--add-host", "c:8:big"], "'big' in 'c:8:big' is not a number above 0."),
        (["--grow", "x:0:500"], "'0' in 'x:0:500' is not a number above 0."),
        (["--grow", "x:-1:500"], "'-1' in 'x:-1:500' is not a number above 0."),
    ],
)
def test_changes_that_are_none(arguments: list[str], sentence: str) -> None:
    """Each names the text that is wrong."""
    with pytest.raises(InputError) as caught:
        changed(*arguments)
    assert caught.value.message == sentence


def test_a_changed_cluster_in_words() -> None:
    """Its hosts, what is above a limit or broken, and what a failure would do."""
    facts = cluster(a={"x": 700, "y": 400}, b={"z": 300})
    posed = problem(facts, {"goal": "repair"}, policy(rule("anti_affinity", ["x", "y"])))
    state = state_of(posed, ["b"])
    assert told(state).split("\n") == [
        "host  VMs  memory            vCPUs    busy",
        "a       2  1100 of 1000 MiB  2 of 16  0.0 of 16",
        "b       1  300 of 1000 MiB   1 of 16  0.0 of 16",
        "a carries 1100 MiB of memory, more than its limit of 1000.",
        "anti_affinity allows 1 of its VMs on a, but there are 2: x, y.",
        "",
        "If b failed, 0 VMs could be started elsewhere, and there would be no place for 1: z.",
        "",
    ]
    assert state["failure"]["unplaced"] == ["z"]
    assert "failure" not in state_of(posed, [])
    survived = told(state_of(problem(FACTS, {"goal": "repair"}), ["a"]))
    assert survived.endswith("started on the other hosts.\n  x on b\n")


def test_the_room_of_a_cluster_in_words() -> None:
    """With the hosts that may fail, where some may."""
    posed = problem(FACTS, {"goal": "repair"})
    room = room_of(posed, Resources(100, 2, 0.0), 1)
    assert told_room(room).split("\n") == [
        "14 more VMs of 2 vCPUs and 100 MiB fit without moving any other.",
        "6 of them so that any 1 of the hosts may still fail.",
        "",
        "  host  fit  short first of",
        "  a       6  memory",
        "  b       8  vCPUs",
        "",
    ]
    assert "may still fail" not in told_room(room_of(posed, Resources(100, 2, 0.0), None))
