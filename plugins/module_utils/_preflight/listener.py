# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers for a short while on some of the migration ports of this host.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import threading
import time
import typing as t

from .._errors import DroverError
from .talk import BULK_BYTES, GREETING, LINE_LIMIT, RECEIVED, STOP

# How long one prober may take.
_VISIT_S = 10.0


class CannotListen(DroverError):
    """There is no such address on this host, or all of the ports are taken."""

    code = "cannot_listen"


def bind_ports(address: str, ports: t.Iterable[int]) -> dict[int, socket.socket]:
    """Return a listening socket for each port that is free.

    Raises
    ------
    CannotListen
        The address is not one of this host, or no port was free.
    """
    listening: dict[int, socket.socket] = {}
    problems = []
    for port in ports:
        try:
            listening[port] = _bind(address, port)
        except OSError as error:
            problems.append("{} ({})".format(port, error.strerror or error))
    if not listening:
        raise CannotListen(
            "Cannot listen on {}: {}.".format(address, ", ".join(problems)),
            "Give an address of this host, and ports that are not all in use.",
        )
    return listening


def _bind(address: str, port: int) -> socket.socket:
    family, kind, protocol, _name, place = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
    )[0]
    listening = socket.socket(family, kind, protocol)
    try:
        # A port whose last connection has just ended is free; one that somebody listens on is not.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(64)
    except OSError:
        listening.close()
        raise
    return listening


def serve(name: str, listening: t.Collection[socket.socket], seconds: float) -> None:
    """Answer probers until the time is up or this host itself says stop; close the sockets."""
    stoppers: list[socket.socket] = []
    deadline = time.monotonic() + seconds
    with selectors.DefaultSelector() as ready:
        for one in listening:
            ready.register(one, selectors.EVENT_READ)
        while not stoppers and time.monotonic() < deadline:
            for key, _events in ready.select(0.2):
                _receive(name, t.cast("socket.socket", key.fileobj), stoppers)
    # In this order: a closed connection tells those who said stop that the ports are free.
    for one in (*listening, *stoppers):
        one.close()


def _receive(name: str, listening: socket.socket, stoppers: list[socket.socket]) -> None:
    with contextlib.suppress(OSError):
        visitor = listening.accept()[0]
        threading.Thread(target=_answer, args=(name, visitor, stoppers), daemon=True).start()


def _answer(name: str, visitor: socket.socket, stoppers: list[socket.socket]) -> None:
    with contextlib.suppress(OSError), contextlib.ExitStack() as leaving:
        leaving.enter_context(visitor)
        visitor.settimeout(_VISIT_S)
        greeting = read_line(visitor)
        # Only this host reaches its own address from that same address.
        if greeting == STOP and visitor.getsockname()[0] == visitor.getpeername()[0]:
            leaving.pop_all()
            stoppers.append(visitor)
        elif greeting == GREETING:
            visitor.sendall(json.dumps({"name": name, "clock_s": time.time()}).encode() + b"\n")
            if _read_bulk(visitor):
                visitor.sendall(RECEIVED)


def read_line(connection: socket.socket) -> bytes:
    """Return what comes up to the end of a line, or of the connection."""
    line = b""
    while not line.endswith(b"\n") and len(line) < LINE_LIMIT:
        piece = connection.recv(1)
        if not piece:
            break
        line += piece
    return line


def _read_bulk(visitor: socket.socket) -> bool:
    left = BULK_BYTES
    while left:
        piece = visitor.recv(min(left, 65536))
        if not piece:
            return False
        left -= len(piece)
    return True


def serve_in_background(
    name: str, listening: t.Mapping[int, socket.socket], seconds: float
) -> None:
    """Answer probers from a process of its own, which ends by itself.

    Side Effects
    ------------
    Forks. The child leaves the session and the standard streams of this process, so that nobody
    waits for it; the sockets are closed here.
    """
    if os.fork() == 0:
        _become_daemon(name, listening.values(), seconds)
    for one in listening.values():
        one.close()


def _become_daemon(name: str, listening: t.Collection[socket.socket], seconds: float) -> t.NoReturn:
    try:
        os.setsid()
        os.chdir("/")
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)
        # Should serving ever hang, this ends it.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(seconds) + 30)
        serve(name, listening, seconds)
    finally:
        os._exit(0)


def stop(address: str, ports: t.Iterable[int]) -> bool:
    """End the listener on this host's own address, and wait until its ports are free.

    Returns
    -------
    Whether a listener was there.
    """
    for port in ports:
        with contextlib.suppress(OSError), socket.create_connection((address, port), 5.0) as line:
            line.sendall(STOP)
            # It closes the connection when it listens no longer.
            line.recv(1)
            return True
    return False
