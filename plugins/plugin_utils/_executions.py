# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the executions of a cluster mean for a new run: go ahead, follow, settle first,
or keep out.

Pure: what C(execution_info) found on the hosts goes in, a decision and sentences come out.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field

from ._answers import EXECUTION_INFO, Answers
from ._planner import text_of

Document = dict[str, t.Any]

_BREAK = "-e drover_break_lock=true"
_FENCED = "-e drover_fenced={0}"


class Refused(Exception):
    """Somebody else has the cluster, or it cannot be told whether somebody has."""


@dataclass(frozen=True)
class Found:
    """What the hosts of the cluster said.

    Parameters
    ----------
    answers : dict
        Result of C(execution_info) by host.
    silent : tuple of str
        Hosts that did not answer.
    """

    answers: Mapping[str, Document]
    silent: tuple[str, ...] = ()

    @property
    def executions(self) -> list[tuple[str, Document]]:
        """Coordinator and record of each execution, oldest first."""
        found = [
            (host, record)
            for host, answer in self.answers.items()
            for record in answer["executions"]
        ]
        return sorted(found, key=lambda item: (item[1]["since_s"], item[1]["execution"]))

    @property
    def locks(self) -> dict[str, Document]:
        """The locks of the cluster by execution, each as it is known longest."""
        locks: dict[str, Document] = {}
        for answer in self.answers.values():
            lock: Document | None = answer["lock"]
            if lock is None:
                continue
            longest: Document = locks.get(lock["execution"], lock)
            if lock["age_s"] >= longest["age_s"]:
                locks[lock["execution"]] = lock
        return locks


def found_by(answers: Answers, group: str) -> Found:
    """Return what the hosts of a group said."""
    names = answers.members(group)
    results = {name: answers.of(EXECUTION_INFO, name) for name in names}
    known = {name: result for name, result in results.items() if "executions" in result}
    return Found(known, tuple(name for name in names if name not in known))


def documents(found: Found) -> list[Document]:
    """Return the records of all executions with their coordinators, oldest first."""
    return [{**record, "coordinator": host} for host, record in found.executions]


@dataclass(frozen=True)
class ExecutionsDecision:
    """What to do before anything is planned.

    Parameters
    ----------
    follow : dict or None
        Coordinator, name and folder of a running execution for the same purpose.
    settle : list of dict
        Coordinator and name of each execution that died, to be settled first.
    instead_of : list of str
        Executions whose locks may be taken over once that is done.
    silent : list of str
        Hosts that do not answer, or are none of the cluster any more.
    warnings : list of str
    """

    follow: Document | None = None
    settle: list[Document] = field(default_factory=list)
    instead_of: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def awaited(found: Found) -> list[str]:
    """Return the silent hosts on which something waits: a VM may be there, or an execution is coordinated there.

    Also those that have been taken out of the cluster since.
    """
    ends = {
        item[end]
        for _host, record in found.executions
        for item in record["unsettled"]
        for end in ("source", "destination")
    }
    coordinators = {lock["coordinator"] for lock in found.locks.values()}
    return sorted((ends | coordinators) - {*found.answers})


def decide(
    found: Found, purpose: str, break_lock: bool = False, fenced: t.Collection[str] = ()
) -> ExecutionsDecision:
    """Decide what a new run for a purpose does.

    Parameters
    ----------
    found : Found
    purpose : str
        What for, in the words that executions keep.
    break_lock : bool
        Whether the operator vouches that no executor runs on coordinators that do not answer.
    fenced : collection of str
        Hosts for which the operator vouches that they are off.

    Raises
    ------
    Refused
        Another execution runs or is about to, or its coordinator does not answer; or a host that is
        vouched for answers, or is none of the cluster.
    """
    _refuse_wrong_word(found, fenced)
    running = [(host, record) for host, record in found.executions if record["state"] == "running"]
    for host, record in running:
        if record["purpose"] != purpose:
            raise Refused(
                f"Another execution is running: {describe(host, record)} "
                "Wait until it has ended (drover.libvirt.status shows it), then run this again."
            )
    broken = [
        lock["execution"]
        for lock in found.locks.values()
        if _is_unprovable(lock, found, break_lock or lock["coordinator"] in fenced)
    ]
    dead = _dead(found)
    return ExecutionsDecision(
        follow=_target(*running[0]) if running else None,
        settle=[item for item in dead if item["coordinator"] in found.answers],
        silent=sorted({*found.silent, *awaited(found)}),
        instead_of=[item["execution"] for item in dead] + broken,
        warnings=[
            *(_interrupted_in_words(host, record) for host, record in _interrupted(found)),
            *(_broken_in_words(found.locks[name]) for name in broken),
        ],
    )


def _refuse_wrong_word(found: Found, fenced: t.Collection[str]) -> None:
    known = {*found.answers, *found.silent, *awaited(found)}
    wrong = [
        f"{host} answers" if host in found.answers else f"{host} is not a host of the cluster"
        for host in fenced
        if host in found.answers or host not in known
    ]
    if wrong:
        raise Refused(
            f"drover_fenced must name hosts that are off, but {', '.join(wrong)}. Name only hosts of which you "
            "are certain that they are off: their VMs may be started on other hosts."
        )


