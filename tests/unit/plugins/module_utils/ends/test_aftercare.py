# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done for a VM that has moved, and that a failure of it is only told."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.aftercare import clock_set
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.arrival import has_agent
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts

CHANNEL = (
    "<domain><devices><channel type='unix'>"
    "<target type='virtio' name='org.qemu.guest_agent.0' state='{}'/>"
    "</channel></devices></domain>"
)


class Silent:
    """A host on which no agent answers."""

    def __init__(self) -> None:
        self.asked = 0

    def ask_domain(self, _uuid: str, _question: object, _doing: str) -> None:
        self.asked += 1
        raise LibvirtFailed("The agent does not answer.")


def _clock_set(end: Silent, definition: str) -> tuple[str, ...]:
    facts = DomainFacts("vm1", "u", EndState(), 64, definition, None, 0)
    seconds = itertools.count(0.0, 4.0)
    silent: Any = end
    return clock_set(silent, facts, lambda: next(seconds), lambda _seconds: None)


@pytest.mark.parametrize(
    ("state", "answers"), [("connected", True), ("disconnected", False)], ids=str
)
def test_an_agent_counts_when_it_is_connected(state: str, answers: bool) -> None:
    """A channel alone is no agent."""
    assert has_agent(CHANNEL.format(state)) is answers


def test_an_agent_that_stays_silent_is_a_warning() -> None:
    """It is asked for some seconds, then the result tells of it and nothing else changes."""
    end = Silent()
    assert _clock_set(end, CHANNEL.format("connected")) == ("The agent does not answer.",)
    assert end.asked > 1


def test_a_vm_without_an_agent_is_left_alone() -> None:
    """Nobody is asked."""
    end = Silent()
    assert _clock_set(end, "<domain/>") == ()
    assert end.asked == 0
