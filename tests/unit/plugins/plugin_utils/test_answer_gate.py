# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host speaks for itself alone, in the form of the module, or counts as a host that failed."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.plugin_utils._answer_gate import admitted
from ansible_collections.drover.libvirt.plugins.plugin_utils._answers import Answers
from ansible_collections.drover.libvirt.plugins.plugin_utils._cluster_facts import (
    FactsMissing,
    cluster_facts,
)

HOST = {"name": "kvm3", "vcpus": 4, "memory_mib": 8192}
VM = {
    "name": "a",
    "uuid": "u-a",
    "state": "paused",
    "host": "kvm3",
    "vcpus": 1,
    "memory_mib": 64,
    "cpu_usage": 0.0,
}
EXECUTION = {
    "execution": "20261124T091203Z-4711-1f00d2aa",
    "folder": "/var/lib/drover/executions/20261124T091203Z-4711-1f00d2aa",
    "state": "running",
    "finished": False,
    "owner": "ann@desk",
    "purpose": "balance",
    "since_s": 1795511523.0,
    "age_s": 240.0,
    "steps": 8,
    "moved": 3,
    "under_way": [],
    "unsettled": [],
}
LOCK = {
    "execution": "e1",
    "coordinator": "kvm1",
    "owner": "ann@desk",
    "purpose": "balance",
    "since_s": 1.0,
    "holds_s": 120.0,
    "age_s": 2.0,
}
MARK = {"state": "asleep", "at": "2026-11-24T22:00:00Z", "since": "2026-11-24T22:00:00Z"}
RECORD = {
    "number": 1,
    "run": "r1",
    "by": "ann",
    "since": "2026-11-24T22:00:00Z",
    "process": [],
    "running": True,
    "tasks": "t.yml",
    "hosts": ["kvm1"],
    "batch": [],
    "maintained": [],
    "finished": False,
}
CHECK = {
    "id": "x",
    "severity": "block",
    "passed": False,
    "evidence": "No.",
    "remedy": "Do.",
    "subject": {"host": "kvm3", "peer": None, "domain": None},
}
SOUND: dict[str, dict[str, Any]] = {
    "host_info": {"host": HOST, "domains": [VM]},
    "execution_info": {"executions": [EXECUTION], "lock": LOCK},
    "power_mark_info": {"marks": {"kvm1": MARK}, "boot_id": "b", "shutting_down": False},
    "power_guard_info": {"serves": ["s"], "waits": [], "off_vms": [{"name": "a", "uuid": "u"}]},
    "power_look": {
        "looks": [{"at": "2026-11-24T22:00:00Z", "memory_mib": 1, "vcpus": 1, "cpu_usage": 0.5}]
    },
    "rolling_record": {"record": RECORD},
    "preflight_info": {"checks": [CHECK], "domains": ["a"]},
    "preflight_listener": {"ports": [49152]},
    "plan_apply": {
        "outcomes": [],
        "moved": [],
        "duration_s": 1.0,
        "seen": {"kvm1": [], "kvm2": None},
    },
}


@pytest.mark.parametrize("module", SOUND)
def test_an_answer_of_the_module_comes_through_as_it_is(module: str) -> None:
    """Also with keys that nobody reads."""
    answer = {**SOUND[module], "changed": False, "extra": [1]}
    assert admitted(module, "kvm3", answer) == answer


def changed(document: Any, path: str, value: Any) -> Any:
    """Return a document with another value at a path of keys and indexes."""
    head, _dot, rest = path.partition(".")
    key: Any = int(head) if isinstance(document, list) else head
    copy = list(document) if isinstance(document, list) else dict(document)
    copy[key] = changed(document[key], rest, value) if rest else value
    return copy


