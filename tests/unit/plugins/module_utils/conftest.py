# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted double of the two ends of a migration: hosts that do what they are told, without libvirt.

C(scripted) makes two hosts. Each has one VM (C(now)), remembers what was done to it (C(deeds)), can be told
what it says at later looks (C(later)), which deeds it refuses how often (C(refuses)), and keeps images
(C(images)). C(migration) plays libvirt's migration call between them, turn by turn.
Only what speaks with libvirt is replaced; everything that decides is the real thing.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends import aftercare, repair
from ansible_collections.drover.libvirt.plugins.module_utils._ends.ends import Ends
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt import domain as domains
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.events import EventLog
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.volumes import ImageSize
from ansible_collections.drover.libvirt.plugins.module_utils._live import (
    disk_copy,
    handover,
    live_move,
    transfer,
)
from ansible_collections.drover.libvirt.plugins.module_utils._live.post_copy import PostCopyBroken
from ansible_collections.drover.libvirt.plugins.module_utils._migration import settlement
from ansible_collections.drover.libvirt.plugins.module_utils._patience import NoAnswer
from ansible_collections.drover.libvirt.plugins.module_utils._quick import interrupted
from ansible_collections.drover.libvirt.plugins.module_utils._quick import quick_move as quick


@dataclass
class ScriptedEnd:
    """A host that has one VM, changes it as it is told, and remembers that."""

    name: str
    now: EndState
    deeds: list[str] = field(default_factory=list)
    uri: str = ""
    longest_s: float = 0.0
    later: list[EndState] = field(default_factory=list)
    refuses: dict[str, int] = field(default_factory=dict)
    images: set[str] = field(default_factory=set)
    free_mib: float = 1000.0

    def state(self, _uuid: str, limit_s: float = 0.0) -> EndState:
        """Return the VM's state, and remember how long it could have taken."""
        self.longest_s = max(self.longest_s, limit_s)
        said = self.now
        if self.later:
            self.now = self.later.pop(0)
        return said

    def do(self, word: str, **change: Any) -> None:
        """Do something to the VM, unless the host is to refuse that now."""
        if self.refuses.get(word, 0) > 0:
            self.refuses[word] -= 1
            raise LibvirtFailed(f"Cannot {word} on {self.name}.")
        self.deeds.append(word)
        self.now = replace(self.now, **change)

    def connection(self) -> ScriptedEnd:
        """Return the connection, which this is as well."""
        self._refuse_silent()
        return self

    def lookupByUUIDString(self, _uuid: str) -> ScriptedEnd:  # noqa: N802 as libvirt calls it
        """Return the VM of a connection."""
        return self

    def isPersistent(self) -> bool:  # noqa: N802 as libvirt calls it
        """Whether the VM has a definition."""
        return self.now.persistent

    def known_state(self, uuid: str | None) -> EndState:
        """Return the VM's state, for this host is always connected."""
        return self.state(uuid or "")

    def opening(self) -> ScriptedEnd:
        """Begin to connect."""
        return self

    def adopt(self, _opening: ScriptedEnd) -> None:
        """Connect, if the host answers."""
        self._refuse_silent()

    def share_no_more(self) -> None:
        """Leave its connection to nobody."""

    def domain(self, _uuid: str) -> ScriptedEnd | None:
        """Return the VM, which this is as well."""
        self._refuse_silent()
        return self if self.now.state != "absent" else None

    def ask_domain(self, uuid: str, change: Callable[[Any], Any], _doing: str) -> Any:
        """Let the change happen where the host has the VM."""
        domain = self.domain(uuid)
        return None if domain is None else change(domain)

    def ask(self, question: Callable[[Any], Any], *_doing: Any) -> Any:
        """Let a question be asked of the connection."""
        self._refuse_silent()
        return question(self)

    def close(self) -> None:
        """There is no connection."""

    def _refuse_silent(self) -> None:
        if not self.now.readable:
            raise NoAnswer(f"{self.name} does not answer.")


