# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No QEMU is ended of which the other host is not seen to have the whole VM at that moment."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.redundancy import (
    NotRedundant,
    end_redundant,
)
from ansible_collections.drover.libvirt.plugins.module_utils._ends.repair import Repairs, settle
from ansible_collections.drover.libvirt.plugins.module_utils._ends.verdict import (
    Circumstances,
    Repair,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import (
    EndState,
    fenced_state,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.handover import HandoverMark
from ansible_collections.drover.libvirt.plugins.module_utils._facts.states import state_and_reason

# libvirt numbers its states and their reasons; what is beyond is what a newer libvirt may add.
LIBVIRT_SAYS = sorted(
    {state_and_reason(*numbers) for numbers in itertools.product(range(9), range(16))}
)
SILENT = EndState(readable=False, state="unknown", error="no answer")
STATES = [
    EndState(),
    SILENT,
    fenced_state(),
    *(EndState(state=state, reason=reason) for state, reason in LIBVIRT_SAYS),
]
WHOLE = [
    *(
        ("running", reason)
        for state, reason in LIBVIRT_SAYS
        if state == "running" and "post" not in reason
    ),
    *(("paused", reason) for reason in ("user", "ioerror", "watchdog")),
    *(("shutdown", reason) for reason in ("unknown", "user")),
    ("pmsuspended", "unknown"),
]
LEFTOVER = EndState(state="paused", reason="migration")

Hosts = Callable[[EndState, EndState], Any]


@pytest.mark.parametrize("other", STATES, ids=str)
def test_only_a_whole_vm_on_the_other_host_makes_a_qemu_redundant(
    scripted: Hosts, other: EndState
) -> None:
    """It runs there, or stands still in one piece, and its memory is not on two hosts."""
    ends = scripted(LEFTOVER, other)
    if (other.state, other.reason) in WHOLE:
        end_redundant("u", ends.source, ends.destination)
        assert ends.source.deeds == ["destroy"]
    else:
        with pytest.raises(NotRedundant, match="h1 keeps its copy of the VM"):
            end_redundant("u", ends.source, ends.destination)
        assert ends.source.deeds == []


@pytest.mark.parametrize("now", [EndState(), LEFTOVER, SILENT], ids=str)
def test_what_the_other_host_said_before_does_not_count(scripted: Hosts, now: EndState) -> None:
    """It had the VM when the verdict was made, and has lost it since: nothing is ended."""
    ends = scripted(LEFTOVER, EndState(state="running", reason="booted"))
    ends.destination.later = [now]
    repairs = Repairs(ends, "u")
    verdict, _evidence = settle(repairs, lambda: Circumstances(HandoverMark()), 0.0)
    assert Repair.DESTROY_SOURCE in verdict.repairs
    assert "destroy" not in ends.source.deeds
    assert "h1 keeps its copy of the VM" in repairs.leftovers[0]
