# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images are made for a copy, and which are ever removed: only those that are proved needless."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.ends import Ends
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import (
    EndState,
    Evidence,
)
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._live.disk_copy import DiskCopy
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)

XML = """<domain><devices>
<disk type='file' device='disk'><source file='/images/a.raw'/><target dev='vda'/></disk>
<disk type='file' device='disk'><source file='/images/b.raw'/><target dev='vdb'/></disk>
</devices></domain>"""
ABSENT = EndState()
RUNS = EndState(state="running", reason="booted", persistent=True)
SILENT = EndState(readable=False, state="unknown", error="no answer")
STAYED = Evidence(RUNS, ABSENT)
MOVED = Evidence(ABSENT, RUNS)

Copy = Callable[..., tuple[DiskCopy, Any, Any]]


@pytest.fixture
def copy(scripted: Callable[[EndState, EndState], Ends], images: None) -> Copy:
    """Return what makes the copy of a VM's disks between two hosts."""

    def make(**options: Any) -> tuple[DiskCopy, Any, Any]:
        ends: Any = scripted(RUNS, ABSENT)
        facts = DomainFacts("vm1", "u", RUNS, 64, XML, None, 0)
        asked = MigrationOptions(**{"copy_storage": "all", **options})
        return DiskCopy(facts, asked, ends), ends.source, ends.destination

    return make


def test_each_disk_gets_an_empty_image(copy: Copy) -> None:
    """Their sizes count for the time that the copy may take."""
    disks, _here, there = copy()
    disks.create()
    assert there.images == {"a.raw", "b.raw"}
    assert [disk.target for disk in disks.disks] == ["vda", "vdb"]
    assert disks.capacity_mib == 20.0


def test_nothing_is_made_where_nothing_is_copied(copy: Copy) -> None:
    """The plain migration on shared storage."""
    disks, _here, there = copy(copy_storage="none")
    disks.create()
    assert (disks.disks, there.deeds) == ((), [])


def test_an_image_that_is_there_is_not_copied_onto(copy: Copy) -> None:
    """It is the same one, on shared storage; it is not ours and never removed either."""
    disks, _here, there = copy()
    there.images.add("a.raw")
    disks.create()
    assert [disk.target for disk in disks.disks] == ["vdb"]
    disks.finish(Outcome.NOT_MOVED, STAYED)
    assert there.images == {"a.raw"}


def test_a_named_disk_is_made_whatever_is_there(copy: Copy) -> None:
    """libvirt refuses to make a file that is there already, and so the operator learns of it."""
    disks, _here, there = copy(migrate_disks=("vda",))
    there.refuses["create a.raw"] = 1
    with pytest.raises(LibvirtFailed, match=r"a\.raw"):
        disks.create()
    assert there.images == set()


def test_a_disk_that_cannot_be_made_takes_the_others_away(copy: Copy) -> None:
    """Nothing is left of an attempt that never began."""
    disks, _here, there = copy()
    there.refuses["create b.raw"] = 1
    with pytest.raises(LibvirtFailed):
        disks.create()
    assert there.images == set()
    assert disks.actions == ["Removed the image /images/a.raw from h2."]


@pytest.mark.parametrize("outcome", [Outcome.NOT_MOVED, Outcome.ROLLED_BACK])
def test_a_copy_that_failed_is_removed(copy: Copy, outcome: Outcome) -> None:
    """The VM is on the source, and no QEMU on the destination has the images open."""
    disks, here, there = copy()
    disks.create()
    here.images = {"a.raw", "b.raw"}
    disks.finish(outcome, STAYED)
    assert (there.images, here.images) == (set(), {"a.raw", "b.raw"})
    assert (len(disks.actions), disks.leftovers, disks.clue) == (2, [], "")


