# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way down of the host on which this runs: whether it has begun, and beginning it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import typing as t

from .._errors import DroverError

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
    path = shutil.which(
        command[0], path=os.pathsep.join((os.environ.get("PATH", ""), "/sbin", "/usr/sbin"))
    )
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
    return any(os.path.exists(path) for path in _SIGNS) or _system_state() == "stopping"


def _system_state() -> str:
    """Return what systemd says of the system, nothing where there is no systemd."""
    command = shutil.which("systemctl")
    if command is None:
        return ""
    try:
        done = subprocess.run(
            [command, "is-system-running"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_ANSWER_S,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
