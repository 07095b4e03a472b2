# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listener and the prober, over real sockets on the loopback interface."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._preflight.listener import (
    CannotListen,
    bind_ports,
    serve,
    stop,
)
from ansible_collections.drover.libvirt.plugins.module_utils._preflight.probe import probe_ports
from ansible_collections.drover.libvirt.plugins.module_utils._preflight.talk import (
    parse_range,
    sample_ports,
)

HERE = "127.0.0.1"


@pytest.fixture
def ports() -> Iterator[list[int]]:
    """Two ports on which a listener called kvm2 answers."""
    first, second = _free_port(), _free_port()
    listening = bind_ports(HERE, [first, second])
    thread = threading.Thread(target=serve, args=("kvm2", listening.values(), 60.0))
    thread.start()
    yield sorted(listening)
    stop(HERE, [first])
    thread.join()


def _free_port() -> int:
    with socket.create_server((HERE, 0)) as server:
        return int(server.getsockname()[1])


def test_a_listener_proves_ports_name_clock_and_large_packets(ports: list[int]) -> None:
    """Every port answers with the name, and the same clock is no skew."""
    answers = probe_ports(HERE, ports)
    assert [(a.port, a.kind, a.name) for a in answers] == [
        (port, "answered", "kvm2") for port in ports
    ]
    for answer in answers:
        assert answer.skew_s is not None
        assert abs(answer.skew_s) <= answer.uncertain_s + 0.001


def test_every_port_is_free_as_soon_as_the_listener_was_stopped(ports: list[int]) -> None:
    """The next listener, and a QEMU that waits for its VM, may take them at once."""
    assert stop(HERE, ports)
    assert [answer.kind for answer in probe_ports(HERE, ports)] == ["refused"] * len(ports)


def test_a_port_that_nobody_listens_on_is_refused() -> None:
    """The reason is the system's."""
    answer = probe_ports(HERE, [_free_port()])[0]
    assert (answer.kind, answer.detail) == ("refused", "Connection refused")


def test_something_else_on_the_port_is_told_apart() -> None:
    """A service that says something of its own is no listener."""
    with socket.create_server((HERE, 0)) as server:
        port = int(server.getsockname()[1])

        def other_service() -> None:
            visitor, _address = server.accept()
            with visitor:
                visitor.sendall(b"220 mail\n")
                visitor.recv(1024)

        thread = threading.Thread(target=other_service)
        thread.start()
        assert probe_ports(HERE, [port])[0].kind == "strange"
        thread.join()


def test_a_listener_that_takes_no_bulk_is_stuck() -> None:
    """The greeting passes, and what follows does not."""
    with socket.create_server((HERE, 0)) as server:
        port = int(server.getsockname()[1])

        def small_packets_only() -> None:
            visitor, _address = server.accept()
            with visitor:
                visitor.recv(1024)
                visitor.sendall(b'{"name": "kvm2", "clock_s": 0}\n')

        thread = threading.Thread(target=small_packets_only)
        thread.start()
        assert probe_ports(HERE, [port])[0].kind == "stuck"
        thread.join()


def test_a_port_in_use_is_left_alone() -> None:
    """The listener takes the others; with none left it says so."""
    with socket.create_server((HERE, 0)) as taken:
        port, free = int(taken.getsockname()[1]), _free_port()
        listening = bind_ports(HERE, [port, free])
        assert list(listening) == [free]
        with pytest.raises(CannotListen, match=str(port)):
            bind_ports(HERE, [port])
        listening[free].close()


def test_stopping_without_a_listener_says_that_there_was_none() -> None:
    """It is no error."""
    assert not stop(HERE, [_free_port()])


def test_ranges() -> None:
    """The ends and the middle are sampled, and nonsense is refused."""
    assert sample_ports(*parse_range("49152-49215")) == [49152, 49183, 49215]
    assert sample_ports(*parse_range("5000")) == [5000]
    for text in ("x", "5-4", "0-3", "1-70000"):
        with pytest.raises(ValueError):
            parse_range(text)
