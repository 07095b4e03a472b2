# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose run has the cluster, said by those who take no lock."""

from __future__ import annotations

from typing import Any

from ansible_collections.drover.libvirt.plugins.plugin_utils._answers import Answers
from ansible_collections.drover.libvirt.plugins.plugin_utils._executions import found_by
from ansible_collections.drover.libvirt.plugins.plugin_utils._in_use import in_use, use_checks

WHO = {"owner": "ann@desk", "purpose": "evacuate kvm2", "since_s": 1795511523.0, "age_s": 240.0}
LOCK = {**WHO, "execution": "e1", "coordinator": "kvm1", "holds_s": 900.0}
RECORD = {
    **WHO,
    "execution": "e1",
    "folder": "/var/lib/drover/executions/e1",
    "state": "running",
    "finished": False,
    "steps": 8,
    "moved": 3,
    "under_way": [],
    "unsettled": [],
}


def answers(**said: Any) -> Answers:
    """Return what each host answered to execution_info."""
    hostvars = {host: {"found": answer} for host, answer in said.items()}
    task_vars = {"groups": {"kvm": [*said]}, "hostvars": hostvars}
    return Answers(task_vars, {"execution_info": "found"})


def test_a_run_is_told_with_its_owner_once() -> None:
    """Its locks on all hosts point to the same run."""
    locked = {"executions": [], "lock": LOCK}
    told = answers(kvm1={"executions": [RECORD], "lock": LOCK}, kvm2=locked)
    [use] = in_use(found_by(told, "kvm"))
    assert use.coordinator == "kvm1"
    assert use.words.startswith("A run is going on: evacuate kvm2, started by ann@desk 4 min ago")


def test_a_lock_without_an_execution_is_a_run_too() -> None:
    """A run that waits for hosts to boot has nothing else."""
    told = answers(kvm1={"executions": [], "lock": None}, kvm2={"executions": [], "lock": LOCK})
    [use] = in_use(found_by(told, "kvm"))
    assert use.words.startswith("The cluster is locked: evacuate kvm2, by ann@desk 4 min ago")


def test_what_has_ended_has_nothing() -> None:
    """Nor has an execution that died; that is for the next playbook."""
    ended = {**RECORD, "state": "ended", "finished": True}
    dead = {**RECORD, "execution": "e2", "state": "unfinished"}
    told = answers(kvm1={"executions": [ended, dead], "lock": LOCK})
    assert in_use(found_by(told, "kvm")) == []


def test_a_preflight_warns_of_it_and_of_locks_that_cannot_be_read() -> None:
    """A host that does not answer at all is told elsewhere."""
    told = answers(
        kvm1={"executions": [RECORD], "lock": LOCK},
        kvm2={"failed": True, "msg": "The lock /x cannot be read: it is empty."},
        kvm3={"unreachable": True, "msg": "No route."},
    )
    warned = use_checks(found_by(told, "kvm"), told, ["kvm1", "kvm2", "kvm3"])
    assert [(one["subject"]["host"], one["severity"]) for one in warned] == [
        ("kvm1", "warn"),
        ("kvm2", "warn"),
    ]
    assert "run the preflight again" in warned[0]["remedy"]
    assert warned[1]["evidence"].endswith("The lock /x cannot be read: it is empty.")


def test_a_lock_that_is_void_is_nobodys() -> None:
    """Its controller died before it started anything; where the coordinator is silent nobody can tell."""
    void = {**LOCK, "holds_s": 120.0}
    told = answers(kvm1={"executions": [], "lock": void})
    assert in_use(found_by(told, "kvm")) == []
    told = answers(kvm1={"unreachable": True}, kvm2={"executions": [], "lock": void})
    assert len(in_use(found_by(told, "kvm"))) == 1
