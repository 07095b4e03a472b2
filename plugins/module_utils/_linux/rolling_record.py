# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file in which a host keeps how far the rolling maintenance of its cluster came.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import typing as t

from .._errors import DroverError
from .durable import read_file
from .state_directory import provide_directory, using_state, write_own

DIRECTORY = "/var/lib/drover/rolling"
FILE_NAME = "record.json"

Record = dict[str, t.Any]

_KINDS: dict[str, type] = {
    "number": int,
    "run": str,
    "by": str,
    "since": str,
    "process": list,
    "running": bool,
    "tasks": str,
    "hosts": list,
    "batch": list,
    "maintained": list,
    "finished": bool,
}


class RecordUnreadable(DroverError):
    """The record cannot be read, so nobody knows how far the maintenance came."""

    code = "record_unreadable"


class TakenOver(DroverError):
    """The record on this host is of a run that this one has not seen."""

    code = "taken_over"


def read_record(directory: str = DIRECTORY) -> Record | None:
    """Return the record that this host keeps, None when there is none.

    Raises
    ------
    RecordUnreadable
        There is one that cannot be read, or what stands there is none.
    """
    path = os.path.join(directory, FILE_NAME)
    try:
        return _parsed(read_file(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RecordUnreadable(
            "The record of the rolling maintenance {0} cannot be read: {1}.".format(
                path, error.strerror
            ),
            "Check the file and its permissions.",
        ) from error
    except (RecursionError, ValueError) as error:
        raise RecordUnreadable(
            "The record of the rolling maintenance {0} is damaged: {1}.".format(path, error),
            "Remove the file: every host of the cluster keeps a copy.",
        ) from error


def _parsed(text: str) -> Record:
    record = json.loads(text)
    if not isinstance(record, dict):
        raise ValueError("it must be a mapping")
    bad = [name for name, kind in _KINDS.items() if not isinstance(record.get(name), kind)]
    if bad:
        raise ValueError("{0} missing or of a wrong kind".format(", ".join(bad)))
    return record


def write_record(
    wanted: t.Mapping[str, t.Any],
    seen: t.Collection[str],
    directory: str = DIRECTORY,
    check_mode: bool = False,
) -> Record:
    """Keep a record in the place of one that its run has seen, and return it with the next number.

    Parameters
    ----------
    wanted : dict
        The record; its C(number) is that of the record which it follows.
    seen : collection of str
        The runs whose records may be replaced, beside those of the record's own run.
    directory : str
    check_mode : bool
        Whether to write nothing.

    Raises
    ------
    TakenOver
        Another run has written here since this one looked.
    RecordUnreadable, StateUnusable
        The file system refuses.
    """
    record = dict(wanted, number=wanted["number"] + 1)
    if check_mode:
        _keep_out(record["run"], seen, directory)
        return record
    provide_directory(directory, 0o755)
    with _alone(directory):
        _keep_out(record["run"], seen, directory)
        text = json.dumps(record, indent=2, sort_keys=True) + "\n"
        write_own(os.path.join(directory, FILE_NAME), text)
    return record


class Kept(t.NamedTuple):
    """What a host keeps now, and whether it kept something else before."""

    changed: bool
    record: Record | None


def keep_stopped(run: str, directory: str = DIRECTORY, check_mode: bool = False) -> Kept:
    """Write down that a run has stopped, where the record is of that run and says that it runs.

    Raises
    ------
    TakenOver, RecordUnreadable, StateUnusable
        As C(write_record).
    """
    present = read_record(directory)
    if present is None or present["run"] != run or not present["running"]:
        return Kept(False, present)
    return Kept(True, write_record(dict(present, running=False), (), directory, check_mode))


def _keep_out(run: str, seen: t.Collection[str], directory: str) -> None:
    """Refuse a run where the record is of another one that it has not seen."""
    present = read_record(directory)
    if present is not None and present["run"] not in (run, *seen):
        raise TakenOver(
            "{0} has begun or taken over a rolling maintenance of this cluster meanwhile.".format(
                present["by"]
            ),
            "Wait until that has ended, then run this again.",
        )


@contextlib.contextmanager
def _alone(directory: str) -> t.Iterator[None]:
    """Keep other writers out; the kernel ends that with the process."""
    with using_state(directory, "opened"):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
