# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a broken post-copy migration goes on, with scripted hosts and a scripted call to resume it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.ends import Ends
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._live import post_copy
from ansible_collections.drover.libvirt.plugins.module_utils._live.post_copy import (
    PostCopyBroken,
    PostCopyRecovery,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

REQUEST = MigrationRequest(
    "vm1", "h1", "h2", options=MigrationOptions(settle_timeout_s=20.0, no_progress_timeout_s=10.0)
)
BROKEN = EndState(state="paused", reason="postcopy_failed", persistent=True)
COPYING = replace(BROKEN, reason="postcopy")
RUNS_THERE = EndState(state="running", reason="postcopy_failed")
GONE = EndState()


class Libvirt:
    """The source's libvirt: what comes of each call to resume, and how much memory is left."""

    def __init__(self, source: Any, *answers: str) -> None:
        self._source = source
        self._answers = list(answers)
        self.calls: list[str] = []
        self.left = 100
        self.error: LibvirtFailed | None = None

    def job(self, *_asked: Any) -> Libvirt:
        """Return the call, which is this as well."""
        return self

    def start(self) -> None:
        """Resume, as the script has it."""
        answer = self._answers.pop(0)
        self.calls.append("resume")
        self.error = LibvirtFailed(answer) if answer not in ("ends", "hangs") else None
        self._hangs = answer == "hangs"
        if answer == "ends":
            self._source.now = GONE

    def wait(self, _seconds: float) -> bool:
        """Tell whether the call has returned."""
        return not self._hangs

    def pause(self, _domain: Any) -> None:
        """Give the old connection up."""
        self.calls.append("give up")
        self._source.now = BROKEN

    def statistics(self, _domain: Any) -> dict[str, int]:
        """Tell how much is left."""
        return {"memory_remaining": self.left}


Play = Callable[..., tuple[PostCopyRecovery, Libvirt]]


@pytest.fixture
def play(scripted: Callable[[EndState, EndState], Ends], monkeypatch: pytest.MonkeyPatch) -> Play:
    """Return what makes a recovery between two hosts, with libvirt's answers."""

    def make(here: EndState, *answers: str) -> tuple[PostCopyRecovery, Libvirt]:
        ends = scripted(here, RUNS_THERE)
        there = Libvirt(ends.source, *answers)
        monkeypatch.setattr(post_copy, "MigrationJob", there.job)
        monkeypatch.setattr(post_copy, "pause_post_copy", there.pause)
        monkeypatch.setattr(post_copy, "job_statistics", there.statistics)
        return PostCopyRecovery(REQUEST, "u", True, ends), there

    return make


def test_a_broken_one_is_resumed_and_waited_for(play: Play) -> None:
    """The VM has left its source in the end."""
    recovery, libvirt = play(BROKEN, "ends")
    assert recovery.run()
    assert libvirt.calls == ["resume"]


def test_one_that_has_ended_meanwhile_is_left_alone(play: Play) -> None:
    """Nothing had to be resumed."""
    recovery, libvirt = play(GONE)
    assert not recovery.run()
    assert libvirt.calls == []


def test_a_link_that_is_still_broken_is_tried_again(play: Play) -> None:
    """Before each attempt the old connection is given up."""
    recovery, libvirt = play(BROKEN, "No route to host", "ends")
    assert recovery.run()
    assert libvirt.calls == ["resume", "give up", "resume"]


def test_a_source_that_believes_in_a_dead_connection_is_told(play: Play) -> None:
    """It noticed nothing, and nothing is copied."""
    recovery, libvirt = play(COPYING, "ends")
    assert recovery.run()
    assert libvirt.calls == ["give up", "resume"]


def test_a_link_that_stays_broken_is_told_with_libvirts_words(play: Play) -> None:
    """Both QEMUs are left as they are."""
    recovery, _libvirt = play(BROKEN, *["No route to host"] * 50)
    with pytest.raises(PostCopyBroken, match="No route to host"):
        recovery.run()


def test_one_that_is_resumed_and_copies_nothing_is_told(play: Play) -> None:
    """The call does not return."""
    recovery, _libvirt = play(BROKEN, *["hangs"] * 50)
    with pytest.raises(PostCopyBroken, match="Post-copy was resumed, and nothing is copied"):
        recovery.run()
