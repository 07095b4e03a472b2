# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How runs end, in words."""

from __future__ import annotations

from typing import Any

import pytest

from planner.pipeline import make_plan
from planner.report.closing import (
    NOTHING,
    close_plan,
    close_power,
    close_rolling,
    close_status,
    close_words,
)
from tests.unit.planner.builders import cluster

NOW = "2026-11-29T10:00:00+00:00"


def ended(goal: dict[str, Any], *, is_check: bool = False, **hosts: dict[str, int]) -> str:
    """Plan for a goal, say that every step succeeded, and return the last line."""
    plan = make_plan(cluster(**hosts), None, {**goal, "now": NOW})
    outcomes = [{**step, "outcome": "moved"} for step in plan["steps"]]
    return close_plan(plan, [] if is_check else outcomes, is_check=is_check).text


def test_an_evacuation() -> None:
    """What is true now, what was moved where, and the way back."""
    assert ended({"goal": "evacuate", "hosts": ["a"]}, a={"x": 100}, b={}) == (
        "a is empty and in maintenance. 1 VM moved: x to b. "
        "Bring the VMs back with drover.libvirt.restore -e drover_hosts=a."
    )


def test_what_others_did_meanwhile_is_told() -> None:
    """A VM that its owner removed or shut down is no failure of an evacuation, and is named."""
    plan = make_plan(
        cluster(a={"x": 100, "y": 100}, b={}),
        None,
        {"goal": "evacuate", "hosts": ["a"], "now": NOW},
    )
    words = {"x": "gone", "y": "off"}
    outcomes = [{**step, "outcome": words[step["domain"]]} for step in plan["steps"]]
    said = close_plan(plan, outcomes, is_check=False).text
    assert "No VM was moved. Changed by others: x is gone, y is off." in said


def test_a_check_says_first_that_nothing_was_changed() -> None:
    """Then what would be, how long that is predicted to take, and how to do it."""
    said = ended({"goal": "evacuate", "hosts": ["a"]}, is_check=True, a={"x": 100}, b={})
    assert said == (
        f"{NOTHING} 1 migration is planned, predicted to take 2.1 s. The same command without --check does it."
    )


@pytest.mark.parametrize("is_check", [True, False])
def test_an_empty_host(is_check: bool) -> None:
    """Its mark is what there is to do."""
    said = ended({"goal": "evacuate", "hosts": ["a"]}, is_check=is_check, a={}, b={"x": 1})
    expected = (
        "no VM is to be moved; the mark for maintenance would be set"
        if is_check
        else "No VM was moved."
    )
    assert expected in said


def test_nothing_to_do_has_nothing_to_be_done() -> None:
    """A check of a balanced cluster proposes no command."""
    said = ended({"goal": "balance"}, is_check=True, a={"x": 100}, b={"y": 100})
    assert said == f"{NOTHING} Nothing would be moved."


def test_a_migration_has_a_way_back() -> None:
    """To the host that the VM came from."""
    said = ended({"goal": "migrate", "domain": "x", "destination": "b"}, a={"x": 100}, b={})
    assert said == (
        "x runs on b. 1 VM moved: x to b. Back: drover.libvirt.migrate -e drover_vm=x -e drover_destination=a."
    )


def test_a_balance_tells_units() -> None:
    """Of what the figures are per cent."""
    said = ended({"goal": "balance", "aggressiveness": 5}, a={"x": 300, "y": 300}, b={})
    assert "Memory deviates by" in said
    assert "% of the hosts' limits" in said


def test_a_consolidation_says_what_may_be_switched_off() -> None:
    """And how, and how to spread the VMs again."""
    said = ended({"goal": "consolidate"}, a={"x": 100}, b={"y": 100})
    assert "empty and may be switched off" in said
    assert "drover.libvirt.power -e drover_hosts=" in said
    assert "drover.libvirt.balance" in said


def test_a_repair_with_and_without_a_rest() -> None:
    """It does not say that all is in order where it is not."""
    assert ended({"goal": "repair"}, a={"x": 100}).startswith("All rules and limits are kept.")
    said = ended({"goal": "repair"}, c={"big": 1000}, a={})
    assert said.startswith("Not everything holds")


def test_many_vms_are_counted() -> None:
    """No line of a hundred names."""
    vms = {f"vm{number}": 10 for number in range(20)}
    said = ended({"goal": "evacuate", "hosts": ["a"]}, a=vms, b={}, c={})
    assert "20 VMs moved: " in said
    assert "and 15 more." in said


def test_hostile_names() -> None:
    """They cannot play with the terminal."""
    said = ended({"goal": "evacuate", "hosts": ["a"]}, a={"x\x1b[2J": 1}, b={})
    assert "\x1b" not in said


def test_a_look_at_the_cluster() -> None:
    """Who is not up, whether anything runs, and what is to be ended."""
    facts = cluster(a={"x": 100}, b={}, c={})
    facts["hosts"][0]["maintenance"] = True
    facts["hosts"][1]["state"] = "unreachable"
    closing = close_status(facts, "")
    assert closing.text == (
        "2 of 3 hosts are up; unreachable: b. No execution runs or is unfinished. "
        "In maintenance: a; drover.libvirt.restore -e drover_hosts=a ends that."
    )
    assert "No execution" not in close_status(facts, "Running: evacuate b").text


def test_power() -> None:
    """From what is on record, each host with its state."""
    marks = {"a": {"state": "asleep"}, "b": {"state": "unconfirmed"}}
    closing = close_power(["a", "b"], marks, "sleep", is_check=False)
    assert closing.text == (
        "a is asleep. b is silent, and nobody has confirmed that the power is off. "
        "Wake with drover.libvirt.wake -e drover_hosts=a."
    )
    assert close_power(["c"], {}, "wake", is_check=False).text == "c is on and in service."
    assert close_power(["c"], {}, "wake", is_check=True).text.startswith(
        f"{NOTHING} c would be woken."
    )
    assert close_power([], {}, "sleep", is_check=False).changes == NOTHING


def test_rolling() -> None:
    """How many, with what; and where all are done already."""
    assert close_rolling(["a", "b"], "/ops/u.yml", is_check=False).text == (
        "a, b are in service again. 2 hosts maintained with /ops/u.yml."
    )
    assert close_rolling(["a"], "u.yml", is_check=True).text.startswith(NOTHING)
    assert close_rolling([], "u.yml", is_check=False).text.startswith("All hosts are done already.")


def test_a_closing_is_data_first() -> None:
    """What is shown is in the result."""
    closing = close_words("All is well.", "Nothing moved.", is_check=False)
    assert closing.to_document() == {
        "now": "All is well.",
        "changes": "Nothing moved.",
        "next": "",
        "is_check": False,
        "text": "All is well. Nothing moved.",
    }
