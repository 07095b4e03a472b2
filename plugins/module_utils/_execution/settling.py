# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings an execution to its end whose executor died: each VM that was on its way is judged from
what both of its hosts say, and put in order.

Three things may have happened to such a VM. Nothing was asked of libvirt yet: it is where it was.
libvirt still migrates it, for the source's daemon does that by itself: that is waited for. It
ended: then the VM may stand still on its destination, for nobody was there to resume it, and it
is resumed if the source's QEMU is proved gone.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import time
import typing as t

from .._errors import DroverError
from .._libvirt.events import start_event_loop
from .._migration.ends import End, Ends
from .._migration.options import MigrationOptions
from .._migration.outcome import Circumstances, Verdict
from .._migration.quick_way import QuickWay
from .._migration.repair import Repairs, settle
from .._migration.result import Evidence, Outcome
from .cluster_lock import forget_lock, read_lock
from .controls import AlreadyRunning, ExecutionLock
from .executor import NOT_MOVED, UNKNOWN
from .journal import Journal
from .migrating import VERDICTS
from .records import (
    JOURNAL_NAME,
    RUNNING,
    ExecutionRecord,
    StartedMigration,
    read_execution,
    read_plan,
)
from .steps import read_uris


@dataclasses.dataclass(frozen=True)
class SettledMigration:
    """What became of a migration that nobody looked after.

    Parameters
    ----------
    migration : StartedMigration
    outcome, verdict : str
        The executor's word for it, and the migration's own.
    reason : str
        One sentence of what was found; empty when there is nothing to say.
    actions, leftovers : tuple of str
        What was done, and what could not be.
    """

    migration: StartedMigration
    outcome: str
    verdict: str
    reason: str = ""
    actions: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether it is known where the VM is."""
        return self.verdict != Outcome.UNKNOWN.value

    def document(self) -> dict[str, t.Any]:
        """Return it as plain JSON, in the form of the outcome of a step."""
        item = self.migration
        return {
            "id": item.id,
            "domain": item.domain,
            "source": item.source,
            "destination": item.destination,
            "outcome": self.outcome,
            "verdict": self.verdict,
            "reason": self.reason,
            "actions": list(self.actions),
            "leftovers": list(self.leftovers),
        }


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
    """

    coordinator: str
    local_uri: str
    patience_s: float
    check_mode: bool = False


# How long a host that does not answer is asked again.
ANSWER_S = 30.0
LOOK_AGAIN_S = 0.5

SettleMigration = t.Callable[[StartedMigration], SettledMigration]


