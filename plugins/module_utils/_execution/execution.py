# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One execution on a coordinator: its folder, its lock, its journal, and the executor in the
middle.

An execution's folder holds C(plan.json), C(journal.jsonl), C(pid), and what the controller writes:
C(heartbeat) and C(stop).

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import dataclasses
import json
import os
import typing as t

from .controls import Controls, ExecutionLock
from .executor import Executor, RunStep, StepOutcome
from .journal import Journal, sync_folder
from .steps import read_work

LOCK_NAME = "lock"


@dataclasses.dataclass(frozen=True)
class ExecutionSettings:
    """Where an execution keeps its files and when it stops by itself.

    Parameters
    ----------
    folder : str
        The execution's own folder; the lock is beside it.
    owner : str
        Who asked for it, for whoever comes second.
    heartbeat_timeout_s : float
        Silence of the controller after which nothing more is started; 0 never.
    time_limit_s : float
        Seconds after which nothing more is started; 0 is no limit.
    """

    folder: str
    owner: str
    heartbeat_timeout_s: float
    time_limit_s: float


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

    Side Effects
    ------------
    Writes the execution's folder; migrates VMs through C(run_step).
    """
    work = read_work(plan)
    os.makedirs(settings.folder, mode=0o700, exist_ok=True)
    started = clock()
    owner = {
        "owner": settings.owner,
        "pid": os.getpid(),
        "since": round(started),
        "folder": settings.folder,
    }
    with ExecutionLock(os.path.join(os.path.dirname(settings.folder), LOCK_NAME), owner):
        _write(settings.folder, "plan.json", json.dumps(plan, sort_keys=True))
        _write(settings.folder, "pid", str(os.getpid()))
        journal = Journal(os.path.join(settings.folder, "journal.jsonl"), clock)
        deadline = started + settings.time_limit_s if settings.time_limit_s else None
        controls = Controls(settings.folder, settings.heartbeat_timeout_s, deadline, clock)
        journal.record(
            "execution_started", digest=work.digest, steps=len(work.steps), owner=settings.owner
        )
        outcomes = Executor(work, run_step, journal, controls.reason_to_stop).run()
        journal.record("execution_ended", duration_s=round(clock() - started, 3))
        journal.close()
    return outcomes


def _write(folder: str, name: str, content: str) -> None:
    path = os.path.join(folder, name)
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".part", path)
    sync_folder(folder)
