# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What executions may be called, and where they are kept: a name becomes a part of a path, on hosts that others may
have named it for.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import re

from .._errors import DroverError

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
# A folder is an absolute path of such names, of which the last is the execution's.
FOLDER = r"(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{0,127})*/" + NAME

_RULE = "letters, digits, dots, underscores and hyphens, a letter or a digit first, 128 at most"


class NameRejected(DroverError):
    """An execution cannot be called that."""

    code = "name_rejected"


def execution_folder(directory: str, execution: str) -> str:
    """Return the folder of an execution.

    Raises
    ------
    NameRejected
        It is not the name of an execution, so its folder might be anywhere.
    """
    return os.path.join(directory, checked_name(execution))


def checked_name(execution: str) -> str:
    """Return the name of an execution.

    Raises
    ------
    NameRejected
        It is none.
    """
    if not re.fullmatch(NAME, execution):
        raise NameRejected(
            "The name of an execution must not be {0!a}.".format(execution[:200]),
            "Use {0}.".format(_RULE),
        )
    return execution


def checked_folder(folder: str) -> str:
    """Return the folder of an execution as another host told of it.

    Raises
    ------
    NameRejected
        It is not an absolute path, or holds what stands for something else, such as C($HOME) or C(..).
    """
    if not re.fullmatch(FOLDER, folder):
        raise NameRejected(
            "The folder of an execution must not be {0!a}.".format(folder[:200]),
            "It must be an absolute path whose parts are {0}.".format(_RULE),
        )
    return folder
