# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The storage that all hosts of a lab share.

One bindfs, mounted before the hosts start and inherited by them: a real FUSE file system with one
superblock, so QEMU's image locks hold between hosts. It calls itself glusterfs, which is how
libvirt tells that a file is on shared storage and a live migration is safe.
"""

from __future__ import annotations

import os
import subprocess
import time

from tests.lab.command import CLEAN_ENVIRONMENT, run
from tests.lab.errors import LabError
from tests.lab.layout import Layout
from tests.lab.processes import ProcessId

_MOUNT_S = 10.0


def serve(layout: Layout) -> ProcessId:
    """Start the process that serves the shared storage."""
    for directory in (layout.backing, layout.shared):
        directory.mkdir(parents=True, exist_ok=True)
    argv = ["bindfs", "-f", "-o", "subtype=glusterfs", str(layout.backing), str(layout.shared)]
    server = subprocess.Popen(
        argv,
        env=CLEAN_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return ProcessId.of(server.pid)


def wait_mounted(layout: Layout, server: ProcessId) -> None:
    """Wait until the shared storage is there.

    Raises
    ------
    LabError
        When it does not come.
    """
    deadline = time.monotonic() + _MOUNT_S
    while not os.path.ismount(layout.shared):
        if not server.is_alive() or time.monotonic() > deadline:
            raise LabError(f"bindfs did not mount {layout.shared}; is FUSE there (/dev/fuse)?")
        time.sleep(0.01)


def unmount(layout: Layout) -> None:
    """Unmount the shared storage, in use or not."""
    run(["umount", "--lazy", str(layout.shared)], check=False)
