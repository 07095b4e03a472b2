# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an image of an interrupted quick move means, where restoring it would do harm.

That it is restored where that is right is shown on real hosts, by the fault matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.ends import Ends
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._quick.interrupted import (
    InterruptedQuickMove,
)
from ansible_collections.drover.libvirt.plugins.module_utils._quick.saved_image import (
    ImageUnusable,
    SavedImage,
)

MARKED = """\
<domain><metadata>
<d:handover xmlns:d="https://drover.dev/xmlns/handover/1" defined-before="no" autostart="no" paused="no"/>
</metadata></domain>"""
ABSENT = EndState()
SILENT = EndState(readable=False, state="unknown", error="no answer")
RUNS = EndState(state="running", reason="booted", persistent=True)


def off(reason: str) -> EndState:
    """Return the state of a VM that is off."""
    return EndState(state="shutoff", reason=reason, persistent=True)


class Connection:
    """What a host answers about a saved image; it can restore none."""

    def saveImageGetXMLDesc(self, _path: str, _flags: int) -> str:  # noqa: N802 - libvirt's name
        """Return the definition in the image."""
        return MARKED


class Host:
    """One end, with a state that does not change."""

    def __init__(self, name: str, state: EndState) -> None:
        self.name = name
        self._state = state

    def state(self, _uuid: str) -> EndState:
        """Return the state."""
        return self._state

    def domain(self, _uuid: str) -> None:
        """There is nothing to be changed."""

    def ask(self, question: Callable[[Any], Any], *_doing: Any) -> Any:
        """Answer for the saved image."""
        return question(Connection())


def left(directory: Path, stage: str, host: str = "") -> SavedImage:
    """Return an image that a move has left at a stage."""
    image = SavedImage(str(directory), "vm1", "u-1")
    named = {"part": image.part, "saved": image.saved, "claimed": image.claimed(host)}
    Path({**named, "used": image.used(host)}[stage]).write_text("memory")
    return image


def finish(image: SavedImage, here: EndState, there: EndState) -> Any:
    """Finish the move from kvm1 to kvm2."""
    found = image.found()
    assert found is not None
    source: Any = Host("kvm1", here)
    destination: Any = Host("kvm2", there)
    ends = Ends(source, destination)
    return InterruptedQuickMove(image, found, "u-1", ends, 0.0).finish()


@pytest.mark.parametrize(
    ("stage", "host", "here", "there"),
    [
        ("used", "kvm2", ABSENT, off("shutdown")),
        ("used", "kvm2", ABSENT, off("crashed")),
        ("saved", "", off("destroyed"), ABSENT),
        ("saved", "", off("shutdown"), ABSENT),
        ("claimed", "kvm2", off("saved"), off("shutdown")),
        ("claimed", "kvm2", off("saved"), off("saved")),
    ],
)
def test_a_vm_that_ran_since_is_not_restored(
    tmp_path: Path, stage: str, host: str, here: EndState, there: EndState
) -> None:
    """Its disks are newer than the memory in the image, which is void and removed."""
    image = left(tmp_path, stage, host)
    account = finish(image, here, there)
    assert (account.outcome, account.error_code) == (Outcome.LOST, "lost")
    assert image.remains() == []


def test_nothing_is_done_while_a_host_is_silent(tmp_path: Path) -> None:
    """The image stays, whatever the other host says, and the account names it."""
    for here, there in ((SILENT, ABSENT), (off("saved"), SILENT)):
        image = left(tmp_path, "claimed", "kvm2")
        account = finish(image, here, there)
        assert account.outcome is Outcome.UNKNOWN
        assert account.leftovers == (f"The saved image is at {image.claimed('kvm2')}.",)
        assert image.remains() == [image.claimed("kvm2")]


def test_an_image_of_a_third_host_is_not_touched(tmp_path: Path) -> None:
    """It may be restoring the VM at this moment."""
    image = left(tmp_path, "claimed", "kvm3")
    with pytest.raises(ImageUnusable, match="kvm3 has the saved image"):
        finish(image, off("saved"), ABSENT)
    assert image.remains() == [image.claimed("kvm3")]


def test_a_vm_that_runs_twice_is_for_the_table_to_judge(tmp_path: Path) -> None:
    """The image decides nothing then."""
    image = left(tmp_path, "saved")
    assert finish(image, RUNS, RUNS) is None
    assert image.remains() == [image.saved]
