# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that migrates as Drover's executor does, inside the source host."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.faults.process import CODE, Process
from tests.lab.errors import LabError
from tests.lab.host import REPOSITORY, Host

DRIVER = CODE / "drive.py"
MODULE_UTILS = Path("plugins/module_utils")
KEEPALIVE_INTERVAL_S = 1


class Migrator(Process):
    """One run of drive.py.

    Parameters
    ----------
    host
        Where it runs.
    wanted
        The keys of a migration request, with the options as a mapping.
    hold
        Where it waits for a line to read, as drive.py names it; nowhere when empty.
    """

    def __init__(self, host: Host, wanted: dict[str, Any], *, hold: str = "") -> None:
        told = {**wanted, "hold": hold, "keepalive_interval_s": KEEPALIVE_INTERVAL_S}
        _provide_code(host)
        argv = ["/usr/bin/python3", "-B", str(DRIVER), json.dumps(told)]
        super().__init__(host, argv, str(DRIVER))

    def wait_begun(self) -> None:
        """Wait until everything was checked and libvirt's migration call is due."""
        self.wait_line(lambda line: json.loads(line)["event"] == "begin")

    @property
    def begun(self) -> dict[str, Any]:
        """What it told at its beginning, as an executor's journal has it."""
        return next(line for line in map(json.loads, self._lines) if line["event"] == "begin")

    def wait_held(self) -> None:
        """Wait until it has come to the step at which it waits."""
        self.wait_line(lambda line: json.loads(line)["event"] == "hold")

    def result(self, timeout_s: float) -> dict[str, Any] | None:
        """Wait for its end; return its result, or None when it was killed.

        Raises
        ------
        LabError
            When it does not end in time, or crashes.
        """
        self.wait_ended(timeout_s)
        for line in map(json.loads, self._lines):
            if line["event"] == "result":
                return dict(line["result"])
        if "Traceback" in self._errors:
            raise LabError(f"the migrator crashed: {self._errors[-2000:]}")
        return None


def _provide_code(host: Host) -> None:
    """Put the driver and what it imports where the host sees them: this tree may lie in a /tmp that it does not."""
    there = host.path(CODE)
    shutil.copytree(
        REPOSITORY / MODULE_UTILS,
        there / "ansible_collections/drover/libvirt" / MODULE_UTILS,
        ignore=shutil.ignore_patterns("__pycache__"),
        dirs_exist_ok=True,
    )
    shutil.copy(Path(__file__).with_name("drive.py"), there / "drive.py")
