# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power marks: what becomes of them, and who is asleep."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.plugin_utils._answers import Answers
from ansible_collections.drover.libvirt.plugins.plugin_utils._cluster_facts import (
    FactsMissing,
    cluster_facts,
    sleeping_hosts,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._power_changes import Change, changed
from ansible_collections.drover.libvirt.plugins.plugin_utils._sleeping import (
    holders,
    newest_power_marks,
    power_facts,
)

EVENING = datetime.datetime(2026, 11, 24, 22, 0, 0, tzinfo=datetime.UTC)
MORNING = datetime.datetime(2026, 11, 25, 6, 0, 0, tzinfo=datetime.UTC)
STORAGE = {"path": "/srv/vms", "shared": True, "identity": "marker:1"}
HOST = {
    "name": "kvm3",
    "vcpus": 8,
    "memory_mib": 16384,
    "cpu_usage": 0.5,
    "storage": [STORAGE],
    "migration": {"address": "10.0.1.3"},
}


def going_down(**others: Any) -> dict[str, Any]:
    """Return the mark of kvm3, which has just been told to shut down."""
    change = Change("going_down", EVENING, "ann", "night", {"method": "ipmi"}, HOST, "boot-1")
    return changed(others.pop("present", None), change._replace(**others))


def found(marks: dict[str, Any], boot_id: str = "b", shutting_down: bool = False) -> dict[str, Any]:
    """Return what power_mark_info answers."""
    return {"marks": marks, "boot_id": boot_id, "shutting_down": shutting_down}


def variables(**hosts: dict[str, Any]) -> Answers:
    """Return what Ansible knows of these hosts."""
    registered = {"host_info": "gather_host_info", "power_mark_info": "reach_found"}
    return Answers({"groups": {"kvm": list(hosts)}, "hostvars": hosts}, registered)


def up(name: str, mark: dict[str, Any], **host: Any) -> dict[str, Any]:
    """Return the variables of a host that answers and knows a mark of kvm3."""
    facts = {"name": name, "vcpus": 4, "memory_mib": 8192, "storage": [STORAGE], **host}
    return {
        "gather_host_info": {"host": facts, "domains": []},
        "reach_found": found({"kvm3": mark}, host.pop("boot_id", "b")),
    }


def test_a_mark_keeps_what_waking_the_host_would_bring() -> None:
    """Its capacity stays; what changes by the second does not."""
    mark = going_down()
    assert mark["facts"]["vcpus"] == 8
    assert "cpu_usage" not in mark["facts"]
    assert (mark["times_off"], mark["since"]) == (1, "2026-11-24T22:00:00Z")


def test_a_mark_never_holds_a_secret() -> None:
    """Of drover_power only what tells where and how."""
    power = {"method": "ipmi", "address": "10.0.0.3", "user": "admin", "password": "geheim"}
    wake = going_down(wake=power)["wake"]
    assert wake == {"method": "ipmi", "address": "10.0.0.3", "user": "admin"}


def test_a_host_that_is_on_again_keeps_its_history() -> None:
    """The night counts once, whatever states it went through."""
    asleep = changed(going_down(), Change("asleep", EVENING))
    waking = changed(asleep, Change("waking", MORNING))
    on = changed(waking, Change("on", MORNING, proven={"boot_s": 90.0}))
    assert (asleep["times_off"], on["times_off"]) == (1, 1)
    assert on["off_s"] == pytest.approx(8 * 3600, abs=5)
    assert (on["facts"], on["doubtful"], on["proven"]["boot_s"]) == (None, None, 90.0)
    again = changed(on, Change("on", MORNING))
    assert (again["since"], again["off_s"]) == (on["since"], on["off_s"])


def test_the_next_mark_is_newer_even_if_the_clock_is_behind() -> None:
    """Or a host would keep the old one."""
    late = changed(None, Change("going_down", MORNING))
    assert changed(late, Change("asleep", EVENING))["at"] == "2026-11-25T06:00:01Z"


def test_doubt_stays_until_it_is_cleared() -> None:
    """None keeps it, an empty reason clears it."""
    doubtful = changed(going_down(), Change("waking", MORNING, doubtful="No SSH."))
    assert changed(doubtful, Change("on", MORNING))["doubtful"]["reason"] == "No SSH."
    assert changed(doubtful, Change("on", MORNING, doubtful=""))["doubtful"] is None


def test_of_several_copies_the_newest_holds_and_is_read_where_it_is() -> None:
    """A host that was away knows an old one."""
    old, new = going_down(), changed(going_down(), Change("asleep", MORNING))
    answers = {"kvm1": found({"kvm3": old}), "kvm2": found({"kvm3": new})}
    newest = newest_power_marks(answers.values())
    assert newest["kvm3"]["state"] == "asleep"
    assert holders(answers, newest) == {"kvm2": ["kvm3"]}


def test_a_silent_host_on_record_is_no_error() -> None:
    """It counts as asleep with what it had, its power, its address and the inventory's labels."""
    asleep = changed(going_down(), Change("asleep", EVENING))
    silent = {"drover_power": {"method": "ipmi", "keep_on": False, "password": "geheim"}}
    facts = cluster_facts(variables(kvm1=up("kvm1", asleep), kvm3=silent), "kvm")
    [_kvm1, kvm3] = facts["hosts"]
    assert (kvm3["state"], kvm3["vcpus"]) == ("asleep", 8)
    assert (kvm3["power"]["method"], kvm3["power"]["reason"]) == ("ipmi", "night")
    assert kvm3["connection"]["uri"] == "qemu+ssh://root@kvm3/system"
    assert "geheim" not in str(facts)


def test_a_silent_host_that_is_on_by_its_mark_is_an_error() -> None:
    """Nobody put it to sleep."""
    on = changed(going_down(), Change("on", MORNING))
    hosts = variables(kvm1=up("kvm1", on), kvm3={})
    with pytest.raises(FactsMissing, match="have not answered"):
        cluster_facts(hosts, "kvm")
    assert sleeping_hosts(hosts, ["kvm1", "kvm3"]) == []


def power_of(hosts: Answers) -> dict[str, Any]:
    facts = cluster_facts(hosts, "kvm")
    return next(host for host in facts["hosts"] if host["name"] == "kvm3")


def test_a_host_that_was_switched_on_is_back_when_it_has_what_it_had() -> None:
    """Its storage and its migration network."""
    asleep = changed(going_down(), Change("asleep", EVENING))
    back = up("kvm3", asleep, migration={"address": "10.0.1.3"})
    host = power_of(variables(kvm1=up("kvm1", asleep), kvm3=back))
    assert host["power"]["returned"]
    assert not host.get("maintenance")


def test_a_host_without_its_storage_or_network_takes_no_vms() -> None:
    """Each lack has its sentence, with what to do."""
    asleep = changed(going_down(), Change("asleep", EVENING))
    host = power_of(variables(kvm1=up("kvm1", asleep), kvm3=up("kvm3", asleep, storage=[])))
    assert host["maintenance"]
    assert not host["power"]["returned"]
    storage, network = host["power"]["closed"]
    assert "without its storage /srv/vms" in storage
    assert "without its address 10.0.1.3" in network


@pytest.mark.parametrize(("boot_id", "returned"), [("boot-1", False), ("boot-2", True)])
def test_a_host_told_to_shut_down_takes_no_vms_before_it_has_booted(
    boot_id: str, returned: bool
) -> None:
    """The boot tells whether it went down."""
    mark = going_down()
    answers = up("kvm3", mark, migration={"address": "10.0.1.3"})
    answers["reach_found"]["boot_id"] = boot_id
    assert power_of(variables(kvm1=up("kvm1", mark), kvm3=answers))["power"]["returned"] is returned


def test_a_proof_counts_also_where_older_ansible_made_texts_of_its_numbers() -> None:
    """What the inventory says of watts goes before what was measured; what nobody knows is left out."""
    proven = {"boot_s": "12", "shutdown_s": "", "watts": {"on": "120.5", "asleep": ""}}
    facts = power_facts({"proven": proven}, {"busy_w": 300})
    assert (facts["boot_s"], facts["shutdown_s"], facts["idle_w"]) == (12.0, None, 120.5)
    assert facts["busy_w"] == 300.0
    assert "asleep_w" not in facts
