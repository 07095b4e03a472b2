# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What two hosts see of a VM's images proves, or does not prove, that its lock binds both."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites import lock_proof
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.finding import Finding
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.image_locks import (
    Image,
    SeenImage,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

XML = """<domain><devices>
<disk type='file' device='disk'><source file='/a.raw'/></disk>
<disk type='file' device='disk'><source file='/b.raw'/></disk>
</devices></domain>"""
LAYERED = XML.replace("<source file='/b.raw'/>", "<driver type='qcow2'/><source file='/b.raw'/>")

Seen = list[SeenImage]
A, B = SeenImage("/a.raw", 7, True, True), SeenImage("/b.raw", 8, True, True)


@dataclass
class Told:
    """What a host says, recorded, in the place of a look."""

    images: Seen

    def at(self, _images: list[Image]) -> Seen:
        """Return it."""
        return self.images

    def close(self) -> None:
        """Nothing is left to be closed."""


def _finding(state: str = "running", xml: str = XML, **options: str) -> Finding | None:
    there = EndState(state=state, reason="booted", persistent=True)
    facts = DomainFacts("vm1", "uuid", there, 64, xml, None, 0)
    request = MigrationRequest(
        "vm1", "source", "destination", destination="kvm2", options=MigrationOptions(**options)
    )
    proof = lock_proof.LockProof(request)
    try:
        return proof.finding(facts)
    finally:
        proof.close()


@pytest.mark.parametrize(
    ("source", "destination", "proved"),
    [
        ([A, B], [A, B], True),
        # One is enough: QEMU needs the locks of all its images to let a VM run.
        ([A, B], [B], True),
        # Another file at the same path, in use by another VM.
        ([A], [A._replace(inode=9)], False),
        # A file system whose locks stay on their host.
        ([A], [A._replace(is_held=False)], False),
        # Only the destination sees a lock, so it is not this VM's.
        ([A._replace(is_held=False)], [A], False),
        # The node of a block device; twin hosts give theirs the same numbers.
        ([A._replace(is_file=False)], [A._replace(is_file=False)], False),
        ([], [], False),
    ],
)
def test_a_lock_that_both_see_on_one_file_is_a_proof(
    monkeypatch: pytest.MonkeyPatch, source: Seen, destination: Seen, proved: bool
) -> None:
    """Nothing less is."""
    told = {"source": Told(source), "destination": Told(destination)}
    monkeypatch.setattr(lock_proof, "Look", told.__getitem__)
    finding = _finding()
    assert finding is not None
    assert (finding.passed, finding.blocks) == (proved, False)


@pytest.mark.parametrize(("destination", "proved"), [([A, B], True), ([B], True), ([A], False)])
def test_an_image_with_a_header_needs_a_lock_of_its_own(
    monkeypatch: pytest.MonkeyPatch, destination: Seen, proved: bool
) -> None:
    """QEMU writes to the header of a qcow2 image before it finds that another one is locked."""
    told = {"source": Told([A, B]), "destination": Told(destination)}
    monkeypatch.setattr(lock_proof, "Look", told.__getitem__)
    finding = _finding(xml=LAYERED)
    assert finding is not None
    assert finding.passed == proved


@pytest.mark.parametrize(
    ("state", "options"),
    [
        ("paused", {}),
        ("running", {"handover": "controller"}),
        ("running", {"handover": "libvirt"}),
        ("running", {"post_copy": "on_stall"}),
        ("running", {"mode": "quick", "save_directory": "/s"}),
    ],
)
def test_nothing_is_proved_that_nobody_needs(state: str, options: dict[str, str]) -> None:
    """A paused VM is resumed by nobody, and a handover that is named is taken."""
    assert _finding(state, **options) is None
