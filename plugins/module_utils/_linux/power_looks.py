# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file in which a host remembers what the VMs of its cluster took.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import datetime
import json
import os
import typing as t

from .._facts.marks import parse_moment
from .durable import read_file
from .state_directory import provide_directory, write_own

FILE_NAME = "looks.json"
KEPT = datetime.timedelta(days=1)
MOST = 1500

Look = dict[str, t.Any]


def read_looks(directory: str) -> list[Look]:
    """Return the looks that this host remembers; none where they are missing or damaged: they are only evidence."""
    try:
        looks = json.loads(read_file(os.path.join(directory, FILE_NAME)))
        return sorted(looks, key=lambda look: parse_moment(look["at"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []


def keep_look(look: Look, directory: str) -> list[Look]:
    """Remember a look, forget those that are more than a day older, and return all.

    Raises
    ------
    StateUnusable
        The file cannot be written.
    ValueError
        The look has no moment.
    """
    now = parse_moment(look["at"])
    others = [one for one in read_looks(directory) if one["at"] != look["at"]]
    young = [one for one in others if now - parse_moment(one["at"]) <= KEPT]
    looks = sorted([*young, look], key=lambda one: parse_moment(one["at"]))[-MOST:]
    provide_directory(directory, 0o755)
    write_own(os.path.join(directory, FILE_NAME), json.dumps(looks))
    return looks
