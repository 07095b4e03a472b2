# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every turn that a live migration can take, from libvirt's call to the result, with scripted hosts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.account import Account
from ansible_collections.drover.libvirt.plugins.module_utils._ends.ends import Ends
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._live.live_move import LiveMove
from ansible_collections.drover.libvirt.plugins.module_utils._patience import NoAnswer
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

ABSENT = EndState()
RUNS = EndState(state="running", reason="booted", persistent=True)
STARTS_WITH_HOST = replace(RUNS, autostart=True)
PAUSED = EndState(state="paused", reason="user", persistent=True)
SILENT = EndState(readable=False, state="unknown", error="no answer")
XML = """<domain><devices>
<disk type='file' device='disk'><source file='/images/a.raw'/><target dev='vda'/></disk>
</devices></domain>"""


def turn(name: str) -> Callable[[Any], None]:
    """Return a turn of a migration that goes well, by its name."""
    return lambda job: getattr(job, name)()


def pause_by_user(job: Any) -> None:
    """A user pauses the VM; the pass that was due anyway follows."""
    job.say("source", "suspended", "paused")
    job.say("source", "iteration", "2")
    job.say("source", "iteration", "3")
    job.here.now = replace(job.here.now, state="paused", reason="migration")


def fail_late(job: Any) -> None:
    """The destination has all of it, and libvirt lets the source go on."""
    job.arrives()
    job.here.now = replace(job.here.now, state="running", reason="migration_canceled")
    job.say("source", "resumed", "migrated")


class Live:
    """A live migration of one VM from h1 to h2, and what libvirt makes of it."""

    def __init__(self, ends: Any, migration: Callable[..., Any]) -> None:
        self._ends = ends
        self._migration = migration
        self.here, self.there = ends.source, ends.destination
        self.job: Any = None

    def script(self, *turns: Any, **more: Any) -> Any:
        """Say what libvirt's call does."""
        self.job = self._migration(self._ends, *turns, **more)
        return self.job

    def run(
        self, stop: threading.Event | None = None, before: EndState = ABSENT, **options: Any
    ) -> Account:
        """Migrate."""
        if self.job is None:
            self.script()
        asked = MigrationOptions(**{"settle_timeout_s": 10.0, **options})
        request = MigrationRequest("vm1", "h1", "h2", options=asked)
        facts = DomainFacts("vm1", "u", self.here.now, 64, XML, None, 0)
        move = LiveMove(request, facts, self._ends, before)
        return move.run(lambda _progress: None, stop)


Play = Callable[..., Live]


@pytest.fixture
def play(
    scripted: Callable[[EndState, EndState], Ends],
    migration: Callable[..., Any],
    images: None,
) -> Play:
    """Return what makes a live migration between two hosts."""

    def make(here: EndState = RUNS, there: EndState = ABSENT) -> Live:
        return Live(scripted(here, there), migration)

    return make


def test_a_migration_that_goes_well(play: Play) -> None:
    """The VM is marked, migrated, resumed by us, and its mark taken away."""
    live = play()
    result = live.run()
    assert (result.outcome, result.error_code, result.reason) == (Outcome.MOVED, "", "")
    assert live.here.deeds == ["mark", "migrate"]
    assert live.there.deeds == ["resume", "clear", "figures"]
    assert live.there.now.state == "running"


def test_the_vm_is_started_with_its_new_host(play: Play) -> None:
    """libvirt forgets that in a migration; the mark goes last."""
    live = play(STARTS_WITH_HOST)
    result = live.run()
    assert live.there.deeds == ["resume", "autostart", "clear", "figures"]
    assert result.evidence.destination.autostart


def test_autostart_that_cannot_be_set_is_a_leftover(play: Play) -> None:
    """The VM has moved all the same."""
    live = play(STARTS_WITH_HOST)
    live.there.refuses["autostart"] = 1
    result = live.run()
    assert result.outcome is Outcome.MOVED
    assert result.leftovers == (
        "Autostart was not set on the destination: Cannot autostart on h2.",
    )


