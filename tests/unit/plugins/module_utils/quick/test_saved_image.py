# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A saved image can be claimed once, and its name tells who has it."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._quick.saved_image import (
    FoundImage,
    ImageUnusable,
    SavedImage,
    saved_uuid,
)


def image(directory: Path) -> SavedImage:
    """Return a saved image that was just written."""
    found = SavedImage(str(directory), "vm1", "u-1")
    Path(found.part).write_text("memory")
    return found


def test_one_of_many_gets_it(tmp_path: Path) -> None:
    """Of eight hosts that claim the image at the same time exactly one succeeds."""
    saved = image(tmp_path)
    saved.complete()
    won: list[str] = []

    def claim(host: str) -> None:
        with contextlib.suppress(ImageUnusable):
            won.append(saved.claim(host))

    threads = [threading.Thread(target=claim, args=(f"kvm{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert saved.remains() == won


def test_what_is_being_written_cannot_be_claimed(tmp_path: Path) -> None:
    """Before the image is complete nobody gets it."""
    with pytest.raises(ImageUnusable, match="cannot be renamed"):
        image(tmp_path).claim("kvm1")


def test_a_claim_can_be_handed_back(tmp_path: Path) -> None:
    """The source takes the image from the host that could not use it, and from no other."""
    saved = image(tmp_path)
    saved.complete()
    saved.claim("kvm2")
    with pytest.raises(ImageUnusable):
        saved.claim("kvm1", holder="kvm3")
    assert saved.claim("kvm1", holder="kvm2") == saved.claimed("kvm1")


def test_other_vms_images_are_not_seen(tmp_path: Path) -> None:
    """Only what belongs to this very VM counts as remains of an earlier move."""
    saved = image(tmp_path)
    (tmp_path / "vm1.u-2.saved").write_text("another")
    (tmp_path / "vm10.u-1.saved").write_text("another")
    assert saved.remains() == [saved.part]
    saved.remove(saved.part)
    saved.remove(saved.part)
    assert saved.remains() == []


def test_a_name_never_leaves_the_directory(tmp_path: Path) -> None:
    """A slash in a name is no way out."""
    saved = SavedImage(str(tmp_path), "../vm1", "u-1")
    assert Path(saved.claimed("a/b")).parent == tmp_path


def test_the_name_tells_how_far_a_move_came(tmp_path: Path) -> None:
    """The image itself says its stage and who has it."""
    saved = image(tmp_path)
    stages = [saved.found()]
    for step in (saved.complete, lambda: saved.claim("kvm/2"), lambda: saved.use("kvm/2")):
        step()
        stages.append(saved.found())
    assert [(found.stage, found.host) for found in stages if found] == [
        ("part", ""),
        ("saved", ""),
        ("claimed", "kvm_2"),
        ("used", "kvm_2"),
    ]
    assert saved.belongs_to(FoundImage("", "used", "kvm_2"), "kvm/2")
    saved.remove(saved.used("kvm/2"))
    assert saved.found() is None


def test_what_was_used_cannot_be_claimed_again(tmp_path: Path) -> None:
    """Once the VM may run from it, no host gets it any more."""
    saved = image(tmp_path)
    saved.complete()
    saved.claim("kvm2")
    saved.use("kvm2")
    with pytest.raises(ImageUnusable):
        saved.claim("kvm1", holder="kvm2")
    with pytest.raises(ImageUnusable):
        saved.use("kvm2")


def test_remains_that_tell_two_things_are_refused(tmp_path: Path) -> None:
    """Two files of one VM, or a file of somebody else's making, are for a person to judge."""
    saved = image(tmp_path)
    Path(saved.saved).write_text("memory")
    with pytest.raises(ImageUnusable, match="not clear"):
        saved.found()
    Path(saved.saved).rename(tmp_path / "vm1.u-1.backup")
    Path(saved.part).unlink()
    with pytest.raises(ImageUnusable, match="not clear"):
        saved.found()


def test_a_directory_that_is_not_here_proves_nothing(tmp_path: Path) -> None:
    """Where the storage is not mounted nobody can say that no image was left."""
    with pytest.raises(ImageUnusable, match="no directory"):
        SavedImage(str(tmp_path / "nowhere"), "vm1", "u-1").found()


def test_a_vm_that_no_host_knows_is_found_by_its_image(tmp_path: Path) -> None:
    """The UUID stands in the name of the image of the VM with just that name."""
    uuid = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    (tmp_path / f"vm1.{uuid}.saved").write_text("memory")
    assert saved_uuid(str(tmp_path), "vm1") == uuid
    assert saved_uuid(str(tmp_path), "vm") is None
