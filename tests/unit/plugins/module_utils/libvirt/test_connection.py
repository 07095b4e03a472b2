# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How libvirt is reached."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import ConnectionFailed
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.connection import (
    open_connection,
)
from ansible_collections.drover.libvirt.plugins.module_utils._migration.answer import read_request
from ansible_collections.drover.libvirt.plugins.module_utils._uris import check_uri


def test_a_uri_with_a_password_is_refused_and_not_repeated() -> None:
    """libvirt ignores it, and messages and journals would show it."""
    with pytest.raises(ConnectionFailed, match="kvm2 holds a password") as refusal:
        open_connection("qemu+tcp://ann:geheim@kvm2/system")
    assert "geheim" not in str(refusal.value)


@pytest.mark.parametrize(
    "uri", ["qemu+ssh://ann:geheim@[::1/system", "qemu://ann:geheim@a\u2100b/"]
)
def test_a_uri_that_cannot_be_taken_apart_is_refused_and_not_repeated(uri: str) -> None:
    """A bracket is missing, or a letter stands for others; it may hold a password nevertheless."""
    with pytest.raises(
        ConnectionFailed, match="A connection URI holds no valid address"
    ) as refusal:
        open_connection(uri)
    assert "geheim" not in str(refusal.value)


@pytest.mark.parametrize("option", ["source_uri", "destination_uri", "peer_uri"])
def test_a_migration_takes_no_uri_with_a_password(option: str) -> None:
    """Also not the peer URI, which this process never opens: libvirt on the source would show it."""
    params: dict[str, Any] = {"source_uri": "qemu:///system", "destination_uri": None}
    params.update({"peer_uri": None, option: "qemu+ssh://ann:geheim@kvm2/system"})
    with pytest.raises(ConnectionFailed, match="kvm2 holds a password") as refusal:
        read_request(params)
    assert "geheim" not in str(refusal.value)


@pytest.mark.parametrize(
    "uri",
    [
        "qemu+ssh://root@kvm2/system?command=/x",
        "qemu+ssh://root@kvm2/system?no_verify=1&netcat=/x",
        "qemu+ssh://root@kvm2/system?netcat",
        "qemu+ssh://root@kvm2/system?keyfile=/k&%63ommand=/x",
        "qemu+ext:///system?keyfile=/k",
        "qemu+ssh://-oProxyCommand=x/system",
        "qemu+ssh://root@-oProxyCommand=x/system",
    ],
)
def test_a_uri_names_no_program(uri: str) -> None:
    """libvirt would run it as root on the host that connects."""
    with pytest.raises(ConnectionFailed, match="program"):
        check_uri(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "qemu:///system",
        "qemu+unix:///system?socket=/run/x",
        "qemu+ssh://op%40x@kvm2:2222/system?keyfile=/k&no_verify=1&sshauth=agent",
        "qemu+tls://[2001:db8::1]/system?pkipath=/p&no_tty=1",
        "test:///default",
    ],
)
def test_keys_proofs_and_ways_may_be_named(uri: str) -> None:
    """These parameters are the operator's choice."""
    check_uri(uri)