def test_with_libvirts_handover_nobody_resumes(play: Play) -> None:
    """libvirt lets the VM run on the destination by itself."""
    live = play()
    job = live.script(turn("pauses"), turn("arrives"), turn("runs_there"), turn("leaves"))
    result = live.run(handover="libvirt")
    assert result.outcome is Outcome.MOVED
    assert "resume" not in live.there.deeds
    assert job.error is None


def test_a_vm_that_a_user_paused_arrives_paused(play: Play) -> None:
    """Our handover leaves it alone."""
    live = play()
    live.script(pause_by_user, turn("arrives"), turn("leaves"))
    result = live.run()
    assert (result.outcome, live.there.now.state) == (Outcome.MOVED, "paused")
    assert "resume" not in live.there.deeds


def test_a_vm_that_libvirt_let_run_against_a_users_wish_is_paused_again(play: Play) -> None:
    """libvirt's handover knows nothing of the pause."""
    live = play()
    live.script(pause_by_user, turn("arrives"), turn("runs_there"), turn("leaves"))
    result = live.run(handover="libvirt")
    assert (result.outcome, live.there.now.state) == (Outcome.MOVED, "paused")
    assert "Paused the VM again on the destination." in result.actions


def test_a_pause_that_cannot_be_repeated_is_a_leftover(play: Play) -> None:
    """The user is told."""
    live = play()
    live.there.refuses["suspend"] = 1
    live.script(pause_by_user, turn("arrives"), turn("runs_there"), turn("leaves"))
    result = live.run(handover="libvirt")
    assert result.leftovers == ("The VM was not paused again: Cannot suspend on h2.",)


def test_a_paused_vm_needs_no_handover(play: Play) -> None:
    """It arrives paused, and nobody waits to resume it."""
    live = play(PAUSED)
    result = live.run()
    assert (result.outcome, live.there.now.state) == (Outcome.MOVED, "paused")
    assert "resume" not in live.there.deeds


def test_a_transient_vm_leaves_no_definition(play: Play) -> None:
    """On neither host."""
    live = play(replace(RUNS, persistent=False))
    result = live.run()
    assert result.outcome is Outcome.MOVED
    assert not live.there.now.persistent
    assert "undefine" not in live.here.deeds


def test_a_definition_that_stayed_on_the_source_is_removed(play: Play) -> None:
    """The destination has its own."""
    live = play()

    def leave_definition(job: Any) -> None:
        job.leaves()
        job.here.now = EndState(state="shutoff", reason="migrated", persistent=True)

    live.script(turn("pauses"), turn("arrives"), leave_definition)
    result = live.run()
    assert result.outcome is Outcome.MOVED
    assert "undefine" in live.here.deeds
    assert not live.here.now.persistent


def test_a_call_that_fails_leaves_the_vm_where_it_is(play: Play) -> None:
    """Its mark goes, and libvirt's complaint is the reason."""
    live = play()
    live.script(lambda _job: None, error="No route to host")
    result = live.run()
    assert result.outcome is Outcome.NOT_MOVED
    assert "No route to host" in result.reason
    assert (live.here.now.state, live.here.now.mark) == ("running", None)


def test_a_copy_that_never_ran_is_removed(play: Play) -> None:
    """libvirt's call failed at the end, and the destination still has the copy."""
    live = play()

    live.script(turn("pauses"), fail_late, error="Connection reset by peer")
    result = live.run()
    assert result.outcome is Outcome.ROLLED_BACK
    assert live.there.deeds == ["destroy", "undefine"]
    assert live.here.now.state == "running"


def test_a_definition_that_was_on_the_destination_before_stays(play: Play) -> None:
    """It is not ours."""
    before = EndState(state="shutoff", persistent=True)
    live = play(RUNS, before)

    live.script(turn("pauses"), fail_late, error="Connection reset by peer")
    live.run(before=before)
    assert "undefine" not in live.there.deeds
    assert live.there.now.persistent


