# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Executions as their folders tell of them: what was asked, what was started, what ended.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import typing as t

from .._ends.outcome import Outcome
from .._facts.handover import HandoverMark, read_mark_document
from .._linux.durable import read_file
from .._linux.state_directory import list_directory, read_own
from .._request.options import MigrationOptions
from .events import Event, read_event
from .process import parse_mark, writer_of

JOURNAL_NAME = "journal.jsonl"
PROCESS_NAME = "process"
PLAN_NAME = "plan.json"

# What an execution is: its process exists; it came to its end; neither.
RUNNING = "running"
ENDED = "ended"
UNFINISHED = "unfinished"


@dataclasses.dataclass(frozen=True)
class StartedMigration:
    """A migration that an execution started.

    Parameters
    ----------
    id, domain, uuid, source, destination : str
        The step, and which VM goes from where to where.
    mark : HandoverMark or None
        What was known of the VM before anything was asked of libvirt. None means that nothing was
        asked.
    outcome : Outcome or None
        How it ended; None while it has not.
    percent : float or None
        How much had been copied when that was last written.
    options : MigrationOptions
        How it was done.
    reason : str
        What was said of it at its end.
    uncleaned : str
        The host that did not answer at its end, so that something of the VM may have been left there.
    """

    id: str
    domain: str
    uuid: str
    source: str
    destination: str
    mark: HandoverMark | None = None
    outcome: Outcome | None = None
    percent: float | None = None
    options: MigrationOptions = dataclasses.field(default_factory=MigrationOptions)
    reason: str = ""
    uncleaned: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether nothing more can be found out, and nothing is left to be cleaned up."""
        return self.outcome is not None and not self.is_unknown and not self.uncleaned

    @property
    def is_unknown(self) -> bool:
        """Whether somebody has looked, and could not tell where the VM is."""
        return self.outcome is Outcome.UNKNOWN

    def document(self) -> dict[str, t.Any]:
        """Return what people and other hosts need of it, as plain JSON."""
        names = ("id", "domain", "uuid", "source", "destination", "percent", "reason", "uncleaned")
        return {**{name: getattr(self, name) for name in names}, "unknown": self.is_unknown}


@dataclasses.dataclass(frozen=True)
class ExecutionRecord:
    """One execution of this host.

    Parameters
    ----------
    execution, folder : str
        Its name, and where its files are.
    state : str
        V(running), V(ended) or V(unfinished).
    owner, purpose : str
        Who asked for it, and what for.
    since_s : float
        When it started, in seconds since the epoch.
    last_s : float
        When it last wrote something.
    steps : int
        Migrations of its plan.
    outcomes : dict
        Outcomes by step.
    migrations : tuple of StartedMigration
        What it started, in that order.
    """

    execution: str
    folder: str
    state: str
    owner: str
    purpose: str
    since_s: float
    last_s: float
    steps: int
    outcomes: dict[str, Outcome]
    migrations: tuple[StartedMigration, ...]

    @property
    def under_way(self) -> tuple[StartedMigration, ...]:
        """What it started and has not seen end."""
        return tuple(item for item in self.migrations if not item.outcome)

    @property
    def unsettled(self) -> tuple[StartedMigration, ...]:
        """Migrations whose VM may be on either host or in between, or has left something behind."""
        if self.state == RUNNING:
            return ()
        return tuple(item for item in self.migrations if not item.is_settled)

    @property
    def quarantined(self) -> tuple[StartedMigration, ...]:
        """Migrations that left their VM paused for a person: it carries the handover mark still."""
        return tuple(item for item in self.migrations if item.outcome is Outcome.QUARANTINED)

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to be done about it."""
        return self.state == ENDED and not self.unsettled

    def document(self, now_s: float) -> dict[str, t.Any]:
        """Return it as plain JSON."""
        moved = [outcome.moved for outcome in self.outcomes.values()].count(True)
        return {
            "execution": self.execution,
            "folder": self.folder,
            "state": self.state,
            "finished": self.is_finished,
            "owner": self.owner,
            "purpose": self.purpose,
            "since_s": self.since_s,
            "age_s": round(max(0.0, now_s - self.since_s), 1),
            "silent_s": round(max(0.0, now_s - self.last_s), 1),
            "steps": self.steps,
            "moved": moved,
            "not_moved": len(self.outcomes) - moved,
            "under_way": [item.document() for item in self.under_way],
            "unsettled": [item.document() for item in self.unsettled],
            "quarantined": [item.document() for item in self.quarantined],
        }


def read_executions(directory: str) -> list[ExecutionRecord]:
    """Return the executions of this host, oldest first.

    Raises
    ------
    StateUnusable
        This user may not read them.
    """
    folders = [os.path.join(directory, name) for name in list_directory(directory)]
    records = [read_execution(folder) for folder in folders if os.path.isdir(folder)]
    return sorted(records, key=lambda record: (record.since_s, record.execution))


