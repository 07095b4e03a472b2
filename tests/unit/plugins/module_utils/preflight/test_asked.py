# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What preflight_info was asked for, and the address at which Ansible reached the host."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._preflight.asked import read_request
from ansible_collections.drover.libvirt.plugins.module_utils._preflight.peer import Peer

PARAMS: dict[str, Any] = {
    "uri": "qemu:///system",
    "name": "kvm1",
    "peers": [
        {
            "name": "kvm2",
            "uri": "qemu+ssh://kvm2/system",
            "migration_address": "10.0.0.2",
            "ports": [49152, 49153],
            "facts": None,
        }
    ],
    "domains": ["vm1"],
    "migration_network": "10.0.0.0/24",
    "migration_address": "10.0.0.1",
    "migration_ports": "49152-49215",
    "clock_tolerance_s": 1.0,
    "tls": True,
    "connect_timeout_s": 5.0,
}


def test_all_that_was_asked_for_is_in_the_request() -> None:
    """Peers with the ports on which they listen."""
    request = read_request(PARAMS, "")
    assert request.peers == [
        Peer("kvm2", "qemu+ssh://kvm2/system", "10.0.0.2", (49152, 49153), None)
    ]
    assert (request.name, request.domains, request.ports) == ("kvm1", ["vm1"], "49152-49215")
    assert (request.clock_tolerance_s, request.connect_s) == (1.0, 5.0)
    assert request.is_encrypted


def test_a_host_without_peers_is_asked_of_itself() -> None:
    """Ansible gives nothing for what was left out."""
    assert read_request({**PARAMS, "peers": None}, "").peers == []


@pytest.mark.parametrize(
    ("connection", "reached_at"),
    [
        ("192.0.2.9 50000 192.0.2.1 22", "192.0.2.1"),
        ("2001:db8::9 50000 2001:db8::1 22", "2001:db8::1"),
        ("", None),
        ("192.0.2.9 50000", None),
    ],
)
def test_the_address_at_which_it_was_reached_is_the_servers(
    connection: str, reached_at: str | None
) -> None:
    """As sshd tells; without SSH nobody does."""
    assert read_request(PARAMS, connection).reached_at == reached_at