def _is_unprovable(lock: Document, found: Found, break_lock: bool) -> bool:
    """Whether the operator has to vouch for a lock, and does."""
    if lock["coordinator"] in found.answers:
        left_s = lock["holds_s"] - lock["age_s"]
        if not _known(lock, found) and left_s > 0 and not break_lock:
            raise Refused(
                f"Another execution is about to start: {lock_in_words(lock)}. If it does not, its "
                f"lock can be taken over in {duration(left_s)}: run this again then. If its controller is "
                f"certainly dead, run this with {_BREAK}."
            )
        return False
    if break_lock:
        return True
    raise Refused(
        f"The cluster is locked: {lock_in_words(lock)}. Host {lock['coordinator']} does not "
        "answer, so it cannot be told whether that execution still runs. Bring the host back. If it is "
        f"off, run this with {_FENCED.format(lock['coordinator'])}; if it is on and no executor runs there, "
        f"with {_BREAK}."
    )


def _known(lock: Document, found: Found) -> bool:
    records = found.answers[lock["coordinator"]]["executions"]
    return any(record["execution"] == lock["execution"] for record in records)


def _dead(found: Found) -> list[Document]:
    """Return executions that no process works on, but that are not finished or still locked for."""
    dead = {
        record["execution"]: {"coordinator": host, "execution": record["execution"]}
        for host, record in found.executions
        if record["state"] != "running" and not record["finished"]
    }
    alive = {record["execution"] for _host, record in found.executions} - _not_running(found)
    for name, lock in found.locks.items():
        if lock["coordinator"] in found.answers and name not in alive:
            dead.setdefault(name, {"coordinator": lock["coordinator"], "execution": name})
    return list(dead.values())


def _interrupted(found: Found) -> list[tuple[str, Document]]:
    """Return the executions whose executor died, with their coordinators."""
    return [
        (host, record)
        for host, record in found.executions
        if record["state"] != "running" and not record["finished"]
    ]


def _interrupted_in_words(host: str, record: Document) -> str:
    return f"Interrupted: {describe(host, record)} What it left unfinished is settled first."


def _not_running(found: Found) -> set[str]:
    return {
        record["execution"] for _host, record in found.executions if record["state"] != "running"
    }


def _target(host: str, record: Document) -> Document:
    return {
        "coordinator": host,
        "execution": record["execution"],
        "folder": record["folder"],
        "steps": record["steps"],
        "words": describe(host, record),
    }


def describe(host: str, record: Document) -> str:
    """Return one execution in a sentence or two."""
    state = {
        "running": "",
        "unfinished": " Its executor is gone.",
        "ended": "" if record["finished"] else " It has ended.",
    }[record["state"]]
    parts = [
        f"{record['purpose'] or record['execution']}, started by {record['owner']} "
        f"{_ago(record)} on {host}: {record['moved']} of {record['steps']} migrations done."
        f"{state}"
    ]
    going = record["unsettled"] or record["under_way"]
    parts += [f"{_migration(item)}." for item in going]
    return " ".join(parts)


def _migration(item: Document) -> str:
    percent = "" if item["percent"] is None else f", {item['percent']:.0f} %"
    return f"{item['domain']}: {item['source']} → {item['destination']}{percent}"


def _open_in_words(item: Document) -> str:
    """Return what is still to be found out or cleaned up of a migration that has ended."""
    if not item["unknown"]:
        return (
            f"To be cleaned up: what {item['domain']} may have left on {item['uncleaned']} is removed when that "
            "host is back and the next playbook runs."
        )
    return (
        f"Unknown: {item['domain']} may be on {item['source']} or on {item['destination']}. {item['reason']} "
        "Plans count it on both hosts and do not move it. Bring the host back and run any playbook; if it is off, "
        f"run it with {_FENCED.format('HOST')}."
    )


def _ago(item: Document) -> str:
    at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(item["since_s"]))
    return f"{duration(item['age_s'])} ago ({at})"


def lock_in_words(lock: Document) -> str:
    """Return a lock in a few words: what for, whose, since when, and where it is coordinated."""
    return (
        f"{lock['purpose'] or lock['execution']}, by {lock['owner']} {_ago(lock)}, "
        f"coordinated by {lock['coordinator']}"
    )


def _broken_in_words(lock: Document) -> str:
    return (
        f"The lock of {lock_in_words(lock)} is broken on the operator's word. VMs that were on "
        "their way then are not settled before that host is back."
    )


def duration(seconds: float) -> str:
    """Return a time span in words: V(42 s), V(4 min), V(3 h 20 min)."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def render(found: Found) -> str:
    """Return the executions that are not finished, and locks without one, as lines for people."""
    lines = []
    for host, record in found.executions:
        if record["state"] == "running":
            lines.append(f"Running: {describe(host, record)}")
        elif record["state"] == "unfinished":
            lines.append(f"Unfinished: {describe(host, record)} Run the same playbook again.")
        else:
            lines += [_open_in_words(item) for item in record["unsettled"]]
    named = {record["execution"] for _host, record in found.executions}
    lines += [
        f"Locked: {lock_in_words(lock)}." for name, lock in found.locks.items() if name not in named
    ]
    return text_of(lines)
