# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which quick move a directory tells of, and which VM may go this way at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._patience import NoAnswer
from ansible_collections.drover.libvirt.plugins.module_utils._quick import image_checks
from ansible_collections.drover.libvirt.plugins.module_utils._quick.image_checks import is_whole
from ansible_collections.drover.libvirt.plugins.module_utils._quick.quick_way import QuickWay
from ansible_collections.drover.libvirt.plugins.module_utils._quick.saved_image import (
    ImageUnusable,
    SavedImage,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)

UUID = "0c9ba2b7-96a7-4b5c-9b22-3a1f3f0d1d1f"
RUNS = EndState(state="running", reason="booted", persistent=True)
ABSENT = EndState()
SILENT = EndState(readable=False, state="unknown", error="no answer")

Hosts = Callable[[EndState, EndState], Any]


def way(directory: Path | str, unsafe: bool = False) -> QuickWay:
    """Return the way through a directory; no host is asked by it."""
    ends: Any = None
    return QuickWay(MigrationOptions(save_directory=str(directory), unsafe=unsafe), ends)


def test_without_a_directory_nothing_was_left() -> None:
    """No quick move was ever made, and no VM is known by an image."""
    assert way("").interrupted("vm1", UUID) is None
    assert way("").saved_facts("vm1", None) is None


def test_an_image_tells_of_an_interrupted_move(tmp_path: Path) -> None:
    """Of this VM, not of another."""
    Path(SavedImage(str(tmp_path), "vm1", UUID).saved).write_text("memory")
    assert way(tmp_path).interrupted("vm1", UUID) is not None
    assert way(tmp_path).interrupted("vm2", UUID) is None


def test_a_transient_vm_is_known_by_its_image_alone(tmp_path: Path) -> None:
    """No host defines it while its memory is saved; another UUID is another VM."""
    Path(SavedImage(str(tmp_path), "vm1", UUID).saved).write_text("memory")
    found = way(tmp_path).saved_facts("vm1", None)
    assert found is not None
    assert (found.uuid, found.state.state) == (UUID, "absent")
    assert way(tmp_path).saved_facts("vm1", "0c9ba2b7-0000-4b5c-9b22-3a1f3f0d1d1f") is None
    assert way(tmp_path).saved_facts("vm2", None) is None


class Reader:
    """What a host says of an image, one answer a question."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
        self._answers = list(answers)
        monkeypatch.setattr(image_checks, "saved_definition", self._read)

    def _read(self, _end: Any, _path: str) -> str:
        answer = self._answers.pop(0)
        if answer == "no answer":
            raise NoAnswer("h1 does not answer.")
        if answer:
            raise LibvirtFailed(answer)
        return "<domain/>"


def test_an_image_that_can_be_read_is_whole(
    scripted: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the second attempt, too: the first may have met a daemon that restarted."""
    end = scripted(RUNS, ABSENT).source
    Reader(monkeypatch, "")
    assert is_whole(end, UUID, "/s/vm1")
    Reader(monkeypatch, "connection reset", "")
    assert is_whole(end, UUID, "/s/vm1")


def test_an_image_that_cannot_be_read_is_void(
    scripted: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host answers, so it is the file."""
    Reader(monkeypatch, "invalid magic", "invalid magic")
    assert not is_whole(scripted(RUNS, ABSENT).source, UUID, "/s/vm1")


def test_a_host_that_does_not_answer_says_nothing_of_an_image(
    scripted: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be removed otherwise, and the VM's memory with it."""
    Reader(monkeypatch, "broken pipe", "no answer")
    ends = scripted(RUNS, ABSENT)
    with pytest.raises(NoAnswer):
        is_whole(ends.source, UUID, "/s/vm1")
    Reader(monkeypatch, "broken pipe")
    ends.source.later = [SILENT]
    ends.source.state(UUID)
    monkeypatch.setattr(ends.source, "ask", lambda question, _doing: question(ends.source))
    with pytest.raises(LibvirtFailed, match="broken pipe"):
        is_whole(ends.source, UUID, "/s/vm1")


def test_a_directory_that_is_not_here_is_an_error(tmp_path: Path) -> None:
    """Nothing is known of the images in it."""
    with pytest.raises(ImageUnusable, match="There is no directory"):
        way(os.path.join(tmp_path, "gone")).interrupted("vm1", UUID)
