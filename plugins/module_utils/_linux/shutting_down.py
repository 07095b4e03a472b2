# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way down of the host on which this runs: whether it has begun, and beginning it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import subprocess
import typing as t

from .._errors import DroverError
from .system_command import answer_to, path_of

# Written by shutdown(8) and by systemd when it stops user sessions, which is early on the way down.
_SIGNS = ("/run/systemd/shutdown/scheduled", "/run/nologin")
_ANSWER_S = 5.0
# Time for Ansible to hear of it, before sshd ends.
_DELAY_S = "1"


class NotShutDown(DroverError):
    """The command that shuts the host down is missing or refuses."""

    code = "not_shut_down"


def begin_shutdown(command: t.Sequence[str]) -> None:
    """Begin to shut this host down, in a moment.

    Raises
    ------
    NotShutDown
        There is no such command.
    """
    path = path_of(command[0])
    if path is None:
        raise NotShutDown(
            "The command {0} is missing on this host.".format(command[0]),
            "Set drover_shutdown_command to the command that shuts it down.",
        )
    # In a session of its own, so that it outlives this one.
    subprocess.Popen(
        ["/bin/sh", "-c", 'sleep "$0" && exec "$@"', _DELAY_S, path, *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def is_shutting_down() -> bool:
    """Tell whether a shutdown of this host is scheduled or under way."""
    if any(os.path.exists(path) for path in _SIGNS):
        return True
    return answer_to("systemctl", "is-system-running", limit_s=_ANSWER_S) == "stopping"
