# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that migrations leave to each other: only those that answer, and each to one at a time."""

from __future__ import annotations

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt import kept
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.kept import KeptConnections


class Connection:
    """A connection to a daemon, which may die or fall silent."""

    def __init__(self) -> None:
        self.alive = True
        self.refuses = False
        self.closed = False

    def isAlive(self) -> bool:  # noqa: N802 as libvirt calls it
        """Whether the connection stands."""
        return self.alive

    def getLibVersion(self) -> int:  # noqa: N802 as libvirt calls it
        """Answer, or not."""
        if self.refuses:
            raise LibvirtFailed("It was broken.")
        return 9_000_000

    def close(self) -> None:
        """Close it."""
        self.closed = True


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> KeptConnections:
    """Let each opened connection be a new one."""
    monkeypatch.setattr(kept, "open_connection", lambda _uri: Connection())
    return KeptConnections()


def test_what_was_left_is_taken_by_the_next_and_by_nobody_beside_it(
    connections: KeptConnections,
) -> None:
    """Two migrations at a time have two connections; one to another host is another one."""
    first = connections.take("u1")
    assert connections.take("u1") is not first
    connections.leave("u1", first)
    assert connections.take("u2") is not first
    assert connections.take("u1") is first
    assert connections.take("u1") is not first


@pytest.mark.parametrize("broken", ["alive", "refuses"])
def test_one_that_does_not_answer_is_closed(connections: KeptConnections, broken: str) -> None:
    """The daemon was restarted meanwhile: a new connection is opened, as without keeping any."""
    first = connections.take("u1")
    connections.leave("u1", first)
    setattr(first, broken, broken == "refuses")
    assert connections.take("u1") is not first
    assert first.closed


def test_one_with_which_something_failed_is_not_kept(connections: KeptConnections) -> None:
    """Nobody knows what is under way in it."""
    with pytest.raises(LibvirtFailed), connections.lent("u1") as first:
        raise LibvirtFailed("It failed.")
    assert first.closed
    with connections.lent("u1") as second:
        assert second is not first
    with connections.lent("u1") as third:
        assert third is second


def test_what_is_kept_is_closed_at_the_end(connections: KeptConnections) -> None:
    """One that is lent belongs to its borrower."""
    left, lent = connections.take("u1"), connections.take("u1")
    connections.leave("u1", left)
    connections.close()
    assert (left.closed, lent.closed) == (True, False)