def _become(word: str, **change: Any) -> Callable[..., None]:
    def act(end: ScriptedEnd, *_more: Any) -> None:
        end.do(word, **change)

    return act


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[[EndState, EndState], Ends]:
    """Let the calls to libvirt change scripted hosts, and return what makes two of them."""
    ended = {"state": "shutoff", "reason": "destroyed", "mark": None}
    for word, change in {
        "resume": {"state": "running", "reason": "unpaused"},
        "destroy": ended,
        "undefine": {"persistent": False},
        "suspend": {"state": "paused", "reason": "user"},
        "refuse_dead": {},
    }.items():
        monkeypatch.setattr(domains, word, _become(word, **change))
    monkeypatch.setattr(domains, "is_running", lambda end: end.now.state == "running")
    monkeypatch.setattr(domains, "set_autostart", _autostart)
    monkeypatch.setattr(settlement, "PostCopyRecovery", _Unrecoverable)
    restored = {"state": "paused", "reason": "user"}
    monkeypatch.setattr(quick, "restore_paused", _become("restore", **restored))
    monkeypatch.setattr(quick, "persistent_definition", lambda _end: "<domain/>")
    monkeypatch.setattr(quick, "define", lambda end, _xml: _become("define", persistent=True)(end))
    for module in (repair, quick, interrupted, settlement):
        monkeypatch.setattr(module, "read_mark", lambda end: end.now.mark, raising=False)
        monkeypatch.setattr(module, "set_mark", _mark, raising=False)
        monkeypatch.setattr(module, "clear_mark", _clear, raising=False)

    def make(here: EndState, there: EndState) -> Ends:
        times = itertools.count()
        both: Any = (ScriptedEnd("h1", here), ScriptedEnd("h2", there))
        return Ends(*both, clock=lambda: float(next(times)), sleep=lambda _s: None)

    return make


class _Unrecoverable:
    """A post-copy migration whose link stays broken."""

    def __init__(self, *_moving: Any) -> None:
        pass

    def run(self) -> bool:
        """Try in vain."""
        raise PostCopyBroken("Nothing is copied.")


def _autostart(end: ScriptedEnd, wanted: bool) -> None:
    end.do("autostart" if wanted else "no autostart", autostart=wanted)


def _clear(end: ScriptedEnd) -> None:
    if end.now.mark is not None:
        end.do("clear", mark=None)


def _mark(end: ScriptedEnd, mark: Any) -> None:
    end.do("mark", mark=mark)


Turn = Callable[["ScriptedMigration"], None]


class ScriptedMigration:
    """libvirt's migration call: it takes one turn a poll of the monitor, and returns after the last.

    Parameters
    ----------
    here, there : ScriptedEnd
        The hosts.
    turns : Turn
        What happens, in this order; C(pauses), C(arrives) and C(leaves) are those of a migration that
        goes well.
    error : str
        libvirt's complaint, when the call returns.
    obeys : bool
        Whether the call returns when it is cancelled.
    """

    def __init__(
        self, here: Any, there: Any, *turns: Turn, error: str = "", obeys: bool = True
    ) -> None:
        self.here, self.there = here, there
        self.error: LibvirtFailed | None = None
        self.log = EventLog(lambda: 0.0)
        self.figures: dict[str, Any] = {"memory_total": 1 << 27, "memory_processed": 1 << 26}
        self._turns = list(turns)
        self._error = error
        self._obeys = obeys
        self._cancelled = False

    def start(self) -> None:
        """Make the call."""
        self.here.deeds.append("migrate")

    def wait(self, _seconds: float) -> bool:
        """Take a turn; tell whether the call has returned."""
        if self._cancelled and not self._obeys:
            return False
        if self._turns and not self._cancelled:
            self._turns.pop(0)(self)
            return False
        if self._error or self._cancelled:
            self.error = LibvirtFailed(self._error or "operation aborted: migration canceled")
        return True

    def statistics(self) -> dict[str, Any]:
        """Return the progress."""
        self.figures["memory_processed"] += 1 << 20
        return self.figures

    def set_max_downtime(self, _downtime_ms: int) -> None:
        """Allow a longer pause."""

    def start_post_copy(self) -> None:
        """Switch."""
        self.here.do("post-copy")

    def abort(self) -> None:
        """Cancel."""
        self.here.do("abort")
        self._cancelled = True

    def say(self, end: str, kind: str, detail: str = "") -> None:
        """Let a host report something of the VM."""
        self.log.add(end, kind, detail)

    def pauses(self) -> None:
        """The source pauses the VM for the last pages."""
        self.here.now = replace(self.here.now, state="paused", reason="migration")
        self.say("source", "suspended", "paused")
        self.say("source", "iteration", "2")

    def arrives(self) -> None:
        """The destination has all of it, paused."""
        self.there.now = replace(
            self.here.now, reason="user", autostart=False, mark=self.here.now.mark
        )
        self.say("destination", "suspended", "paused")

    def leaves(self) -> None:
        """The source's QEMU ends."""
        self.here.now = EndState()
        self.say("source", "stopped", "migrated")

    def runs_there(self) -> None:
        """libvirt lets the VM run on the destination."""
        self.there.now = replace(self.there.now, state="running", reason="migrated")
        self.say("destination", "resumed", "migrated")


