# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an execution comes to."""

from __future__ import annotations

from typing import Any

from ansible_collections.drover.libvirt.plugins.plugin_utils._conclusion import Allowance, conclude

PLAN: dict[str, Any] = {
    "goal": "evacuate",
    "goal_hosts": ["kvm1"],
    "makespan_s": 3.0,
    "steps": [
        {
            "id": "m1",
            "domain": "web",
            "uuid": "u1",
            "source": "kvm1",
            "destination": "kvm2",
            "after": [],
        }
    ],
}
LATE = {"name": "late", "uuid": "u9", "active": True, "state": "running"}
WEB = {"name": "web", "uuid": "u1", "active": True, "state": "running"}


def answer(seen: list[dict[str, Any]], outcome: str = "moved", reason: str = "") -> dict[str, Any]:
    """Return what the executor answered."""
    ends = {"source": "kvm1", "destination": "kvm2"}
    told = {"id": "m1", "domain": "web", **ends, "outcome": outcome, "reason": reason}
    return {"outcomes": [told], "moved": [], "duration_s": 40.0, "seen": {"kvm1": seen}}


def test_an_evacuation_that_found_its_host_empty_succeeds() -> None:
    result = conclude(PLAN, answer([]), Allowance())
    assert result["goal"]["holds"]
    assert "failed" not in result


def test_a_host_that_is_not_empty_is_planned_for_once_more() -> None:
    result = conclude(PLAN, answer([LATE]), Allowance(tries=3, time_limit_s=60))
    assert result["again"] == {"tries": 2, "time_limit": 20}
    assert "failed" not in result
    assert result["report"].endswith("planned). This is planned once more.")


def test_at_last_it_fails_and_says_what_is_there() -> None:
    for allowance in (Allowance(), Allowance(3, 30.0), Allowance(3, stopped=True)):
        result = conclude(PLAN, answer([LATE]), allowance)
        assert result["failed"]
        assert result["again"] is None
        assert result["msg"].startswith("kvm1 is not empty: late (running")


def test_a_failure_says_why_the_vm_stayed() -> None:
    result = conclude(PLAN, answer([WEB], "not_moved", "It was too busy."), Allowance(3))
    assert result["failed"]
    assert result["msg"] == "kvm1 is not empty: web (running). web (kvm1 → kvm2): It was too busy."
