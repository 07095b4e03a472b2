# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which disks of a VM are copied."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._request.disks_to_copy import (
    copied_disks,
    layered_disks,
    unknown_disks,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)

DOMAIN = ET.fromstring(
    """
<domain><devices>
  <disk type='file' device='disk'><driver type='qcow2'/><source file='/vms/a.qcow2'/>
    <backingStore type='file'><format type='raw'/><source file='/vms/base.raw'/></backingStore>
    <target dev='vda'/></disk>
  <disk type='file' device='disk'><source file='/vms/b.raw'/><target dev='vdb'/></disk>
  <disk type='file' device='disk'><source file='/vms/c.raw'/><target dev='vdc'/><readonly/></disk>
  <disk type='file' device='cdrom'><source file='/iso/d.iso'/><target dev='hda'/></disk>
  <disk type='network' device='disk'><source protocol='rbd' name='p/e'/><target dev='vde'/></disk>
  <disk type='block' device='disk'><source dev='/dev/vg/f'/><target dev='vdf'/></disk>
</devices></domain>"""
)


def _targets(**options: Any) -> list[str]:
    return [disk.target for disk in copied_disks(DOMAIN, MigrationOptions(**options))]


def test_writable_files_are_copied_unless_told_otherwise() -> None:
    """Neither what is only read, nor what is on the network or a block device."""
    assert _targets() == []
    assert _targets(copy_storage="all") == ["vda", "vdb"]
    assert _targets(copy_storage="all", migrate_disks=("vdb",)) == ["vdb"]


def test_only_the_upper_layer_is_copied_over_the_lower_one() -> None:
    """The copy is layered on what the original is layered on."""
    inc = copied_disks(DOMAIN, MigrationOptions(copy_storage="inc"))
    assert [disk.backing for disk in inc] == [("/vms/base.raw", "raw"), None]
    assert layered_disks(DOMAIN, MigrationOptions(copy_storage="inc")) == []
    assert layered_disks(DOMAIN, MigrationOptions(copy_storage="all")) == ["vda"]


def test_names_that_no_writable_disk_has_are_told() -> None:
    """A disk that is only read cannot be named either."""
    options = MigrationOptions(copy_storage="all", migrate_disks=("vdb", "vdc", "vdx"))
    assert unknown_disks(DOMAIN, options) == ["vdc", "vdx"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"copy_storage": "some"},
        {"migrate_disks": ("vda",)},
        {"remove_source_images": True},
        {"copy_storage": "all", "mode": "offline"},
        {"copy_storage": "all", "unsafe": True},
    ],
    ids=str,
)
def test_options_that_do_not_go_together_are_refused(wrong: dict[str, Any]) -> None:
    """Where libvirt would not look whether a disk is shared, nothing is copied."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        MigrationOptions(**wrong)
