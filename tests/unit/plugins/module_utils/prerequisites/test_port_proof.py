# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the source says of a migration port, and what that proves of the way between two hosts."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites import port_proof
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.finding import Finding
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.port_proof import (
    _CONNECT,
    PortProof,
    Way,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)


def test_a_port_that_says_nothing_is_told_as_such() -> None:
    """Old Pythons have a timeout of their own kind for sockets; it is told in the same words."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        command = [sys.executable, "-c", _CONNECT, "127.0.0.1", port, "token"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == "nothing answers within 3 s\n"


class Listener:
    """The process that listens on the destination."""

    def __init__(self, port: str) -> None:
        self.stdout: Any = io.StringIO(port and port + "\n")
        self.ended = False


class Hosts:
    """What the source hears on each port of the destination, and whether commands can run at all."""

    def __init__(self, last: str = "answered", first: str = "answered") -> None:
        self.heard = {"49215": last, "49152": first}
        self.ports = {"last": "49215", "first": "49152"}
        self.unreachable: set[str] = set()
        self.listeners: list[Listener] = []
        self.asked: list[str] = []

    def command(self, uri: str, script: str, *arguments: str) -> list[str] | None:
        """Return the command that runs a script on a host."""
        return None if uri in self.unreachable else [uri, *arguments]

    def start(self, command: list[str]) -> Listener:
        """Listen."""
        self.listeners.append(Listener(self.ports[command[1]]))
        return self.listeners[-1]

    def answer(self, command: list[str], _limit_s: float) -> str:
        """Connect."""
        self.asked.append(command[2])
        return self.heard[command[2]]


REQUEST = MigrationRequest("vm1", "here", "there", destination="kvm2", migration_address="10.0.0.2")
WAY = ("here", "there", "10.0.0.2")


def prove(
    monkeypatch: pytest.MonkeyPatch,
    hosts: Hosts,
    request: MigrationRequest = REQUEST,
    proven: set[Way] | None = None,
) -> list[Finding]:
    """Return what the proof finds."""
    monkeypatch.setattr(port_proof, "python_on", hosts.command)
    monkeypatch.setattr(port_proof, "started", hosts.start)
    monkeypatch.setattr(port_proof, "ended", lambda listener: setattr(listener, "ended", True))
    monkeypatch.setattr(port_proof, "answer_of", hosts.answer)
    return PortProof(request, set() if proven is None else proven).findings()


def test_a_port_that_answers_proves_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not proved again for the next VM, and nothing listens any more."""
    hosts, proven = Hosts(), set[Way]()
    [finding] = prove(monkeypatch, hosts, proven=proven)
    assert finding.passed
    assert finding.evidence == "kvm2 answers at 10.0.0.2, port 49215."
    assert (proven, [listener.ended for listener in hosts.listeners]) == ({WAY}, [True])
    assert prove(monkeypatch, hosts, proven=proven) == []


def test_a_firewall_that_opens_only_a_part_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first port decides, which libvirt takes first."""
    hosts = Hosts(last="nothing answers within 3 s")
    [finding] = prove(monkeypatch, hosts)
    assert (finding.passed, hosts.asked) == (True, ["49215", "49152"])


def test_a_way_that_is_closed_blocks_the_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    """libvirt would hang for minutes; the finding names the ports and what was heard."""
    hosts, proven = Hosts("No route to host", "somebody else answers"), set[Way]()
    [finding] = prove(monkeypatch, hosts, proven=proven)
    assert finding.blocks
    assert "49215 (No route to host), 49152 (somebody else answers)" in finding.evidence
    assert "kvm2" in finding.remedy
    assert proven == set()


@pytest.mark.parametrize("host", ["here", "there"])
def test_a_host_that_runs_no_command_leaves_it_to_the_migration(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Nothing is proved, and nothing is refused."""
    hosts = Hosts()
    hosts.unreachable.add(host)
    [finding] = prove(monkeypatch, hosts)
    assert (finding.passed, finding.blocks, hosts.listeners) == (False, False, [])


def test_a_destination_without_a_free_port_leaves_it_to_the_migration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A QEMU that waits for its VM is not disturbed."""
    hosts = Hosts()
    hosts.ports["last"] = ""
    [finding] = prove(monkeypatch, hosts)
    assert (finding.blocks, hosts.asked) == (False, [])
    assert hosts.listeners[0].ended


def test_a_source_that_says_nothing_leaves_it_to_the_migration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its SSH failed, say."""
    [finding] = prove(monkeypatch, Hosts(last=""))
    assert not finding.blocks


def test_a_destination_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The listener is ended all the same."""
    hosts, hanging = Hosts(), threading.Event()
    start = hosts.start

    def hang(command: list[str]) -> Listener:
        listener = start(command)
        listener.stdout = type("Pipe", (), {"readline": lambda _self: str(hanging.wait(20))})()
        return listener

    monkeypatch.setattr(hosts, "start", hang)
    monkeypatch.setattr(port_proof, "_STEP_LIMIT_S", 0.01)
    [finding] = prove(monkeypatch, hosts)
    hanging.set()
    assert (finding.passed, finding.blocks) == (False, False)
    assert hosts.listeners[0].ended


@pytest.mark.parametrize(
    ("address", "options"),
    [
        (None, {}),
        ("tls://10.0.0.2", {}),
        ("10.0.0.2", {"mode": "quick", "save_directory": "/s"}),
        ("10.0.0.2", {"mode": "offline"}),
    ],
)
def test_nothing_is_proved_that_is_not_used(
    monkeypatch: pytest.MonkeyPatch, address: str | None, options: dict[str, Any]
) -> None:
    """No memory goes over the network, or nobody knows where to."""
    request = MigrationRequest(
        "vm1", "here", "there", migration_address=address, options=MigrationOptions(**options)
    )
    hosts = Hosts()
    assert prove(monkeypatch, hosts, request) == []
    assert hosts.listeners == []
