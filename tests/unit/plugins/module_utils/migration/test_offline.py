# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the definition of a VM that is off moves, and that at no moment it is nowhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.account import Account
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._migration import offline
from ansible_collections.drover.libvirt.plugins.module_utils._migration.offline import OfflineMove

ABSENT = EndState()
OFF = EndState(state="shutoff", reason="shutdown", persistent=True)
STARTS_WITH_HOST = replace(OFF, autostart=True)
SILENT = EndState(readable=False, state="unknown", error="no answer")


class Move:
    """An offline move from h1 to h2."""

    def __init__(self, ends: Any, before: EndState) -> None:
        self.here, self.there = ends.source, ends.destination
        facts = DomainFacts("vm1", "u", self.here.now, 64, "<domain/>", None, 0)
        self._move = OfflineMove(facts, ends, before)

    def run(self) -> Account:
        """Move."""
        return self._move.run()

    @property
    def defined(self) -> list[str]:
        """The hosts that define the VM."""
        return [end.name for end in (self.here, self.there) if end.now.persistent]


@pytest.fixture
def move(
    scripted: Callable[[EndState, EndState], Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Move]:
    """Return what makes a move between two hosts."""

    def read(end: Any) -> str:
        end.do("read")
        return "<domain/>"

    def define(end: Any, _definition: str) -> None:
        end.do("define", state="shutoff", reason="", persistent=True)

    def make(here: EndState = OFF, there: EndState = ABSENT) -> Move:
        return Move(scripted(here, there), there)

    monkeypatch.setattr(offline, "persistent_definition", read)
    monkeypatch.setattr(offline, "define", define)
    return make


Moving = Callable[..., Move]


def test_it_is_defined_there_before_it_is_forgotten_here(move: Moving) -> None:
    """The plain case."""
    moving = move()
    account = moving.run()
    assert (account.outcome, account.error_code, moving.defined) == (Outcome.MOVED, "", ["h2"])
    assert (moving.here.deeds, moving.there.deeds) == (["read", "undefine"], ["define"])
    assert account.began_s < account.arrived_s


def test_it_is_started_with_its_new_host(move: Moving) -> None:
    """As it was with the old one."""
    moving = move(STARTS_WITH_HOST)
    assert moving.run().outcome is Outcome.MOVED
    assert moving.there.deeds == ["define", "autostart"]
    assert moving.there.now.autostart


@pytest.mark.parametrize("deed", ["read", "define"])
def test_a_destination_that_gets_nothing_leaves_the_vm_here(move: Moving, deed: str) -> None:
    """Libvirt's words are the reason, and there is a remedy."""
    moving = move()
    moving.here.refuses["read"] = moving.there.refuses["define"] = 0
    (moving.here if deed == "read" else moving.there).refuses[deed] = 1
    account = moving.run()
    assert (account.outcome, moving.defined) == (Outcome.NOT_MOVED, ["h1"])
    assert f"Cannot {deed}" in account.reason
    assert account.remedy


@pytest.mark.parametrize(("end", "deed"), [("there", "autostart"), ("here", "undefine")])
def test_a_move_that_fails_half_way_is_taken_back(move: Moving, end: str, deed: str) -> None:
    """The source has its definition still, so the new one goes."""
    moving = move(STARTS_WITH_HOST)
    getattr(moving, end).refuses[deed] = 1
    account = moving.run()
    assert (account.outcome, account.leftovers) == (Outcome.NOT_MOVED, ())
    assert moving.defined == ["h1"]


def test_a_definition_that_was_there_before_stays(move: Moving) -> None:
    """It may be an older one, but it is not ours to remove."""
    moving = move(OFF, OFF)
    moving.here.refuses["undefine"] = 1
    assert moving.run().outcome is Outcome.NOT_MOVED
    assert moving.defined == ["h1", "h2"]


def test_the_only_definition_is_never_taken_back(move: Moving) -> None:
    """The source forgot the VM, and its answer was lost."""
    moving = move()

    def forget_and_fail(_uuid: str, *_asked: Any) -> Any:
        moving.here.now = ABSENT
        moving.here.do("fail")

    moving.here.refuses["fail"] = 1
    real = moving.here.ask_domain
    calls = iter([real, forget_and_fail])

    def ask_domain(*asked: Any) -> Any:
        return next(calls)(*asked)

    moving.here.ask_domain = ask_domain
    account = moving.run()
    assert (account.outcome, moving.defined) == (Outcome.UNKNOWN, ["h2"])


def test_a_source_that_falls_silent_keeps_both_definitions(move: Moving) -> None:
    """Nobody knows whether it has forgotten the VM."""
    moving = move()
    moving.there.refuses["define"] = 0
    calls = iter([moving.here.ask_domain])

    def ask(*asked: Any) -> Any:
        for first in calls:
            return first(*asked)
        moving.here.now = SILENT
        return moving.here.connection()

    moving.here.ask_domain = ask
    account = moving.run()
    assert account.outcome is Outcome.UNKNOWN
    assert moving.there.now.persistent


def test_a_definition_that_cannot_be_taken_back_is_a_leftover(move: Moving) -> None:
    """The operator is told."""
    moving = move()
    moving.here.refuses["undefine"] = 1
    moving.there.refuses["undefine"] = 1
    account = moving.run()
    assert (account.outcome, moving.defined) == (Outcome.NOT_MOVED, ["h1", "h2"])
    assert account.leftovers == (
        "It is not known whether the VM is defined on the destination: Cannot undefine on h2.",
    )
