# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the hosts of a migration are asked: bounded, over connections that are opened again when they break."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends import ends
from ansible_collections.drover.libvirt.plugins.module_utils._ends.ends import AwayEnd, End, Ends
from ansible_collections.drover.libvirt.plugins.module_utils._errors import (
    ConnectionFailed,
    LibvirtFailed,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import (
    EndState,
    fenced_state,
)
from ansible_collections.drover.libvirt.plugins.module_utils._patience import NoAnswer

RUNS = EndState(state="running", reason="booted", persistent=True)


class Connection:
    """A connection to a daemon, which may die."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.alive = True
        self.closed = False

    def isAlive(self) -> bool:  # noqa: N802 as libvirt calls it
        """Whether the daemon is still there."""
        return self.alive

    def close(self) -> None:
        """Close it."""
        self.closed = True
        raise LibvirtFailed("It was broken.")


class Network:
    """The daemons that can be reached."""

    def __init__(self) -> None:
        self.opened: list[Connection] = []
        self.refusing: set[str] = set()
        self.kept_alive: list[Connection] = []
        self.with_jobs: list[bool] = []

    def open(self, uri: str) -> Connection:
        """Open a connection."""
        if uri in self.refusing:
            raise ConnectionFailed(f"{uri} refuses.")
        self.opened.append(Connection(uri))
        return self.opened[-1]

    def read(self, _connection: Connection, _uuid: str, with_job: bool) -> EndState:
        """Read the state of the VM."""
        self.with_jobs.append(with_job)
        return RUNS


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """Let daemons be scripted."""
    scripted = Network()
    monkeypatch.setattr(ends, "open_connection", scripted.open)
    monkeypatch.setattr(ends, "keep_alive", scripted.kept_alive.append)
    monkeypatch.setattr(ends, "read_end_state", scripted.read)
    monkeypatch.setattr(ends, "find_domain", lambda _connection, uuid: uuid or None)
    return scripted


def test_a_connection_is_kept_and_kept_alive(network: Network) -> None:
    """One that is open already costs no time when the VM stands still."""
    end = End("h1", "u1")
    assert end.connection() is end.connection()
    assert network.kept_alive == network.opened
    assert len(network.opened) == 1


def test_a_broken_connection_is_opened_again(network: Network) -> None:
    """The daemon was restarted."""
    end = End("h1", "u1")
    end.connection().alive = False
    assert end.state("u") == RUNS
    assert len(network.opened) == 2


def test_only_the_source_is_asked_for_jobs(network: Network) -> None:
    """A receiving host cannot tell, and would keep the question waiting."""
    End("h1", "u1", sees_jobs=True).state("u")
    End("h2", "u2").state("u")
    assert network.with_jobs == [True, False]


def test_a_host_that_refuses_is_not_readable(network: Network) -> None:
    """The state says why, and nothing is raised."""
    network.refusing.add("u1")
    end = End("h1", "u1")
    state = end.state("u")
    assert (state.readable, state.error) == (False, "u1 refuses.")
    assert not end.answers(1.0)
    assert End("h2", "u2").answers(1.0)


def test_an_error_of_the_question_is_not_an_answer(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is kept: only a call that hangs makes it useless."""

    def fail(*_asked: Any) -> EndState:
        raise LibvirtFailed("Cannot read.")

    monkeypatch.setattr(ends, "read_end_state", fail)
    end = End("h1", "u1")
    assert not end.state("u").readable
    end.connection()
    assert len(network.opened) == 1


def test_a_question_that_hangs_is_given_up_and_its_connection_with_it(network: Network) -> None:
    """The next one gets a new connection."""
    end = End("h1", "u1")
    hanging = threading.Event()
    with pytest.raises(NoAnswer, match="read it on h1"):
        end.ask(lambda _connection: hanging.wait(20), "read it", 0.01)
    hanging.set()
    assert end.ask(lambda connection: connection, "read it") is network.opened[1]


def test_nothing_is_opened_to_say_what_is_known(network: Network) -> None:
    """A refusal does not wait for a host that is not needed for it."""
    end = End("h1", "u1")
    assert end.known_state("u").error == "it is not connected"
    assert network.opened == []
    end.connection()
    assert end.known_state("u") == RUNS
    assert end.known_state(None) == EndState()


def test_a_vm_that_the_host_does_not_know_is_not_changed(network: Network) -> None:
    """There is nothing to be changed."""
    end = End("h1", "u1")
    assert end.ask_domain("", lambda vm: vm, "change it") is None
    assert end.ask_domain("u", lambda vm: vm + "!", "change it") == "u!"


def test_both_hosts_are_opened_and_the_first_error_is_told(network: Network) -> None:
    """The other one is connected all the same, so that its word is in the report."""
    network.refusing = {"u1"}
    both = Ends(End("h1", "u1"), End("h2", "u2"))
    with pytest.raises(ConnectionFailed, match="u1 refuses"):
        both.open()
    evidence = both.known_states("u")
    assert (evidence.source.readable, evidence.destination) == (False, RUNS)


def test_both_hosts_are_read_and_closed(network: Network) -> None:
    """A connection that cannot be closed is left behind."""
    both = Ends(End("h1", "u1"), End("h2", "u2"))
    both.open()
    assert both.states("u").source == RUNS
    both.close()
    both.close()
    assert [connection.closed for connection in network.opened] == [True, True]


def test_a_dead_host_has_no_vm_and_is_not_asked() -> None:
    """Nothing can be changed there, and that is no error."""
    dead = AwayEnd("h1", fenced_state())
    assert dead.state("u").reason == "fenced"
    assert dead.ask_domain("u", lambda vm: vm, "change it") is None
    assert not dead.answers(1.0)


def test_a_silent_host_is_refused_at_once() -> None:
    """It is known not to answer, so nobody waits for it again."""
    silent = AwayEnd("h1", EndState(readable=False, state="unknown", error="no answer"))
    with pytest.raises(NoAnswer, match="h1 does not answer"):
        silent.ask_domain("u", lambda vm: vm, "change it")


class Kept:
    """Connections that were left."""

    def __init__(self) -> None:
        self.left: list[Connection] = []

    def take(self, uri: str) -> Connection:
        """Return a new one."""
        return Connection(uri)

    def leave(self, _uri: str, connection: Connection) -> None:
        """Keep it."""
        self.left.append(connection)


def test_a_connection_is_left_to_others_only_on_request(network: Network) -> None:
    """One in which a call may still be under way is closed: libvirt cancels what it began then."""
    kept: Any = Kept()
    end = End("h1", "u1", kept=kept)
    first = end.connection()
    end.leave()
    assert (kept.left, first.closed, network.opened) == ([first], False, [])
    second = end.connection()
    end.close()
    third = end.connection()
    end.share_no_more()
    end.leave()
    assert (kept.left, second.closed, third.closed) == ([first], True, True)
