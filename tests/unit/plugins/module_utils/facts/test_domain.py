# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of a domain, from recorded definitions and statistics."""

from __future__ import annotations

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.domain import (
    broken_domain_facts,
    domain_facts,
    parse_definition,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.last_migration import (
    NAMESPACE,
    migration_element,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.readings import (
    BlockDevice,
    DomainProbe,
    DomainReading,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.storage import device_facts

from tests.unit.plugins.module_utils.facts.recordings import (
    LOCAL,
    definition,
    surroundings,
    understood,
)

RUNNING = {"state.state": 1, "state.reason": 1}


def test_a_running_domain_is_told_as_qemu_runs_it() -> None:
    """Machine and CPU come from the live definition, where aliases and models are resolved."""
    facts = domain_facts(definition("web1"), surroundings(), RUNNING, 0.25)
    assert facts["state"] == "running"
    assert facts["state_reason"] == "booted"
    assert facts["machine"] == "pc-i440fx-7.2"
    assert facts["cpu"]["model"] == "Westmere"
    assert facts["cpu"]["features"]["vmx"] == "disable"
    assert (facts["vcpus"], facts["memory_mib"], facts["cpu_usage"]) == (1, 64, 0.25)
    assert facts["bridges"] == ["br0"]
    assert facts["direct_interfaces"] == []
    assert facts["blockers"] == []


def test_labels_and_priority_come_from_the_metadata() -> None:
    """What Drover keeps in the definition is read back."""
    facts = domain_facts(definition("web1"), surroundings(), RUNNING, 0.0)
    assert facts["labels"] == {"tier": "gold", "app": "web"}
    assert facts["priority"] == 3


def test_metadata_written_by_hand_does_no_harm() -> None:
    """Labels without a name and a priority that is no number are left out."""
    facts = domain_facts(
        understood(
            "<domain><metadata><d:domain xmlns:d='https://drover.dev/xmlns/domain/1'>"
            "<d:label value='x'/><d:label name='bare'/><d:priority value='high'/>"
            "</d:domain></metadata><memory>1024</memory></domain>"
        ),
        surroundings(),
        RUNNING,
        0.0,
    )
    assert facts["labels"] == {"bare": ""}
    assert "priority" not in facts


@pytest.mark.parametrize("failed", [False, True])
def test_the_last_migration_comes_from_the_metadata(failed: bool) -> None:
    """What the executor writes into the definition is read back; without a moment it is nothing."""
    element = migration_element("2026-11-24T22:30:00+00:00", failed)
    own = element.replace("<migration", f'<migration xmlns="{NAMESPACE}"')
    for text, expected in (
        (own, {"at": "2026-11-24T22:30:00+00:00", "failed": failed}),
        (f'<migration xmlns="{NAMESPACE}"/>', None),
    ):
        reading = understood(f"<domain><metadata>{text}</metadata><memory>1024</memory></domain>")
        facts = domain_facts(reading, surroundings(), RUNNING, 0.0)
        assert facts.get("last_migration") == expected


def test_an_unfinished_migration_shows() -> None:
    """The handover mark is told where it is, and nothing where it is not."""
    mark = '<handover xmlns="https://drover.dev/xmlns/handover/1" waits="no"/>'
    for text, expected in ((mark, True), ("", None)):
        reading = understood(f"<domain><metadata>{text}</metadata><memory>1024</memory></domain>")
        facts = domain_facts(reading, surroundings(), RUNNING, 0.0)
        assert facts.get("handover_mark") is expected


def test_a_disk_belongs_to_the_storage_that_holds_it() -> None:
    """Every disk with an image names the storage of the host that its path lies in."""
    disks = domain_facts(definition("web1"), surroundings(), RUNNING, 0.0)["disks"]
    assert [(disk["target"], disk["storage"]) for disk in disks] == [
        ("vda", "/tmp/facts-ns/shared"),
        ("hda", None),
    ]


def test_links_are_followed_before_a_storage_is_looked_up() -> None:
    """A path that leads through a link belongs to the storage where it ends."""
    real = {"/tmp/facts-ns/shared/web1.qcow2": "/var/lib/libvirt/images/web1.qcow2"}
    disks = domain_facts(definition("web1"), surroundings(real_paths=real), RUNNING, 0.0)["disks"]
    assert disks[0]["storage"] == "/var/lib/libvirt/images"


def test_a_block_device_is_a_storage_of_its_own() -> None:
    """It never lies in the storage of the directory that holds its name."""
    odd = definition("odd1", active=False)
    around = {**LOCAL, "path": "/"}
    disks = domain_facts(odd, surroundings(storage=[around]), {}, 0.0)["disks"]
    assert disks[1]["storage"] is None
    device = device_facts(BlockDevice("/dev/mapper/vg-lv", "/dev/dm-4", "dm:LVM-abc"))
    disks = domain_facts(odd, surroundings(storage=[around, device]), {}, 0.0)["disks"]
    assert disks[1]["storage"] == "/dev/mapper/vg-lv"


def test_a_volume_is_the_file_behind_it() -> None:
    """A volume of a storage pool has the path that it has in the pool's directory."""
    disks = domain_facts(definition("odd1", active=False), surroundings(), {}, 0.0)["disks"]
    assert disks[2]["path"] == "/var/lib/libvirt/images/local1.qcow2"
    assert disks[0]["path"] == "rbd:pool/image"


def test_an_image_is_named_with_those_that_it_is_layered_on() -> None:
    """The backing images of a disk are told, nearest first."""
    facts = domain_facts(
        understood(
            "<domain><memory>1</memory><devices><disk type='file'><source file='/a/top'/>"
            "<backingStore type='file'><source file='/a/middle'/>"
            "<backingStore type='file'><source file='/a/base'/><backingStore/></backingStore>"
            "</backingStore><target dev='vda'/></disk></devices></domain>"
        ),
        surroundings(),
        RUNNING,
        0.0,
    )
    assert facts["disks"][0]["backing"] == ["/a/middle", "/a/base"]


def test_a_network_hides_its_bridge() -> None:
    """An interface of a libvirt network needs that network elsewhere, not its bridge here."""
    facts = domain_facts(definition("local1"), surroundings(), RUNNING, 0.0)
    assert facts["networks"] == ["lab"]
    assert facts["bridges"] == []


def test_memory_that_is_bound_to_the_host_is_told() -> None:
    """Huge pages with their size, and pinnings."""
    facts = domain_facts(definition("odd1", active=False), surroundings(), {}, 0.0)
    assert facts["hugepages_kib"] == 2048
    assert facts["numa_pinned"] is True
    assert domain_facts(definition("web1"), surroundings(), RUNNING, 0.0)["numa_pinned"] is False


def test_an_alias_of_a_machine_type_is_resolved() -> None:
    """A definition that is not running may say q35, which means the newest one here."""
    xml = (
        "<domain type='qemu'><memory>1</memory>"
        "<os><type arch='x86_64' machine='q35'>hvm</type></os>"
        "<devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices></domain>"
    )
    assert domain_facts(understood(xml), surroundings(), {}, 0.0)["machine"] == "pc-q35-7.2"


def test_a_domain_that_does_not_run_uses_no_cpu() -> None:
    """Counters that libvirt keeps of a domain that is off are not taken for load."""
    facts = domain_facts(definition("web1", active=False), surroundings(), {"state.state": 5}, 0.7)
    assert facts["cpu_usage"] == 0.0
    assert facts["state"] == "shutoff"


def test_a_domain_without_statistics_is_running_if_it_is_active() -> None:
    """libvirt leaves out the statistics of a domain that it is busy with."""
    facts = domain_facts(definition("web1"), surroundings(), {}, 0.0)
    assert (facts["state"], facts["state_reason"]) == ("running", "unknown")


def test_what_qemu_tells_is_added_where_it_answers() -> None:
    """Memory in use, a dirty rate that was measured, and the running job."""
    probe = DomainProbe(
        {
            "balloon.rss": 46164,
            "dirtyrate.calc_status": 2,
            "dirtyrate.megabytes_per_second": 32,
        },
        {
            "operation": 5,
            "time_elapsed": 2500,
            "memory_total": 64 * 2**20,
            "memory_remaining": 16 * 2**20,
        },
    )
    facts = domain_facts(definition("web1"), surroundings(), RUNNING, 0.0, probe)
    assert facts["memory_used_mib"] == 46
    assert facts["dirty_rate_mib_s"] == 32.0
    assert facts["job"] == {
        "kind": "migration_out",
        "elapsed_s": 2.5,
        "total_mib": 64,
        "remaining_mib": 16,
    }
    assert [blocker["code"] for blocker in facts["blockers"]] == ["job"]


def test_a_dirty_rate_that_nobody_measured_is_left_out() -> None:
    """The status that libvirt gives without a measurement is no rate of zero."""
    probe = DomainProbe({"dirtyrate.calc_status": 0}, {})
    facts = domain_facts(definition("web1"), surroundings(), RUNNING, 0.0, probe)
    assert "dirty_rate_mib_s" not in facts
    assert "memory_used_mib" not in facts


@pytest.mark.parametrize("xml", [None, "", "<domain"])
def test_a_broken_definition_becomes_a_domain_that_stays(xml: str | None) -> None:
    """The domain is there, with its state and size from the statistics, and cannot be migrated."""
    reading = DomainReading("broken", "u-9", xml, active=True, problem="it is damaged")
    assert parse_definition(reading, {}) is None
    statistics = {**RUNNING, "vcpu.current": 2, "balloon.maximum": 2048}
    facts = broken_domain_facts(reading, "kvm1", statistics, 0.5)
    assert (facts["vcpus"], facts["memory_mib"], facts["cpu_usage"]) == (2, 2, 0.5)
    assert facts["blockers"][0]["code"] == "definition_unreadable"
    assert "it is damaged" in facts["blockers"][0]["message"]
