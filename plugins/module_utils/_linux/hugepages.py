# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Huge pages of the host on which this runs.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os

_DIRECTORY = "/sys/kernel/mm/hugepages"


def read_hugepages(directory: str = _DIRECTORY) -> list[dict[str, int]]:
    """Return size, total and free number of the host's huge pages, an entry for each size."""
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return []
    return [
        {
            "size_kib": int(name[len("hugepages-") : -len("kB")]),
            "total": _number(os.path.join(directory, name, "nr_hugepages")),
            "free": _number(os.path.join(directory, name, "free_hugepages")),
        }
        for name in names
        if name.startswith("hugepages-") and name.endswith("kB")
    ]


def _number(path: str) -> int:
    with open(path, encoding="ascii") as file:
        return int(file.read())
