# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The handover mark says in a definition how the VM was before."""

from __future__ import annotations

from ansible_collections.drover.libvirt.plugins.module_utils._facts.handover import (
    HandoverMark,
    mark_in,
)

MARKED = """\
<domain><metadata>
<drover-handover:handover xmlns:drover-handover="https://drover.dev/xmlns/handover/1"
 defined-before="no" autostart="yes" paused="yes"/>
</metadata></domain>"""


def test_a_saved_definition_tells_how_the_vm_was() -> None:
    """Autostart and a user's pause are not lost with the process that saved the VM."""
    assert mark_in(MARKED) == HandoverMark(defined_before=False, autostart=True, paused=True)


def test_who_lets_the_vm_run_is_told() -> None:
    """A VM that libvirt lets run does not wait for us; one marked by an older Drover does."""
    waits, runs = (mark_in(MARKED.replace("/>", given + "/>")) for given in ("", ' waits="no"'))
    assert waits is not None
    assert runs is not None
    assert (waits.waits, runs.waits) == (True, False)


def test_a_definition_without_the_mark_has_none() -> None:
    """A VM that was saved by hand has no mark."""
    assert mark_in("<domain><metadata/></domain>") is None
