# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Marker files: the UUIDs that tell which storage is which.

Whatever touches a file system may hang for ever when its server is down, so all of it is given up
after a while.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import functools
import os
import typing as t
import uuid

from .._facts.readings import Marker
from .._facts.storage import MARKER_NAME
from .._patience import PatientCall
from .durable import create_file
from .mounts import ANSWER_LIMIT_S


class Creation(t.NamedTuple):
    """What came of creating a marker: C(is_new) when it is ours and not one that another host just
    made.
    """

    marker: Marker
    is_new: bool


def read_markers(
    directories: t.Iterable[str], limit_s: float = ANSWER_LIMIT_S
) -> dict[str, Marker]:
    """Return what the marker file in each directory says."""
    waiting = [(path, PatientCall(functools.partial(read_marker, path))) for path in directories]
    return {path: pending.result_or(limit_s, _silent(limit_s)) for path, pending in waiting}


def read_marker(directory: str) -> Marker:
    """Return what the marker file in a directory says."""
    try:
        with open(os.path.join(directory, MARKER_NAME), encoding="ascii") as marker:
            text = marker.read(64).strip()
    except FileNotFoundError:
        return Marker(None)
    except (OSError, ValueError) as error:
        return Marker(None, str(error))
    try:
        return Marker(str(uuid.UUID(text)))
    except ValueError:
        return Marker(None, f"its file {MARKER_NAME} holds no UUID")


def create_markers(
    directories: t.Iterable[str], limit_s: float = ANSWER_LIMIT_S
) -> dict[str, Creation]:
    """Give each directory a marker, all at the same time.

    A directory that cannot be written is a matter for the operator and no error here: what is wrong
    stands in the marker.
    """
    waiting = [(path, PatientCall(functools.partial(_create, path))) for path in directories]
    silent = Creation(_silent(limit_s), False)
    return {path: pending.result_or(limit_s, silent) for path, pending in waiting}


def _create(directory: str) -> Creation:
    path = os.path.join(directory, MARKER_NAME)
    try:
        is_new = create_file(path, f"{uuid.uuid4()}\n")
    except OSError as error:
        return Creation(Marker(None, f"it cannot be written ({error.strerror})"), False)
    return Creation(read_marker(directory), is_new)


def _silent(limit_s: float) -> Marker:
    return Marker(None, f"it does not answer within {limit_s:g} s")
