# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a listener on the migration ports and the one who probes it say to each other.

The prober greets with a line; the listener answers with a line of JSON: who it is and what its
clock shows. The prober then sends BULK_BYTES, as much as no single packet holds, and the listener
says that all of it has come. So one connection proves that the port is open, that the address
belongs to the right host, that large packets pass, and how far the clocks are apart.

Only ports are used on which the listener has bound itself: to connect to any other port of the
range could take the connection that a starting migration waits for.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

GREETING = b"drover-preflight\n"
STOP = b"drover-preflight-stop\n"
RECEIVED = b"received\n"
# More than ten jumbo frames.
BULK_BYTES = 128 * 1024
LINE_LIMIT = 4096


def parse_range(text: str) -> tuple[int, int]:
    """Return the first and the last port of a range like C(49152-49215).

    Raises
    ------
    ValueError
        It is not a range of ports.
    """
    first, _dash, last = text.partition("-")
    low, high = int(first), int(last or first)
    if not 0 < low <= high < 65536:
        raise ValueError(text)
    return low, high


def sample_ports(first: int, last: int) -> list[int]:
    """Return the ends and the middle of a range: a firewall that opens only a part of it shows."""
    return sorted({first, (first + last) // 2, last})
