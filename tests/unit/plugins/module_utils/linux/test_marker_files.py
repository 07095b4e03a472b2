# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identity files of storages, in real directories."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.drover.libvirt.plugins.module_utils._facts.readings import Marker
from ansible_collections.drover.libvirt.plugins.module_utils._linux.marker_files import (
    create_markers,
    read_markers,
)
from ansible_collections.drover.libvirt.plugins.module_utils._linux.mounts import (
    read_mountinfo,
    real_paths,
)

UUID = "5f0c2f0e-8f2a-4a63-9d2b-0a4f7d1a9a5e"


def test_a_marker_is_created_once(tmp_path: Path) -> None:
    """The second time the same UUID is found, and it is not ours any more."""
    path = str(tmp_path)
    first, second = create_markers([path])[path], create_markers([path])[path]
    assert first.is_new
    assert not second.is_new
    assert first.marker == second.marker == read_markers([path])[path]
    assert first.marker.uuid


def test_a_directory_without_a_marker_has_no_problem(tmp_path: Path) -> None:
    """Nothing is wrong with it; it has no identity yet."""
    assert read_markers([str(tmp_path)])[str(tmp_path)] == Marker(None)


def test_a_file_without_a_uuid_is_a_problem(tmp_path: Path) -> None:
    """It is not overwritten: perhaps it belongs to somebody."""
    path = str(tmp_path)
    (tmp_path / ".drover-storage-id").write_text("mine\n")
    creation = create_markers([path])[path]
    assert not creation.is_new
    assert "no UUID" in creation.marker.problem
    assert (tmp_path / ".drover-storage-id").read_text() == "mine\n"


def test_a_uuid_is_read_however_it_is_written(tmp_path: Path) -> None:
    """Capitals and braces are taken away, so that texts compare."""
    (tmp_path / ".drover-storage-id").write_text("{" + UUID.upper() + "}\n")
    assert read_markers([str(tmp_path)])[str(tmp_path)] == Marker(UUID)


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The others get their markers nevertheless."""
    missing, present = str(tmp_path / "none"), str(tmp_path)
    creations = create_markers([missing, present])
    assert "No such file or directory" in creations[missing].marker.problem
    assert creations[present].is_new


def test_a_storage_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    """Reading a pipe that nobody writes to blocks like a file server that is down."""
    os.mkfifo(tmp_path / ".drover-storage-id")
    marker = read_markers([str(tmp_path)], limit_s=0.1)[str(tmp_path)]
    assert marker.uuid is None
    assert "does not answer" in marker.problem


def test_links_are_followed(tmp_path: Path) -> None:
    """Also where the end of the path does not exist."""
    (tmp_path / "link").symlink_to(tmp_path / "real")
    paths = real_paths([str(tmp_path / "link" / "disk"), "/nowhere/a"])
    assert paths == {
        str(tmp_path / "link" / "disk"): str(tmp_path.resolve() / "real" / "disk"),
        "/nowhere/a": "/nowhere/a",
    }


def test_this_process_has_mounts() -> None:
    """The kernel's table names the root."""
    assert any(line.split()[4] == "/" for line in read_mountinfo().splitlines())
