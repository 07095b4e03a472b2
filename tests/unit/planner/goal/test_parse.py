# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Goal documents: what is refused, with the sentence that says so, and what a document means."""

from __future__ import annotations

from typing import Any

import pytest

from planner.errors import InputError, UnknownDomain, UnknownHost
from planner.goal.balance import PRESETS, Balance
from planner.goal.base import Goal
from planner.goal.evacuation import Evacuation
from planner.goal.restoration import Restoration
from tests.unit.planner.builders import cluster, domain, host, problem


def facts() -> dict[str, Any]:
    """Return two hosts that are up and one that is not, with a VM that runs and one that does not."""
    found = cluster(a={"x": 1}, b={})
    found["hosts"].append(host("down", state="unreachable"))
    found["domains"].append(domain("off", "b", state="shutoff"))
    return found


def parsed(**document: Any) -> Goal:
    """Return the goal of a document."""
    return problem(facts(), document).goal


@pytest.mark.parametrize(
    ("document", "error", "sentence"),
    [
        ({"goal": "evacuate"}, InputError, "goal.hosts: the goal evacuate needs a host; name one."),
        ({"goal": "restore"}, InputError, "goal.hosts: the goal restore needs a host; name one."),
        (
            {"goal": "evacuate", "hosts": ["z"]},
            UnknownHost,
            "There is no host z; the hosts are: a, b, down.",
        ),
        (
            {"goal": "evacuate", "hosts": ["down"]},
            InputError,
            "Host down is unreachable, so its VMs can neither be read nor moved; "
            "make its libvirt reachable and gather the facts again.",
        ),
        (
            {"goal": "migrate", "destination": "b"},
            InputError,
            "goal.domain: the goal migrate needs a domain; name it.",
        ),
        (
            {"goal": "migrate", "domain": "x"},
            InputError,
            "goal.destination: the goal migrate needs a destination; name it.",
        ),
        (
            {"goal": "migrate", "domain": "w", "destination": "b"},
            UnknownDomain,
            "There is no VM w on any host; check the name.",
        ),
        (
            {"goal": "migrate", "domain": "off", "destination": "a"},
            InputError,
            "VM off is shutoff on b; only a running or paused VM can be migrated.",
        ),
        (
            {"goal": "migrate", "domain": "x", "destination": "z"},
            UnknownHost,
            "There is no host z; the hosts are: a, b, down.",
        ),
        (
            {"goal": "restore", "hosts": ["a", "b"], "domains": ["x"]},
            InputError,
            "goal.domains: name one host to bring a list of VMs back to.",
        ),
        (
            {"goal": "restore", "host": "a", "domains": ["w"]},
            UnknownDomain,
            "There is no VM w on any host; check the name.",
        ),
        (
            {"goal": "balance", "maintenance": True},
            InputError,
            "goal.maintenance: only an evacuation says whether it is for maintenance, and the goal is balance; "
            "remove it.",
        ),
        (
            {"goal": "repair", "curve": True},
            InputError,
            "goal.curve: the goal repair has no curve; ask for it with balance or consolidate.",
        ),
    ],
)
def test_every_refusal(document: dict[str, Any], error: type[InputError], sentence: str) -> None:
    """Where it is wrong, what is wrong, and what to do."""
    with pytest.raises(error) as caught:
        parsed(**document)
    assert caught.value.message == sentence


def test_hosts_are_named_in_either_way_and_once() -> None:
    """A list, a single one, or both; in the order of names."""
    assert parsed(goal="evacuate", host="b").hosts == ("b",)
    assert parsed(goal="evacuate", hosts=["b", "a"], host="a").hosts == ("a", "b")


def test_an_evacuation_knows_where_vms_go_first_and_last() -> None:
    """Both may name hosts that are not there any more."""
    goal = parsed(goal="evacuate", host="a", prefer=["b"], avoid=["gone"], maintenance=False)
    assert goal == Evacuation(
        emptied=("a",),
        prefer=frozenset({"b"}),
        avoid=frozenset({"gone"}),
        for_maintenance=False,
    )


def test_an_empty_list_brings_nothing_back() -> None:
    """It is not the same as none, which means what the marks say."""
    goal = parsed(goal="restore", hosts=["a", "b"], domains=[])
    assert goal == Restoration(ended=("a", "b"), homes={})
    assert goal.reopened == frozenset({"a", "b"})


@pytest.mark.parametrize("aggressiveness", PRESETS)
def test_a_preset_and_what_replaces_it(aggressiveness: int) -> None:
    """Single values go before those of the preset."""
    goal = parsed(goal="balance", aggressiveness=aggressiveness)
    assert goal == Balance(setting=PRESETS[aggressiveness])
    changed = parsed(goal="balance", aggressiveness=aggressiveness, trigger=0.5, min_gain=0.9)
    assert isinstance(changed, Balance)
    assert (changed.setting.trigger, changed.setting.min_gain) == (0.5, 0.9)
    assert changed.setting.worth_s == PRESETS[aggressiveness].worth_s


def test_how_hard_to_look() -> None:
    """The usual effort without a limit of time, or what the document says."""
    assert (parsed(goal="repair").effort, parsed(goal="repair").time_limit_s) == (3, None)
    goal = parsed(goal="consolidate", effort=5, time_limit_s=2.5, curve=True, at_least=2)
    assert (goal.effort, goal.time_limit_s, goal.curve) == (5, 2.5, True)


def test_an_expansion_without_sleeping_hosts_wakes_none() -> None:
    """And asks for no gain where it wakes some: they are woken for a reason."""
    goal = parsed(goal="expand", aggressiveness=4)
    assert goal.hosts == ()
    assert isinstance(goal, Balance)
    assert goal.setting.min_gain == 0.0
    assert goal.setting.worth_s == PRESETS[4].worth_s
