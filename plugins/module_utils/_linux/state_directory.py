# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The directories in which a host keeps marks and executions, and whether this user may use them.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import pwd

from .._errors import DroverError

_OWNED = "/var/lib/drover"


class StateUnusable(DroverError):
    """This user may not read or write what the host keeps of Drover."""

    code = "state_unusable"


def provide_directory(path: str, mode: int) -> None:
    """Make a directory that this user can write to, if it is not there.

    Raises
    ------
    StateUnusable
        He may not make it, or not write to it.
    """
    try:
        os.makedirs(path, mode=mode, exist_ok=True)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise _unusable(path, "it is somebody else's")


def list_directory(path: str) -> list[str]:
    """Return the sorted names in a directory; none where there is no directory.

    Raises
    ------
    StateUnusable
        This user may not read it.
    """
    try:
        return sorted(os.listdir(path))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error


def _unusable(path: str, why: str) -> StateUnusable:
    user = pwd.getpwuid(os.geteuid()).pw_name
    return StateUnusable(
        "The user {0} cannot use {1} on this host: {2}.".format(user, path, why),
        "Let Ansible become root, or give {0} to that user (install -d -o {1} {0}, chown -R).".format(
            _OWNED, user
        ),
    )
