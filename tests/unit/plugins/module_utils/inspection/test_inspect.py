# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of a host of libvirt's own test driver, and of one that does not answer."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import (
    ConnectionFailed,
    LibvirtFailed,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.cluster_stack import (
    ClusterStack,
)
from ansible_collections.drover.libvirt.plugins.module_utils._inspection import (
    inspect as inspecting,
)
from ansible_collections.drover.libvirt.plugins.module_utils._inspection.inspect import (
    Inspection,
    InspectionRequest,
    inspect,
    inspect_within,
)

from tests.unit.plugins.driver_node import NODE, UUID

pytest.importorskip("libvirt")


@pytest.fixture
def uri(tmp_path: Path) -> str:
    """A host."""
    (tmp_path / "node.xml").write_text(NODE)
    return f"test://{tmp_path}/node.xml"


def read(uri: str, tmp_path: Path, **more: Any) -> Inspection:
    """Read the host, without waiting for its load."""
    asked = {"name": "h1", "sample_s": 0.0, "marks_directory": str(tmp_path / "marks"), **more}
    return inspect(InspectionRequest(uri, **asked))


def test_a_host_and_its_vms_are_read(uri: str, tmp_path: Path) -> None:
    """Under the name that the cluster gives the host."""
    found = read(uri, tmp_path, labels={"rack": "a"})
    assert (found.host["name"], found.host["labels"]) == ("h1", {"rack": "a"})
    assert found.host["networks"]["lan"]
    assert [pool["name"] for pool in found.host["pools"]] == ["images"]
    [vm] = found.domains
    assert (vm["name"], vm["uuid"], vm["state"], vm["host"]) == ("vm1", UUID, "running", "h1")
    assert vm["blockers"] == []


def test_a_host_without_a_name_has_its_own(uri: str, tmp_path: Path) -> None:
    """As libvirt says it."""
    found = read(uri, tmp_path, name=None)
    assert found.host["name"] == found.host["hostname"]


def test_a_vm_that_pacemaker_manages_is_left_to_it(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would start the VM again where it was."""
    asked: list[str] = []

    def managed(_stack: ClusterStack, name: str) -> list[dict[str, str]]:
        asked.append(name)
        return [{"code": "pacemaker", "message": "It is managed.", "remedy": "Leave it."}]

    monkeypatch.setattr(inspecting, "managed_blockers", managed)
    [vm] = read(uri, tmp_path).domains
    assert (asked, vm["blockers"][0]["code"]) == (["vm1"], "pacemaker")


def test_a_migration_network_that_the_host_is_not_in_is_a_warning(uri: str, tmp_path: Path) -> None:
    """The facts have no address then."""
    found = read(uri, tmp_path, migration_network="203.0.113.0/24")
    assert "migration" not in found.host
    assert any("203.0.113.0/24" in warning for warning in found.warnings)


def test_interfaces_that_cannot_be_read_are_a_warning(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything else is read."""

    def refuse() -> None:
        raise LibvirtFailed("There is no ip command.")

    monkeypatch.setattr(inspecting, "read_interfaces", refuse)
    found = read(uri, tmp_path)
    assert "There is no ip command." in found.warnings
    assert "bridges" not in found.host
    assert len(found.domains) == 1


def test_qemus_that_do_not_answer_are_a_warning(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their VMs are there all the same."""
    monkeypatch.setattr(inspecting, "probe_domains", lambda *_asked: False)
    found = read(uri, tmp_path)
    assert any("has not answered within 5 s" in warning for warning in found.warnings)
    assert len(found.domains) == 1


def test_a_host_that_lets_nobody_ask_its_qemus_is_a_warning(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error is no answer either."""

    def refuse(*_asked: Any) -> bool:
        raise LibvirtFailed("Access denied.")

    monkeypatch.setattr(inspecting, "probe_domains", refuse)
    assert read(uri, tmp_path).warnings


@pytest.mark.parametrize("error", [KeyError("state"), ValueError("odd")])
def test_a_vm_with_odd_values_does_not_hide_the_others(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """It is named, and cannot be moved."""

    def fail(*_asked: Any) -> dict[str, Any]:
        raise error

    monkeypatch.setattr(inspecting, "domain_facts", fail)
    found = read(uri, tmp_path)
    [vm] = found.domains
    assert (vm["name"], bool(vm["blockers"])) == ("vm1", True)
    assert "The definition of VM vm1 cannot be read." in found.warnings


def test_a_host_remembers_its_load_where_it_is_to(uri: str, tmp_path: Path) -> None:
    """Nothing is said of a history that is left aside."""
    assert "history" not in read(uri, tmp_path).host
    kept = read(uri, tmp_path, history_directory=str(tmp_path / "history"), keep_history=True)
    assert "history" in kept.host


def test_a_host_that_cannot_be_reached_is_an_error(tmp_path: Path) -> None:
    """Nothing can be said of it."""
    with pytest.raises(ConnectionFailed):
        read(f"test://{tmp_path}/none.xml", tmp_path)


def test_a_host_that_hangs_is_given_up(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what can be done about it."""
    hanging = threading.Event()
    monkeypatch.setattr(inspecting, "inspect", lambda _request: hanging.wait(20))
    with pytest.raises(inspecting.NoAnswer, match="has not answered within 0 s") as refusal:
        inspect_within(InspectionRequest(uri, sample_s=0.0), 0.0)
    hanging.set()
    assert "does not stop the VMs" in refusal.value.remedy


def test_a_host_that_answers_is_read_in_time(uri: str) -> None:
    """The same facts."""
    assert (
        inspect_within(InspectionRequest(uri, name="h1", sample_s=0.0), 60.0).host["name"] == "h1"
    )
