# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carrying out an order about the maintenance of a host, on this host's copy of its mark.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import datetime
import os
import typing as t

from .._errors import DroverError
from .._facts.marks import Mark, changed_mark, file_name, format_moment, parse_moment
from .mark_files import as_text, read_mark, write_mark
from .state_directory import using_state


class NoMoment(DroverError):
    """What was given as a moment is none."""

    code = "no_moment"


class Order(t.NamedTuple):
    """What is asked for; the fields are the options of the module C(host_mark)."""

    host: str
    state: str
    directory: str
    at: str | None = None
    by: str = ""
    reason: str = ""
    evacuated: t.Sequence[dict[str, t.Any]] = ()

    @property
    def wanted(self) -> Mark:
        """The mark without its moment; one that ends a maintenance has no evacuated domains."""
        maintenance = self.state == "maintenance"
        return {
            "maintenance": maintenance,
            "by": self.by,
            "reason": self.reason,
            "evacuated": list(self.evacuated) if maintenance else [],
        }


class Done(t.NamedTuple):
    """What came of an order: the mark that holds, its file, and the text before and after."""

    changed: bool
    mark: Mark
    file: str
    before: str
    after: str
    warnings: list[str]


def carry_out(order: Order, now: datetime.datetime, check_mode: bool) -> Done:
    """Bring this host's copy of a mark to what is ordered, unless it knows of a newer order.

    Parameters
    ----------
    order : Order
        What is asked for.
    now : datetime.datetime
        The present moment.
    check_mode : bool
        Whether to write nothing.

    Raises
    ------
    NoMoment
        C(at) is not in the form of RFC 3339.
    StateUnusable
        The file system refuses.
    """
    path = os.path.join(order.directory, file_name(order.host))
    at = _moment(order.at)
    present, warnings = _present(order, path)
    mark = changed_mark(present, order.wanted, at, now)
    if mark is not None and not check_mode:
        write_mark(order.directory, order.host, mark)
    holding = t.cast("Mark", mark or present)
    if holding["maintenance"] != order.wanted["maintenance"]:
        warnings.append(
            f"Host {order.host} stays as it is: its mark of {holding['at']} is newer than this."
        )
    return Done(mark is not None, holding, path, as_text(present), as_text(holding), warnings)


def _moment(at: str | None) -> str | None:
    try:
        return None if at is None else format_moment(parse_moment(at))
    except ValueError as error:
        raise NoMoment(
            f"{at!r} is not a moment in the form of RFC 3339: {error}.",
            "Write it like 2026-11-24T09:00:00Z.",
        ) from error


def _present(order: Order, path: str) -> tuple[Mark | None, list[str]]:
    """Return the mark that is there; a file that holds none is replaced, and said so."""
    try:
        with using_state(path, "read"):
            return read_mark(order.directory, order.host), []
    except ValueError as error:
        return None, [f"The file {path} held no mark ({error}) and is replaced."]
