# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What host_info found on each host, put together for the planner."""

from __future__ import annotations

from typing import Any

import pytest
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
                {"name": domain, "host": name, "vcpus": 1, "memory_mib": 64, "cpu_usage": 0.0}
                for domain in domains
            ],
        }
    }


def variables(hosts: dict[str, dict[str, Any]], **others: Any) -> dict[str, Any]:
    return {
        "groups": {"all": list(hosts), "ungrouped": [], "kvm": list(hosts)},
        "hostvars": hosts,
        **others,
    }


def test_all_hosts_and_vms_of_the_group_are_in_one_document() -> None:
    """Hosts come in the order of names, and every VM is there."""
    facts = cluster_facts(
        variables({"kvm2": found("kvm2", "b"), "kvm1": found("kvm1", "a")}), "kvm"
    )
    assert [host["name"] for host in facts["hosts"]] == ["kvm1", "kvm2"]
    assert [domain["name"] for domain in facts["domains"]] == ["a", "b"]


def test_peers_reach_a_host_at_its_ansible_address_unless_told_otherwise() -> None:
    """The peer URI is drover_peer_uri, or SSH as root to ansible_host, or to the name."""
    hosts = {
        "kvm1": found("kvm1"),
        "kvm2": {**found("kvm2"), "ansible_host": "192.0.2.2"},
        "kvm3": {**found("kvm3"), "drover_peer_uri": "qemu+tls://kvm3/system"},
    }
    uris = [host["connection"]["uri"] for host in cluster_facts(variables(hosts), "kvm")["hosts"]]
    assert uris == [
        "qemu+ssh://root@kvm1/system",
        "qemu+ssh://root@192.0.2.2/system",
        "qemu+tls://kvm3/system",
    ]


def test_a_peer_uri_with_a_password_is_refused_and_not_repeated() -> None:
    """Plans and journals would keep it."""
    host = {**found("kvm1"), "drover_peer_uri": "qemu+ssh://ann:geheim@kvm1/system"}
    with pytest.raises(FactsMissing, match="drover_peer_uri of kvm1 holds a password") as refusal:
        cluster_facts(variables({"kvm1": host}), "kvm")
    assert "geheim" not in str(refusal.value)


def test_a_peer_uri_that_cannot_be_taken_apart_is_refused() -> None:
    """The sentence names the host; it was a traceback."""
    host = {**found("kvm1"), "drover_peer_uri": "qemu+ssh://[::1/system"}
    with pytest.raises(FactsMissing, match="drover_peer_uri of kvm1 holds no valid address"):
        cluster_facts(variables({"kvm1": host}), "kvm")


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
