# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeping this host's copy of a power mark, unless it knows of a newer one.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import typing as t

from .._errors import DroverError
from .._facts.marks import file_name
from .._facts.power_marks import PowerMark, checked_power_mark, parse_power_mark
from .mark_files import as_text, read_mark, write_mark
from .state_directory import using_state

POWER_DIRECTORY = "/var/lib/drover/power"


class PowerMarkNotKept(DroverError):
    """The power mark is none."""

    code = "power_mark_not_kept"


class Kept(t.NamedTuple):
    """The mark that holds on this host now, its file, and the text before and after."""

    changed: bool
    mark: PowerMark
    file: str
    before: str
    after: str
    warnings: list[str]


def keep_power_mark(
    host: str, document: t.Mapping[str, t.Any], directory: str, check_mode: bool
) -> Kept:
    """Keep a power mark in the place of an older one.

    Raises
    ------
    PowerMarkNotKept
        It is not a power mark.
    StateUnusable
        The file system refuses.
    """
    path = os.path.join(directory, file_name(host))
    try:
        mark = checked_power_mark(document)
        present, warnings = _present(directory, host, path)
        if present is not None and present["at"] > mark["at"]:
            warnings.append(
                "The power mark of {0} stays as it is: the one of {1} is newer than this.".format(
                    host, present["at"]
                )
            )
            mark = present
        if mark != present and not check_mode:
            write_mark(directory, host, mark)
    except ValueError as error:
        raise PowerMarkNotKept(
            "This is not a power mark of {0}: {1}.".format(host, error)
        ) from error
    return Kept(mark != present, mark, path, as_text(present), as_text(mark), warnings)


def _present(directory: str, host: str, path: str) -> tuple[PowerMark | None, list[str]]:
    """Return the mark that is there; a file that holds none is replaced, and said so."""
    try:
        with using_state(path, "read"):
            return read_mark(directory, host, parse_power_mark), []
    except ValueError as error:
        return None, ["The file {0} held no power mark ({1}) and is replaced.".format(path, error)]
