# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What host_info reads of real hosts, and what its companions write on them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.drover.libvirt.planner.cluster.parse import parse_cluster
from ansible_collections.drover.libvirt.planner.documents import validate
from ansible_collections.drover.libvirt.plugins.module_utils._inspection import (
    inspect as inspection,
)
from ansible_collections.drover.libvirt.plugins.module_utils._inspection.inspect import (
    InspectionRequest,
    inspect,
)

from tests.lab import faults
from tests.lab.ad_hoc import ModuleRun, run_module
from tests.lab.lab import Lab
from tests.lab.layout import SHARED
from tests.lab.playbook import run_playbook

pytestmark = pytest.mark.lab

NAME = "{{ inventory_hostname }}"
NETWORK = "{{ drover_migration_network }}"


def facts(lab: Lab, hosts: str = "kvm", **arguments: Any) -> ModuleRun:
    """Read hosts as the playbooks do, with a short sample."""
    return run_module(
        lab,
        hosts,
        "host_info",
        **{"name": NAME, "migration_network": NETWORK, "sample_s": 0.5, **arguments},
    )


def domain(run: ModuleRun, host: str, name: str) -> dict[str, Any]:
    """Return the facts of one domain."""
    return next(entry for entry in run.results[host]["domains"] if entry["name"] == name)


def codes(entry: dict[str, Any]) -> list[str]:
    """Return the codes of a domain's blockers."""
    return [blocker["code"] for blocker in entry["blockers"]]


def wait_until_gone(lab: Lab, name: str, host: str) -> None:
    """Wait until a host has cleaned up after a migration that was aborted."""
    deadline = time.monotonic() + 20
    while any(place.host == host for place in lab.where(name)):
        assert time.monotonic() < deadline, f"{name} is still on {host}"
        time.sleep(0.1)


def test_reads_all_hosts_and_their_vms(lab: Lab) -> None:
    """Hosts have their own capacity, VMs their labels, and the planner accepts all of it."""
    lab.start_guest("vm1", "kvm1", memory_mib=64, labels={"tier": "gold"}, autostart=True)
    lab.start_guest("vm2", "kvm2", memory_mib=96, vcpus=2)
    run = facts(lab)
    assert run.changed == []
    document = {
        "hosts": [result["host"] for result in run.results.values()],
        "domains": [entry for result in run.results.values() for entry in result["domains"]],
    }
    validate("facts", document)
    snapshot = parse_cluster(document)
    assert {h.name: (h.vcpus, h.memory_mib) for h in snapshot.hosts.values()} == {
        "kvm1": (4, 8192),
        "kvm2": (8, 16384),
        "kvm3": (4, 8192),
    }
    vm1, vm2 = domain(run, "kvm1", "vm1"), domain(run, "kvm2", "vm2")
    assert (vm1["state"], vm1["labels"], vm1["autostart"]) == ("running", {"tier": "gold"}, True)
    assert (vm2["vcpus"], vm2["memory_mib"]) == (2, 96)
    assert vm1["blockers"] == vm2["blockers"] == []
    assert vm1["memory_used_mib"] > 0


def test_tells_the_migration_network_from_management(lab: Lab) -> None:
    """Without a network asked for, the address of the SSH connection serves."""
    own = facts(lab, "kvm1").results["kvm1"]["host"]["migration"]
    assert own["address"] == lab.hosts["kvm1"].migration_address
    assert own["is_management"] is False
    default = facts(lab, "kvm1", migration_network=None).results["kvm1"]["host"]["migration"]
    assert default["address"] == lab.hosts["kvm1"].address
    assert default["is_management"] is True


def test_measures_the_load_of_a_vm(lab: Lab) -> None:
    """A VM that spins shows more load than one that idles."""
    lab.start_guest("idle", "kvm1")
    lab.start_guest("busy", "kvm1", spin=True)
    run = facts(lab, "kvm1")
    assert domain(run, "kvm1", "busy")["cpu_usage"] > domain(run, "kvm1", "idle")["cpu_usage"] + 0.1


