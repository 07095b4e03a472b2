# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts are looked at after the last migration."""

from __future__ import annotations

from ansible_collections.drover.libvirt.plugins.module_utils._ends.account import Account
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._errors import ConnectionFailed
from ansible_collections.drover.libvirt.plugins.module_utils._execution.executor import StepOutcome
from ansible_collections.drover.libvirt.plugins.module_utils._execution.last_look import (
    Seen,
    found_elsewhere,
    look_last,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.steps import Step
from ansible_collections.drover.libvirt.plugins.module_utils._facts.power_guards import ListedVm

HOSTS = ("kvm1", "kvm2", "kvm3", "kvm4")
URIS = {host: f"qemu+tcp://{host}/system" for host in HOSTS}


def ended(outcome: str) -> StepOutcome:
    """Return the end of the migration of web from kvm1 to kvm2."""
    return StepOutcome(
        Step("m1", "web", "u1", "kvm1", "kvm2", (), 64, 0.0, 1.0, None),
        Account(Outcome(outcome)),
    )


def look(outcome: str, where: str = "", silent: str = "") -> Seen:
    """Look where web is."""

    def read(uri: str) -> list[ListedVm]:
        host = uri.split("/")[2]
        if host == silent:
            raise ConnectionFailed("No.")
        return [ListedVm("web", "u1", True, "running")] if host == where else []

    return look_last(["kvm1"], [ended(outcome)], URIS, read)


def test_one_host_is_enough_when_all_is_well() -> None:
    assert [*look("moved", "kvm2")] == ["kvm1"]


def test_both_hosts_of_a_migration_that_failed_are_asked() -> None:
    assert [*look("not_moved", "kvm1")] == ["kvm1", "kvm2"]


def test_a_vm_that_is_missing_is_looked_for_everywhere() -> None:
    found = look("not_moved", "kvm4", silent="kvm3")
    assert [*found] == [*HOSTS]
    assert found["kvm3"] is None
    assert [vm["name"] for vm in found["kvm4"] or []] == ["web"]


def test_a_vm_that_somebody_moved_is_elsewhere_and_not_gone() -> None:
    [placed] = found_elsewhere([ended("gone")], look("gone", "kvm4"))
    assert placed.outcome is Outcome.ELSEWHERE
    assert placed.reason == "It runs on kvm4, to which somebody else has moved it."
    [gone] = found_elsewhere([ended("gone")], look("gone"))
    assert gone.outcome is Outcome.GONE
