# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TCP client that talks to a guest all the time, and tells how long the guest kept silent."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass
from types import TracebackType

PERIOD_S = 0.02


@dataclass(frozen=True)
class EchoRecord:
    """What the client saw.

    Parameters
    ----------
    sent, received
        Number of lines.
    longest_gap_s
        Longest time between two answers, or between the last one and now.
    broken
        Why the connection broke; None while it stands.
    """

    sent: int
    received: int
    longest_gap_s: float
    broken: str | None


class EchoClient:
    """Connects once, then sends a numbered line every 20 ms and reads the answers.

    Used as a context manager, or with `start` and `stop`. It never connects again: a
    connection that breaks stays broken, and that is the finding.
    """

    def __init__(self, address: str, port: int, *, timeout_s: float = 5.0) -> None:
        self._socket = socket.create_connection((address, port), timeout=timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(PERIOD_S)
        self._thread = threading.Thread(target=self._talk, name="echo client", daemon=True)
        self._leave = threading.Event()
        self._sent = self._received = 0
        self._longest_gap_s = 0.0
        self._last_s = time.monotonic()
        self._broken: str | None = None

    def __enter__(self) -> EchoClient:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to talk."""
        self._last_s = time.monotonic()
        self._thread.start()

    def stop(self) -> EchoRecord:
        """Stop talking, hang up, and return what was seen."""
        self._leave.set()
        self._thread.join()
        self._socket.close()
        return self.record()

    def record(self) -> EchoRecord:
        """Return what was seen until now."""
        silence_s = time.monotonic() - self._last_s if self._thread.is_alive() else 0.0
        gap_s = max(self._longest_gap_s, silence_s)
        return EchoRecord(self._sent, self._received, gap_s, self._broken)

    def _talk(self) -> None:
        due_s, rest = time.monotonic(), b""
        try:
            while not self._leave.is_set():
                now_s = time.monotonic()
                if now_s >= due_s:
                    self._send()
                    due_s = max(due_s + PERIOD_S, now_s)
                rest = self._receive(rest)
        except OSError as error:
            self._broken = str(error)

    def _send(self) -> None:
        try:
            self._socket.sendall(b"%d\n" % self._sent)
        except TimeoutError:
            # the socket's buffer holds minutes of lines; full, the guest has long been gone
            raise ConnectionError("the guest takes nothing any more") from None
        self._sent += 1

    def _receive(self, rest: bytes) -> bytes:
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return rest
        if not data:
            raise ConnectionError("the guest closed the connection")
        lines = (rest + data).split(b"\n")
        self._note([int(line) for line in lines[:-1]])
        return lines[-1]

    def _note(self, numbers: list[int]) -> None:
        expected = list(range(self._received, self._received + len(numbers)))
        if numbers != expected:
            raise ConnectionError(f"answer {numbers[:3]} came instead of {expected[:3]}")
        now_s = time.monotonic()
        self._longest_gap_s = max(self._longest_gap_s, now_s - self._last_s)
        self._last_s, self._received = now_s, self._received + len(numbers)