def test_finds_what_blocks_a_migration(lab: Lab) -> None:
    """Snapshots, and images that only this host sees."""
    host = lab.hosts["kvm1"]
    lab.start_guest("vm1", "kvm1")
    host.run(["virsh", "snapshot-create-as", "vm1", "before", "--disk-only"])
    lab.start_guest("vm2", "kvm1")
    host.run(["qemu-img", "create", "-q", "-f", "raw", "/var/lib/libvirt/images/local.raw", "1M"])
    host.run(
        ["virsh", "attach-disk", "vm2", "/var/lib/libvirt/images/local.raw", "vdb"]
        + ["--targetbus", "virtio", "--live"]
    )
    try:
        run = facts(lab, "kvm1")
        assert codes(domain(run, "kvm1", "vm1")) == ["snapshots"]
        assert codes(domain(run, "kvm1", "vm2")) == ["local_disk"]
    finally:
        host.run(["virsh", "snapshot-delete", "vm1", "before", "--metadata"])


def test_sees_a_running_migration(lab: Lab) -> None:
    """On its host a VM on its way has a job with what remains; on the other it is arriving."""
    lab.start_guest("vm1", "kvm1", memory_mib=128, fill_mib=96)
    target = lab.hosts["kvm2"]
    host = lab.hosts["kvm1"]
    host.run(
        [
            "sh",
            "-c",
            "virsh migrate --live --p2p vm1 qemu+ssh://root@kvm2/system --bandwidth 2 "
            f"--migrateuri tcp://{target.migration_address} >/dev/null 2>&1 &",
        ]
    )
    run = facts(lab, "kvm1,kvm2", sample_s=1.0)
    host.run(["virsh", "domjobabort", "vm1"])
    wait_until_gone(lab, "vm1", "kvm2")
    leaving, arriving = domain(run, "kvm1", "vm1"), domain(run, "kvm2", "vm1")
    assert leaving["job"]["kind"] == "migration_out"
    assert leaving["job"]["remaining_mib"] > 0
    assert codes(leaving) == ["job"]
    assert (arriving["state"], arriving["state_reason"]) == ("paused", "migration")
    assert arriving["job"]["kind"] == "migration_in"


