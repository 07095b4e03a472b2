# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listens to a host's link, as somebody with access to the switch could."""

from __future__ import annotations

import socket
import struct
import threading
from collections import defaultdict
from types import TracebackType

from tests.lab.host import Host
from tests.lab.layout import MIGRATION

_ALL_FRAMES = 3
_SO_RCVBUFFORCE = 33
_BUFFER_BYTES = 64 << 20
_IPV4_TCP = 6


class Wire:
    """Records the frames on one link of a host while the block runs.

    Parameters
    ----------
    host
        Whose link.
    net
        Which of its links.
    """

    def __init__(self, host: Host, net: str = MIGRATION) -> None:
        self.frames: list[bytes] = []
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_FRAMES))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        self._socket.settimeout(0.2)
        self._socket.bind((host.layout.port(net, host.number), 0))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Wire:
        self._thread.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                self.frames.append(self._socket.recv(1 << 17))
            except TimeoutError:
                continue

    def streams(self) -> list[bytes]:
        """Return what each direction of each TCP connection carried, in order."""
        segments: dict[bytes, dict[int, bytes]] = defaultdict(dict)
        for frame in self.frames:
            if frame[12:14] == b"\x08\x00" and frame[23] == _IPV4_TCP:
                tcp = frame[14 + 4 * (frame[14] & 15) :]
                payload = tcp[4 * (tcp[12] >> 4) :]
                if payload:
                    flow = frame[26:34] + tcp[:4]
                    segments[flow].setdefault(struct.unpack("!I", tcp[4:8])[0], payload)
        return [b"".join(parts[n] for n in sorted(parts)) for parts in segments.values()]
