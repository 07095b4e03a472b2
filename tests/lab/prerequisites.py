# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine must have for a lab."""

from __future__ import annotations

import os
import shutil

from tests.lab.command import CLEAN_ENVIRONMENT, run
from tests.lab.errors import LabError
from tests.lab.layout import LABS

_PROGRAMS = (
    "bindfs",
    "cpio",
    "gcc",
    "ip",
    "libvirtd",
    "nsenter",
    "qemu-system-x86_64",
    "ssh",
    "ssh-keygen",
    "sshd",
    "tc",
    "unshare",
    "virsh",
)


def check_machine() -> None:
    """Check that a lab can be made here.

    Raises
    ------
    LabError
        When not, with the remedy.
    """
    if os.geteuid() != 0:
        raise LabError("the lab makes namespaces and bridges: run it as root")
    missing = [name for name in _PROGRAMS if not shutil.which(name, path=CLEAN_ENVIRONMENT["PATH"])]
    if missing:
        raise LabError(
            f"the lab needs {', '.join(missing)}; install the packages of tests/lab/packages.txt"
        )
    LABS.mkdir(parents=True, exist_ok=True)
    kind = run(["stat", "--file-system", "--format=%T", str(LABS)]).stdout.strip()
    if kind == "overlayfs":
        raise LabError(f"hosts lay overlays over {LABS}, which is one itself: mount a tmpfs there")