def read_execution(folder: str) -> ExecutionRecord:
    """Return what the files of an execution say; whatever is missing is left empty."""
    # The process first: what a process that is gone has written is then read completely.
    alive = _is_alive(folder)
    events = read_events(folder)
    first = next((event for event in events if event["event"] == "execution_started"), {})
    return ExecutionRecord(
        execution=os.path.basename(folder),
        folder=folder,
        state=_state(alive, events, folder),
        owner=str(first.get("owner", "unknown")),
        purpose=str(first.get("purpose", "")),
        since_s=float(first.get("at", os.stat(folder).st_mtime)),
        last_s=float(events[-1]["at"] if events else os.stat(folder).st_mtime),
        steps=int(first.get("steps", 0)),
        outcomes={
            event["id"]: Outcome(event["outcome"])
            for event in events
            if event["event"] == "migration_ended"
        },
        migrations=tuple(_migrations(events)),
    )


def read_events(folder: str) -> list[Event]:
    """Return the events of a journal; a line that a crash cut short is left out.

    Raises
    ------
    StateUnusable
        The journal cannot be read.
    """
    text = read_own(os.path.join(folder, JOURNAL_NAME)) or ""
    return [event for event in map(read_event, text.split("\n")) if event]


def _is_alive(folder: str) -> bool:
    text = read_own(os.path.join(folder, PROCESS_NAME))
    mark = None if text is None else parse_mark(text)
    try:
        return mark is not None and mark.is_alive
    except PermissionError:
        # A process that is hidden from this user may still live.
        return True


def _state(alive: bool, events: list[Event], folder: str) -> str:
    if any(event["event"] == "execution_ended" for event in events):
        return ENDED
    return RUNNING if alive or is_written(folder) else UNFINISHED


def is_written(folder: str) -> bool:
    """Whether a process, dead or not by the mark in the folder, still has the journal of an execution open to write.

    That is so also when the folder cannot be seen any more.
    """
    return writer_of(os.path.join(os.path.realpath(folder), JOURNAL_NAME)) is not None


def _migrations(events: list[Event]) -> t.Iterator[StartedMigration]:
    for event in events:
        if event["event"] == "migration_started":
            later = [item for item in events if item.get("id") == event["id"]]
            yield _migration(event, {item["event"]: item for item in later})


def _migration(started: Event, last: dict[str, Event]) -> StartedMigration:
    begun, ended = last.get("migration_begun", {}), last.get("migration_ended", {})
    return StartedMigration(
        id=started["id"],
        domain=started["domain"],
        uuid=begun.get("uuid") or started.get("uuid") or "",
        source=started["source"],
        destination=started["destination"],
        mark=read_mark_document(begun["mark"]) if "mark" in begun else None,
        outcome=Outcome(ended["outcome"]) if ended else None,
        percent=last.get("progress", {}).get("percent"),
        options=_options(begun.get("options", {})),
        reason=ended.get("reason", ""),
        uncleaned=ended.get("uncleaned", ""),
    )


def _options(document: t.Mapping[str, t.Any]) -> MigrationOptions:
    """Return the options in a journal; those that cannot be are as they are by default."""
    names = {field.name for field in dataclasses.fields(MigrationOptions)}
    known = {name: value for name, value in document.items() if name in names}
    try:
        return MigrationOptions(**{**known, "migrate_disks": tuple(known.get("migrate_disks", ()))})
    except (TypeError, ValueError):
        return MigrationOptions()


def read_plan(folder: str) -> dict[str, t.Any] | None:
    """Return the plan of an execution; None when it died before it kept one, and when what stands there is none."""
    try:
        plan = json.loads(read_file(os.path.join(folder, PLAN_NAME)))
    except (OSError, ValueError, RecursionError):
        return None
    return plan if _names_hosts(plan) else None


def _names_hosts(plan: t.Any) -> bool:
    hosts = plan.get("hosts") if isinstance(plan, dict) else None
    return isinstance(hosts, list) and all(
        isinstance(host, dict) and isinstance(host.get("name"), str) for host in hosts
    )


def prune_executions(directory: str, keep: int) -> list[str]:
    """Remove the folders of the oldest executions, never of one that is not finished.

    Parameters
    ----------
    directory : str
        Folder of the executions.
    keep : int
        How many finished ones to leave; 0 leaves all.

    Returns
    -------
    list of str
        Names of those removed.
    """
    if not keep:
        return []
    finished = [record for record in read_executions(directory) if record.is_finished]
    removed = finished[: max(0, len(finished) - keep)]
    for record in removed:
        shutil.rmtree(record.folder, ignore_errors=True)
    return [record.execution for record in removed]
