# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A VM on its new host: announced in its networks, and its clock set."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt import arrival

Failing = Callable[[str], Exception]
CHANNEL = (
    "<domain><devices><channel type='unix'>"
    "<target type='virtio' name='{name}' state='{state}'/></channel></devices></domain>"
)


class Vm:
    """A VM whose agent answers, or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.set: list[tuple[Any, ...]] = []

    def name(self) -> str:
        """Return its name."""
        return "vm1"

    def setTime(self, *asked: Any) -> None:  # noqa: N802 as libvirt calls it
        """Set the clock."""
        if self._error:
            raise self._error
        self.set.append(asked)


@pytest.mark.parametrize(
    ("name", "state", "has"),
    [
        ("org.qemu.guest_agent.0", "connected", True),
        ("org.qemu.guest_agent.0", "disconnected", False),
        ("org.example.other", "connected", False),
    ],
)
def test_an_agent_is_there_when_its_channel_is_connected(name: str, state: str, has: bool) -> None:
    """A channel that nobody listens on would keep the caller waiting."""
    assert arrival.has_agent(CHANNEL.format(name=name, state=state)) is has


def test_the_clock_is_set_from_the_virtual_hardware() -> None:
    """No time of this process is given: that would be another host's."""
    libvirt = pytest.importorskip("libvirt")
    vm = Vm()
    arrival.set_time(vm)
    assert vm.set == [({"seconds": 0}, libvirt.VIR_DOMAIN_TIME_SYNC)]


def test_an_agent_that_does_not_answer_is_named(failing: Failing) -> None:
    """With its VM."""
    with pytest.raises(LibvirtFailed, match="set the clock of the VM vm1"):
        arrival.set_time(Vm(failing("VIR_ERR_AGENT_UNRESPONSIVE")))


def test_qemu_is_told_to_announce_the_vm(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than once, for the first frames may get lost while switches learn."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(
        arrival,
        "libvirt_qemu",
        SimpleNamespace(qemuMonitorCommand=lambda _vm, text, _flags: told.append(json.loads(text))),
    )
    arrival.announce(Vm())
    [order] = told
    assert order["execute"] == "announce-self"
    assert order["arguments"]["rounds"] > 1


def test_a_binding_without_the_monitor_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a part of libvirt's binding that a distribution may leave out."""
    monkeypatch.setattr(arrival, "libvirt_qemu", None)
    with pytest.raises(LibvirtFailed, match="cannot speak with QEMU's monitor"):
        arrival.announce(Vm())
