# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listens on the lab's bridges for Wake-on-LAN, as the network cards of hosts do that are off."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Mapping

from tests.lab.layout import NETWORKS, Layout

_EVERYTHING = 3  # ETH_P_ALL
_REPETITIONS = 16


def listen(layout: Layout, wakes: Mapping[str, Callable[[], object]]) -> None:
    """Call what stands beside a MAC address whenever a magic packet for it passes; never returns.

    Like a real card it looks for six bytes of ones and sixteen times the address anywhere in a frame.
    """
    patterns = {magic(mac): wake for mac, wake in wakes.items()}
    with selectors.DefaultSelector() as selector:
        for network in NETWORKS:
            bridge = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING))
            bridge.bind((layout.bridge(network), 0))
            selector.register(bridge, selectors.EVENT_READ, bridge)
        while True:
            for key, _events in selector.select():
                _look(key.data.recv(65535), patterns)


def magic(mac: str) -> bytes:
    """Return what wakes the card with this address."""
    return b"\xff" * 6 + bytes.fromhex(mac.replace(":", "")) * _REPETITIONS


def _look(frame: bytes, patterns: Mapping[bytes, Callable[[], object]]) -> None:
    for pattern, wake in patterns.items():
        if pattern in frame:
            wake()