def test_a_frozen_qemu_hides_nothing_else(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its QEMU would tell is missing, with a warning; all else of all VMs is there."""
    monkeypatch.setattr(inspection, "PROBE_LIMIT_S", 1.0)
    lab.start_guest("vm1", "kvm1")
    lab.start_guest("vm2", "kvm1")
    with faults.paused(lab.hosts["kvm1"].qemu("vm1")):
        found = inspect(InspectionRequest(lab.hosts["kvm1"].uri, "kvm1", sample_s=0.1))
    assert [entry["state"] for entry in found.domains] == ["running", "running"]
    assert any("has not answered" in warning for warning in found.warnings)


def test_a_libvirt_that_does_not_answer_is_given_up(lab: Lab) -> None:
    """A frozen daemon still takes connections; the reading ends, with a sentence."""
    with faults.paused(lab.hosts["kvm1"].daemon("libvirtd")):
        result = facts(lab, "kvm1", timeout_s=2).results["kvm1"]
    assert result["error_code"] == "no_answer"
    assert "has not answered within 2 s" in result["msg"]


def test_a_vm_that_disappears_is_left_out(lab: Lab) -> None:
    """One that ends between the samples is not an error, and not reported."""
    lab.start_guest("vm1", "kvm1")
    lab.start_guest("vm2", "kvm1")
    vm1 = lab.hosts["kvm1"].connection().lookupByName("vm1")
    vm1.undefine()
    found = inspect(
        InspectionRequest(lab.hosts["kvm1"].uri, "kvm1", sample_s=60.0),
        sleep=lambda _seconds: vm1.destroy() and None,
    )
    assert [entry["name"] for entry in found.domains] == ["vm2"]


def test_marks_shared_storage_once(lab: Lab) -> None:
    """Of all hosts at once one creates the marker, all read it, and it becomes the identity."""
    lab.start_guest("vm1", "kvm1")
    lab.hosts["kvm1"].run(["rm", "-f", str(SHARED / ".drover-storage-id")])
    would = run_module(lab, "kvm", "storage_marker", check=True)
    assert would.changed == ["kvm1", "kvm2", "kvm3"]
    done = run_module(lab, "kvm", "storage_marker")
    assert len(done.changed) == 1
    uuids = {result["markers"][str(SHARED)] for result in done.results.values()}
    assert len(uuids) == 1
    assert run_module(lab, "kvm", "storage_marker").changed == []
    for result in facts(lab).results.values():
        storage = {entry["path"]: entry for entry in result["host"]["storage"]}
        assert {storage[str(SHARED)]["identity"]} == uuids
        assert storage[str(SHARED)]["evidence"] == "marker"


def test_a_playbook_looks_again_where_a_host_has_just_marked_the_storage(lab: Lab) -> None:
    """Hosts mark and read in one round, and one that read before the mark was there would prove nothing."""
    lab.start_guest("vm1", "kvm1")
    lab.hosts["kvm1"].run(["rm", "-f", str(SHARED / ".drover-storage-id")])
    looked = "gather : Gather the facts of the host and its VMs"
    first = run_playbook(lab, "drover.libvirt.preflight", "-e", "drover_hosts=kvm1")
    again = run_playbook(lab, "drover.libvirt.preflight", "-e", "drover_hosts=kvm1")
    assert (first.code, again.code) == (0, 0), first.output
    assert (first.output.count(looked), again.output.count(looked)) == (2, 1)


def test_does_not_mark_local_storage(lab: Lab) -> None:
    """A directory of one host needs force; the sentence says so."""
    run = run_module(lab, "kvm1", "storage_marker", path=["/var/lib/libvirt/images"])
    assert run.results["kvm1"]["error_code"] == "not_markable"
    assert "force" in run.results["kvm1"]["msg"]


def test_a_maintenance_mark_is_found_by_host_info(lab: Lab) -> None:
    """Every host keeps the mark of any; the marked one is in maintenance."""
    order: dict[str, Any] = {"host": "kvm2", "reason": "fans", "at": "2026-11-24T09:00:00Z"}
    assert run_module(lab, "kvm", "host_mark", **order).changed == ["kvm1", "kvm2", "kvm3"]
    assert run_module(lab, "kvm", "host_mark", **order).changed == []
    hosts = {name: result["host"] for name, result in facts(lab).results.items()}
    assert {name: host["maintenance"] for name, host in hosts.items()} == {
        "kvm1": False,
        "kvm2": True,
        "kvm3": False,
    }
    assert all(host["marks"]["kvm2"]["reason"] == "fans" for host in hosts.values())
    run_module(lab, "kvm", "host_mark", host="kvm2", state="active")
    assert facts(lab, "kvm2").results["kvm2"]["host"]["maintenance"] is False


def test_what_is_wrong_is_told_in_a_sentence(lab: Lab) -> None:
    """A daemon that does not answer, and a network that is none."""
    unreachable = facts(lab, "kvm1", uri="qemu+unix:///system?socket=/none").results["kvm1"]
    assert unreachable["error_code"] == "connection_failed"
    assert "Check that the daemon runs" in unreachable["msg"]
    assert (
        facts(lab, "kvm1", migration_network="eth1").results["kvm1"]["error_code"] == "no_network"
    )
    outside = facts(lab, "kvm1", migration_network="192.0.2.0/24")
    assert "no address on the migration network" in " ".join(outside.output.split())


def test_a_host_remembers_its_load(lab: Lab) -> None:
    """Over readings and a migration; check mode adds nothing, and where nothing can be written a warning says so."""
    kvm1, kvm2 = lab.hosts["kvm1"], lab.hosts["kvm2"]
    for host in (kvm1, kvm2):
        host.run(["rm", "-rf", "/var/lib/drover/load"])
    lab.start_guest("vm1", "kvm1", spin=True)
    module = {"name": NAME, "migration_network": NETWORK, "sample_s": 0.5}
    run_module(lab, "kvm1", "host_info", check=True, **module)
    assert kvm1.run(["sh", "-c", "ls /var/lib/drover/load 2>/dev/null || true"]).stdout == ""
    facts(lab, "kvm1")
    uuid = domain(facts(lab, "kvm1"), "kvm1", "vm1")["uuid"]
    kvm1.run(["virsh", "migrate", "--live", "--p2p", "vm1", "qemu+ssh://root@kvm2/system"])
    run = facts(lab, "kvm1,kvm2")
    document = {
        "hosts": [result["host"] for result in run.results.values()],
        "domains": [entry for result in run.results.values() for entry in result["domains"]],
    }
    left = run.results["kvm1"]["host"]["history"]["domains"][uuid]
    assert left["cpu_usage"][0] > 0.1
    usage = parse_cluster(document).usages["vm1"].cpu_usage
    assert (usage.mean(3600) or 0) > 0.1
    kvm1.run(["sh", "-c", "rm -rf /var/lib/drover/load && touch /var/lib/drover/load"])
    try:
        told = facts(lab, "kvm1")
    finally:
        kvm1.run(["rm", "-f", "/var/lib/drover/load"])
    assert "is not kept" in " ".join(told.output.split())
    assert len(told.results["kvm1"]["host"]["history"]["age_s"]) == 1
