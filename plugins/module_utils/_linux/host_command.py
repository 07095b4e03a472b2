# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few lines of Python on a host, run there or over the SSH that its connection URI names anyway.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
from urllib.parse import parse_qs, unquote, urlsplit

# A killed process that waits for a storage that hangs is not waited for.
_END_LIMIT_S = 5.0


def python_on(uri: str, script: str, *arguments: str) -> list[str] | None:
    """Return the command that runs a script on the host of a connection URI.

    None where the URI names neither this host nor one that SSH reaches, or is none at all.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme == "qemu" and not parts.hostname:
        return [sys.executable, "-c", script, *arguments]
    if parts.scheme == "qemu+ssh" and parts.hostname:
        return _ssh(uri) + [shlex.join(["python3", "-c", script, *arguments])]
    return None


def started_on(uri: str, script: str, *arguments: str) -> subprocess.Popen[str] | None:
    """Start a script on the host of a connection URI; None where C(python_on) knows no way."""
    command = python_on(uri, script, *arguments)
    if command is None:
        return None
    try:
        return started(command)
    except OSError:
        return None


def started(command: list[str]) -> subprocess.Popen[str]:
    """Start a command that is talked to; its complaints are nobody's.

    A Ctrl-C for the whole process group must not take it away in the middle of a handover.

    Raises
    ------
    OSError
        There is no such program.
    """
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str]) -> None:
    """End a command; what it started on another host ends with its input."""
    process.kill()
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        process.communicate(timeout=_END_LIMIT_S)


def _ssh(uri: str) -> list[str]:
    """Return the SSH command that libvirt would use for the URI, never asking for a password."""
    parts = urlsplit(uri)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    command = ["ssh", "-T", "-e", "none", "-o", "BatchMode=yes"]
    if parts.port:
        command += ["-p", str(parts.port)]
    if parts.username:
        command += ["-l", unquote(parts.username)]
    if "keyfile" in options:
        command += ["-i", options["keyfile"]]
    if options.get("no_verify") == "1":
        command += ["-o", "StrictHostKeyChecking=no"]
    return command + ["--", str(parts.hostname)]
