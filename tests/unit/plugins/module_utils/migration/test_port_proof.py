# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the source says of a migration port."""

from __future__ import annotations

import socket
import subprocess
import sys

from ansible_collections.drover.libvirt.plugins.module_utils._migration.port_proof import _CONNECT


def test_a_port_that_says_nothing_is_told_as_such() -> None:
    """Old Pythons have a timeout of their own kind for sockets; it is told in the same words."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        command = [sys.executable, "-c", _CONNECT, "127.0.0.1", port, "token"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == "nothing answers within 3 s\n"
