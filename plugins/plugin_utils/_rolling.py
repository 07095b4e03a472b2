# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the record of a rolling maintenance means for a new run: begin, continue, or be refused.

Pure: the copies of the record that C(rolling_record) found on the hosts go in, the record of the new
run and sentences come out.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Record = dict[str, t.Any]

# A maintenance that nobody went on with for so long was given up, as far as anybody can tell: what was done then
# is not what is asked for now.
GIVEN_UP_AFTER = datetime.timedelta(days=7)

CONTINUE, FORGET = "continue", "forget"


class Refused(Exception):
    """Somebody else is at it, or only the operator knows whether this is the same maintenance."""


@dataclass(frozen=True)
class Run:
    """The run of the playbook that asks.

    Parameters
    ----------
    run, by, since, process, tasks
        As in the record; see the module C(rolling_record).
    unfinished : str
        What the operator says of a maintenance that is not finished: C(CONTINUE), C(FORGET) or nothing.
    """

    run: str
    by: str
    since: str
    process: Sequence[str]
    tasks: str
    unfinished: str = ""

    def record(self, **more: t.Any) -> Record:
        """Return the record of this run, with what it takes over."""
        mine = {"run": self.run, "by": self.by, "since": self.since, "tasks": self.tasks}
        return {**mine, "process": list(self.process), "running": True, "finished": False, **more}


@dataclass(frozen=True)
class Survey:
    """What to do.

    Parameters
    ----------
    record : dict
        The record to keep once this run begins.
    begun, done : list of str
        Hosts whose batch was interrupted, and hosts whose maintenance is over.
    seen : list of str
        The runs whose records this run may replace.
    text : str
        What is taken up or forgotten, for people.
    """

    record: Record
    begun: list[str]
    done: list[str]
    seen: list[str]
    text: str = ""


def survey(
    records: Iterable[Record | None], marked: Iterable[str], run: Run, is_alive: bool | None
) -> Survey:
    """Find out how far the maintenance of a cluster came, and whether this run may go on with it.

    Parameters
    ----------
    records : iterable of dict or None
        The record of each host.
    marked : iterable of str
        The hosts in maintenance.
    run : Run
        The run that asks.
    is_alive : bool or None
        Whether the process of the newest record still lives; None where that cannot be told.

    Raises
    ------
    Refused
        That process lives, or may live, or it may be another maintenance, and the operator has not said what to do.
    """
    found = [record for record in records if record is not None]
    seen = sorted({record["run"] for record in found})
    last = newest(found)
    if last is None or last["finished"]:
        number = last["number"] if last else 0
        fresh = run.record(number=number, hosts=[], batch=[], maintained=[])
        return Survey(fresh, [], [], seen)
    _keep_out(last, run, is_alive)
    return _taken_up(last, set(marked), run, seen)


def newest(records: Iterable[Record | None]) -> Record | None:
    """Return the copy that holds."""
    found = [record for record in records if record is not None]
    return max(found, key=lambda record: int(record["number"]), default=None)


def _keep_out(last: Record, run: Run, is_alive: bool | None) -> None:
    if last["running"] and is_alive:
        raise Refused(
            f"{last['by']} is at a rolling maintenance of this cluster since {last['since']}: {_progress(last)}. "
            "Wait until it has ended, or end it, then run this again."
        )
    doubt = _doubt(last, run, is_alive)
    if doubt and not run.unfinished:
        raise Refused(
            f"The rolling maintenance that {last['by']} ran since {last['since']} is not finished "
            f"({_progress(last)}), and {doubt}. "
            f"To go on with it add -e drover_unfinished={CONTINUE}; to maintain all hosts again, those too that are "
            f"done, add -e drover_unfinished={FORGET}."
        )


def _doubt(last: Record, run: Run, is_alive: bool | None) -> str:
    """Return why nobody but the operator knows whether to go on; nothing where there is no doubt."""
    if last["running"] and is_alive is None:
        return "it cannot be told from here whether it still runs: make sure that it does not"
    if last["tasks"] != run.tasks:
        return f"its tasks were those of {last['tasks']}, not of {run.tasks}"
    if _moment(run.since) - _moment(last["since"]) > GIVEN_UP_AFTER:
        return f"that is more than {GIVEN_UP_AFTER.days} days ago"
    return ""


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def _taken_up(last: Record, marked: set[str], run: Run, seen: list[str]) -> Survey:
    """Return what is left of a maintenance; of one that is forgotten only that its hosts are in maintenance."""
    forgotten = run.unfinished == FORGET
    maintained = [] if forgotten else list(last["maintained"])
    begun = [name for name in last["batch"] if name in marked]
    record = run.record(
        number=last["number"],
        hosts=[] if forgotten else list(last["hosts"]),
        batch=begun,
        maintained=maintained,
    )
    words = "Forgotten" if forgotten else "Going on with"
    return Survey(
        record,
        begun=begun,
        done=[name for name in maintained if name not in begun],
        seen=seen,
        text=f"{words}: the rolling maintenance that {last['by']} ran since {last['since']} ({_progress(last)}).",
    )


def turns(
    batches: Sequence[Sequence[str]], done: Sequence[str], maintained: Iterable[str]
) -> list[dict[str, t.Any]]:
    """Return what is to be known of each batch when its turn comes.

    Parameters
    ----------
    batches : sequence of sequence of str
        The hosts of each batch, in the order of their turns.
    done : sequence of str
        Hosts whose maintenance was over before the first turn.
    maintained : iterable of str
        Hosts on which the operator's tasks came to their end before.

    Returns
    -------
    list of dict
        C(number), C(hosts), C(done) and C(waiting), the hosts whose turn was before and comes after,
        C(due), its hosts that still get the tasks, and C(text), whose turn it is in words.
    """
    found: list[dict[str, t.Any]] = []
    for number, batch in enumerate(batches, start=1):
        before = [*done, *(name for hosts in batches[: number - 1] for name in hosts)]
        after = [name for hosts in batches[number:] for name in hosts]
        had = set(batch) & set(maintained)
        text = f"Now: {', '.join(batch)}. Done: {_names(before)}. Waiting: {_names(after)}."
        found.append(
            {
                "number": number,
                "hosts": list(batch),
                "done": before,
                "waiting": after,
                "due": [name for name in batch if name not in had],
                "text": f"{text} Tasks done already: {_names(had)}." if had else text,
            }
        )
    return found


def _progress(record: Mapping[str, t.Any]) -> str:
    left = [name for name in record["hosts"] if name not in record["maintained"]]
    return f"tasks done on {_names(record['maintained'])}; left: {_names(left)}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
