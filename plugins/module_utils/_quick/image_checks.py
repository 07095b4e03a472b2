# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a saved image holds the whole memory of its VM.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from .._ends.ends import End
from .._errors import LibvirtFailed
from .._libvirt.images import saved_definition


def is_whole(end: End, uuid: str, path: str) -> bool:
    """Whether a host takes a file for the whole memory of a VM.

    Raises
    ------
    DroverError
        The host does not answer; nothing is known of the file then.
    """
    for _attempt in range(2):
        try:
            end.ask(lambda connection: saved_definition(connection, path), "read the saved image")
        except LibvirtFailed:
            # A connection that broke says nothing about the file.
            if not end.state(uuid).readable:
                raise
        else:
            return True
    return False
