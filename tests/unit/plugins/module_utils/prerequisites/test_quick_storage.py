# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a VM that is moved quickly are where its saved image would be, or it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import ImageUnusable
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.quick_storage import (
    refuse_unshared,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)

RUNS = EndState(state="running", reason="booted", persistent=True)
UUID = "0c9ba2b7-7a8e-4b5c-9b22-3a1f3f0d1d1f"


def facts(*disks: str) -> DomainFacts:
    """Return a VM with these disks."""
    xml = "<domain><devices>{}</devices></domain>".format("".join(disks))
    return DomainFacts("vm1", UUID, RUNS, 64, xml, None, 0)


def refuse(directory: Path, vm: DomainFacts, unsafe: bool = False, mode: str = "quick") -> None:
    """Refuse the quick move of a VM whose disks are not beside its image."""
    refuse_unshared(MigrationOptions(mode=mode, save_directory=str(directory), unsafe=unsafe), vm)


def file_disk(path: Path | str) -> str:
    """Return a disk that is a file."""
    return f"<disk type='file' device='disk'><source file='{path}'/><target dev='vda'/></disk>"


def test_disks_beside_the_image_may_go_this_way(tmp_path: Path) -> None:
    """The destination proves that it shares the file system by reading the image there."""
    (tmp_path / "a.raw").write_text("")
    refuse(tmp_path, facts(file_disk(tmp_path / "a.raw")))


@pytest.mark.parametrize(
    ("disk", "name"),
    [
        (file_disk("/proc/version"), "/proc/version"),
        (file_disk("/nowhere/a.raw"), "/nowhere/a.raw"),
        (
            "<disk type='block' device='disk'><source dev='/dev/null'/><target dev='vda'/></disk>",
            "/dev/null",
        ),
        (
            "<disk type='volume' device='disk'><source pool='p' volume='v'/><target dev='vdb'/></disk>",
            "the disk vdb",
        ),
    ],
)
def test_a_disk_elsewhere_is_refused_and_named(tmp_path: Path, disk: str, name: str) -> None:
    """A restore takes whatever lies at the disk's path on the other host."""
    with pytest.raises(ImageUnusable, match=f"share {name}"):
        refuse(tmp_path, facts(disk))


def test_the_operator_may_vouch_for_a_disk(tmp_path: Path) -> None:
    """With the option that skips libvirt's check, too."""
    refuse(tmp_path, facts(file_disk("/proc/version")), unsafe=True)


@pytest.mark.parametrize(
    "disk",
    [
        "<disk type='file' device='cdrom'><target dev='sda'/></disk>",
        "<disk type='network' device='disk'><source protocol='rbd' name='p/v'/><target dev='vda'/></disk>",
    ],
)
def test_an_empty_drive_and_storage_of_the_network_are_no_obstacle(
    tmp_path: Path, disk: str
) -> None:
    """Neither lies on a file system of the host."""
    refuse(tmp_path, facts(disk))


def test_other_moves_have_no_image(tmp_path: Path) -> None:
    """Nothing is asked of their disks here."""
    refuse(tmp_path, facts(file_disk("/proc/version")), mode="live")
