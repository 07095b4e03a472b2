# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files in which a host keeps the marks of all hosts, one a host: of maintenance, and of power.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import os
import typing as t

from .._facts.marks import Mark, file_name, marked_host, parse_mark
from .durable import read_file
from .state_directory import list_directory, provide_directory, write_own

DIRECTORY = "/var/lib/drover/marks"

Parse = t.Callable[[str], Mark]


def read_marks(
    directory: str = DIRECTORY, parse: Parse = parse_mark
) -> tuple[dict[str, Mark], dict[str, str]]:
    """Return the marks by host; and by host, in one sentence, what is wrong with a file that should be its mark."""
    marks, problems = {}, {}
    for name in _names(directory):
        host = marked_host(name)
        try:
            mark = read_mark(directory, host, parse)
        except (OSError, RecursionError, ValueError) as error:
            path = os.path.join(directory, name)
            problems[host] = f"The mark {path} is left out: {error}."
        else:
            if mark is not None:
                marks[host] = mark
    return marks, problems


def _names(directory: str) -> list[str]:
    return [name for name in list_directory(directory) if name.endswith(".json")]


def read_mark(directory: str, host: str, parse: Parse = parse_mark) -> Mark | None:
    """Return the mark of a host, None when there is none here.

    Raises
    ------
    OSError, ValueError
        The file cannot be read, or is not a mark.
    """
    try:
        return parse(read_file(os.path.join(directory, file_name(host))))
    except FileNotFoundError:
        return None


def write_mark(directory: str, host: str, mark: Mark) -> None:
    """Put the mark of a host in the place of the one that is there, safe from crashes.

    Raises
    ------
    StateUnusable
        It cannot be written.
    """
    provide_directory(directory, 0o755)
    write_own(os.path.join(directory, file_name(host)), as_text(mark))


def as_text(mark: t.Mapping[str, t.Any] | None) -> str:
    """Return a mark as it stands in its file, nothing for None."""
    return "" if mark is None else json.dumps(mark, indent=2, sort_keys=True) + "\n"