def test_a_resume_that_fails_is_tried_again(play: Play) -> None:
    """Soon, for the VM stands still; nothing of it is left to be told."""
    live = play()
    live.there.refuses["resume"] = 1
    result = live.run()
    assert (result.outcome, result.leftovers, result.actions) == (Outcome.MOVED, (), ())


def test_a_resume_that_fails_for_long_is_made_afterwards(play: Play) -> None:
    """The judgement of both hosts finds the VM waiting."""
    live = play()
    live.there.refuses["resume"] = 4
    result = live.run()
    assert result.outcome is Outcome.MOVED
    assert "Resumed the VM on the destination." in result.actions
    assert result.warnings == (
        "The VM stood still until both hosts were judged: Cannot resume on h2.",
    )


def test_a_vm_that_cannot_be_resumed_is_held(play: Play) -> None:
    """It is nowhere else, so its mark stays for whoever resumes it, and nothing is ended."""
    live = play()
    live.there.refuses["resume"] = 99
    result = live.run()
    assert (result.outcome, result.error_code) == (Outcome.QUARANTINED, "quarantined")
    assert "Cannot resume on h2." in result.reason
    assert live.there.now.state == "paused"
    assert live.there.now.mark is not None
    assert "destroy" not in live.there.deeds


def test_a_source_that_is_seen_gone_lets_the_vm_run_before_libvirt_says_so(play: Play) -> None:
    """Both facts were seen one by one: all has arrived, and the source's QEMU is exiting."""
    live = play()
    resumed = threading.Event()

    def gone(job: Any) -> None:
        job.say("source", "gone", "seen")
        job.log.wait_for(lambda events: any(e.kind == "resumed" for e in events), 5.0)
        if live.there.now.state == "running":
            resumed.set()

    live.script(turn("pauses"), turn("arrives"), gone, turn("leaves"))
    assert live.run().outcome is Outcome.MOVED
    assert resumed.is_set()


def test_a_source_that_is_gone_without_an_arrival_resumes_nothing(play: Play) -> None:
    """QEMU died in mid-copy: what the destination has is not the VM."""
    live = play()

    def die(job: Any) -> None:
        job.say("source", "gone", "seen")
        job.here.now = EndState(state="shutoff", reason="crashed", persistent=True)
        job.say("source", "stopped", "crashed")

    live.script(turn("pauses"), die, error="QEMU unexpectedly closed the monitor")
    result = live.run()
    assert result.outcome is Outcome.LOST
    assert "resume" not in live.there.deeds


def test_a_destination_that_falls_silent_after_the_handover_leaves_the_place_unknown(
    play: Play,
) -> None:
    """It may run the VM: nothing is started or ended, and the mark stays."""
    live = play()

    def vanish(job: Any) -> None:
        job.leaves()
        job.there.now = SILENT

    live.script(turn("pauses"), turn("arrives"), vanish)
    result = live.run()
    assert (result.outcome, result.error_code) == (Outcome.UNKNOWN, "unknown")
    assert set(live.there.deeds) == set()


def test_a_destination_that_falls_silent_in_mid_copy_does_not_hide_the_vm(play: Play) -> None:
    """The source says itself that the VM never left; what may lie on the other host is told."""
    live = play()

    def vanish(job: Any) -> None:
        job.there.now = SILENT

    live.script(vanish, error="Connection reset by peer")
    result = live.run()
    assert result.outcome is Outcome.NOT_MOVED
    assert live.here.now.state == "running"
    assert any("h2 does not answer" in leftover for leftover in result.leftovers)


def test_a_migration_that_is_cancelled_on_request(play: Play) -> None:
    """The VM goes on where it is, and the result says who ended it."""
    live = play()
    stop = threading.Event()
    stop.set()
    live.script(*[lambda _job: None] * 50)
    result = live.run(stop)
    assert (result.outcome, result.error_code) == (Outcome.NOT_MOVED, "cancelled")
    assert "abort" in live.here.deeds


