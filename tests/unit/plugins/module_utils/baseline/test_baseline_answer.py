# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cpu_baseline answers: the CPU, what would change, and differences without secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._baseline import answer as answers
from ansible_collections.drover.libvirt.plugins.module_utils._baseline.answer import (
    CpuUnusable,
    answer,
)
from ansible_collections.drover.libvirt.plugins.module_utils._baseline.compute import Machine
from ansible_collections.drover.libvirt.plugins.module_utils._baseline.definition import Cpu
from ansible_collections.drover.libvirt.plugins.module_utils._baseline.domains import (
    BaselineEffect,
    Change,
)

EPYC = "<cpu><model>EPYC</model><feature policy='disable' name='vme'/></cpu>"
BEFORE = "<domain><cpu><model>qemu64</model></cpu><secret>hidden</secret></domain>"
AFTER = BEFORE.replace("qemu64", "EPYC")
PARAMS: dict[str, Any] = {
    "uri": "qemu:///system",
    "name": "kvm1",
    "peers": [{"name": "kvm2", "uri": "qemu+ssh://kvm2/system"}],
    "arch": None,
    "domain_type": None,
    "domains": None,
    "cpu": None,
    "state": "found",
}


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Script everything that asks libvirt; return what was defined."""
    defined: list[str] = []
    machine = Machine("/usr/bin/qemu-system-x86_64", "x86_64", "kvm")
    effect = BaselineEffect([Change("vm1", BEFORE, AFTER)], ["vm2"], {"vm3": "it is transient"})
    scripted: dict[str, Callable[..., Any]] = {
        "open_connection": lambda uri: uri,
        "machine_of": lambda *_asked: machine,
        "host_cpus": lambda hosts, _machine: {host.name: EPYC for host in hosts},
        "baseline": lambda *_asked: EPYC,
        "judge": lambda *_asked: effect,
        "apply": lambda _connection, changes: defined.extend(change.name for change in changes),
    }
    for name, does in scripted.items():
        monkeypatch.setattr(answers, name, does)
    return defined


def test_a_cpu_is_found_and_told_with_what_every_host_offers(applied: list[str]) -> None:
    """Nothing is defined, and nothing is called changed."""
    found = answer(PARAMS, check_mode=False)
    assert (found["changed"], applied, found["diff"]) == (False, [], [])
    assert (found["model"], found["features"]) == ("EPYC without vme", {"vme": "disable"})
    assert found["hosts"] == {"kvm1": "EPYC without vme", "kvm2": "EPYC without vme"}
    assert found["changes"] == ["vm1"]
    assert (found["restart"], found["left_out"]) == (["vm2"], {"vm3": "it is transient"})


def test_the_state_defined_changes_the_definitions(applied: list[str]) -> None:
    """What is shown of them is the CPU alone."""
    found = answer({**PARAMS, "state": "defined"}, check_mode=False)
    assert (found["changed"], applied) == (True, ["vm1"])
    [shown] = found["diff"]
    assert ("qemu64" in shown["before"], "EPYC" in shown["after"]) == (True, True)
    assert "hidden" not in shown["before"] + shown["after"]


def test_in_check_mode_the_change_is_told_and_not_made(applied: list[str]) -> None:
    """With the same difference."""
    found = answer({**PARAMS, "state": "defined"}, check_mode=True)
    assert (found["changed"], len(found["diff"]), applied) == (True, 1, [])


def test_a_cpu_that_is_given_is_taken_without_asking_the_hosts(
    applied: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every host of a play gets the one that the first has found."""
    asked: list[Cpu] = []

    def judge(_connection: Any, _machine: Machine, wanted: Cpu, _names: Any) -> BaselineEffect:
        asked.append(wanted)
        return BaselineEffect([], [], {})

    monkeypatch.setattr(answers, "judge", judge)
    found = answer({**PARAMS, "cpu": EPYC, "state": "defined"}, check_mode=False)
    assert [cpu.model for cpu in asked] == ["EPYC"]
    assert ("hosts" in found, found["changed"]) == (False, False)


@pytest.mark.parametrize(
    ("cpu", "words"), [("<cpu>", "not valid XML"), ("<cpu/>", "names no model")]
)
def test_what_is_given_as_a_cpu_must_be_one(applied: list[str], cpu: str, words: str) -> None:
    """It is refused before any host is asked."""
    with pytest.raises(CpuUnusable, match=words):
        answer({**PARAMS, "cpu": cpu, "state": "defined"}, check_mode=False)
    assert applied == []
