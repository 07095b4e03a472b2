# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ipmi_sim calls to switch a host: ``chassis.py SOCKET HOST get|set NAME [VALUE] ...``.

It hands its words to the supply, which answers at once and switches in the background: ipmi_sim answers
nobody meanwhile, and a client that gets no answer within a second asks again.
"""

from __future__ import annotations

import socket
import sys


def main() -> None:
    """Pass the words on and print the answer."""
    with socket.socket(socket.AF_UNIX) as supply:
        supply.connect(sys.argv[1])
        supply.sendall(" ".join(sys.argv[2:]).encode() + b"\n")
        sys.stdout.write(supply.makefile().read())


main()
