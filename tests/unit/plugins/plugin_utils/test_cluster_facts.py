# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What host_info found on each host, put together for the planner."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.plugin_utils import _answers
from ansible_collections.drover.libvirt.plugins.plugin_utils._answers import Answers
from ansible_collections.drover.libvirt.plugins.plugin_utils._cluster_facts import (
    FactsMissing,
    cluster_facts,
)


def found(name: str, *domains: str) -> dict[str, Any]:
    """Return the variables of a host on which host_info found these VMs."""
    return {
        "gather_host_info": {
            "host": {"name": name, "vcpus": 4, "memory_mib": 8192},
            "domains": [
                {
                    "name": domain,
                    "uuid": f"u-{domain}",
                    "state": "running",
                    "host": name,
                    "vcpus": 1,
                    "memory_mib": 64,
                    "cpu_usage": 0.0,
                }
                for domain in domains
            ],
        }
    }


def variables(hosts: dict[str, dict[str, Any]], **others: Any) -> Answers:
    """Return what Ansible knows of these hosts."""
    groups = {"all": list(hosts), "ungrouped": [], "kvm": list(hosts)}
    return Answers(
        {"groups": groups, "hostvars": hosts, **others}, {"host_info": "gather_host_info"}
    )


def test_all_hosts_and_vms_of_the_group_are_in_one_document() -> None:
    """Hosts come in the order of names, and every VM is there."""
    facts = cluster_facts(
        variables({"kvm2": found("kvm2", "b"), "kvm1": found("kvm1", "a")}), "kvm"
    )
    assert [host["name"] for host in facts["hosts"]] == ["kvm1", "kvm2"]
    assert [domain["name"] for domain in facts["domains"]] == ["a", "b"]


def answers_with_unsettled(hosts: dict[str, dict[str, Any]], **migration: Any) -> Answers:
    """Return what Ansible knows when kvm1 has such a migration of VM b from kvm2 to kvm3 on record."""
    item = {"domain": "b", "uuid": "", "source": "kvm2", "destination": "kvm3", **migration}
    hosts["kvm1"]["executions_found"] = {"executions": [{"unsettled": [item]}], "lock": None}
    known = variables(hosts)
    registered = {**known.registered, "execution_info": "executions_found"}
    return dataclasses.replace(known, registered=registered)


def admit_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take answers as they are; their form is tested elsewhere."""
    monkeypatch.setattr(_answers, "admitted", lambda _module, _host, answer: answer or {})


def test_a_vm_whose_place_is_unknown_is_counted_on_both_hosts_and_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Any plan leaves it where it may be, and keeps room for it on both."""
    admit_all(monkeypatch)
    hosts = {"kvm1": found("kvm1", "a"), "kvm2": found("kvm2", "b"), "kvm3": found("kvm3")}
    facts = cluster_facts(answers_with_unsettled(hosts, uncleaned=""), "kvm")
    [vm] = [domain for domain in facts["domains"] if domain["name"] == "b"]
    assert vm["blockers"][0]["code"] == "place_unknown"
    assert "on kvm2 or on kvm3" in vm["blockers"][0]["message"]
    assert vm["job"]["destination"] == "kvm3"
    [other] = [domain for domain in facts["domains"] if domain["name"] == "a"]
    assert "job" not in other


