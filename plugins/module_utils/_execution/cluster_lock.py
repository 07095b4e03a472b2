# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of the whole cluster: each of its hosts keeps a file that names the one execution
that may run.

The file is a pointer and no proof. An execution runs only on its coordinator, only under the
coordinator's local lock (see C(controls)), and only while the coordinator's own file names it;
so a process that changes that file under the local lock knows that this execution neither runs nor will
ever start. Until that is done, the files on all other hosts keep everybody else out.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import typing as t

from .._errors import DroverError
from .._linux.durable import read_file
from .._linux.state_directory import provide_directory, remove_own, require_space, write_own
from .controls import ExecutionLock

FILE_NAME = "cluster-lock.json"
# Between taking the lock and starting its executor a controller needs a few seconds.
START_S = 120.0
# The year 5138. Python cannot count with times of any size.
_LATEST_S = 1e11


class ClusterLocked(DroverError):
    """The cluster is locked for another execution."""

    code = "cluster_locked"


class ClusterChanged(DroverError):
    """An execution ran between the look at the cluster and the lock, so what was planned is old."""

    code = "cluster_changed"


class LockLost(DroverError):
    """The cluster's lock does not name this execution any more; nothing was started."""

    code = "lock_lost"


@dataclasses.dataclass(frozen=True)
class ClusterLock:
    """Who has the cluster.

    Parameters
    ----------
    execution : str
        Name of the execution.
    coordinator : str
        The host on which it runs, or is about to.
    owner : str
        Who asked for it.
    purpose : str
        What it is for, in a few words.
    since_s : float
        When this host wrote it down, in seconds since the epoch by its own clock.
    holds_s : float
        How long from then on it keeps others out although its coordinator knows no such execution,
        for its controller is busy with something else.
    """

    execution: str
    coordinator: str
    owner: str
    purpose: str
    since_s: float
    holds_s: float = START_S

    def document(self, now_s: float) -> dict[str, t.Any]:
        """Return it as plain JSON, with its age in seconds."""
        return dict(dataclasses.asdict(self), age_s=round(max(0.0, now_s - self.since_s), 1))


def read_lock(directory: str) -> ClusterLock | None:
    """Return the lock that this host keeps, None when there is none.

    Raises
    ------
    ClusterLocked
        There is one that cannot be read; nobody knows whose it is.
    """
    path = os.path.join(directory, FILE_NAME)
    try:
        return _lock_of(json.loads(read_file(path)))
    except FileNotFoundError:
        return None
    except (OSError, RecursionError, TypeError, ValueError) as error:
        raise ClusterLocked(
            "The lock {0} cannot be read: {1}.".format(path, error),
            "Make sure that no execution runs in the cluster, then remove the file.",
        ) from error


def _lock_of(document: t.Any) -> ClusterLock:
    lock = ClusterLock(**document)
    kinds = {name: (int, float) if name.endswith("_s") else str for name in document}
    if not all(isinstance(document[name], kind) for name, kind in kinds.items()):
        raise ValueError("it is of another version")
    if not all(0 <= value <= _LATEST_S for value in (lock.since_s, lock.holds_s)):
        raise ValueError("its times cannot be")
    return lock


def take_lock(
    directory: str, wanted: ClusterLock, instead_of: t.Collection[str], check_mode: bool = False
) -> bool:
    """Write the lock on this host unless another execution has it; say whether this one had it not yet.

    Where it had, the lock is as old as new from now on.

    Parameters
    ----------
    directory : str
        Folder of the executions on this host.
    wanted : ClusterLock
    instead_of : collection of str
        Executions that are known never to run again, whose locks may be replaced.
    check_mode : bool
        Whether to write nothing.

    Raises
    ------
    ClusterLocked
        Another execution has the cluster, or is running on this host.
    StateUnusable
        It cannot be written, or what the execution writes there would find no room.
    """
    if check_mode:
        return _is_free(directory, wanted, instead_of)
    provide_directory(directory, 0o700)
    require_space(directory)
    with ExecutionLock.of(directory, {"owner": wanted.owner, "doing": "taking the lock"}):
        is_new = _is_free(directory, wanted, instead_of)
        text = json.dumps(dataclasses.asdict(wanted), sort_keys=True)
        write_own(os.path.join(directory, FILE_NAME), text + "\n", 0o600)
    return is_new


def refuse_newer(directory: str, seen: t.Collection[str]) -> None:
    """Make sure that no execution is on record here but those that were seen.

    Raises
    ------
    ClusterChanged
        There is another one.
    """
    with contextlib.suppress(FileNotFoundError):
        for name in sorted(os.listdir(directory)):
            if name not in seen and os.path.isdir(os.path.join(directory, name)):
                raise ClusterChanged(
                    "Execution {0} has run since the cluster was looked at.".format(name),
                    "Run the same playbook again, so that it plans with what is true now.",
                )


def _is_free(directory: str, wanted: ClusterLock, instead_of: t.Collection[str]) -> bool:
    present = read_lock(directory)
    if present is None or present.execution in instead_of:
        return True
    if present.execution == wanted.execution:
        return False
    raise ClusterLocked(
        "The cluster is locked by {0} for another execution ({1}) on {2}.".format(
            present.owner, present.purpose, present.coordinator
        ),
        "Wait until it has ended, then run this again.",
    )


def release_lock(directory: str, execution: str, check_mode: bool = False) -> bool:
    """Remove the lock on this host if it names that execution; say whether it did.

    Raises
    ------
    AlreadyRunning
        The execution still runs here.
    """
    present = read_lock(directory)
    if present is None or present.execution != execution:
        return False
    if not check_mode:
        with ExecutionLock.of(directory, {"doing": "releasing the lock"}):
            forget_lock(directory, execution)
    return True


def forget_lock(directory: str, execution: str) -> None:
    """Remove the lock if it names that execution. The caller holds this host's local lock."""
    present = read_lock(directory)
    if present is not None and present.execution == execution:
        remove_own(os.path.join(directory, FILE_NAME))


def require_lock(directory: str, execution: str) -> None:
    """Make sure that the lock names the execution. The caller holds this host's local lock.

    Raises
    ------
    LockLost
        It names another, or there is none.
    """
    present = read_lock(directory)
    if present is None or present.execution != execution:
        holder = "nobody" if present is None else "{0.owner} ({0.purpose})".format(present)
        raise LockLost(
            "The lock of the cluster went to {0} before this execution started.".format(holder),
            "Run the same playbook again.",
        )
