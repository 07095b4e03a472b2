# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storages get an identity once: which directories are marked, and what is told of the others."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.storage import MARKER_NAME
from ansible_collections.drover.libvirt.plugins.module_utils._inspection import marking
from ansible_collections.drover.libvirt.plugins.module_utils._inspection.marking import (
    NotMarkable,
    mark_storages,
    marker_path,
)

from tests.unit.plugins.driver_node import NODE

UUID = "5c0d8f7e-6f5a-4f0c-9a51-0a9c2a7b1c11"


@contextlib.contextmanager
def mounted(monkeypatch: pytest.MonkeyPatch, **kinds: Path) -> Iterator[None]:
    """Let directories be mounts of their own, by the kind of their file system."""
    table = ["1 0 0:1 / / rw - ext4 /dev/vda rw"]
    table += [
        f"{number} 1 0:{number} / {path} rw - {kind} server:/export rw"
        for number, (kind, path) in enumerate(kinds.items(), start=2)
    ]
    monkeypatch.setattr(marking, "read_mountinfo", lambda: "\n".join(table))
    yield


def marked(path: Path, text: str = UUID) -> None:
    """Give a directory a marker."""
    (path / MARKER_NAME).write_text(text + "\n")


def test_a_shared_directory_is_marked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time its marker is read, and nothing is new."""
    with mounted(monkeypatch, nfs4=tmp_path):
        first = mark_storages([str(tmp_path)], "", force=False, check_mode=False)
        again = mark_storages([str(tmp_path)], "", force=False, check_mode=False)
    assert first.created == [str(tmp_path)]
    assert (
        str(uuid.UUID(Path(marker_path(str(tmp_path))).read_text().strip()))
        == first.markers[str(tmp_path)]
    )
    assert (again.created, again.markers, again.warnings) == ([], first.markers, [])


def test_in_check_mode_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told which storages would get a marker."""
    with mounted(monkeypatch, nfs4=tmp_path):
        found = mark_storages([str(tmp_path)], "", force=False, check_mode=True)
    assert (found.created, found.markers) == ([str(tmp_path)], {})
    assert list(tmp_path.iterdir()) == []


def test_a_directory_of_this_host_alone_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A marker there would make another host's directory look the same; the operator may know better."""
    with mounted(monkeypatch):
        with pytest.raises(NotMarkable, match="is on a ext4 file system"):
            mark_storages([str(tmp_path)], "", force=False, check_mode=False)
        assert mark_storages([str(tmp_path)], "", force=True, check_mode=False).created


def test_a_marker_that_is_damaged_is_kept_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other hosts may have read it while it was whole."""
    marked(tmp_path, "not a UUID")
    with mounted(monkeypatch, nfs4=tmp_path):
        found = mark_storages([str(tmp_path)], "", force=False, check_mode=False)
    assert (found.created, found.markers) == ([], {})
    assert found.warnings == [
        f"The storage {tmp_path} has no usable marker: its file {MARKER_NAME} holds no UUID."
    ]


def test_a_storage_that_cannot_be_written_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are marked all the same."""
    gone, there = tmp_path / "gone", tmp_path / "there"
    there.mkdir()
    with mounted(monkeypatch, nfs4=tmp_path):
        monkeypatch.setattr(marking, "marker_directory", lambda path, _mounts: path)
        found = mark_storages([str(gone), str(there)], "", force=False, check_mode=False)
    assert found.created == [str(there)]
    assert found.warnings == [
        f"The storage {gone} has no usable marker: it cannot be written (No such file or directory)."
    ]


@pytest.fixture
def uri(tmp_path: Path) -> str:
    """The host of libvirt's test driver, whose pool is a directory here."""
    pytest.importorskip("libvirt")
    (tmp_path / "images").mkdir()
    node = NODE.replace("<path>/images</path>", f"<path>{tmp_path}/images</path>")
    (tmp_path / "node.xml").write_text(node)
    return f"test://{tmp_path}/node.xml"


def test_without_paths_the_shared_storages_of_vms_are_marked(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shared mount that holds no pool and no image is left alone."""
    other = tmp_path / "other"
    other.mkdir()
    with mounted(monkeypatch, nfs4=tmp_path / "images", nfs=other):
        found = mark_storages(None, uri, force=False, check_mode=False)
    assert found.created == [str(tmp_path / "images")]
    assert list(other.iterdir()) == []


def test_a_pool_on_a_disk_of_the_host_is_left_alone(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without paths nothing is forced."""
    with mounted(monkeypatch):
        assert mark_storages(None, uri, force=True, check_mode=False).created == []
