# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents in files: whole or not at all, and for their owner alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.commands.files import as_text, read_document, read_text, write_document
from planner.errors import InputError


def test_a_document_is_written_whole_for_its_owner_alone(tmp_path: Path) -> None:
    """And a link in its place is replaced, never followed."""
    target, link = tmp_path / "target", tmp_path / "plan.json"
    target.write_text("kept")
    link.symlink_to(target)
    write_document(str(link), {"a": [1]})
    assert link.read_text() == as_text({"a": [1]}) == '{\n "a": [\n  1\n ]\n}\n'
    assert (target.read_text(), link.is_symlink(), link.stat().st_mode & 0o777) == (
        "kept",
        False,
        0o600,
    )
    assert read_document(str(link)) == {"a": [1]}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan.json", "target"]


@pytest.mark.parametrize("name", ["missing/plan.json", "folder", "nul\0.json"])
def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    """The sentence names the file."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="Cannot write "):
        write_document(str(tmp_path / name), {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder"]


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """It is not there, not a file, or not text."""
    (tmp_path / "latin").write_bytes(b"\xe9")
    for name, reason in (
        ("none", "No such file or directory"),
        (".", "Is a directory"),
        ("latin", "it is not UTF-8 text"),
    ):
        with pytest.raises(InputError) as caught:
            read_text(str(tmp_path / name))
        assert caught.value.message.endswith(f": {reason}.")
