# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the destination has the memory for a VM."""

from __future__ import annotations

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.machine import (
    enough_memory,
)


@pytest.mark.parametrize(
    ("free_mib", "used_mib", "severity", "passed"),
    [
        (8192, 6000, "info", True),
        (7000, 6000, "warn", False),
        (5999, 6000, "block", False),
        (100, None, "warn", False),
    ],
)
def test_what_a_vm_has_in_use_has_to_fit(
    free_mib: int, used_mib: int | None, severity: str, passed: bool
) -> None:
    """QEMU could not take it over; that there is less than it may ever use is a warning."""
    finding = enough_memory("kvm2", free_mib, 8192, used_mib)
    assert finding.passed is passed
    assert passed or finding.severity == severity
    assert finding.blocks is (severity == "block")
    assert f"kvm2 has {free_mib} MiB of memory free; the VM may use 8192 MiB" in finding.evidence
