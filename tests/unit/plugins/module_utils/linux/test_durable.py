# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are there whole, or not at all."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._linux.durable import (
    create_file,
    replace_file,
)


def test_a_file_takes_the_place_of_another(tmp_path: Path) -> None:
    """Text and mode are the new ones, and nothing else is left in the directory."""
    path = tmp_path / "mark.json"
    replace_file(str(path), "old")
    replace_file(str(path), "new", mode=0o600)
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["mark.json"]


def test_an_existing_file_is_not_created_again(tmp_path: Path) -> None:
    """The first text stays."""
    path = tmp_path / "id"
    assert create_file(str(path), "first") is True
    assert create_file(str(path), "second") is False
    assert path.read_text() == "first"
    assert os.listdir(tmp_path) == ["id"]


def test_of_several_writers_exactly_one_creates_the_file(tmp_path: Path) -> None:
    """As of several hosts that mark a shared storage at the same time."""
    path, created = str(tmp_path / "id"), []
    writers = [
        threading.Thread(
            target=lambda n=n: created.append(n) if create_file(path, str(n)) else None
        )
        for n in range(16)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [Path(path).read_text()] == [str(n) for n in created]


def test_a_file_system_without_links_does_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SMB and FAT have none; the file is created in place, once."""

    def refuse(_source: str, _target: str) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "id"
    assert create_file(str(path), "first") is True
    assert create_file(str(path), "second") is False
    assert path.read_text() == "first"
    assert os.listdir(tmp_path) == ["id"]


def test_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    """Nothing is created on the way."""
    with pytest.raises(FileNotFoundError):
        replace_file(str(tmp_path / "none" / "mark"), "x")
