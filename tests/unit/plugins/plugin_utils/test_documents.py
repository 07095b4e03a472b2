# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents given in place or in files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.plugin_utils._documents import (
    DocumentUnreadable,
    read_document,
    write_document,
)


def test_a_document_may_be_given_in_place_or_as_a_file(tmp_path: Path) -> None:
    """Both ways give the same; nothing at all is an empty document."""
    (tmp_path / "policy.yml").write_text("spare_hosts: 1\n")
    assert read_document({"spare_hosts": 1}, "policy") == read_document(
        str(tmp_path / "policy.yml"), "policy"
    )
    assert read_document(None, "policy") == {}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The sentence says what was wanted and where."""
    with pytest.raises(
        DocumentUnreadable,
        match=r"The policy cannot be used\. Cannot read .*none\.yml: No such file",
    ):
        read_document(str(tmp_path / "none.yml"), "policy")


def test_a_malformed_file_is_named_with_the_place(tmp_path: Path) -> None:
    """The line and column of the fault are in the sentence."""
    path = tmp_path / "policy.yml"
    path.write_text("rules: [\n")
    with pytest.raises(DocumentUnreadable, match=r"policy\.yml is not valid YAML.*line 2"):
        read_document(str(path), "policy")


def test_a_list_is_no_document() -> None:
    """Only a mapping is."""
    with pytest.raises(DocumentUnreadable, match="must be a mapping"):
        read_document([1], "policy")


def test_writing_twice_changes_once_and_check_mode_never(tmp_path: Path) -> None:
    """The second write of the same content reports no change."""
    path = tmp_path / "plan.json"
    assert write_document(str(path), {"a": 1}, check_mode=True)
    assert not path.exists()
    assert write_document(str(path), {"a": 1})
    assert not write_document(str(path), {"a": 1})
    assert write_document(str(path), {"a": 2})


def test_a_pipe_in_the_place_of_a_document_is_replaced(tmp_path: Path) -> None:
    """Reading what is there waited for ever."""
    path = tmp_path / "plan.json"
    os.mkfifo(path)
    assert write_document(str(path), {"a": 1})
    assert path.is_file()
    assert not write_document(str(path), {"a": 1})
