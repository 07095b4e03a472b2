# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few lines of Python on a host, run there or over the SSH that its connection URI names anyway.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import shlex
import sys
from urllib.parse import parse_qs, unquote, urlsplit


def python_on(uri: str, script: str, *arguments: str) -> list[str] | None:
    """Return the command that runs a script on the host of a connection URI.

    None where the URI names neither this host nor one that SSH reaches.
    """
    parts = urlsplit(uri)
    if parts.scheme == "qemu" and not parts.hostname:
        return [sys.executable, "-c", script, *arguments]
    if parts.scheme == "qemu+ssh" and parts.hostname:
        return _ssh(uri) + [shlex.join(["python3", "-c", script, *arguments])]
    return None


def _ssh(uri: str) -> list[str]:
    """Return the SSH command that libvirt would use for the URI, never asking for a password."""
    parts = urlsplit(uri)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    command = [options.get("command", "ssh"), "-T", "-e", "none", "-o", "BatchMode=yes"]
    if parts.port:
        command += ["-p", str(parts.port)]
    if parts.username:
        command += ["-l", unquote(parts.username)]
    if "keyfile" in options:
        command += ["-i", options["keyfile"]]
    if options.get("no_verify") == "1":
        command += ["-o", "StrictHostKeyChecking=no"]
    return command + ["--", str(parts.hostname)]
