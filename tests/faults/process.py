# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program inside a lab host, whose lines are read as they come."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.lab import faults
from tests.lab.command import CLEAN_ENVIRONMENT
from tests.lab.errors import LabError
from tests.lab.host import Host
from tests.lab.processes import ProcessId, command_line

CODE = Path("/root/drover-code")
"""Where a host has the code that programs inside it import."""

_NAMESPACES = ("--net", "--mount", "--uts", "--ipc", "--pid")


class Process:
    """A program that runs inside a host until it ends or is closed.

    Parameters
    ----------
    host
        Where it runs.
    argv
        What runs.
    word
        A word of its command line by which it is found.
    """

    def __init__(self, host: Host, argv: Sequence[str], word: str) -> None:
        if host.init is None:
            raise LabError(f"{host.name} is off")
        self._host = host
        self._word = word
        self._process = subprocess.Popen(
            ["nsenter", "--target", str(host.init.pid), *_NAMESPACES, "--wd=/", "--", *argv],
            env=CLEAN_ENVIRONMENT | {"PYTHONPATH": str(CODE)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._lines: list[str] = []
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
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _complain(self) -> None:
        assert self._process.stderr is not None
        self._errors = self._process.stderr.read()

    @property
    def has_ended(self) -> bool:
        """Whether it is over."""
        return self._ended

    def wait_line(self, found: Callable[[str], bool], timeout_s: float = 30.0) -> None:
        """Wait until it has written such a line.

        Raises
        ------
        LabError
            When it ends or the time is up before.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ended or any(map(found, self._lines)), timeout_s)
            if not any(map(found, self._lines)):
                raise LabError(f"it wrote {self._lines[-1:]} and not what was waited for")

    def wait_ended(self, timeout_s: float) -> None:
        """Wait for its end.

        Raises
        ------
        LabError
            When it does not end in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._ended, timeout_s):
                raise LabError(f"the migration has not ended after {timeout_s:.0f} s")
        self._process.wait(10)
        self._threads[1].join(5)

    def last_words(self) -> str:
        """Return the last line that it wrote, complaints first; it must have ended."""
        return (self._errors.strip() or "".join(self._lines).strip()).rpartition("\n")[2]

    def write_line(self) -> None:
        """Give it an empty line to read; one that was just killed reads none."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write("\n")
            self._process.stdin.flush()

    def find(self) -> ProcessId | None:
        """Return the process; None when it has ended."""
        for process in self._host.processes():
            words = command_line(process)
            if self._word in words and not words[0].endswith("nsenter"):
                return process
        return None

    def freeze(self) -> None:
        """Stop it where it is."""
        process = self.find()
        if process is None:
            raise LabError("the migrating process has ended already")
        faults.pause(process)

    def thaw(self) -> None:
        """Let it go on, and the program that entered the host with it and waits for it."""
        process = self.find()
        if process is not None:
            process.send(signal.SIGCONT)
        self._process.send_signal(signal.SIGCONT)

    def orphan(self) -> None:
        """End the program that entered the host with it, which would keep a dead host's pid 1 alive."""
        self._process.kill()

    def close(self) -> None:
        """End it if it still runs."""
        process = self.find() if self._host.is_on else None
        if process is not None:
            process.send(signal.SIGKILL)
        self._process.kill()
        self._process.wait(10)
