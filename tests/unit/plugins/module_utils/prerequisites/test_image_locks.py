# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lock on an image is seen through the kernel, and of a VM's images the right ones count."""

from __future__ import annotations

import fcntl
import os
import struct
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.image_locks import (
    Image,
    Look,
    writable_images,
)

HERE = "qemu:///system"
WRITES, READS = 101, 100


def _lock(image: int, byte: int) -> None:
    """Lock a byte as QEMU does: shared, on the open file."""
    wanted = struct.pack("hhqqi0q", fcntl.F_RDLCK, os.SEEK_SET, byte, 1, 0)
    fcntl.fcntl(image, getattr(fcntl, "F_OFD_SETLK", 37), wanted)


@pytest.mark.parametrize(("byte", "is_held"), [(WRITES, True), (READS, False)])
def test_only_who_writes_holds_the_image(tmp_path: Path, byte: int, is_held: bool) -> None:
    """QEMU's lock for writing is seen; the one of a QEMU that only reads does not count."""
    path = tmp_path / "it's an image.raw"
    path.touch()
    with path.open("rb") as image:
        _lock(image.fileno(), byte)
        [seen] = Look(HERE).at([Image(str(path), True)])
    assert seen == (str(path), path.stat().st_ino, True, is_held)


def test_an_image_that_cannot_be_opened_is_left_out(tmp_path: Path) -> None:
    """The others are still told."""
    there = tmp_path / "there.raw"
    there.touch()
    paths = [str(tmp_path / "not-there.raw"), str(there)]
    assert [seen.path for seen in Look(HERE).at([Image(path, True) for path in paths])] == [
        str(there)
    ]


def test_a_host_that_cannot_be_asked_shows_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without SSH, or when what answers is not our script, nothing is proved."""
    assert Look("qemu+tls://kvm2/system").at([Image("/x.raw", True)]) == []
    (tmp_path / "ssh").write_text("#!/bin/sh\necho hello\n")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert Look("qemu+ssh://kvm2/system").at([Image("/x.raw", True)]) == []


def test_the_images_that_only_the_vm_writes_to() -> None:
    """What is read only or shared with others does not count; one on the network has no path."""
    definition = ET.fromstring(
        """<domain><devices>
        <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/a'/></disk>
        <disk type='block'><source dev='/dev/b'/></disk>
        <disk type='file' device='cdrom'><source file='/c.iso'/><readonly/></disk>
        <disk type='file' device='disk'><source file='/d.raw'/><readonly/></disk>
        <disk type='file' device='disk'><source file='/e.raw'/><shareable/></disk>
        <disk type='network' device='disk'><source protocol='rbd' name='f'/></disk>
        <disk type='file' device='cdrom'/>
        </devices></domain>"""
    )
    assert writable_images(definition) == [
        Image("/a", is_raw=False),
        Image("/dev/b", is_raw=True),
        Image("", is_raw=True),
    ]


def test_the_node_of_a_device_is_no_file() -> None:
    """A lock on it is known to its own host only, so the proof leaves it out."""
    [seen] = Look(HERE).at([Image("/dev/null", True)])
    assert not seen.is_file
