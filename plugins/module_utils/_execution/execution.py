# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One execution on a coordinator: its folder, its lock, its journal, and the executor in the
middle.

An execution's folder holds C(plan.json), C(journal.jsonl), C(process), and what the controller
writes: C(heartbeat) and C(stop).

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import typing as t

from .._errors import DroverError
from .._linux.state_directory import (
    LITTLE,
    StateUnusable,
    own_directory,
    provide_directory,
    require_space,
    write_own,
)
from .cluster_lock import require_lock
from .controls import Controls, ExecutionLock
from .executor import Executor, RunStep, StepOutcome
from .journal import Journal
from .process import this_process
from .records import JOURNAL_NAME, PLAN_NAME, PROCESS_NAME, prune_executions
from .steps import Work, read_work
from .timetable import Timetable

# Bytes that the journal takes for a migration with its progress, a generous guess.
JOURNAL_PER_STEP = 16 << 10
# Bytes set aside for the case that the disk gets full: for what runs and the last words, and for a line on each step
# that is not started then.
RESERVE = 32 << 10
RESERVE_PER_STEP = 512


@dataclasses.dataclass(frozen=True)
class ExecutionSettings:
    """Where an execution keeps its files and when it stops by itself.

    Parameters
    ----------
    folder : str
        The execution's own folder; the lock is beside it.
    owner, purpose : str
        Who asked for it, and what for, for the second operator.
    heartbeat_timeout_s : float
        Silence of the controller after which nothing more is started; 0 never.
    time_limit_s : float
        Seconds after which nothing more is started; 0 means no limit.
    locked : bool
        Whether the cluster must be locked for it.
    keep : int
        How many finished executions to keep on this host, 0 for all.
    """

    folder: str
    owner: str
    heartbeat_timeout_s: float
    time_limit_s: float
    purpose: str = ""
    locked: bool = False
    keep: int = 0

    @property
    def execution(self) -> str:
        """Name of the execution."""
        return os.path.basename(self.folder)

    @property
    def directory(self) -> str:
        """Folder of all executions of this host."""
        return os.path.dirname(self.folder)


def execute(
    plan: dict[str, t.Any],
    settings: ExecutionSettings,
    run_step: RunStep,
    clock: t.Callable[[], float],
) -> list[StepOutcome]:
    """Run a plan to its end and return the outcome of every step, in the plan's order.

    Raises
    ------
    PlanRejected
        The document cannot be executed; nothing was started.
    AlreadyRunning
        Another execution holds this coordinator; nothing was started.
    LockLost
        The cluster's lock does not name this execution; nothing was started.
    StateUnusable
        The execution's files cannot be written, or would find no room; nothing was started.

    Side Effects
    ------------
    Writes the execution's folder and removes those of old executions; migrates VMs through
    C(run_step).
    """
    work = read_work(plan)
    provide_directory(settings.directory, 0o700)
    owner = {"owner": settings.owner, "purpose": settings.purpose, "folder": settings.folder}
    with ExecutionLock.of(settings.directory, owner):
        if settings.locked:
            require_lock(settings.directory, settings.execution)
        prune_executions(settings.directory, settings.keep)
        text = json.dumps(plan, sort_keys=True)
        require_space(settings.directory, LITTLE + len(text) + JOURNAL_PER_STEP * len(work.steps))
        own_directory(settings.folder)
        _write(settings.folder, PLAN_NAME, text)
        _write(settings.folder, PROCESS_NAME, this_process().as_text())
        return _execute(work, settings, run_step, clock)


def _execute(
    work: Work, settings: ExecutionSettings, run_step: RunStep, clock: t.Callable[[], float]
) -> list[StepOutcome]:
    started = clock()
    path = os.path.join(settings.folder, JOURNAL_NAME)
    journal = Journal(path, clock, RESERVE + RESERVE_PER_STEP * len(work.steps))
    deadline = started + settings.time_limit_s if settings.time_limit_s else None
    controls = Controls(settings.folder, settings.heartbeat_timeout_s, deadline, clock)
    journal.record(
        "execution_started",
        digest=work.digest,
        steps=len(work.steps),
        owner=settings.owner,
        purpose=settings.purpose,
    )
    timetable = Timetable(work, clock)
    executor = Executor(work, run_step, journal, controls.reason_to_stop, timetable.lateness)
    with _last_words(journal):
        outcomes = executor.run()
    with contextlib.suppress(StateUnusable):
        journal.record("execution_ended", duration_s=round(clock() - started, 3))
    journal.close()
    return outcomes


@contextlib.contextmanager
def _last_words(journal: Journal) -> t.Iterator[None]:
    """Keep what an executor dies of where its follower finds it."""
    try:
        yield
    except Exception as error:
        with contextlib.suppress(StateUnusable):
            journal.record("executor_failed", reason=_in_words(error))
        raise


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, DroverError) else repr(error)


def _write(folder: str, name: str, content: str) -> None:
    write_own(os.path.join(folder, name), content, 0o600)
