# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings an execution to its end whose executor died: each VM that was on its way is settled, and
the execution can never start again.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import typing as t

from .._ends.account import Account
from .._ends.ends import AwayEnd, End, Ends
from .._ends.outcome import Outcome
from .._facts.end_state import EndState, fenced_state
from .cluster_lock import forget_lock, read_lock
from .controls import AlreadyRunning, ExecutionLock
from .journal import Journal
from .records import (
    ENDED,
    JOURNAL_NAME,
    PLAN_NAME,
    RUNNING,
    ExecutionRecord,
    StartedMigration,
    is_written,
    read_execution,
    read_plan,
)
from .requests import read_ways
from .settled import SettledMigration
from .unattended import settle_migration


@dataclasses.dataclass(frozen=True)
class SettlingSettings:
    """How to settle.

    Parameters
    ----------
    coordinator : str
        Name of this host.
    local_uri : str
        How this process reaches the libvirt of this host.
    patience_s : float
        How long to wait for a migration that libvirt is still carrying out. After that the copy on
        the destination is ended.
    check_mode : bool
        Whether to change nothing.
    fenced : tuple of str
        Hosts that are proved to be dead.
    by : str
        Who vouches for that.
    silent : tuple of str
        Hosts that are known not to answer, so that they are not waited for.
    uris : dict
        How hosts are reached, where it need not be as the plan says.
    """

    coordinator: str
    local_uri: str
    patience_s: float
    check_mode: bool = False
    fenced: tuple[str, ...] = ()
    by: str = ""
    silent: tuple[str, ...] = ()
    uris: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    def end(self, name: str, uri: str, sees_jobs: bool = False) -> End:
        """Return a host of a migration.

        One that answers is not dead, whatever was said of it: that may have been long ago.
        """
        end = End(name, uri, sees_jobs)
        if name in self.fenced and not end.answers(_PROOF_S):
            return AwayEnd(name, fenced_state())
        if name in self.silent and name not in self.fenced:
            return AwayEnd(name, EndState(readable=False, state="unknown", error="no answer"))
        return end


# How long a host that is said to be off may take to prove that it is on.
_PROOF_S = 10.0

SettleMigration = t.Callable[[StartedMigration], SettledMigration]


def settle_execution(
    folder: str,
    settings: SettlingSettings,
    clock: t.Callable[[], float],
    settle_one: SettleMigration | None = None,
) -> list[SettledMigration]:
    """Settle what an execution left behind, and end it; its lock on this host is released.

    A VM whose place cannot be told keeps nobody else waiting: it stays on record, every plan counts
    it on both hosts and moves it nowhere, and it is looked at again by the next playbook.

    An execution of which nothing is here but the lock has never started, and cannot start any more
    once the lock is gone.

    Parameters
    ----------
    folder : str
        The execution's folder; it need not be there.
    settings : SettlingSettings
    clock : callable
        Seconds since the epoch.
    settle_one : callable, optional
        Settles one migration.

    Returns
    -------
    list of SettledMigration
        In the order in which they were started; none when nothing was left.

    Raises
    ------
    AlreadyRunning
        The execution is alive, or another one runs on this coordinator.
    """
    directory, execution = os.path.split(folder)
    if not os.path.isdir(folder) and is_written(folder):
        raise AlreadyRunning(
            "The executor of {0} still runs on {1}, although its folder {2} cannot be seen.".format(
                execution, settings.coordinator, folder
            ),
            "Look what hides it (findmnt -T {0}), and wait until it has ended.".format(folder),
        )
    if not (os.path.isdir(folder) or _names(directory, execution)):
        return []
    if settings.check_mode:
        return []
    with ExecutionLock.of(directory, {"doing": "settling execution {0}".format(execution)}):
        settled = []
        if os.path.isdir(folder):
            record = _dead_record(folder)
            if not record.is_finished:
                settled = _settle_all(record, settings, settle_one, clock)
        forget_lock(directory, execution)
    return settled


def _names(directory: str, execution: str) -> bool:
    lock = read_lock(directory)
    return lock is not None and lock.execution == execution


def _dead_record(folder: str) -> ExecutionRecord:
    record = read_execution(folder)
    if record.state == RUNNING:
        raise AlreadyRunning(
            "Execution {0} of {1} is still running.".format(record.execution, record.owner),
            "Wait until it has ended.",
        )
    return record


def _settle_all(
    record: ExecutionRecord,
    settings: SettlingSettings,
    settle_one: SettleMigration | None,
    clock: t.Callable[[], float],
) -> list[SettledMigration]:
    journal = Journal(os.path.join(record.folder, JOURNAL_NAME), clock)
    settle = settle_one or _settler(record.folder, settings)
    try:
        if settings.fenced:
            journal.record("hosts_fenced", hosts=list(settings.fenced), by=settings.by)
        settled = _settle_together(
            record.unsettled, lambda item: _settle_and_record(item, settle, journal)
        )
        if record.state != ENDED:
            journal.record("execution_ended", settled=len(settled))
    finally:
        journal.close()
    return settled


def _settle_together(
    unsettled: tuple[StartedMigration, ...], settle_one: SettleMigration
) -> list[SettledMigration]:
    """Settle all at the same time: one may stand still while another is still being copied."""
    if not unsettled:
        return []
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(unsettled)) as pool:
        return list(pool.map(settle_one, unsettled))


def _settle_and_record(
    migration: StartedMigration, settle_one: SettleMigration, journal: Journal
) -> SettledMigration:
    if migration.mark is None:
        settled = SettledMigration(migration, Account(Outcome.NOT_MOVED, "It had not begun."))
    else:
        settled = settle_one(migration)
    if settled.tells_more:
        journal.record("migration_ended", settled=True, **settled.document())
    return settled


def _settler(folder: str, settings: SettlingSettings) -> SettleMigration:
    plan = read_plan(folder)
    ways = read_ways(plan or {}, settings.coordinator, settings.local_uri, settings.uris)

    def settle_one(migration: StartedMigration) -> SettledMigration:
        try:
            request = ways.request(migration, migration.options)
        except KeyError as error:
            reason = _unknown_way(str(error.args[0]), folder, plan is not None)
            return SettledMigration(migration, Account(Outcome.UNKNOWN, reason))
        ends = Ends(
            settings.end(migration.source, request.source_uri, sees_jobs=True),
            settings.end(migration.destination, request.destination_uri),
        )
        return settle_migration(migration, request, ends, settings.patience_s)

    return settle_one


def _unknown_way(host: str, folder: str, is_planned: bool) -> str:
    path = os.path.join(folder, PLAN_NAME)
    where = "{0} does not say it" if is_planned else "{0} is damaged or gone"
    return "It is not known how to reach {0}: {1}. Put {0} back into the inventory group, then run this again.".format(
        host, where.format(path)
    )
