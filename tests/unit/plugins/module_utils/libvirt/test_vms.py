# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs a host has, asked of real libvirt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import ConnectionFailed
from ansible_collections.drover.libvirt.plugins.module_utils._facts.power_guards import ListedVm
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.vms import read_vms

from tests.unit.plugins.driver_node import UUID


def test_all_vms_of_a_host_are_listed(host: Any, tmp_path: Path) -> None:
    """By name, with whether they are active, and their state in libvirt's words."""
    uri = f"test://{tmp_path}/node.xml"
    assert read_vms(uri) == [ListedVm("vm1", UUID, True, "running")]


def test_a_host_that_does_not_answer_has_no_list(tmp_path: Path) -> None:
    """No list is not an empty one."""
    pytest.importorskip("libvirt")
    with pytest.raises(ConnectionFailed):
        read_vms(f"test://{tmp_path}/none.xml")
