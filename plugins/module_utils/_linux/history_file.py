# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file in which a host remembers its load.

Two readings at a time do no harm: each writes counters and the sample that leads to them in one file, so the later
one leaves a whole history, in which at most the sample of the other is missing.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os

from .._errors import DroverError
from .._facts.history import History, format_history, parse_history
from .durable import replace_file
from .state_directory import provide_directory, read_own

DIRECTORY = "/var/lib/drover/load"
FILE_NAME = "history.json"


def read_history(directory: str) -> tuple[History, str | None]:
    """Return what a host remembers, and in a sentence why it remembers nothing where its file cannot be read."""
    path = os.path.join(directory, FILE_NAME)
    try:
        text = read_own(path)
        return (History() if text is None else parse_history(text)), None
    except (DroverError, ValueError) as error:
        why = str(error).rstrip(".")
        return History(), "The load history {0} is left out and begins again: {1}.".format(
            path, why
        )


def write_history(directory: str, history: History) -> str | None:
    """Write down what a host remembers, and say in a sentence why it could not; no run fails for that."""
    path = os.path.join(directory, FILE_NAME)
    try:
        provide_directory(directory, 0o755)
        replace_file(path, format_history(history))
    except (DroverError, OSError) as error:
        why = (getattr(error, "strerror", None) or str(error)).rstrip(".")
        return "The load history {0} is not kept: {1}.".format(path, why)
    return None