def test_a_cancelled_call_that_does_not_return_is_given_up(play: Play) -> None:
    """The source is looked at until libvirt's job there has ended."""
    live = play(replace(RUNS, busy=True))
    stop = threading.Event()
    stop.set()
    live.script(lambda _job: None, obeys=False)
    busy = replace(RUNS, busy=True)
    live.here.later = [busy] * 8 + [RUNS]
    result = live.run(stop, abort_timeout_s=5.0)
    assert (result.outcome, result.error_code) == (Outcome.NOT_MOVED, "cancelled")
    assert not result.evidence.source.busy


def test_the_vm_is_announced_where_that_is_asked(play: Play) -> None:
    """An announcement that fails is a warning."""
    live = play()
    assert live.run(announce=True).outcome is Outcome.MOVED
    assert "announce" in live.there.deeds
    live = play()
    live.there.refuses["announce"] = 1
    result = live.run(announce=True)
    assert result.outcome is Outcome.MOVED
    assert "Cannot announce on h2." in result.warnings


def test_figures_that_cannot_be_read_cost_nothing(play: Play) -> None:
    """The readings of the copy stand in for them."""
    live = play()
    live.there.refuses["figures"] = 1
    result = live.run()
    assert (result.outcome, result.error_code) == (Outcome.MOVED, "")
    assert result.memory_total_mib == 128.0


def test_a_vm_that_cannot_be_marked_is_not_migrated(play: Play) -> None:
    """Nobody could tell later what to do with it; the images that were made are removed."""
    live = play()
    live.here.refuses["mark"] = 1
    with pytest.raises(LibvirtFailed, match="Cannot mark"):
        live.run(copy_storage="all")
    assert "migrate" not in live.here.deeds
    assert live.there.images == set()


def test_an_image_that_cannot_be_made_ends_it_before_it_begins(play: Play) -> None:
    """The VM is not even marked."""
    live = play()
    live.there.refuses["create a.raw"] = 1
    with pytest.raises(LibvirtFailed, match=r"Cannot create a\.raw"):
        live.run(copy_storage="all")
    assert live.here.deeds == []


def test_the_images_of_a_failed_copy_are_removed(play: Play) -> None:
    """A full file system explains the failure better than libvirt."""
    live = play()
    live.there.free_mib = 0.0
    live.script(lambda _job: None, error="Input/output error")
    result = live.run(copy_storage="all")
    assert live.there.images == set()
    assert "Removed the image /images/a.raw from h2." in result.actions
    assert "No space left" in result.reason


def test_the_images_of_a_copy_that_went_well_stay(play: Play) -> None:
    """And the old ones on the source are named."""
    live = play()
    live.here.images = {"a.raw"}
    result = live.run(copy_storage="all")
    assert (live.there.images, live.here.images) == ({"a.raw"}, {"a.raw"})
    assert "The old image /images/a.raw is still on h1." in result.warnings


def test_the_handover_asks_again_for_a_vm_that_was_not_there_yet(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handle is fetched while the last pages are sent, when the destination may not know it yet."""
    live = play()
    asked = threading.Event()
    real = live.there.domain

    def look(uuid: str) -> Any:
        asked.set()
        return real(uuid)

    monkeypatch.setattr(live.there, "domain", look)
    live.script(turn("pauses"), lambda _job: asked.wait(5), turn("arrives"), turn("leaves"))
    result = live.run()
    assert (result.outcome, result.actions) == (Outcome.MOVED, ())


def test_a_handover_that_cannot_ask_the_destination_is_made_up_for(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judgement of both hosts finds the VM waiting."""
    live = play()
    asked = threading.Event()

    real = live.there.domain

    def silent_at_first(uuid: str) -> Any:
        if asked.is_set():
            return real(uuid)
        asked.set()
        raise NoAnswer("h2 does not answer.")

    monkeypatch.setattr(live.there, "domain", silent_at_first)
    live.script(turn("pauses"), lambda _job: asked.wait(5), turn("arrives"), turn("leaves"))
    result = live.run()
    assert result.outcome is Outcome.MOVED
    assert "Resumed the VM on the destination." in result.actions
    assert result.warnings == (
        "The VM stood still until both hosts were judged: h2 does not answer.",
    )
