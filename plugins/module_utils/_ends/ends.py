# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two hosts of a migration, and connections to them that are opened again when they break.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import time
import typing as t
from dataclasses import dataclass

from .._errors import DroverError
from .._facts.end_state import EndState, Evidence
from .._libvirt.connection import keep_alive, open_connection
from .._libvirt.domain import find_domain, read_end_state
from .._libvirt.kept import KeptConnections
from .._patience import NoAnswer, PatientCall, bounded

T = t.TypeVar("T")

# Opening a connection over SSH to a busy host takes a second or two; a host that needs longer than
# this does not answer.
OPEN_LIMIT_S = 30.0
# Longer than libvirt's own wait for a busy VM (30 s), so that its error arrives instead of ours.
CALL_LIMIT_S = 40.0


class End:
    """A host as this process reaches it.

    Parameters
    ----------
    name : str
        Name for messages.
    uri : str
        Connection URI.
    sees_jobs : bool
        Whether its answers about the VM say if libvirt is working on it. A receiving host cannot
        tell, and would keep the question waiting.
    kept : KeptConnections or None
        Where a connection is taken from and left to others; None opens one of its own.
    """

    def __init__(
        self, name: str, uri: str, sees_jobs: bool = False, kept: KeptConnections | None = None
    ) -> None:
        self.name = name
        self.uri = uri
        self._sees_jobs = sees_jobs
        self._kept = kept
        self._connection: t.Any | None = None

    def connection(self, limit_s: float = OPEN_LIMIT_S) -> t.Any:
        """Return a living connection, opening one where there is none.

        Raises
        ------
        ConnectionFailed
            The host refuses.
        NoAnswer
            It does not answer in time.
        """
        if self._connection is None or not self._connection.isAlive():
            self._connection = self.opening().result(limit_s)
        return self._connection

    def answers(self, limit_s: float) -> bool:
        """Whether libvirt can be reached there now. Never raises."""
        try:
            self.connection(limit_s)
        except DroverError:
            return False
        return True

    def opening(self) -> PatientCall[t.Any]:
        """Begin to open a connection, without waiting for it."""
        return PatientCall(self._open, "connect to {}".format(self.name))

    def adopt(self, opening: PatientCall[t.Any], limit_s: float = OPEN_LIMIT_S) -> None:
        """Take over a connection that is being opened."""
        self._connection = opening.result(limit_s)

    def _open(self) -> t.Any:
        connection = self._kept.take(self.uri) if self._kept else open_connection(self.uri)
        keep_alive(connection)
        return connection

    def state(self, uuid: str, limit_s: float = CALL_LIMIT_S) -> EndState:
        """Return what the host says about the VM, or that it does not answer. Never raises."""
        try:
            return self.ask(
                lambda connection: read_end_state(connection, uuid, self._sees_jobs),
                "read the VM",
                limit_s,
            )
        except DroverError as error:
            return EndState(readable=False, state="unknown", error=error.message)

    def known_state(self, uuid: str | None) -> EndState:
        """Return what the host says about the VM if it is connected already. Never raises."""
        if self._connection is None:
            return EndState(readable=False, state="unknown", error="it is not connected")
        return self.state(uuid) if uuid else EndState()

    def domain(self, uuid: str) -> t.Any | None:
        """Return the VM on this host, or None."""
        return self.ask(lambda connection: find_domain(connection, uuid), "look up the VM")

    def ask_domain(self, uuid: str, question: t.Callable[[t.Any], T], doing: str) -> T | None:
        """Return what a function of the VM returns; None where the host does not know the VM.

        Raises
        ------
        DroverError
            The host does not answer, or answers with an error.
        """
        domain = self.domain(uuid)
        return None if domain is None else self.ask(lambda _connection: question(domain), doing)

    def ask(self, question: t.Callable[[t.Any], T], doing: str, limit_s: float = CALL_LIMIT_S) -> T:
        """Return what a function of the connection returns.

        Raises
        ------
        DroverError
            The host does not answer, or answers with an error.
        """
        connection = self.connection(min(limit_s, OPEN_LIMIT_S))
        try:
            return bounded(
                lambda: question(connection), limit_s, "{} on {}".format(doing, self.name)
            )
        except NoAnswer:
            # A call still hangs in it: the next question gets a new one.
            self._connection = None
            raise

    def share_no_more(self) -> None:
        """Leave the connection to nobody: a call may still be under way in it."""
        self._kept = None

    def leave(self) -> None:
        """Leave the connection to others, with nothing under way in it; close it where nobody keeps it."""
        if self._kept and self._connection is not None:
            connection, self._connection = self._connection, None
            self._kept.leave(self.uri, connection)
        self.close()

    def close(self) -> None:
        """Close the connection if that does not hang."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                bounded(connection.close, 5.0, "close the connection to {}".format(self.name))


class AwayEnd(End):
    """A host that is not asked, for it is known what it would say: nothing.

    Parameters
    ----------
    name : str
        Name for messages.
    state : EndState
        C(fenced_state()) for a host that is proved to be dead, so that it has no QEMU; one that is
        not readable for a host that is silent, so that nothing is known of it.
    """

    def __init__(self, name: str, state: EndState) -> None:
        super().__init__(name, "")
        self._state = state

    def connection(self, limit_s: float = OPEN_LIMIT_S) -> t.Any:
        """Refuse, for there is none.

        Raises
        ------
        NoAnswer
            Always.
        """
        raise NoAnswer("{} does not answer.".format(self.name), "Bring the host back.")

    def state(self, uuid: str, limit_s: float = CALL_LIMIT_S) -> EndState:
        """Return what is known beforehand."""
        return self._state

    def domain(self, uuid: str) -> t.Any | None:
        """Return None for a dead host, which has no VM that could be changed."""
        return None if self._state.readable else super().domain(uuid)


@dataclass(frozen=True)
class Ends:
    """Both hosts of a migration, and the time that counts in it.

    Parameters
    ----------
    source, destination : End
        The hosts.
    clock : callable, optional
        Returns seconds.
    sleep : callable, optional
        Waits this many seconds.
    """

    source: End
    destination: End
    clock: t.Callable[[], float] = time.monotonic
    sleep: t.Callable[[float], None] = time.sleep

    def open(self) -> None:
        """Open the connections to both hosts at the same time.

        Raises
        ------
        ConnectionFailed, NoAnswer
            One of them cannot be reached.
        """
        openings = [(end, end.opening()) for end in (self.source, self.destination)]
        errors = [error for error in (_adopted(end, opening) for end, opening in openings) if error]
        if errors:
            raise errors[0]

    def states(self, uuid: str) -> Evidence:
        """Return what both say of a VM. Never raises."""
        return Evidence(self.source.state(uuid), self.destination.state(uuid))

    def known_states(self, uuid: str | None) -> Evidence:
        """Return what those say that are connected; nothing is opened for it. Never raises."""
        return Evidence(self.source.known_state(uuid), self.destination.known_state(uuid))

    def leave(self) -> None:
        """Leave the connections to others, see C(End.leave)."""
        self.source.leave()
        self.destination.leave()

    def close(self) -> None:
        """Close the connections if that does not hang."""
        self.source.close()
        self.destination.close()


def _adopted(end: End, opening: PatientCall[t.Any]) -> DroverError | None:
    try:
        end.adopt(opening)
    except DroverError as error:
        return error
    return None
