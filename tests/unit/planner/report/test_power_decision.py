# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was decided about the power of hosts, as text and as a difference."""

from __future__ import annotations

from typing import Any

import pytest

from planner.report.power import power_diff, render_decision


def decision(action: str, *hosts: str, **refused: str) -> dict[str, Any]:
    """Return a decision with one reason."""
    return {"action": action, "hosts": list(hosts), "why": ["So it is."], "refused": refused}


@pytest.mark.parametrize(
    ("action", "hosts", "title"),
    [
        ("wake", ["a"], "Wake a."),
        ("wake", ["a", "b"], "Wake a and b."),
        ("relieve", ["a"], "Take VMs off a."),
        ("sleep", ["a", "b"], "Put a and b to sleep."),
        ("none", [], "Nothing to do."),
    ],
)
def test_what_is_done_comes_first_and_then_why(action: str, hosts: list[str], title: str) -> None:
    """Nothing follows where no host was refused."""
    assert render_decision(decision(action, *hosts)) == f"{title}\nSo it is."


def test_hosts_that_stay_on_are_named_with_the_reason() -> None:
    """One a line."""
    text = render_decision(decision("none", b="it is not proven", c="VMs run there"))
    assert text.split("\n")[2:] == [
        "These stay on:",
        "  b: it is not proven",
        "  c: VMs run there",
    ]


HOSTS = [{"name": "b"}, {"name": "a", "state": "asleep"}, {"name": "c", "state": "up"}]


@pytest.mark.parametrize(
    ("action", "host", "after"),
    [
        ("wake", "a", "a: on\nb: on\nc: on\n"),
        ("sleep", "c", "a: asleep\nb: on\nc: asleep\n"),
        ("none", "", "a: asleep\nb: on\nc: on\n"),
    ],
)
def test_the_difference(action: str, host: str, after: str) -> None:
    """All hosts in the order of names, with what each is then."""
    hosts = [host] if host else []
    assert power_diff(decision(action, *hosts), HOSTS) == {
        "before": "a: asleep\nb: on\nc: on\n",
        "after": after,
    }
