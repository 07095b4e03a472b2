# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a paused VM has run on its host is told by its locks, and only else by its CPU time."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites import domain
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.context import Context
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.image_locks import (
    SeenImage,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

XML = """<domain><devices>
<disk type='file' device='disk'><source file='/a.raw'/></disk></devices></domain>"""
FREE, HELD = SeenImage("/a.raw", 7, True, False), SeenImage("/a.raw", 7, True, True)


class Qemu72:
    """A source with a QEMU that dies."""

    def getVersion(self) -> int:  # noqa: N802
        """Return it as libvirt does."""
        return 7002000


@pytest.mark.parametrize(
    ("seen", "cpu_s", "passed"),
    [
        ([HELD], 0.0, True),
        # It ran, and gave its images up for a migration that failed.
        ([FREE], 5.0, False),
        ([FREE], 0.0, False),
        ([], 5.0, True),
        ([], 0.0, False),
    ],
)
def test_the_locks_decide_where_they_are_seen(
    monkeypatch: pytest.MonkeyPatch, seen: list[SeenImage], cpu_s: float, passed: bool
) -> None:
    """QEMU dies when it is told to give up what it does not hold, however long the VM has run."""

    class Told:
        def __init__(self, _uri: str) -> None:
            pass

        def at(self, _images: Any) -> list[SeenImage]:
            return seen

    monkeypatch.setattr(domain, "Look", Told)
    monkeypatch.setattr(domain, "vcpu_time_s", lambda _source, _uuid: cpu_s)
    paused = EndState(state="paused", reason="user", persistent=True)
    facts = DomainFacts("vm1", "u-1", paused, 64, XML, None, 0)
    request = MigrationRequest("vm1", "qemu:///system", "qemu+ssh://kvm2/system")
    context = Context(request, Qemu72(), None, facts, ET.fromstring(XML), EndState())
    [finding] = domain.ran_here(context)
    assert (finding.passed, finding.blocks) == (passed, not passed)