@pytest.mark.parametrize(
    ("module", "path", "value"),
    [
        ("host_info", "host", "a string"),
        ("host_info", "host", None),
        ("host_info", "domains", 5),
        ("host_info", "host.name", "127.0.0.1"),
        ("host_info", "host.name", "kvm1"),
        ("host_info", "host.vcpus", 10**16),
        ("host_info", "host.memory_mib", float("nan")),
        ("host_info", "host.marks", {"kvm1": 7}),
        ("host_info", "domains.0.host", "localhost"),
        ("host_info", "domains.0.host", "kvm1"),
        ("host_info", "domains.0.uuid", ["u"]),
        ("host_info", "domains.0.state", None),
        ("host_info", "domains.0", "vm"),
        ("execution_info", "executions", {}),
        ("execution_info", "executions.0.folder", "/tmp/$AWS_SECRET/x"),
        ("execution_info", "executions.0.folder", "~root/e1"),
        ("execution_info", "executions.0.folder", "/var/lib/drover/../../etc/e1"),
        ("execution_info", "executions.0.folder", "e1"),
        ("execution_info", "executions.0.folder", "/x/e1\n"),
        ("execution_info", "executions.0.execution", "../../x/evil"),
        ("execution_info", "executions.0.execution", ".."),
        ("execution_info", "executions.0.execution", "-rf"),
        ("execution_info", "executions.0.state", "sleeping"),
        ("execution_info", "executions.0.state", None),
        ("execution_info", "executions.0.steps", "8"),
        ("execution_info", "executions.0.since_s", 1e300),
        ("execution_info", "executions.0.under_way", [{"domain": "a"}]),
        ("execution_info", "executions.0.purpose", {}),
        ("execution_info", "lock", "held"),
        ("execution_info", "lock.coordinator", None),
        ("execution_info", "lock.age_s", "old"),
        ("power_mark_info", "marks", []),
        ("power_mark_info", "marks.kvm1.state", "dead"),
        ("power_mark_info", "marks.kvm1.at", "2026-11-24T22:00:00"),
        ("power_mark_info", "marks.kvm1.at", "2026-19-24T22:00:00Z"),
        ("power_mark_info", "marks.kvm1.facts", {"vcpus": "many"}),
        ("power_mark_info", "marks.kvm1.off_s", None),
        ("rolling_record", "record", []),
        ("rolling_record", "record.number", "1"),
        ("rolling_record", "record.since", "yesterday"),
        ("rolling_record", "record.batch", ["kvm1", 2]),
        ("preflight_info", "checks", None),
        ("preflight_info", "checks.0.subject", None),
        ("preflight_info", "checks.0.subject.host", "kvm1"),
        ("preflight_info", "domains", {"a": 1}),
        ("preflight_listener", "ports", [0]),
        ("plan_apply", "outcomes", [{"domain": "a"}]),
        ("plan_apply", "duration_s", float("inf")),
    ],
)
def test_anything_else_is_a_failure_of_that_host_in_one_sentence(
    module: str, path: str, value: Any
) -> None:
    """It names the host and the place."""
    answer = admitted(module, "kvm3", changed(SOUND[module], path, value))
    assert answer["failed"]
    assert f"The answer of kvm3 is not one of the module {module}: answer." in answer["msg"]
    assert "\n" not in answer["msg"]
    assert set(answer) == {"failed", "refused", "msg"}


@pytest.mark.parametrize("answer", ["text", 7, [1], True])
def test_what_is_no_mapping_is_refused(answer: Any) -> None:
    """Also where it is not even an answer."""
    assert admitted("host_info", "kvm3", answer)["refused"]


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (None, {}),
        ({}, {}),
        ({"skipped": True, "changed": False}, {"skipped": True}),
        ({"failed": True, "msg": "No libvirt.", "rc": 1}, {"failed": True, "msg": "No libvirt."}),
        ({"failed": True, "msg": ["a", {}]}, {"failed": True, "msg": "['a', {}]"}),
    ],
)
def test_of_a_module_that_failed_only_its_words_are_kept(answer: Any, kept: Any) -> None:
    """They are text, whatever came."""
    assert admitted("host_info", "kvm3", answer) == kept


def cluster(**infos: Any) -> Answers:
    """Return what hosts answered to host_info; kvm1 is sound."""
    sound = {"host": {**HOST, "name": "kvm1"}, "domains": [{**VM, "name": "b", "host": "kvm1"}]}
    hosts = {name: {"info": info} for name, info in {"kvm1": sound, **infos}.items()}
    return Answers({"groups": {"kvm": [*hosts]}, "hostvars": hosts}, {"host_info": "info"})


def test_a_host_that_takes_another_name_stops_nobody_else() -> None:
    """It is left out like a silent host, where that is allowed, and named where not."""
    answers = cluster(kvm3={"host": {**HOST, "name": "127.0.0.1"}, "domains": []})
    facts = cluster_facts(answers, "kvm", "ignore")
    assert [(host["name"], host.get("state", "up")) for host in facts["hosts"]] == [
        ("kvm1", "up"),
        ("kvm3", "unreachable"),
    ]
    assert "'127.0.0.1' is not kvm3" in answers.refusals["kvm3"]
    with pytest.raises(FactsMissing, match=r"kvm3: The answer of kvm3 is not one .*127\.0\.0\.1"):
        cluster_facts(answers, "kvm")


def test_a_vm_of_another_host_costs_the_host_that_reports_it() -> None:
    """Reconciling was delegated to whatever host that named."""
    answers = cluster(kvm3={"host": HOST, "domains": [{**VM, "host": "127.0.0.1"}]})
    with pytest.raises(FactsMissing, match=r"domains\[0\]\.host: '127.0.0.1' is not kvm3"):
        cluster_facts(answers, "kvm")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("priority", 10**13),
        ("priority", -(10**16)),
        ("priority", 10**30),
        ("priority", float("inf")),
        ("labels", {"a": "b" * 70_000}),
        ("labels", {str(number): "x" for number in range(5000)}),
    ],
)
def test_what_a_tenant_wrote_about_a_vm_does_not_cost_its_host(name: str, value: Any) -> None:
    """An amount that no cluster can have is refused everywhere else; here it stopped the plans for all others."""
    answer = changed(SOUND["host_info"], f"domains.0.{name}", value)
    assert admitted("host_info", "kvm3", answer) == answer
