# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source's QEMU is seen to end by the kernel's word, with a process that has its command line."""

from __future__ import annotations

import array
import fcntl
import subprocess
import sys
import termios
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._live.departure import Departure

HERE = "qemu:///system"
_SLEEP = "import sys; print('runs', flush=True); sys.stdin.read()"


@pytest.fixture
def name() -> str:
    """The UUID of a VM that no other process has."""
    return str(uuid.uuid4())


def qemu(name: str) -> subprocess.Popen[str]:
    """Start a process that is told by its command line like a QEMU of that VM."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SLEEP, "-uuid", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


@pytest.fixture
def running(name: str) -> Iterator[subprocess.Popen[str]]:
    """The VM's QEMU."""
    process = qemu(name)
    yield process
    process.kill()
    process.communicate()


def wait_until_found(departure: Departure) -> None:
    """Wait until the watch has read its order, which it does when it has found its process."""
    process: Any = departure._process
    unread = array.array("i", [1])
    give_up_at_s = time.monotonic() + 20.0
    while unread[0]:
        assert time.monotonic() < give_up_at_s
        time.sleep(0.005)
        fcntl.ioctl(process.stdin, termios.FIONREAD, unread)


def test_the_end_of_qemu_is_told_once(name: str, running: subprocess.Popen[str]) -> None:
    """Also where nobody has waited for the process yet, so that it is a zombie."""
    gone = threading.Event()
    departure = Departure(HERE, name, gone.set)
    try:
        departure.look_closely()
        wait_until_found(departure)
        assert not gone.is_set()
        running.kill()
        assert gone.wait(10)
    finally:
        departure.close()


def test_a_watch_that_is_ended_tells_nothing(name: str, running: subprocess.Popen[str]) -> None:
    """The migration was cancelled, say; the VM lives on and may end later."""
    gone = threading.Event()
    departure = Departure(HERE, name, gone.set)
    departure.look_closely()
    wait_until_found(departure)
    departure.close()
    running.kill()
    assert not gone.wait(0.2)


@pytest.mark.parametrize("processes", [0, 2])
def test_one_process_or_none_is_watched(name: str, processes: int) -> None:
    """A second one with the same words could end while the VM still runs."""
    gone = threading.Event()
    others = [qemu(name) for _number in range(processes)]
    departure = Departure(HERE, name, gone.set)
    try:
        departure.look_closely()
        assert departure._process is not None
        assert departure._process.wait(10) != 0
        assert not gone.is_set()
    finally:
        departure.close()
        for process in others:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("uri", ["", "test:///default", "qemu+tls://h1/system"])
def test_a_host_that_runs_no_command_is_not_watched(name: str, uri: str) -> None:
    """Nothing is lost but the fifth of a second."""
    departure = Departure(uri, name, lambda: pytest.fail("nobody was watched"))
    departure.look_closely()
    departure.close()
