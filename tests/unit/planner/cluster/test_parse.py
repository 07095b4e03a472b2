# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts to a snapshot."""

from __future__ import annotations

import pytest

from planner.cluster.parse import digest_of, newest_marks, parse_cluster
from planner.errors import InputError
from tests.unit.planner.builders import cluster, domain, host


def test_minimal_facts_are_enough() -> None:
    """Name, vCPUs and memory of a host and the five facts of a VM make a snapshot; nothing else restricts."""
    snapshot = parse_cluster({"hosts": [host("a")], "domains": [domain("web", "a")]})
    assert snapshot.placement == {"web": "a"}
    assert snapshot.hosts["a"].emulators is None


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"domains": []}, "lacks hosts"),
        ({"hosts": [], "domains": []}, "at least 1"),
        (
            {"hosts": [{"name": "a", "vcpus": 4}], "domains": []},
            "facts.hosts[0]: a lacks memory_mib",
        ),
        ({"hosts": [host("a", vcpus="4")], "domains": []}, "facts.hosts[0].vcpus"),
        ({"hosts": [host("a")], "domains": [domain("web", "b")]}, "not one of the hosts (a)"),
        ({"hosts": [host("a"), host("a")], "domains": []}, "two hosts named a"),
    ],
)
def test_faults_name_place_and_remedy(facts: dict[str, object], words: str) -> None:
    """Malformed facts are refused with the place of the fault."""
    with pytest.raises(InputError) as caught:
        parse_cluster(facts)
    assert words in caught.value.message


def test_stopped_vms_occupy_nothing_and_are_named() -> None:
    """Only running and paused VMs are placed; a warning names the others."""
    facts = {
        "hosts": [host("a")],
        "domains": [domain("off", "a", state="shutoff"), domain("web", "a", state="paused")],
    }
    snapshot = parse_cluster(facts)
    assert list(snapshot.placement) == ["web"]
    assert snapshot.warnings == ("Left where they are, because they are shutoff: off.",)


def test_unreachable_host_takes_no_part() -> None:
    """The VMs of an unreachable host are not placed, and a warning names the host."""
    snapshot = parse_cluster(
        {"hosts": [host("a", state="unreachable"), host("b")], "domains": [domain("web", "a")]}
    )
    assert snapshot.placement == {}
    assert "Host a is unreachable" in snapshot.warnings[0]


def test_digest_ignores_order() -> None:
    """The digest depends on what the facts say, not on the order in which they say it."""
    facts = cluster(a={"x": 1, "y": 2}, b={})
    turned = {"hosts": facts["hosts"][::-1], "domains": facts["domains"][::-1]}
    assert digest_of(facts) == digest_of(turned)
    assert digest_of(facts) != digest_of(cluster(a={"x": 1, "y": 3}, b={}))


def test_newest_mark_of_each_host_wins() -> None:
    """An old copy of a mark, on a host that was away, does not bring the maintenance back."""
    old = {"a": {"maintenance": True, "at": "2026-01-01T00:00:00Z"}}
    new = {"a": {"maintenance": False, "at": "2026-01-02T00:00:00Z"}}
    hosts = [host("a", marks=old), host("b", marks=new)]
    assert newest_marks(hosts)["a"]["maintenance"] is False
    assert not parse_cluster({"hosts": hosts, "domains": []}).hosts["a"].maintenance


def test_running_twice_is_refused() -> None:
    """Two running VMs of one name are the sign of a split brain: nothing is planned."""
    facts = {"hosts": [host("a"), host("b")], "domains": [domain("web", "a"), domain("web", "b")]}
    with pytest.raises(InputError, match="two running VMs named web"):
        parse_cluster(facts)


def test_migration_under_way_is_one_vm() -> None:
    """A VM seen at both ends of its migration is one VM, counted at both ends."""
    uuid = "00000000-0000-0000-0000-000000000001"
    source = domain("web", "a", uuid=uuid, job={"kind": "migration"})
    facts = {
        "hosts": [host("a"), host("b")],
        "domains": [source, domain("web", "b", uuid=uuid, state="paused")],
    }
    snapshot = parse_cluster(facts)
    assert snapshot.incoming == {"web": "b"}
    assert snapshot.loads(snapshot.placement)["b"].memory_mib == 100


def test_both_ends_of_a_migration_may_have_a_job() -> None:
    """libvirt shows a job at the destination, too (a defect once: taken for a VM that runs twice)."""
    uuid = "00000000-0000-0000-0000-000000000001"
    arriving = domain("web", "a", uuid=uuid, state="paused", job={"kind": "migration_in"})
    leaving = domain("web", "b", uuid=uuid, job={"kind": "migration_out"})
    snapshot = parse_cluster({"hosts": [host("a"), host("b")], "domains": [arriving, leaving]})
    assert (snapshot.placement, snapshot.incoming) == ({"web": "b"}, {"web": "a"})


def test_definition_left_behind_is_no_vm() -> None:
    """A stopped definition of a VM that runs elsewhere is only mentioned."""
    facts = {
        "hosts": [host("a"), host("b")],
        "domains": [domain("web", "a", state="shutoff"), domain("web", "b")],
    }
    snapshot = parse_cluster(facts)
    assert snapshot.placement == {"web": "b"}
    assert snapshot.warnings == ("VM web is also defined on a, where it is shutoff.",)


def test_foreign_vm_of_the_same_name_takes_the_name() -> None:
    """Where another VM of the same name is defined, the VM cannot be migrated to."""
    facts = {
        "hosts": [host("a"), host("b")],
        "domains": [domain("web", "a", uuid="1", state="shutoff"), domain("web", "b", uuid="2")],
    }
    assert parse_cluster(facts).domains["web"].name_taken_on == {"a"}
