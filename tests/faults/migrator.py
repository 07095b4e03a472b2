# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that migrates, inside the source host, and what it tells."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.lab import faults
from tests.lab.command import CLEAN_ENVIRONMENT
from tests.lab.errors import LabError
from tests.lab.host import REPOSITORY, Host
from tests.lab.processes import ProcessId, command_line

DRIVER = Path(__file__).with_name("drive.py")
KEEPALIVE_INTERVAL_S = 1
_NAMESPACES = ("--net", "--mount", "--uts", "--ipc", "--pid")

Told = dict[str, Any]


class Migrator:
    """One run of drive.py inside a host.

    Parameters
    ----------
    host
        Where it runs.
    wanted
        The keys of a migration request, with the options as a mapping.
    hold
        Whether it waits before libvirt's migration call until `release`.
    """

    def __init__(self, host: Host, wanted: dict[str, Any], *, hold: bool = False) -> None:
        if host.init is None:
            raise LabError(f"{host.name} is off")
        self._host = host
        enter = ["nsenter", "--target", str(host.init.pid), *_NAMESPACES, "--wd=/", "--"]
        told = {**wanted, "hold": hold, "keepalive_interval_s": KEEPALIVE_INTERVAL_S}
        self._process = subprocess.Popen(
            [*enter, "/usr/bin/python3", "-B", str(DRIVER), json.dumps(told)],
            env=CLEAN_ENVIRONMENT | {"PYTHONPATH": str(REPOSITORY / ".collections")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._lines: list[Told] = []
        self._changed = threading.Condition()
        self._ended = False
        self._errors = ""
        self._threads = [
            threading.Thread(target=read, daemon=True) for read in (self._listen, self._complain)
        ]
        for thread in self._threads:
            thread.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self._lines.append(json.loads(line))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _complain(self) -> None:
        assert self._process.stderr is not None
        self._errors = self._process.stderr.read()

    def wait_told(self, found: Callable[[Told], bool], timeout_s: float = 30.0) -> Told:
        """Wait until it told something, and return that.

        Raises
        ------
        LabError
            When it ends or the time is up before.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ended or any(map(found, self._lines)), timeout_s)
            for line in self._lines:
                if found(line):
                    return line
            raise LabError(f"the migrator told {self._lines[-1:]} and not what was waited for")

    def wait_copied(self, mib: float) -> None:
        """Wait until so much memory was copied."""
        self.wait_told(lambda line: line["event"] == "progress" and line["mib"] >= mib)

    def wait_begun(self) -> None:
        """Wait until everything was checked and libvirt's migration call is due."""
        self.wait_told(lambda line: line["event"] == "begin")

    def release(self) -> None:
        """Let a held migrator go on."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def freeze(self) -> None:
        """Stop it where it is."""
        process = self.find_process()
        if process is None:
            raise LabError("the migrating process has ended already")
        faults.pause(process)

    def thaw(self) -> None:
        """Let it go on, and the program that entered the host with it and waits for it."""
        process = self.find_process()
        if process is not None:
            process.send(signal.SIGCONT)
        self._process.send_signal(signal.SIGCONT)

    def find_process(self) -> ProcessId | None:
        """Return its process; None when it has ended."""
        for process in self._host.processes():
            words = command_line(process)
            if str(DRIVER) in words and not words[0].endswith("nsenter"):
                return process
        return None

    @property
    def has_ended(self) -> bool:
        """Whether it is over, with a result or without."""
        return self._ended

    def result(self, timeout_s: float) -> Told | None:
        """Wait for its end; return its result, or None when it was killed.

        Raises
        ------
        LabError
            When it does not end in time, or crashes.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._ended, timeout_s):
                raise LabError(f"the migrator has not ended after {timeout_s:.0f} s")
        self._process.wait(10)
        self._threads[1].join(5)
        for line in self._lines:
            if line["event"] == "result":
                return dict(line["result"])
        if "Traceback" in self._errors:
            raise LabError(f"the migrator crashed: {self._errors[-2000:]}")
        return None

    def close(self) -> None:
        """End it if it still runs."""
        process = self.find_process() if self._host.is_on else None
        if process is not None:
            process.send(signal.SIGKILL)
        self._process.kill()
        self._process.wait(10)