def test_a_vm_that_only_left_something_behind_is_free_to_move(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its place is known."""
    admit_all(monkeypatch)
    hosts = {"kvm1": found("kvm1"), "kvm2": found("kvm2", "b"), "kvm3": found("kvm3")}
    facts = cluster_facts(answers_with_unsettled(hosts, uncleaned="kvm3"), "kvm")
    assert [domain.get("job") for domain in facts["domains"]] == [None]


def test_a_host_that_is_off_by_the_operators_word_may_be_silent() -> None:
    """It is away; another that is silent is still refused."""
    hosts: dict[str, dict[str, Any]] = {
        "kvm1": {**found("kvm1"), "drover_fenced": "kvm2,kvm9"},
        "kvm2": {"drover_fenced": "kvm2,kvm9"},
    }
    states = {
        host["name"]: host.get("state") for host in cluster_facts(variables(hosts), "kvm")["hosts"]
    }
    assert states == {"kvm1": None, "kvm2": "unreachable"}
    hosts["kvm3"] = {"drover_fenced": "kvm2,kvm9"}
    with pytest.raises(FactsMissing, match="kvm3"):
        cluster_facts(variables(hosts), "kvm")


def test_peers_reach_a_host_at_its_ansible_address_unless_told_otherwise() -> None:
    """The peer URI is drover_peer_uri, or SSH as root to ansible_host, or to the name, at ansible_port."""
    hosts = {
        "kvm1": found("kvm1"),
        "kvm2": {**found("kvm2"), "ansible_host": "192.0.2.2"},
        "kvm3": {**found("kvm3"), "drover_peer_uri": "qemu+tls://kvm3/system"},
        "kvm4": {**found("kvm4"), "ansible_host": "2001:db8::11"},
        "kvm5": {**found("kvm5"), "ansible_host": "[2001:db8::12]", "ansible_port": 2222},
        "kvm6": {**found("kvm6"), "ansible_host": "192.0.2.6", "ansible_port": "2222"},
    }
    uris = [host["connection"]["uri"] for host in cluster_facts(variables(hosts), "kvm")["hosts"]]
    assert uris == [
        "qemu+ssh://root@kvm1/system",
        "qemu+ssh://root@192.0.2.2/system",
        "qemu+tls://kvm3/system",
        "qemu+ssh://root@[2001:db8::11]/system",
        "qemu+ssh://root@[2001:db8::12]:2222/system",
        "qemu+ssh://root@192.0.2.6:2222/system",
    ]


def test_a_peer_uri_with_a_password_is_refused_and_not_repeated() -> None:
    """Plans and journals would keep it."""
    host = {**found("kvm1"), "drover_peer_uri": "qemu+ssh://ann:geheim@kvm1/system"}
    with pytest.raises(FactsMissing, match="drover_peer_uri of kvm1 holds a password") as refusal:
        cluster_facts(variables({"kvm1": host}), "kvm")
    assert "geheim" not in str(refusal.value)


def test_a_peer_uri_that_cannot_be_taken_apart_is_refused() -> None:
    """The sentence names the host; it was a traceback."""
    for wrong in (
        {"drover_peer_uri": "qemu+ssh://[::1/system"},
        {"drover_peer_uri": "qemu+ssh://kvm1:99999/system"},
        {"ansible_port": "ssh"},
    ):
        with pytest.raises(FactsMissing, match="drover_peer_uri of kvm1 holds no valid address"):
            cluster_facts(variables({"kvm1": {**found("kvm1"), **wrong}}), "kvm")


def test_labels_and_the_migration_address_of_the_inventory_win() -> None:
    """What a person wrote into the inventory is stronger than what was found."""
    host = {
        **found("kvm1"),
        "drover_labels": {"rack": "r1"},
        "drover_migration_address": "198.51.100.1",
    }
    host["gather_host_info"]["host"].update(
        labels={"rack": "r9", "gpu": "no"}, migration={"address": None, "mtu": 9000}
    )
    facts = cluster_facts(variables({"kvm1": host}), "kvm")
    assert facts["hosts"][0]["labels"] == {"rack": "r1", "gpu": "no"}
    assert facts["hosts"][0]["migration"] == {"address": "198.51.100.1", "mtu": 9000}


def test_an_unknown_group_is_named_with_those_that_exist() -> None:
    """The sentence lists the inventory's groups and the variable to set."""
    with pytest.raises(FactsMissing, match=r"no group vmhosts.*it has: kvm.*drover_group"):
        cluster_facts(variables({"kvm1": found("kvm1")}), "vmhosts")


def test_an_empty_group_is_refused() -> None:
    """A cluster without hosts is no cluster."""
    with pytest.raises(FactsMissing, match="empty"):
        cluster_facts(variables({}), "kvm")


def test_a_limited_run_is_refused_because_a_plan_needs_the_whole_cluster() -> None:
    """The sentence names the limit and who is missing."""
    with pytest.raises(FactsMissing, match="--limit kvm1 left out kvm2"):
        cluster_facts(
            variables({"kvm1": found("kvm1"), "kvm2": {}}, ansible_limit="kvm1"), "kvm", "ignore"
        )


def test_a_host_keeps_the_reason_for_which_it_failed_first() -> None:
    """A damaged lock ended the play for it, so no facts were gathered there; that was the last word."""
    locked = {"executions_found": {"failed": True, "msg": "The lock /x cannot be read: no."}}
    answers = variables({"kvm1": found("kvm1"), "kvm2": locked})
    known = {**answers.registered, "execution_info": "executions_found"}
    with pytest.raises(FactsMissing, match=r"kvm2: The lock /x cannot be read: no\. "):
        cluster_facts(Answers(answers.task_vars, known), "kvm")


def test_a_silent_host_is_refused_with_its_own_words() -> None:
    """The reason that the host gave is in the sentence, and so is what to do."""
    hosts = {
        "kvm1": found("kvm1"),
        "kvm2": {"gather_host_info": {"failed": True, "msg": "No libvirt here.\nTraceback"}},
    }
    with pytest.raises(FactsMissing, match=r"kvm2: No libvirt here\. .*drover_unreachable=ignore"):
        cluster_facts(variables(hosts), "kvm")


def test_a_silent_host_can_be_left_out() -> None:
    """It stays in the document as unreachable, so that nothing is moved there."""
    facts = cluster_facts(variables({"kvm1": found("kvm1"), "kvm2": {}}), "kvm", "ignore")
    assert [(host["name"], host.get("state")) for host in facts["hosts"]] == [
        ("kvm1", None),
        ("kvm2", "unreachable"),
    ]


def test_a_reserve_of_the_inventory_is_in_the_facts() -> None:
    """VMs never get it; what is no amount is refused with an example."""

    def host(reserve: Any) -> dict[str, Any]:
        answers = variables({"kvm1": {**found("kvm1"), "drover_reserve": reserve}})
        entry: dict[str, Any] = cluster_facts(answers, "kvm")["hosts"][0]
        return entry

    reserved = host({"memory_mib": 4096, "cpus": 1.5})
    assert (reserved["memory_reserved_mib"], reserved["cpus_reserved"]) == (4096, 1.5)
    for wrong in ("4096", {"memory": 1}, {"cpus": -1}, {"cpus": True}):
        with pytest.raises(FactsMissing, match=r"drover_reserve of kvm1 is .*memory_mib: 4096"):
            host(wrong)