GOES_WELL: tuple[Turn, ...] = (
    ScriptedMigration.pauses,
    ScriptedMigration.arrives,
    ScriptedMigration.leaves,
)


@pytest.fixture
def migration(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScriptedMigration]:
    """Return what scripts the next migration call between two hosts."""

    def make(ends: Ends, *turns: Turn, **more: Any) -> ScriptedMigration:
        job = ScriptedMigration(ends.source, ends.destination, *(turns or GOES_WELL), **more)

        @contextlib.contextmanager
        def subscribed(_connection: Any, _uuid: str, _end: str, log: EventLog) -> Iterator[None]:
            job.log = log
            yield

        def resume(end: ScriptedEnd) -> None:
            end.do("resume", state="running", reason="unpaused")
            job.say("destination", "resumed", "unpaused")

        monkeypatch.setattr(transfer, "subscribed", subscribed)
        monkeypatch.setattr(transfer, "MigrationJob", lambda *_call: job)
        monkeypatch.setattr(handover, "resume", resume)
        return job

    monkeypatch.setattr(transfer, "migration_parameters", lambda *_asked: {})
    monkeypatch.setattr(transfer, "migration_flags", lambda *_asked: 0)
    monkeypatch.setattr(transfer, "set_mark", _mark)
    monkeypatch.setattr(transfer, "_LATE_EVENT_S", 0.01)
    monkeypatch.setattr(live_move, "completed_statistics", lambda end: end.do("figures") or {})
    monkeypatch.setattr(aftercare, "announce", lambda end: end.do("announce"))
    return make


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the images of disks be names that scripted hosts keep."""

    @contextlib.contextmanager
    def directory_pool(end: ScriptedEnd, _directory: str) -> Iterator[ScriptedEnd]:
        yield end

    def create(end: ScriptedEnd, name: str, *_shape: Any) -> None:
        end.do("create " + name)
        end.images.add(name)

    def remove(end: ScriptedEnd, name: str) -> None:
        end.do("remove " + name)
        end.images.remove(name)

    def free_mib(end: ScriptedEnd) -> float:
        end.do("look for room")
        return end.free_mib

    monkeypatch.setattr(disk_copy, "directory_pool", directory_pool)
    monkeypatch.setattr(disk_copy, "has_image", lambda end, name: name in end.images)
    monkeypatch.setattr(disk_copy, "create_image", create)
    monkeypatch.setattr(disk_copy, "remove_image", remove)
    monkeypatch.setattr(disk_copy, "free_mib", free_mib)
    monkeypatch.setattr(disk_copy, "image_size", lambda _vm, _target: ImageSize(10.0, 1.0))
