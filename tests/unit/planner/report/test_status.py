# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's facts as tables: what each host and each VM is doing."""

from __future__ import annotations

from typing import Any

import pytest

from planner.cluster.parse import parse_cluster
from planner.report.status import (
    DOMAIN_COLUMNS,
    HOST_COLUMNS,
    domain_remark,
    render_status,
    saved_kwh,
)
from tests.unit.planner.builders import domain, host

BLOCKER = {"code": "local_disk", "message": "Its disk is local.", "remedy": "Move it."}


def status(hosts: list[dict[str, Any]], domains: list[dict[str, Any]]) -> list[str]:
    """Return the lines of the status."""
    return render_status({"hosts": hosts, "domains": domains}).split("\n")


def row(lines: list[str], name: str) -> list[str]:
    """Return the cells of a row, which two blanks divide."""
    [found] = [line for line in lines if line.split("  ")[0] == name]
    return [cell.strip() for cell in found.split("  ") if cell.strip()]


def test_a_host_with_its_load_and_its_network() -> None:
    """Busy CPU, vCPUs and memory, each of what there is."""
    hosts = [host("kvm1", 4000, 8, migration={"address": "10.0.0.1"})]
    lines = status(hosts, [domain("web", "kvm1", 1000, 2, 1.5), domain("db", "kvm1", 1000, 4, 0.5)])
    assert row(lines, "kvm1") == [
        "kvm1",
        "up",
        "2",
        "2.0 of 8 CPUs (25 %)",
        "6 of 8",
        "2000 of 4000 MiB (50 %)",
        "10.0.0.1",
    ]
    assert row(lines, "web") == ["web", "kvm1", "running", "2", "1.50 CPUs", "1000 MiB"]


def test_vms_stand_in_the_order_of_their_hosts() -> None:
    """Then of their names."""
    lines = status(
        [host("a"), host("b")],
        [domain("z", "a"), domain("c", "b"), domain("y", "a", state="paused")],
    )
    names = [line.split()[0] for line in lines if " MiB" in line and line.split()[1] in ("a", "b")]
    assert names == ["y", "z", "c"]
    assert row(lines, "y")[2] == "paused"


def test_of_a_host_that_is_not_up_nothing_is_known() -> None:
    """Not that it is empty."""
    lines = status([host("a"), host("b", state="unreachable")], [])
    assert row(lines, "b") == ["b", "unreachable", "?", "?", "?", "?", "?"]
    assert row(lines, "a")[5:] == ["0 of 1000 MiB (0 %)", "-"]


def test_what_a_host_uses_itself_is_a_remark() -> None:
    """Beside what is to be brought back to it."""
    own = host("a", own_use={"memory_mib": 2048, "cpu_usage": 0.25}, maintenance=True)
    own["marks"] = {"a": {"maintenance": True, "at": "x", "evacuated": [{"name": "w"}]}}
    lines = status([own, host("b")], [domain("w", "b")])
    assert row(lines, "a")[1] == "maintenance"
    assert row(lines, "a")[-1] == "1 VM to bring back, uses 2.0 GiB and 0.2 CPUs itself"


@pytest.mark.parametrize(
    ("more", "remark"),
    [
        ({}, ""),
        ({"job": {"kind": "migration_out"}}, "job: migration_out"),
        ({"job": {"progress": 3}}, "job: running"),
        ({"blockers": [BLOCKER]}, "cannot migrate: Its disk is local."),
        ({"blockers": [BLOCKER], "job": {"kind": "backup"}}, "job: backup"),
        ({"blockers": [BLOCKER], "state": "shutoff"}, ""),
    ],
)
def test_what_is_to_be_known_of_a_vm(more: dict[str, Any], remark: str) -> None:
    """What libvirt does with it first; that a VM that is off cannot be migrated live is nothing to say."""
    cluster = parse_cluster({"hosts": [host("a")], "domains": [domain("x", "a", **more)]})
    assert domain_remark(cluster.domains["x"]) == remark


def test_migrations_that_run_are_named() -> None:
    """By the end that they leave."""
    lines = status(
        [host("a"), host("b")],
        [domain("x", "a", job={"kind": "migration_out"}), domain("y", "a", job={"kind": "backup"})],
    )
    assert lines[-1] == "Migrations running: x (from a)"


def test_a_cluster_without_vms_has_their_header() -> None:
    """And nothing below it."""
    lines = status([host("a")], [])
    assert lines[0].split("  ")[0] == HOST_COLUMNS[0]
    assert lines[-2:] == ["", "  ".join(DOMAIN_COLUMNS)]


@pytest.mark.parametrize(
    ("power", "kwh"),
    [
        ({}, None),
        ({"off_s": 3600}, None),
        ({"idle_w": 100.0}, None),
        ({"off_s": 36_000, "idle_w": 100.0}, 1.0),
        ({"off_s": 36_000, "idle_w": 100.0, "asleep_w": 10.0}, 0.9),
        ({"off_s": 36_000, "idle_w": 5.0, "asleep_w": 10.0}, 0.0),
    ],
)
def test_the_energy_that_sleep_saved(power: dict[str, Any], kwh: float | None) -> None:
    """Unknown where the watts are, and never less than nothing."""
    facts = {"hosts": [host("a", power=power)], "domains": []}
    found = saved_kwh(facts)
    assert found == (None if kwh is None else pytest.approx(kwh))


def test_a_clock_that_is_behind_makes_no_sleep_shorter() -> None:
    """The host went to sleep later than any clock says it is: that night counts as nothing."""
    power = {"off_s": 3600, "idle_w": 100.0, "since": "2026-11-24T22:00:00Z"}
    hosts = [host("a", clock_epoch_s=1.0), host("b", state="asleep", power=power)]
    assert status(hosts, [])[-1] == "Hosts have slept 1.0 h in all, which saved 0.1 kWh."


def test_a_host_that_is_being_woken_and_is_in_doubt() -> None:
    """What is not on record is a question mark; the doubt is told with its reason."""
    power = {"doubtful": {"reason": "it did not come up"}}
    lines = status([host("a", state="waking", power=power)], [])
    assert lines[-1] == (
        "a is waking since ?, by ?; woken by ?: drover.libvirt.wake -e drover_hosts=a. "
        "Doubtful: it did not come up"
    )
