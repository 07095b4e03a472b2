# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of one VM whose executor died, by what both of its hosts say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.ends import AwayEnd, Ends
from ansible_collections.drover.libvirt.plugins.module_utils._execution import unattended
from ansible_collections.drover.libvirt.plugins.module_utils._execution.records import (
    StartedMigration,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.settled import (
    SettledMigration,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import (
    EndState,
    fenced_state,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.handover import HandoverMark
from ansible_collections.drover.libvirt.plugins.module_utils._quick.saved_image import SavedImage
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

MARK = HandoverMark(autostart=True)
ABSENT = EndState()
RUNS = EndState(state="running", reason="booted", persistent=True)
MARKED = replace(RUNS, mark=MARK)
LEAVING = replace(MARKED, busy=True)
ARRIVED = EndState(state="paused", reason="user", persistent=True, mark=MARK)
RECEIVING = EndState(state="paused", reason="migration", mark=MARK)
OFF = EndState(state="shutoff", reason="destroyed", persistent=True)
SILENT = EndState(readable=False, state="unknown", error="no answer")
POST_COPY = EndState(state="paused", reason="postcopy_failed", persistent=True)


def settle(ends: Any, patience_s: float = 60.0, **more: Any) -> SettledMigration:
    """Settle the migration of C(vm1) from h1 to h2."""
    migration = StartedMigration(**{**_MIGRATION, **more})
    options = replace(migration.options, settle_timeout_s=10.0)
    request = MigrationRequest("vm1", "h1", "h2", options=options)
    return unattended.settle_migration(migration, request, ends, patience_s)


_MIGRATION = {
    "id": "1",
    "domain": "vm1",
    "uuid": "u",
    "source": "h1",
    "destination": "h2",
    "mark": MARK,
}


@pytest.fixture
def hosts(
    scripted: Callable[[EndState, EndState], Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[[EndState, EndState], Any]:
    """Return what makes two hosts; no event loop is needed for them."""
    monkeypatch.setattr(unattended, "start_event_loop", lambda: None)
    return scripted


Hosts = Callable[[EndState, EndState], Any]


def test_a_vm_that_waits_on_its_destination_is_resumed(hosts: Hosts) -> None:
    """The source's QEMU is gone, and nobody was there to let it run."""
    ends = hosts(ABSENT, ARRIVED)
    settled = settle(ends)
    assert settled.account.outcome == "moved"
    assert ends.destination.deeds == ["resume", "autostart", "clear"]
    assert "Resumed the VM on the destination." in settled.account.actions


def test_a_vm_that_stayed_loses_its_mark_and_its_copy(hosts: Hosts) -> None:
    """The copy never ran."""
    ends = hosts(MARKED, ARRIVED)
    settled = settle(ends)
    assert settled.account.outcome != "moved"
    assert ends.destination.deeds == ["destroy", "undefine"]
    assert (ends.source.deeds, ends.source.now.state) == (["clear"], "running")


def test_what_is_found_is_said_where_nothing_had_to_be_done(hosts: Hosts) -> None:
    """The VM never left."""
    settled = settle(hosts(MARKED, ABSENT))
    assert (
        settled.account.reason
        == "Found running (booted) on the source and absent on the destination."
    )
    assert (settled.account.outcome, settled.uncleaned) == ("not_moved", "")


def test_libvirt_may_end_its_migration_by_itself(hosts: Hosts) -> None:
    """The source's daemon needs nobody for that: it is waited for."""
    ends = hosts(LEAVING, RECEIVING)
    ends.source.later = [LEAVING, LEAVING, ABSENT]
    ends.destination.later = [RECEIVING, RECEIVING, ARRIVED]
    settled = settle(ends)
    assert settled.account.outcome == "moved"
    assert ends.destination.now.state == "running"
    assert "destroy" not in ends.destination.deeds


def test_libvirt_is_not_waited_for_for_ever(hosts: Hosts) -> None:
    """The copy that still arrives never ran, and goes; the VM is where it was."""
    ends = hosts(LEAVING, RECEIVING)
    settled = settle(ends, patience_s=5.0)
    assert settled.account.outcome != "moved"
    assert ends.source.now.state == "running"
    assert ends.destination.deeds == ["destroy"]


def test_a_broken_post_copy_is_tried_and_told(hosts: Hosts) -> None:
    """Its job never ends by itself; both QEMUs are kept, for each has a part of the memory."""
    here = replace(POST_COPY, busy=True)
    ends = hosts(here, replace(RUNS, reason="postcopy_failed"))
    settled = settle(ends, patience_s=1e6)
    assert (settled.account.outcome, settled.account.reason) == ("unknown", "Nothing is copied.")
    assert (ends.source.deeds, ends.destination.deeds) == ([], [])


def test_a_vm_that_runs_twice_is_paused_twice(hosts: Hosts) -> None:
    """And no longer started with either host."""
    ends = hosts(RUNS, RUNS)
    settled = settle(ends)
    assert settled.document()["outcome"] in ("unknown", "quarantined")
    for end in (ends.source, ends.destination):
        assert end.deeds == ["suspend", "no autostart"]


def test_a_silent_source_leaves_the_place_unknown(hosts: Hosts) -> None:
    """The destination's copy may be the VM or not: nothing is touched."""
    ends = hosts(SILENT, ARRIVED)
    settled = settle(ends)
    assert (settled.account.outcome, settled.uncleaned) == ("unknown", "")
    assert ends.destination.deeds == []


def test_a_dead_source_lets_the_arrived_vm_run(hosts: Hosts) -> None:
    """It is proved to be off; what it still defines is cleaned up when it is back."""
    ends = with_dead_source(hosts(ABSENT, ARRIVED))
    settled = settle(ends)
    assert (settled.account.outcome, settled.uncleaned) == ("moved", "h1")
    assert ends.destination.deeds == ["resume", "autostart", "clear"]


def test_a_silent_destination_of_a_vm_that_never_left_is_cleaned_later(hosts: Hosts) -> None:
    """The source says itself that the VM is there."""
    ends = hosts(MARKED, SILENT)
    settled = settle(ends)
    assert (settled.account.outcome, settled.uncleaned) == ("not_moved", "h2")
    assert ends.source.now.mark is None
    assert settled.account.leftovers == (
        "h2 does not answer; what is left of the copy there was not removed.",
    )


def with_dead_source(ends: Any) -> Ends:
    """Return the same hosts with a source that is proved to be off."""
    return replace(ends, source=AwayEnd("h1", fenced_state()))


MOVED: dict[str, Any] = {"outcome": "moved", "uncleaned": "h1"}
STAYED: dict[str, Any] = {"outcome": "not_moved", "uncleaned": "h2"}


def test_a_definition_on_a_host_that_is_back_is_removed(hosts: Hosts) -> None:
    """The VM runs on the other one."""
    ends = hosts(replace(OFF, reason="unknown", autostart=True), RUNS)
    settled = settle(ends, **MOVED)
    assert (settled.account.outcome, settled.uncleaned) == ("moved", "")
    assert ends.source.deeds == ["undefine"]
    assert ends.destination.now.state == "running"


def test_a_vm_that_a_host_started_again_when_it_came_back_is_paused(hosts: Hosts) -> None:
    """It runs twice then, and a person must see which is the VM."""
    ends = hosts(RUNS, RUNS)
    settle(ends, **MOVED)
    assert {ends.source.now.state, ends.destination.now.state} == {"paused"}
    assert not {"destroy", "undefine"} & {*ends.source.deeds, *ends.destination.deeds}


def test_a_copy_on_a_host_that_is_back_is_removed(hosts: Hosts) -> None:
    """It is paused there since, and never ran."""
    ends = hosts(RUNS, ARRIVED)
    settled = settle(ends, **STAYED)
    assert settled.uncleaned == ""
    assert ends.destination.deeds == ["destroy", "undefine"]
    assert ends.source.now.state == "running"


@pytest.mark.parametrize(
    ("here", "there", "known"),
    [
        (SILENT, RUNS, MOVED),
        (RUNS, SILENT, STAYED),
        (SILENT, SILENT, STAYED),
        (fenced_state(), RUNS, MOVED),
    ],
)
def test_nothing_is_cleaned_while_a_host_is_away(
    hosts: Hosts, here: EndState, there: EndState, known: dict[str, Any]
) -> None:
    """What was known stays known."""
    ends = hosts(here, there)
    settled = settle(ends, **known)
    assert (settled.account.outcome, settled.uncleaned) == (known["outcome"], known["uncleaned"])
    assert not settled.tells_more
    assert (ends.source.deeds, ends.destination.deeds) == ([], [])


@pytest.mark.parametrize(
    ("here", "there", "known"),
    [(OFF, ABSENT, MOVED), (ABSENT, ARRIVED, STAYED), (OFF, OFF, STAYED)],
)
def test_nothing_is_cleaned_of_a_vm_that_has_gone_on_since(
    hosts: Hosts, here: EndState, there: EndState, known: dict[str, Any]
) -> None:
    """What this migration knew of it is old: neither a definition nor a copy is touched."""
    ends = hosts(here, there)
    settled = settle(ends, **known)
    assert (settled.account.outcome, settled.uncleaned) == (known["outcome"], "")
    assert (ends.source.deeds, ends.destination.deeds) == ([], [])


def quick(directory: Path) -> MigrationOptions:
    """Return the options of a quick move."""
    return MigrationOptions(mode="quick", save_directory=str(directory), settle_timeout_s=10.0)


def test_a_quick_move_without_an_image_is_settled_by_the_table(
    hosts: Hosts, tmp_path: Path
) -> None:
    """It had not saved anything, or had removed it at its end."""
    settled = settle(hosts(MARKED, ABSENT), options=quick(tmp_path))
    assert settled.account.outcome == "not_moved"


def test_a_quick_move_with_an_image_is_brought_to_its_end(hosts: Hosts, tmp_path: Path) -> None:
    """The VM runs on the source, so the image is void."""
    Path(SavedImage(str(tmp_path), "vm1", "u").part).write_text("memory")
    ends = hosts(MARKED, ABSENT)
    settled = settle(ends, options=quick(tmp_path))
    assert settled.account.outcome == "not_moved"
    assert settled.account.reason == "Finished the quick move that was interrupted."
    assert list(tmp_path.iterdir()) == []


def test_an_image_of_a_third_host_leaves_the_place_unknown(hosts: Hosts, tmp_path: Path) -> None:
    """The error is the reason, and the image stays."""
    image = SavedImage(str(tmp_path), "vm1", "u")
    Path(image.part).write_text("memory")
    Path(image.part).rename(tmp_path / "vm1.u.claimed.h3")
    settled = settle(hosts(ABSENT, ABSENT), options=quick(tmp_path))
    assert settled.account.outcome == "unknown"
    assert "h3 has the saved image" in settled.account.reason
    assert (tmp_path / "vm1.u.claimed.h3").exists()
