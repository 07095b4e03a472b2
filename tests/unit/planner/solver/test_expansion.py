# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waking hosts for a demand."""

from __future__ import annotations

from planner.pipeline import make_plan
from tests.unit.planner.builders import TIGHT, Facts, domain, host

EXPAND = {"goal": "expand"}


def sleeping(name: str, idle_w: float = 100.0, *, ours: bool = True) -> dict[str, object]:
    """Return a host that is off."""
    return host(name, state="asleep" if ours else "off", power={"idle_w": idle_w})


def busy_cluster(*more: dict[str, object]) -> Facts:
    """Return one full host beside others."""
    return {"hosts": [host("a"), *more], "domains": [domain(f"v{n}", "a", 225) for n in range(4)]}


def test_a_full_cluster_wakes_a_host_and_moves_load_onto_it() -> None:
    """900 of 1000 MiB are more than the 80 % that a host is meant for: one host is woken, and gets half."""
    plan = make_plan(busy_cluster(sleeping("b"), sleeping("c")), TIGHT, EXPAND)
    assert plan["power_on"] == ["b"]
    assert len(plan["steps"]) == 2
    assert plan["message"] == "Wake b; then 2 migrations move load onto them."


def test_the_frugal_host_is_woken_first() -> None:
    """Of two sleeping hosts, the one that draws less is taken."""
    plan = make_plan(busy_cluster(sleeping("b", 300), sleeping("c", 90)), TIGHT, EXPAND)
    assert plan["power_on"] == ["c"]


def test_a_stated_demand_wakes_more() -> None:
    """For twice the load two hosts are woken."""
    plan = make_plan(busy_cluster(sleeping("b"), sleeping("c")), TIGHT, {**EXPAND, "demand": 2})
    assert plan["power_on"] == ["b", "c"]


def test_spare_hosts_count() -> None:
    """So that one host may fail, one more is needed than the load alone asks for."""
    facts: Facts = {"hosts": [host("a"), sleeping("b")], "domains": [domain("v", "a", 100)]}
    assert make_plan(facts, TIGHT, EXPAND)["power_on"] == []
    assert make_plan(facts, {**TIGHT, "spare_hosts": 1}, EXPAND)["power_on"] == ["b"]


def test_hosts_that_somebody_else_switched_off_stay_off() -> None:
    """Drover wakes only what Drover put to sleep."""
    plan = make_plan(busy_cluster(sleeping("b", ours=False)), TIGHT, EXPAND)
    assert plan["power_on"] == []
    assert plan["message"].startswith("Nothing to do")