@pytest.mark.parametrize(
    ("outcome", "evidence"),
    [
        (Outcome.NOT_MOVED, Evidence(RUNS, RUNS)),
        (Outcome.ROLLED_BACK, Evidence(RUNS, EndState(state="paused", reason="user"))),
    ],
)
def test_images_that_a_qemu_may_have_open_stay(
    copy: Copy, outcome: Outcome, evidence: Evidence
) -> None:
    """The copy on the destination could not be ended."""
    disks, _here, there = copy()
    disks.create()
    disks.finish(outcome, evidence)
    assert there.images == {"a.raw", "b.raw"}


@pytest.mark.parametrize(
    ("outcome", "evidence"),
    [
        (Outcome.NOT_MOVED, Evidence(RUNS, SILENT)),
        (Outcome.UNKNOWN, STAYED),
        (Outcome.QUARANTINED, Evidence(RUNS, RUNS)),
        (Outcome.LOST, Evidence(ABSENT, ABSENT)),
        (None, STAYED),
    ],
)
def test_in_doubt_every_image_stays_and_is_named(
    copy: Copy, outcome: Outcome | None, evidence: Evidence
) -> None:
    """Whoever decides needs all that there is."""
    disks, here, there = copy(remove_source_images=True)
    disks.create()
    here.images = {"a.raw", "b.raw"}
    disks.finish(outcome, evidence)
    assert (len(there.images), len(here.images)) == (2, 2)
    assert disks.leftovers == [
        "The copy /images/a.raw is still on h2.",
        "The copy /images/b.raw is still on h2.",
    ]


def test_the_sources_images_stay_unless_the_operator_asked(copy: Copy) -> None:
    """They are named, for they take up room."""
    disks, here, _there = copy()
    disks.create()
    here.images = {"a.raw", "b.raw"}
    disks.finish(Outcome.MOVED, MOVED)
    assert here.images == {"a.raw", "b.raw"}
    assert disks.warnings[0] == "The old image /images/a.raw is still on h1."


def test_the_sources_images_go_where_the_operator_asked(copy: Copy) -> None:
    """The VM runs on the destination, and the source knows nothing of it any more."""
    disks, here, there = copy(remove_source_images=True)
    disks.create()
    here.images = {"a.raw", "b.raw"}
    disks.finish(Outcome.MOVED, MOVED)
    assert (here.images, there.images) == (set(), {"a.raw", "b.raw"})


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence(SILENT, RUNS),
        Evidence(EndState(state="shutoff", persistent=True), RUNS),
        Evidence(ABSENT, EndState(state="shutoff", persistent=True)),
        Evidence(ABSENT, SILENT),
    ],
)
def test_the_sources_images_stay_unless_the_move_is_proved(copy: Copy, evidence: Evidence) -> None:
    """A definition on the source still points to them, or nobody saw the VM run on its copy."""
    disks, here, _there = copy(remove_source_images=True)
    disks.create()
    here.images = {"a.raw", "b.raw"}
    disks.finish(Outcome.MOVED, evidence)
    assert here.images == {"a.raw", "b.raw"}
    assert len(disks.warnings) == 2


def test_a_full_file_system_explains_the_failure(copy: Copy) -> None:
    """It is looked for before the copies are removed, which would make room again."""
    disks, _here, there = copy()
    disks.create()
    there.free_mib = 0.5
    disks.finish(Outcome.NOT_MOVED, STAYED)
    assert disks.clue == "No space left on device: /images on h2 is full."
    assert there.deeds.index("look for room") < there.deeds.index("remove a.raw")


def test_a_look_for_room_that_fails_changes_nothing(copy: Copy) -> None:
    """The copies are removed all the same."""
    disks, _here, there = copy()
    disks.create()
    there.refuses["look for room"] = 1
    disks.finish(Outcome.NOT_MOVED, STAYED)
    assert (disks.clue, there.images) == ("", set())


def test_an_image_that_cannot_be_removed_is_a_leftover(copy: Copy) -> None:
    """The other one goes."""
    disks, _here, there = copy()
    disks.create()
    there.refuses["remove a.raw"] = 1
    disks.finish(Outcome.NOT_MOVED, STAYED)
    assert there.images == {"a.raw"}
    assert disks.leftovers == ["The image /images/a.raw is still on h2. Cannot remove a.raw on h2."]
