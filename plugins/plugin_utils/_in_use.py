# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who has the cluster at this moment, for those who need not have it themselves: a preflight, an abort.

Pure: what C(execution_info) found on the hosts goes in.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from ._answers import EXECUTION_INFO, Answers
from ._executions import Found, describe, lock_in_words


class Use(t.NamedTuple):
    """A run that has the cluster: on which host it is coordinated, and a sentence or two that say whose it is."""

    coordinator: str
    words: str


def in_use(found: Found) -> list[Use]:
    """Return the executions that run, and locks of runs that have no execution, or none that can be asked.

    A run that waits for hosts to boot has only its lock.
    """
    running = [
        Use(host, f"A run is going on: {describe(host, record)}")
        for host, record in found.executions
        if record["state"] == "running"
    ]
    on_record = {record["execution"] for _host, record in found.executions}
    locked = [
        Use(lock["coordinator"], f"The cluster is locked: {lock_in_words(lock)}.")
        for name, lock in found.locks.items()
        if name not in on_record and not _is_over(lock, found)
    ]
    return running + locked


def _is_over(lock: t.Mapping[str, t.Any], found: Found) -> bool:
    """Whether the lock is void: its coordinator answers, knows no such execution, and the time to start one is over."""
    return lock["coordinator"] in found.answers and lock["age_s"] >= lock["holds_s"]


_LATER = "What was found may be different when it has ended: run the preflight again then."


def use_checks(
    found: Found, answers: Answers, hosts: t.Iterable[str]
) -> tuple[dict[str, t.Any], ...]:
    """Return it as warnings of a preflight, with hosts on which it cannot be told."""
    unreadable = [(host, answers.of(EXECUTION_INFO, host)) for host in hosts]
    return (
        *(_warning(use.coordinator, use.words, _LATER) for use in in_use(found)),
        *(
            _warning(host, f"Whether a run is going on cannot be told on {host}: {answer['msg']}")
            for host, answer in unreadable
            if answer.get("msg") and not answer.get("unreachable")
        ),
    )


def _warning(host: str, evidence: str, remedy: str = "") -> dict[str, t.Any]:
    return {
        "id": "cluster_in_use",
        "severity": "warn",
        "passed": False,
        "evidence": evidence,
        "remedy": remedy,
        "subject": {"host": host, "peer": None, "domain": None},
    }
