# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every turn that a quick move can take, with scripted hosts and real file names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.account import Account
from ansible_collections.drover.libvirt.plugins.module_utils._ends.ends import AwayEnd, Ends
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import (
    EndState,
    fenced_state,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.handover import HandoverMark
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt import domain as domains
from ansible_collections.drover.libvirt.plugins.module_utils._quick import (
    interrupted as interrupted_quick,
)
from ansible_collections.drover.libvirt.plugins.module_utils._quick import quick_move as quick
from ansible_collections.drover.libvirt.plugins.module_utils._quick.interrupted import (
    InterruptedQuickMove,
)
from ansible_collections.drover.libvirt.plugins.module_utils._quick.quick_move import QuickMove
from ansible_collections.drover.libvirt.plugins.module_utils._quick.saved_image import SavedImage

MARK = HandoverMark(autostart=True)
MARKED = """\
<domain><uuid>u</uuid><metadata>
<d:handover xmlns:d="https://drover.dev/xmlns/handover/1" autostart="yes"/>
</metadata></domain>"""
RUNS = EndState(state="running", reason="booted", persistent=True, autostart=True)
SAVED = EndState(state="shutoff", reason="saved", persistent=True, autostart=True)
SILENT = EndState(readable=False, state="unknown", error="no answer")


class Move:
    """A quick move from h1 to h2, and where it goes wrong."""

    def __init__(self, ends: Any, directory: Path, patch: pytest.MonkeyPatch) -> None:
        self.here, self.there = ends.source, ends.destination
        self.image = SavedImage(str(directory), "vm1", "u")
        self.whole = True
        self._move = QuickMove("u", MARK, ends, self.image, 0.0)
        self._patch = patch
        patch.setattr(quick, "save", self._save)
        patch.setattr(quick, "restore_paused", self._restore)
        patch.setattr(
            quick, "saved_definition", lambda _end, _path: "<domain><uuid>u</uuid></domain>"
        )
        patch.setattr(quick, "is_whole", lambda *_asked: self.whole)

    def _save(self, end: Any, path: str) -> None:
        end.deeds.append("save")
        end.now = replace(end.now, state="shutoff", reason="saved", mark=None)
        Path(path).write_text("memory")

    def _restore(self, end: Any, path: str) -> None:
        assert Path(path).exists()
        end.deeds.append("restore")
        end.now = replace(end.now, state="paused", reason="user", mark=MARK)

    def fails(self, owner: Any, name: str, then: Callable[[], None] = lambda: None) -> None:
        """Let a call fail, the first time it is made; something may have come of it all the same."""
        real = getattr(owner, name)

        def fail(*_asked: Any) -> None:
            self._patch.setattr(owner, name, real)
            then()
            raise LibvirtFailed(f"Cannot {name}.")

        self._patch.setattr(owner, name, fail)

    def run(self) -> Account:
        """Move."""
        return self._move.run()

    @property
    def left(self) -> list[str]:
        """What is left of the image."""
        return [Path(path).name for path in self.image.remains()]


@pytest.fixture
def move(
    scripted: Callable[[EndState, EndState], Ends],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Move:
    """A move of a running VM."""
    return Move(scripted(RUNS, EndState()), tmp_path, monkeypatch)


def test_a_move_that_goes_well(move: Move) -> None:
    """In this order, so that at no moment two hosts could run the VM."""
    move.there.now = EndState(state="shutoff")
    account = move.run()
    assert (account.outcome, account.reason, move.left) == (Outcome.MOVED, "", [])
    assert move.here.deeds == ["mark", "save", "undefine"]
    assert move.there.deeds[0] == "define"
    assert move.there.deeds[-1] == "clear"
    assert (move.there.now.state, move.there.now.autostart) == ("running", True)


@pytest.mark.parametrize("stage", ["part", "saved"])
def test_the_saved_memory_of_a_dead_source_is_restored_on_the_destination(
    move: Move, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """That reads the image itself. The definition is on the dead host, so the VM has none until that is back."""
    for module in (interrupted_quick, quick):
        monkeypatch.setattr(module, "saved_definition", lambda _end, _path: MARKED)
    monkeypatch.setattr(interrupted_quick, "is_whole", lambda end, *_asked: end is move.there)
    Path(getattr(move.image, stage)).write_text("memory")
    move.there.now = EndState(state="shutoff")
    dead: Any = AwayEnd("h1", fenced_state())
    found = move.image.found()
    assert found is not None
    account = InterruptedQuickMove(move.image, found, "u", Ends(dead, move.there), 0.0).finish()
    assert account is not None
    assert (account.outcome, move.there.now.state, move.left) == (Outcome.MOVED, "running", [])


def test_a_vm_that_cannot_be_saved_goes_on(move: Move) -> None:
    """Nothing is left of the attempt."""
    move.fails(quick, "save", lambda: Path(move.image.part).write_text("mem"))
    account = move.run()
    assert (account.outcome, account.error_code) == (Outcome.NOT_MOVED, "libvirt_failed")
    assert (move.here.now, move.left) == (replace(RUNS, mark=None), [])


def test_a_save_whose_answer_is_lost_is_taken_back(move: Move) -> None:
    """QEMU has ended and the image is whole: the source restores it."""
    save = quick.save
    move.fails(quick, "save", lambda: save(move.here, move.image.part))
    account = move.run()
    assert (account.outcome, move.here.now.state, move.left) == (Outcome.ROLLED_BACK, "running", [])


def test_a_qemu_that_dies_while_it_is_saved_is_lost(move: Move) -> None:
    """Half an image is worth nothing."""
    move.whole = False
    move.fails(quick, "save", lambda: setattr(move.here, "now", SAVED))
    account = move.run()
    assert (account.outcome, account.error_code, move.left) == (Outcome.LOST, "lost", [])


def test_a_destination_that_cannot_read_the_image_gets_nothing(move: Move) -> None:
    """The source restores it, and the destination forgets what it was told."""
    move.fails(quick, "saved_definition")
    account = move.run()
    assert (account.outcome, move.here.now.state, move.left) == (Outcome.ROLLED_BACK, "running", [])
    assert move.there.now.state == "absent"


def test_a_destination_that_cannot_restore_gives_the_image_back(move: Move) -> None:
    """It has no QEMU of the VM, so the source may have the image."""
    move.there.now = EndState(state="shutoff")
    move.fails(quick, "restore_paused")
    account = move.run()
    assert (account.outcome, move.here.now.state, move.left) == (Outcome.ROLLED_BACK, "running", [])
    assert "undefine" in move.there.deeds


def test_a_destination_that_falls_silent_keeps_the_image(move: Move) -> None:
    """It may run the VM, so nobody else may."""
    move.there.now = EndState(state="shutoff")
    move.fails(quick, "restore_paused", lambda: setattr(move.there, "now", SILENT))
    account = move.run()
    assert account.outcome is Outcome.UNKNOWN
    assert move.left == ["vm1.u.claimed.h2"]
    assert move.here.now.state == "shutoff"


def test_a_vm_that_was_started_on_the_source_makes_the_image_void(move: Move) -> None:
    """The copy on the destination has never run, and goes."""
    move.there.now = EndState(state="shutoff")
    move.fails(domains, "refuse_dead", lambda: setattr(move.here, "now", RUNS))
    account = move.run()
    assert (account.outcome, account.error_code) == (Outcome.ROLLED_BACK, "started_anew")
    assert (move.there.now.state, move.here.now.state, move.left) == ("shutoff", "running", [])


def test_a_restored_vm_that_cannot_be_resumed_is_held(move: Move) -> None:
    """The image says that it was used, so nobody restores an older state."""
    move.there.now = EndState(state="shutoff")
    move.fails(domains, "resume")
    account = move.run()
    assert account.outcome is Outcome.QUARANTINED
    assert move.left == ["vm1.u.used.h2"]
    assert move.there.now.state == "paused"
