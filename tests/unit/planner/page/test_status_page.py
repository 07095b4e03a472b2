# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a cluster: hosts, VMs, what sleeps, what ran, and nothing from outside as markup."""

from __future__ import annotations

from typing import Any

import pytest

from planner.page.status import status_page
from tests.unit.planner.builders import Facts, domain, host
from tests.unit.planner.page.reading import Element, parsed
from tests.unit.planner.page.test_plan_page import HOSTILE

AT = "2026-11-29T22:10:00+01:00"


def facts(vm: str = "web", reason: str = "It uses a host device.") -> Facts:
    """Return a cluster of which a host is in maintenance and another sleeps."""
    asleep = {
        "since": "2026-11-29T20:00:00Z",
        "reason": "night",
        "by": "root@ctl",
        "method": "redfish",
    }
    found = {
        "hosts": [
            host(
                "a",
                2048,
                8,
                history={"age_s": [600.0, 300.0], "span_s": [300, 300], "cpu_usage": [2, 4]},
            ),
            host("b", 2048, 8, maintenance=True),
            host("c", 2048, 8, state="asleep", power={**asleep, "off_s": 7200, "idle_w": 100}),
        ],
        "domains": [
            domain(vm, "a", 1024, 2, 1.0),
            domain("db", "b", 512),
            domain("old", "b", 512, state="shutoff"),
        ],
    }
    found["domains"][1]["blockers"] = [{"code": "hostdev", "message": reason}]
    return found


def execution(state: str = "ended", **more: Any) -> dict[str, Any]:
    """Return what a host keeps of an execution."""
    return {
        "execution": "e1", "coordinator": "a", "since_s": 1.78e9, "purpose": "evacuate b", "owner": "alice@ctl",
        "state": state, "steps": 3, "moved": 3, "under_way": [], "unsettled": [], **more,
    }  # fmt: skip


def page(cluster: Facts, *executions: dict[str, Any], title: str = "Cluster kvm") -> Element:
    """Return the page as a tree."""
    return parsed(status_page(cluster, executions, AT, title))


def test_the_cluster_now() -> None:
    """Hosts with their load and marks, VMs with what keeps them, and what sleeps with the way to wake it."""
    found = page(facts())
    hosts = {row[0]: row[1:] for row in found.one("host-table").rows()}
    assert hosts["a"][:5] == ["1", "1 of 8 CPUs 12 %", "1 of 2 GiB 50 %", "2", "8"]
    assert hosts["a"][5] == "25% to 50% in 0.1 h"
    assert set(hosts) == {"a", "b maintenance", "c asleep"}
    vms = {row[0]: row[1:] for row in found.one("vm-table").rows()}
    assert vms["db"][0] == "b"
    assert vms["db"][-1] == "cannot migrate: It uses a host device."
    assert "drover.libvirt.wake -e drover_hosts=c" in found.one("asleep").text
    assert "which saved 0.2 kWh" in found.one("asleep").text
    assert "Hosts up2 of 31 in maintenance, 1 asleep" in found.one("summary").text


def test_what_ran_and_what_is_open() -> None:
    """The newest execution comes first; what runs and what nobody has ended stand at the top of the page, too."""
    item = {"domain": "web", "source": "a", "destination": "b", "percent": 40.0, "reason": ""}
    old, new = execution(since_s=1.7e9, moved=2), execution("running", under_way=[item], moved=1)
    dead = execution("unfinished", purpose="balance", since_s=1.6e9, unsettled=[item])
    found = page(facts(), old, new, dead)
    assert [row[1:4] for row in found.one("executions").rows()] == [
        ["running", "evacuate b", "1 of 3"],
        ["not all moved", "evacuate b", "2 of 3"],
        ["unfinished", "balance", "3 of 3"],
    ]
    assert "web: a → b, 40 %." in found.one("executions").text
    assert "Unfinished executions1balance" in found.one("summary").text


@pytest.mark.parametrize("name", HOSTILE)
def test_names_never_become_markup(name: str) -> None:
    """Whatever VMs, owners and reasons are called, the page has the same elements."""

    def shape(text: str) -> list[tuple[str, list[str]]]:
        tree = page(facts(text, text), execution(owner=text, purpose=text), title=text)
        return [(element.tag, sorted(element.attributes)) for element in tree.walk()]

    assert shape(name) == shape("plain")


def test_a_cluster_where_nothing_ran() -> None:
    """There is a sentence in the place of an empty table."""
    assert "No host has carried out a plan yet." in page(facts()).one("executions").text
