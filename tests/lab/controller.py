# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook under way, the executor that it started, and ways to end either of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.playbook import PlaybookRun, command, environment

EXECUTIONS = "/var/lib/drover/executions"


class Controller:
    """A playbook that runs in the background.

    Parameters
    ----------
    lab, playbook, arguments
        As for `run_playbook`.
    """

    def __init__(self, lab: Lab, playbook: str, *arguments: str) -> None:
        self._output = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - read at the end
        self.process = subprocess.Popen(
            command(lab, playbook, *arguments),
            env=environment(),
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait(self, timeout_s: float = 240.0) -> PlaybookRun:
        """Wait for its end and return what it said."""
        code = self.process.wait(timeout_s)
        self._output.seek(0)
        return PlaybookRun(code, self._output.read())

    def output(self) -> str:
        """Return what it has said so far."""
        return os.pread(self._output.fileno(), 1 << 20, 0).decode()

    def kill(self) -> None:
        """Kill it and all that it started, as AWX does when a job is cancelled."""
        kill_tree(self.process.pid)
        self.process.wait(30)


def kill_tree(pid: int) -> None:
    """Kill a process and its descendants: Ansible's workers live in sessions of their own."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    os.kill(pid, signal.SIGKILL)
    for child in children:
        kill_tree(int(child))


class Executor:
    """The executor of the newest execution on a coordinator.

    Parameters
    ----------
    host
        The coordinator.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def signal(self, name: str) -> None:
        """Send its process a signal, such as KILL, STOP or CONT."""
        folder = self._folder()
        pid = self._host.run(["cat", f"{folder}/process"]).stdout.split()[0]
        self._host.run(["kill", f"-{name}", pid])

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """Return what its journal says, of one kind or of all."""
        folder = self._folder()
        if not folder:
            return []
        text = self._host.run(["cat", f"{folder}/journal.jsonl"], check=False).stdout
        events = [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
        return [event for event in events if kind in ("", event["event"])]

    def _folder(self) -> str:
        found = self._host.run(["sh", "-c", f"ls -d {EXECUTIONS}/*/ | tail -n 1"], check=False)
        return found.stdout.strip().rstrip("/")


def until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until a condition holds.

    Raises
    ------
    TimeoutError
        It does not hold in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s")
        time.sleep(0.1)


def until_copying(controller: Controller, executor: Executor) -> None:
    """Wait until memory of a VM is being copied."""

    def is_copying() -> bool:
        assert controller.process.poll() is None, controller.output()
        return any(event["percent"] > 0 for event in executor.events("progress"))

    until(is_copying)
