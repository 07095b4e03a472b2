# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The events of one VM, from several libvirt daemons, stamped on arrival by this process's clock.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import threading
import time
import typing as t
from dataclasses import dataclass

from .connection import libvirt, translated

_loop_lock = threading.Lock()
_loop_started = False


def start_event_loop() -> None:
    """Run libvirt's event loop in a thread of this process; later calls do nothing.

    It must run before the first connection is opened that wants events or keepalive messages.

    Side Effects
    ------------
    Starts a daemon thread that lives as long as the process.
    """
    global _loop_started
    with _loop_lock:
        if _loop_started:
            return
        libvirt.virEventRegisterDefaultImpl()
        threading.Thread(target=_run_loop, name="libvirt-events", daemon=True).start()
        _loop_started = True


def _run_loop() -> None:
    while True:
        with contextlib.suppress(libvirt.libvirtError):
            libvirt.virEventRunDefaultImpl()


@dataclass(frozen=True)
class DomainEvent:
    """Something a daemon said about the VM.

    Parameters
    ----------
    at_s : float
        When it arrived here, by the clock of the log.
    end : str
        Which host said so: C(source) or C(destination).
    kind : str
        C(started), C(suspended), C(resumed), C(stopped), C(undefined)..., or C(iteration) for a
        new pass of the copy.
    detail : str
        libvirt's detail, for instance C(migrated); the number of the pass for an iteration.
    """

    at_s: float
    end: str
    kind: str
    detail: str


class EventLog:
    """The events of one VM in order of arrival; threads can wait for the next one.

    Parameters
    ----------
    clock : callable
        Returns seconds; only differences matter.
    """

    def __init__(self, clock: t.Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._events: tuple[DomainEvent, ...] = ()
        self._closed = False

    @property
    def events(self) -> tuple[DomainEvent, ...]:
        """All events so far."""
        return self._events

    def add(self, end: str, kind: str, detail: str) -> None:
        """Append an event, stamped now."""
        with self._changed:
            self._events += (DomainEvent(self._clock(), end, kind, detail),)
            self._changed.notify_all()

    def stop_waiting(self) -> None:
        """Release everybody who waits; events are still written down."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_for(
        self, found: t.Callable[[tuple[DomainEvent, ...]], bool], timeout_s: float | None = None
    ) -> bool:
        """Wait until the events fulfil a condition; false when called off or out of time."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or found(self._events), timeout_s)
            return found(self._events)


@contextlib.contextmanager
def subscribed(connection: t.Any, uuid: str, end: str, log: EventLog) -> t.Iterator[None]:
    """Feed the events that a daemon reports of the VM into the log while the block runs."""

    def lifecycle(
        _connection: t.Any, domain: t.Any, event: int, detail: int, _opaque: t.Any
    ) -> None:
        if domain.UUIDString() == uuid:
            kind = _EVENT_NAMES.get(event, str(event))
            log.add(end, kind, _DETAIL_NAMES.get(kind, {}).get(detail, str(detail)))

    def iteration(_connection: t.Any, domain: t.Any, number: int, _opaque: t.Any) -> None:
        if domain.UUIDString() == uuid:
            log.add(end, "iteration", str(number))

    handlers = {
        libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE: lifecycle,
        libvirt.VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION: iteration,
    }
    with translated("listen to the events of the {}".format(end)):
        numbers = [
            connection.domainEventRegisterAny(None, event_id, handler, None)
            for event_id, handler in handlers.items()
        ]
    try:
        yield
    finally:
        for number in numbers:
            with contextlib.suppress(libvirt.libvirtError):
                connection.domainEventDeregisterAny(number)


def _constants(prefix: str) -> dict[int, str]:
    """Map libvirt's constants with a prefix to the rest of their names, in lower case."""
    return {
        value: name[len(prefix) :].lower()
        for name, value in vars(libvirt).items()
        if name.startswith(prefix) and isinstance(value, int)
    }


_KINDS = (
    "defined",
    "undefined",
    "started",
    "suspended",
    "resumed",
    "stopped",
    "shutdown",
    "pmsuspended",
    "crashed",
)
_EVENT_NAMES: dict[int, str] = {
    getattr(libvirt, "VIR_DOMAIN_EVENT_" + kind.upper(), -1): kind for kind in _KINDS
}
_DETAIL_NAMES: dict[str, dict[int, str]] = (
    {kind: _constants("VIR_DOMAIN_EVENT_" + kind.upper() + "_") for kind in _KINDS}
    if libvirt
    else {}
)