def settle_execution(
    folder: str,
    settings: SettlingSettings,
    clock: t.Callable[[], float],
    settle_one: SettleMigration | None = None,
) -> list[SettledMigration]:
    """Settle what an execution left behind, and end it; its lock on this host is released.

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
    if not (os.path.isdir(folder) or _names(directory, execution)):
        return []
    if settings.check_mode:
        return []
    with ExecutionLock.of(directory, {"doing": "settling execution {0}".format(execution)}):
        settled = []
        if os.path.isdir(folder):
            record = _dead_record(folder)
            if not record.is_finished:
                settled = _settle_all(record, settle_one or _settler(folder, settings), clock)
        if all(item.is_known for item in settled):
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
    record: ExecutionRecord, settle_one: SettleMigration, clock: t.Callable[[], float]
) -> list[SettledMigration]:
    journal = Journal(os.path.join(record.folder, JOURNAL_NAME), clock)
    try:
        settled = _settle_together(
            record.unsettled, lambda item: _settle_and_record(item, settle_one, journal)
        )
        if all(item.is_known for item in settled):
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
    if migration.circumstances is None:
        settled = SettledMigration(
            migration, NOT_MOVED, Outcome.NOT_MOVED.value, "It had not begun."
        )
    else:
        settled = settle_one(migration)
    journal.record("migration_ended", settled=True, **settled.document())
    return settled


def _settler(folder: str, settings: SettlingSettings) -> SettleMigration:
    uris = read_uris(read_plan(folder) or {})
    uris[settings.coordinator] = settings.local_uri

    def settle_one(migration: StartedMigration) -> SettledMigration:
        try:
            ends = Ends(
                End(migration.source, uris[migration.source], sees_jobs=True),
                End(migration.destination, uris[migration.destination]),
            )
        except KeyError as error:
            reason = "It is not known how to reach {0}.".format(error.args[0])
            return SettledMigration(migration, UNKNOWN, Outcome.UNKNOWN.value, reason)
        return settle_migration(migration, ends, settings.patience_s)

    return settle_one


def settle_migration(
    migration: StartedMigration, ends: Ends, patience_s: float
) -> SettledMigration:
    """Judge one VM by what both hosts say, and put it in order.

    Side Effects
    ------------
    May resume the VM on the destination, when the source's QEMU is proved gone; may end copies
    that never ran and remove definitions of which another host has the running VM.
    """
    start_event_loop()
    try:
        finished = _finished_quick_move(migration, ends)
        return finished or _settled_by_table(migration, ends, patience_s)
    except DroverError as error:
        return SettledMigration(migration, UNKNOWN, Outcome.UNKNOWN.value, str(error))
    finally:
        ends.close()


def _finished_quick_move(migration: StartedMigration, ends: Ends) -> SettledMigration | None:
    """Bring a quick move to its end; None when no image tells of one."""
    if migration.mode != "quick":
        return None
    options = MigrationOptions(mode="quick", save_directory=migration.save_directory)
    way = QuickWay(options, ends)
    interrupted = way.interrupted(migration.domain, migration.uuid)
    account = interrupted.finish() if interrupted else None
    if account is None:
        return None
    return SettledMigration(
        migration,
        VERDICTS.get(account.outcome, UNKNOWN),
        account.outcome.value,
        account.reason or "Finished the quick move that was interrupted.",
        account.actions,
        account.leftovers,
    )


def _settled_by_table(
    migration: StartedMigration, ends: Ends, patience_s: float
) -> SettledMigration:
    known = dict(migration.circumstances or {})
    autostart = known.pop("autostart", False)
    circumstances = Circumstances(**known)
    repairs = Repairs(ends, migration.uuid)
    _wait_for_libvirt(repairs, patience_s)
    verdict, evidence = settle(repairs, lambda: circumstances, ANSWER_S)
    _finish(repairs, verdict, evidence, autostart)
    outcome = verdict.outcome or Outcome.UNKNOWN
    return SettledMigration(
        migration,
        VERDICTS.get(outcome, UNKNOWN),
        outcome.value,
        verdict.reason
        or "Found {0} on the source and {1} on the destination.".format(
            evidence.source, evidence.destination
        ),
        tuple(repairs.actions),
        tuple(repairs.leftovers),
    )


def _wait_for_libvirt(repairs: Repairs, patience_s: float) -> None:
    """Wait while the source's daemon still works on the VM: it migrates without anybody's help."""
    give_up_at_s = time.monotonic() + patience_s
    while time.monotonic() < give_up_at_s:
        source = repairs.look().source
        if not (source.readable and source.busy):
            return
        time.sleep(LOOK_AGAIN_S)


def _finish(repairs: Repairs, verdict: Verdict, evidence: Evidence, autostart: bool) -> None:
    """Do what is left once it is known where the VM is. One that is still held paused keeps its
    mark, so that somebody can resume it later."""
    arrived = verdict.succeeded or (
        verdict.outcome is Outcome.LOST and evidence.destination.persistent
    )
    if autostart and arrived:
        repairs.copy_autostart()
    if verdict.outcome not in (Outcome.UNKNOWN, Outcome.QUARANTINED):
        repairs.clear_marks()


def unsolved(settled: t.Sequence[SettledMigration]) -> str:
    """Return a sentence for each VM that a person must see to; empty when there is none."""
    return " ".join(
        "{0.domain} ({0.source} → {0.destination}): {1}".format(item.migration, item.reason)
        for item in settled
        if item.verdict in (Outcome.UNKNOWN.value, Outcome.QUARANTINED.value)
    )
