# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a plan as rows."""

from __future__ import annotations

from typing import Any

import pytest

from planner.page.hosts import comings_and_goings, host_rows, predicted_watts
from planner.page.words import Words

Row = dict[str, Any]


def usage(*domains: str, **more: float) -> Row:
    """Return what a host carries: VMs of 1024 MiB and 2 vCPUs."""
    amounts = {"memory_mib": 1024 * len(domains), "vcpus": 2 * len(domains), "cpu_usage": 0.0}
    return {"domains": list(domains), **amounts, **more}


def host(name: str, before: Row, after: Row, **more: Any) -> Row:
    """Return a host of a plan."""
    limits = {"memory_mib": 4096, "vcpus": 16, "cpu_usage": 4.0}
    sizes = {"memory_mib": 4096, "vcpus": 4, "limits": limits}
    states = {"state": "up", "maintenance": False}
    return {"name": name, **sizes, **states, "before": before, "after": after, **more}


def plan(*hosts: Row, **more: Any) -> Row:
    """Return what is read of a plan."""
    return {"goal": "balance", "goal_hosts": [], "hosts": list(hosts), **more}


def test_a_row_counts_vms_and_tells_the_fullest_resource() -> None:
    """Three of four GiB are 75 %, six of sixteen vCPUs less."""
    [row] = host_rows(plan(host("a", usage("x"), usage("x", "y", "z"))))
    assert (row.vms_before, row.vms_after, row.fullest, row.is_changed) == (1, 3, 75.0, True)
    assert (row.badges, row.watts) == ((), "")


@pytest.mark.parametrize(
    ("of_host", "of_plan", "badge"),
    [
        ({"state": "asleep"}, {}, ("asleep", "sleep")),
        ({"state": "waking"}, {}, ("waking", "sleep")),
        ({"state": "unreachable"}, {}, ("unreachable", "bad")),
        ({"maintenance": True}, {}, ("maintenance", "warn")),
        ({}, {"goal": "evacuate", "goal_hosts": ["a"]}, ("to be emptied", "warn")),
        ({}, {"power_on": ["a"]}, ("to be woken", "good")),
        ({}, {"power_off": ["a"]}, ("may sleep", "sleep")),
    ],
)
def test_what_is_remarkable_about_a_host(
    of_host: Row, of_plan: Row, badge: tuple[str, str]
) -> None:
    """Each of it is a badge with its tone, and only on the host that it is about."""
    found = host_rows(
        plan(host("a", usage(), usage(), **of_host), host("b", usage(), usage()), **of_plan)
    )
    assert [row.badges for row in found] == [(badge,), ()]


def test_a_host_may_have_several_badges() -> None:
    """In the order in which they matter."""
    [row] = host_rows(
        plan(
            host("a", usage(), usage(), state="asleep", maintenance=True),
            power_on=["a"],
        )
    )
    assert [word for word, _tone in row.badges] == ["asleep", "maintenance", "to be woken"]


def test_a_goal_that_names_a_host_empties_it_only_if_it_evacuates() -> None:
    """A restoration names the host that it fills."""
    [row] = host_rows(plan(host("a", usage(), usage()), goal="restore", goal_hosts=["a"]))
    assert row.badges == ()


@pytest.mark.parametrize(
    ("before", "after", "told"), [(120.4, 120.4, "120 W"), (120.0, 0.0, "120 → 0 W")]
)
def test_what_a_host_draws(before: float, after: float, told: str) -> None:
    """A change is told as one."""
    [row] = host_rows(plan(host("a", usage(watts=before), usage(watts=after))))
    assert row.watts == told


def test_the_draw_of_all_hosts() -> None:
    """Before, after, the difference where it is a gain, and of whom it is known."""
    known = host("a", usage(watts=200.0), usage(watts=80.0))
    same = host("b", usage(watts=100.0), usage(watts=100.0))
    more = host("d", usage(watts=10.0), usage(watts=20.0))
    assert predicted_watts(plan(known, same)) == (
        "Predicted draw: 300 W before, 180 W after, 120 W less."
    )
    assert predicted_watts(plan(more)) == "Predicted draw: 10 W before, 20 W after."
    assert predicted_watts(plan(same, host("c", usage(), usage()))) == (
        "Predicted draw: 100 W before, 100 W after (1 of 2 hosts, whose watts are known)."
    )
    assert predicted_watts(plan(host("c", usage(), usage()))) == ""


def test_who_leaves_comes_and_stays() -> None:
    """By the numbers of names, which are kept once."""
    words = Words()
    found = comings_and_goings(plan(host("a", usage("x", "y"), usage("y", "z"))), words)
    [lists] = found.values()
    assert [[words.all[n] for n in numbers] for numbers in lists] == [["x"], ["z"], ["y"]]
    assert words.number("a") in found


def test_the_same_text_has_the_same_number() -> None:
    """Also where it differs only in what nobody can see."""
    words = Words()
    assert words.numbers(["a", "b", "a"]) == [0, 1, 0]
    assert words.number("b") == 1
    assert words.all == ["a", "b"]
