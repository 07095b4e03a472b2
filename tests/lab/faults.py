# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can happen to a host: links cut, bandwidth lost, daemons and QEMUs stopped or killed.

Power is a matter of :class:`tests.lab.host.Host`: ``power_cut``, ``power_off``, ``power_on``.
Processes are found by the host's pid namespace, so no other lab's are ever hit.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab import network
from tests.lab.boot import DAEMONS
from tests.lab.errors import LabError
from tests.lab.host import Host
from tests.lab.layout import MIGRATION, NETWORKS
from tests.lab.processes import ProcessId

_DEATH_S = 10.0


def cut_link(host: Host, net: str) -> None:
    """Pull the cable of a host in the network "management", "migration" or "guest"."""
    network.set_link(host.layout, net, host.number, up=False)


def heal_link(host: Host, net: str) -> None:
    """Plug it in again."""
    network.set_link(host.layout, net, host.number, up=True)


@contextmanager
def link_cut(host: Host, net: str) -> Iterator[None]:
    """Pull the cable for as long as the block lasts."""
    cut_link(host, net)
    try:
        yield
    finally:
        heal_link(host, net)


def limit_bandwidth(host: Host, mbit: float, net: str = MIGRATION) -> None:
    """Limit what a host sends and what it receives, each.

    Parameters
    ----------
    mbit
        Rate in Mbit/s.
    """
    host.run(network.limit(host.layout, net, host.number, mbit))


def unlimit_bandwidth(host: Host, net: str = MIGRATION) -> None:
    """Lift the limit; nothing happens when there is none."""
    host.run(network.unlimit(host.layout, net, host.number), check=False)


def undo(host: Host) -> None:
    """Undo all faults: power, links, bandwidth, processes paused, daemons killed, troubles.

    Raises
    ------
    LabError
        When the host does not come back to work.
    """
    if host.is_troubled:
        host.end_trouble()
        host.power_cut()
    booting = not host.is_on
    host.power_on()
    for net in NETWORKS:
        heal_link(host, net)
        unlimit_bandwidth(host, net)
    for process in host.processes():
        process.send(signal.SIGCONT)
    for name in () if booting else DAEMONS:
        if host.find_daemon(name) is None:
            host.start_daemon(name)
    host.wait_ready()


def pause(process: ProcessId) -> None:
    """Stop a process where it is: ``pause(host.daemon("libvirtd"))``, ``pause(host.qemu("vm1"))``.

    Raises
    ------
    LabError
        When it has gone.
    """
    _send(process, signal.SIGSTOP)


def resume(process: ProcessId) -> None:
    """Let a stopped process go on.

    Raises
    ------
    LabError
        When it has gone.
    """
    _send(process, signal.SIGCONT)


@contextmanager
def paused(process: ProcessId) -> Iterator[None]:
    """Stop a process for as long as the block lasts."""
    pause(process)
    try:
        yield
    finally:
        process.send(signal.SIGCONT)


def kill(process: ProcessId) -> None:
    """Kill a process and wait until it is gone; ``host.start_daemon`` brings a daemon back.

    Raises
    ------
    LabError
        When it has gone before, or does not go.
    """
    _send(process, signal.SIGKILL)
    if not process.wait_gone(_DEATH_S):
        raise LabError(f"process {process.pid} does not die")


def _send(process: ProcessId, number: signal.Signals) -> None:
    if not process.send(number):
        raise LabError(f"process {process.pid} has gone already")
