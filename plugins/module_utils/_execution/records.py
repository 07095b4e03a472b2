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

from .._linux.state_directory import list_directory
from .process import parse_mark

JOURNAL_NAME = "journal.jsonl"
PROCESS_NAME = "process"
PLAN_NAME = "plan.json"

# What an execution is: its process exists; it came to its end; neither.
RUNNING = "running"
ENDED = "ended"
UNFINISHED = "unfinished"

Event = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class StartedMigration:
    """A migration that an execution started.

    Parameters
    ----------
    id, domain, uuid, source, destination : str
        The step, and which VM goes from where to where.
    circumstances : dict or None
        What was known of the VM before anything was asked of libvirt. None means that nothing was
        asked.
    outcome : str
        How it ended; empty while it has not.
    verdict : str
        The migration's own word for that.
    percent : float or None
        How much had been copied when that was last written.
    mode : str
        How it was done: V(live), V(quick) or V(offline).
    save_directory : str
        Where a quick move saves the VM's memory.
    """

    id: str
    domain: str
    uuid: str
    source: str
    destination: str
    circumstances: dict[str, t.Any] | None = None
    outcome: str = ""
    verdict: str = ""
    percent: float | None = None
    mode: str = "live"
    save_directory: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether it is known where the VM is, or that a person must see to it."""
        return bool(self.outcome) and (self.verdict or self.outcome) != "unknown"

    def document(self) -> dict[str, t.Any]:
        """Return what people and other hosts need of it, as plain JSON."""
        names = ("id", "domain", "uuid", "source", "destination", "percent")
        return {name: getattr(self, name) for name in names}


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
    outcomes: dict[str, str]
    migrations: tuple[StartedMigration, ...]

    @property
    def under_way(self) -> tuple[StartedMigration, ...]:
        """What it started and has not seen end."""
        return tuple(item for item in self.migrations if not item.outcome)

    @property
    def unsettled(self) -> tuple[StartedMigration, ...]:
        """Migrations whose VM may be on either host or in between, and nobody looks after it."""
        if self.state == RUNNING:
            return ()
        return tuple(item for item in self.migrations if not item.is_settled)

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to be done about it."""
        return self.state == ENDED and not self.unsettled

    def document(self, now_s: float) -> dict[str, t.Any]:
        """Return it as plain JSON."""
        counts = list(self.outcomes.values())
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
            "moved": counts.count("moved"),
            "not_moved": len(counts) - counts.count("moved"),
            "under_way": [item.document() for item in self.under_way],
            "unsettled": [item.document() for item in self.unsettled],
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
        state=_state(alive, events),
        owner=str(first.get("owner", "unknown")),
        purpose=str(first.get("purpose", "")),
        since_s=float(first.get("at", os.stat(folder).st_mtime)),
        last_s=float(events[-1]["at"] if events else os.stat(folder).st_mtime),
        steps=int(first.get("steps", 0)),
        outcomes={
            event["id"]: event["outcome"] for event in events if event["event"] == "migration_ended"
        },
        migrations=tuple(_migrations(events)),
    )


def read_events(folder: str) -> list[Event]:
    """Return the events of a journal; a line that a crash cut short is left out."""
    try:
        with open(os.path.join(folder, JOURNAL_NAME), encoding="utf-8", errors="replace") as file:
            return [event for event in map(_event, file) if event]
    except FileNotFoundError:
        return []


def _event(line: str) -> Event:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) and "event" in event and "at" in event else {}


def _is_alive(folder: str) -> bool:
    try:
        with open(os.path.join(folder, PROCESS_NAME), encoding="ascii", errors="replace") as file:
            mark = parse_mark(file.read())
    except FileNotFoundError:
        return False
    try:
        return mark is not None and mark.is_alive
    except PermissionError:
        # A process that is there and hidden from this user is no proof of death.
        return True


def _state(alive: bool, events: list[Event]) -> str:
    if any(event["event"] == "execution_ended" for event in events):
        return ENDED
    return RUNNING if alive else UNFINISHED


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
        circumstances=begun.get("circumstances"),
        outcome=ended.get("outcome", ""),
        verdict=ended.get("verdict", ""),
        percent=last.get("progress", {}).get("percent"),
        mode=begun.get("mode", "live"),
        save_directory=begun.get("save_directory", ""),
    )


def read_plan(folder: str) -> dict[str, t.Any] | None:
    """Return the plan of an execution, None when it died before it kept one."""
    try:
        with open(os.path.join(folder, PLAN_NAME), encoding="utf-8") as file:
            plan: dict[str, t.Any] = json.load(file)
    except FileNotFoundError:
        return None
    return plan


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
