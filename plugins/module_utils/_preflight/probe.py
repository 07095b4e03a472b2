# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes the migration ports of a peer on which a listener waits (see talk).

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import socket
import time
import typing as t

from .._patience import PatientCall
from .listener import read_line
from .talk import BULK_BYTES, GREETING, RECEIVED

# Long enough for one lost packet; a dropped port would let libvirt wait for more than two minutes.
ANSWER_LIMIT_S = 3.0


class Probed(t.NamedTuple):
    """What came of probing a port.

    C(kind) is C(answered), C(silent) (nothing came back), C(refused) (something said no),
    C(strange) (something else answered) or C(stuck) (the greeting passed, the bulk did not).
    """

    port: int
    kind: str
    detail: str = ""
    name: str = ""
    skew_s: float | None = None
    uncertain_s: float = 0.0


def probe_ports(
    address: str, ports: t.Iterable[int], limit_s: float = ANSWER_LIMIT_S
) -> list[Probed]:
    """Probe all ports at the same time.

    Parameters
    ----------
    address : str
        Address of the peer on the migration network.
    ports : iterable of int
        Ports on which its listener waits, and no others.
    limit_s : float
        How long each step of the talk may take.
    """
    waiting = [(port, PatientCall(_probe_of(address, port, limit_s))) for port in ports]
    return [
        pending.result_or(4 * limit_s, Probed(port, "silent", "no answer in time"))
        for port, pending in waiting
    ]


def _probe_of(address: str, port: int, limit_s: float) -> t.Callable[[], Probed]:
    return lambda: _probe(address, port, limit_s)


def _probe(address: str, port: int, limit_s: float) -> Probed:
    try:
        connection = socket.create_connection((address, port), limit_s)
    except (socket.timeout, TimeoutError):
        return Probed(port, "silent", "no answer within {:g} s".format(limit_s))
    except OSError as error:
        return Probed(port, "refused", error.strerror or str(error))
    with connection:
        try:
            return _talk(connection, port)
        except OSError as error:
            return Probed(port, "strange", error.strerror or str(error))


def _talk(connection: socket.socket, port: int) -> Probed:
    asked_s = time.time()
    connection.sendall(GREETING)
    line = read_line(connection)
    round_trip_s = time.time() - asked_s
    try:
        told = json.loads(line)
        name, clock_s = str(told["name"]), float(told["clock_s"])
    except (ValueError, KeyError, TypeError):
        return Probed(port, "strange", "it does not answer like a listener of Drover")
    skew_s = clock_s - (asked_s + round_trip_s / 2)
    answer = Probed(port, "answered", "", name, skew_s, round_trip_s / 2)
    return answer if _bulk_passes(connection) else answer._replace(kind="stuck")


def _bulk_passes(connection: socket.socket) -> bool:
    try:
        connection.sendall(bytes(BULK_BYTES))
        return read_line(connection) == RECEIVED
    except OSError:
        return False
