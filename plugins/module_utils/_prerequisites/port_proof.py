# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proves that the source reaches the destination's migration ports before libvirt tries.

A port that a firewall drops would hold libvirt up for more than two minutes, in which nothing can be
cancelled. So a few lines of Python listen on a port of the destination, and a few more connect to it
from the source. Only a port that was free is tried: a QEMU that waits for its VM takes the first
connection that comes. The last port of the range is tried first, which libvirt takes last; the
first one decides where a firewall opens only a part.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import typing as t

from .._errors import DroverError
from .._linux.host_command import ended, python_on, started
from .._linux.system_command import answer_of
from .._patience import PatientCall
from .._request.request import MigrationRequest
from .finding import Finding, blocks, holds, untold

_CHECK = "migration_ports"
_STEP_LIMIT_S = 15.0
_LIMIT_S = 4 * _STEP_LIMIT_S

# Listens on the last free migration port, or the first one, by libvirt's range where it can be read;
# says which one, and tells the first who connects its token. Its input's end or 20 s end it.
_LISTEN = """
import re, select, socket, sys
low, high = 49152, 49215
try:
    with open("/etc/libvirt/qemu.conf") as file:
        text = file.read()
    found = {name: int(port) for name, port in re.findall(r"^ *migration_port_(min|max) *= *(\\d+)", text, re.M)}
    low, high = found.get("min", low), found.get("max", high)
except OSError:
    pass
for port in range(low, high + 1)[:: 1 if sys.argv[1] == "first" else -1]:
    both = socket.has_dualstack_ipv6()
    try:
        listening = socket.create_server(
            ("", port), family=socket.AF_INET6 if both else socket.AF_INET, dualstack_ipv6=both
        )
    except OSError:
        continue
    break
else:
    sys.exit("no port is free")
print(port, flush=True)
if listening in select.select([listening, sys.stdin], [], [], 20)[0]:
    visitor = listening.accept()[0]
    visitor.sendall(sys.argv[2].encode())
    visitor.close()
"""

# Connects, and says whether the token came, or what else happened.
_CONNECT = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 3) as line:
        line.settimeout(3)
        told = line.recv(64)
    print("answered" if told == sys.argv[3].encode() else "somebody else answers")
except (socket.timeout, TimeoutError):
    print("nothing answers within 3 s")
except OSError as error:
    print(error.strerror or error)
"""

Way = tuple[str, str, str]


class PortProof:
    """The proof for one migration, which begins at once and in the background.

    Parameters
    ----------
    request : MigrationRequest
        The hosts, and the destination's address.
    proven : set of tuple
        Ways that were proved before and need no proof; a new one is added.
    """

    def __init__(self, request: MigrationRequest, proven: set[Way]) -> None:
        self._request = request
        self._proven = proven
        self._pending = (
            PatientCall(self._prove, "prove the migration ports") if self._is_due else None
        )

    @property
    def _way(self) -> Way:
        request = self._request
        return (request.source_uri, request.destination_uri, request.migration_address or "")

    @property
    def _is_due(self) -> bool:
        address = self._request.migration_address
        live = self._request.options.mode == "live"
        return bool(live and address and "://" not in address and self._way not in self._proven)

    def findings(self) -> list[Finding]:
        """Return what came of it; nothing where nothing had to be proved."""
        if self._pending is None:
            return []
        try:
            return [self._pending.result(_LIMIT_S)]
        except DroverError as error:
            return [untold(_CHECK, error.message)]

    def _prove(self) -> Finding:
        name, address = self._request.destination_name, str(self._request.migration_address)
        refusals: list[str] = []
        for which in ("last", "first"):
            port, answer = self._try(which, address)
            if answer == "answered":
                self._proven.add(self._way)
                return holds(_CHECK, "{} answers at {}, port {}.".format(name, address, port))
            if not port or not answer:
                return untold(_CHECK, "The migration ports of {} could not be tried.".format(name))
            refusals.append("{} ({})".format(port, answer))
        return blocks(
            _CHECK,
            "The source does not reach the migration ports of {} at {}: {}.".format(
                name, address, ", ".join(refusals)
            ),
            "Open the migration ports of {} (49152-49215 by default) for the other hosts, and see "
            "that {} is its address.".format(name, address),
        )

    def _try(self, which: str, address: str) -> tuple[str, str]:
        """Return the port, and what the source says of it; empty where one end cannot be asked."""
        token = secrets.token_hex(8)
        listen = python_on(self._request.destination_uri, _LISTEN, which, token)
        if listen is None or python_on(self._request.source_uri, _CONNECT) is None:
            return "", ""
        with _running(listen) as listener:
            port = PatientCall(lambda: _line(listener), "listen").result(_STEP_LIMIT_S)
            connect = python_on(self._request.source_uri, _CONNECT, address, port, token)
            return port, answer_of(connect, _STEP_LIMIT_S) if port else ""


@contextlib.contextmanager
def _running(command: list[str]) -> t.Iterator[subprocess.Popen[str]]:
    process = started(command)
    try:
        yield process
    finally:
        ended(process)


def _line(process: subprocess.Popen[str]) -> str:
    return t.cast("t.TextIO", process.stdout).readline().strip()
