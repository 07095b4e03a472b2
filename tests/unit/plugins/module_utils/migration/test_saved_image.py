# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A saved image can be claimed once, and its name tells who has it."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._migration.saved_image import (
    ImageUnusable,
    SavedImage,
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
