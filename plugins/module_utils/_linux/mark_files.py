# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files in which a host keeps the maintenance marks of all hosts.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import os
import typing as t

from .._facts.marks import Mark, file_name, marked_host, parse_mark
from .durable import replace_file
from .state_directory import list_directory, provide_directory

DIRECTORY = "/var/lib/drover/marks"


def read_marks(directory: str = DIRECTORY) -> tuple[dict[str, Mark], list[str]]:
    """Return the marks by host, and a warning for each file that is none."""
    marks, warnings = {}, []
    for name in _names(directory):
        try:
            mark = read_mark(directory, marked_host(name))
        except (OSError, ValueError) as error:
            warnings.append(f"The mark {os.path.join(directory, name)} is left out: {error}.")
        else:
            if mark is not None:
                marks[marked_host(name)] = mark
    return marks, warnings


def _names(directory: str) -> list[str]:
    return [name for name in list_directory(directory) if name.endswith(".json")]


def read_mark(directory: str, host: str) -> Mark | None:
    """Return the mark of a host, None when there is none here.

    Raises
    ------
    OSError, ValueError
        The file cannot be read, or is no mark.
    """
    try:
        with open(os.path.join(directory, file_name(host)), encoding="utf-8") as file:
            return parse_mark(file.read())
    except FileNotFoundError:
        return None


def write_mark(directory: str, host: str, mark: Mark) -> None:
    """Put the mark of a host in the place of the one that is there, safe from crashes.

    Raises
    ------
    StateUnusable
        This user may not write there.
    OSError
        It cannot be written.
    """
    provide_directory(directory, 0o755)
    replace_file(os.path.join(directory, file_name(host)), as_text(mark))


def as_text(mark: t.Mapping[str, t.Any] | None) -> str:
    """Return a mark as it stands in its file, nothing for None."""
    return "" if mark is None else json.dumps(mark, indent=2, sort_keys=True) + "\n"
