# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks to an executor, outcomes as they come; no task's end takes another's result away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed

from .work import ClusterOutcome, ClusterTask, failed, plan_cluster

Open = Callable[[], Executor]


def plan_all(
    tasks: Iterable[ClusterTask], open_executor: Open, open_single: Open
) -> Iterator[ClusterOutcome]:
    """Plan all clusters, the largest first, so that none of them is left for the end.

    A process that dies takes its whole pool along. What was lost with it is planned again, each in a pool of its own:
    then the cluster that kills its process is known, and the others have their plans.

    Parameters
    ----------
    open_executor
        Makes the executor for all.
    open_single
        Makes an executor for one task that may break it.
    """
    lost: list[ClusterTask] = []
    executor = open_executor()
    try:
        yield from _together(tasks, executor, lost)
    except BaseException:  # an interruption as well: do not begin what nobody waits for
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()
    for task in sorted(lost, key=lambda task: task.name):
        yield _alone(task, open_single)


def _together(
    tasks: Iterable[ClusterTask], executor: Executor, lost: list[ClusterTask]
) -> Iterator[ClusterOutcome]:
    """Return the outcomes as they come; add to ``lost`` what went down with the pool."""
    waiting: dict[Future[ClusterOutcome], ClusterTask] = {}
    for task in sorted(tasks, key=lambda task: (-task.size, task.name)):
        if (future := _submit(executor, task)) is None:
            lost.append(task)
        else:
            waiting[future] = task
    for future in as_completed(waiting):
        try:
            outcome = future.result()
        except (
            Exception
        ):  # planning itself never raises: this worker, or one that shared its fate, has died
            lost.append(waiting[future])
        else:
            yield outcome


def _submit(executor: Executor, task: ClusterTask) -> Future[ClusterOutcome] | None:
    """Hand a task over; ``None`` where the pool is broken already."""
    try:
        return executor.submit(plan_cluster, task)
    except BrokenExecutor:
        return None


def _alone(task: ClusterTask, open_single: Open) -> ClusterOutcome:
    """Plan a task that was lost once: whatever happens now is its own doing."""
    try:
        with open_single() as executor:
            return executor.submit(plan_cluster, task).result()
    except BrokenExecutor:
        return failed(task.name, "its process died while planning, perhaps because memory ran out")
    except Exception as error:  # whatever an executor reports about a worker
        return failed(task.name, f"its worker failed: {type(error).__name__}: {error}")
