# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole survey between two hosts of libvirt's own test driver, and of peers that do not answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._facts.cluster_stack import (
    ClusterStack,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._preflight import peer as peers
from ansible_collections.drover.libvirt.plugins.module_utils._preflight import survey as surveys
from ansible_collections.drover.libvirt.plugins.module_utils._preflight.checked import Checked
from ansible_collections.drover.libvirt.plugins.module_utils._preflight.peer import Peer
from ansible_collections.drover.libvirt.plugins.module_utils._preflight.survey import (
    Survey,
    SurveyRequest,
    survey,
)

from tests.unit.plugins.driver_node import NODE, UUID

pytest.importorskip("libvirt")

XML = "<domain type='test'><os><type arch='i686'>hvm</type></os></domain>"
RUNS = EndState(state="running", persistent=True)


@pytest.fixture
def uri(tmp_path: Path) -> str:
    """Two hosts of the same kind: each connection to it is one of its own."""
    (tmp_path / "node.xml").write_text(NODE)
    return f"test://{tmp_path}/node.xml"


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the VM say what the test driver cannot, and no cluster software run here."""
    known = DomainFacts("vm1", UUID, RUNS, 64, XML, None, 0)
    monkeypatch.setattr(surveys, "read_facts", lambda *_asked: known)
    monkeypatch.setattr(surveys, "read_cluster_stack", ClusterStack)
    monkeypatch.setattr(peers, "_addresses", lambda _hostname: ["192.0.2.7"])


def about_peer(found: Survey, domain: str | None = None) -> dict[str, Any]:
    """Return the findings about the peer h2, or about a VM there, by their names."""
    return {
        one.finding.id: one.finding
        for one in found.checks
        if (one.subject.peer, one.subject.domain) == ("h2", domain)
    }


def about_host(checks: list[Checked]) -> set[str]:
    """Return what was checked of this host."""
    return {one.finding.id for one in checks if one.subject.peer is None}


def test_a_survey_looks_at_this_host_each_peer_and_each_vm_there(uri: str) -> None:
    """What libvirt cannot say here is told as such, and stops nothing else."""
    found = survey(SurveyRequest(uri, [Peer("h2", uri)], name="h1"))
    assert (found.host, found.domains, found.warnings) == ("h1", ["vm1"], [])
    assert {"enough_hosts", "migration_network", "movable"} <= about_host(found.checks)
    pair = about_peer(found)
    assert pair["connection"].passed
    assert {"two_hosts", "versions", "name_resolution", "migration_ports"} <= set(pair)
    assert {"free_name", "memory"} <= set(about_peer(found, "vm1"))


def test_a_vm_that_runs_on_the_peer_as_well_blocks(uri: str) -> None:
    """The peer of this test is a twin, so it does."""
    found = survey(SurveyRequest(uri, [Peer("h2", uri)], name="h1"))
    assert about_peer(found, "vm1")["free_name"].blocks


def test_only_the_vms_that_were_asked_for_are_looked_at(uri: str) -> None:
    """One of another name is none of this host."""
    found = survey(SurveyRequest(uri, [], name="h1", domains=["vm9"]))
    assert found.domains == []
    assert "movable" not in about_host(found.checks)


def test_the_facts_of_a_peer_are_not_asked_again(uri: str) -> None:
    """What host_info said of its bridges, interfaces and storage counts."""
    facts: dict[str, Any] = {"bridges": [], "interfaces": [], "storage": []}
    found = survey(SurveyRequest(uri, [Peer("h2", uri, facts=facts)], name="h1"))
    assert "storage" not in about_peer(found, "vm1")


def test_a_peer_that_refuses_is_named_with_a_remedy(uri: str, tmp_path: Path) -> None:
    """Its VMs are judged by the facts alone."""
    found = survey(SurveyRequest(uri, [Peer("h2", f"test://{tmp_path}/none.xml")], name="h1"))
    connection = about_peer(found)["connection"]
    assert connection.blocks
    assert "h1 does not reach libvirt of h2" in connection.evidence
    assert "virsh -c" in connection.remedy
    assert "free_name" not in about_peer(found, "vm1")


def test_a_peer_that_does_not_answer_is_given_up(uri: str) -> None:
    """The others are looked at all the same."""
    found = survey(SurveyRequest(uri, [Peer("h2", uri), Peer("h3", uri)], name="h1", connect_s=0.0))
    silent = about_peer(found)["connection"]
    assert silent.passed or "has not answered" in silent.evidence
    assert {one.subject.peer for one in found.checks} == {None, "h2", "h3"}


def test_a_peer_that_is_lost_on_the_way_does_not_hide_the_others(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error is its finding."""
    real = surveys.survey_peer

    def lose(home: Any, peer: Peer) -> list[Checked]:
        if peer.name == "h2":
            raise LibvirtFailed("The connection broke.")
        return real(home, peer)

    monkeypatch.setattr(surveys, "survey_peer", lose)
    found = survey(SurveyRequest(uri, [Peer("h2", uri), Peer("h3", uri)], name="h1"))
    lost = about_peer(found)
    assert set(lost) == {"connection"}
    assert lost["connection"].blocks
    assert "The connection broke." in lost["connection"].evidence
    assert any(one.subject.peer == "h3" and one.finding.passed for one in found.checks)


def test_a_vm_that_libvirt_does_not_speak_of_blocks(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its QEMU hangs, so a migration of it would, too."""

    def hang(*_asked: Any) -> DomainFacts:
        raise LibvirtFailed("Timed out.")

    monkeypatch.setattr(surveys, "read_facts", hang)
    found = survey(SurveyRequest(uri, [Peer("h2", uri)], name="h1"))
    [silent] = [one for one in found.checks if one.finding.id == "answers"]
    assert (silent.subject.domain, silent.finding.blocks) == ("vm1", True)
    assert "free_name" not in about_peer(found, "vm1")


def test_the_address_that_the_inventory_gives_counts(uri: str) -> None:
    """This host need not know it by itself."""
    found = survey(SurveyRequest(uri, [], name="h1", migration_address="10.9.9.9"))
    [network] = [one.finding for one in found.checks if one.finding.id == "migration_network"]
    assert network.passed
    assert "10.9.9.9" in network.evidence
