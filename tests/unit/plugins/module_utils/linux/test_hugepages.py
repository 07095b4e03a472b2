# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Huge pages, from a directory like the kernel's."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.drover.libvirt.plugins.module_utils._linux.hugepages import read_hugepages


def test_each_size_is_told_with_its_numbers(tmp_path: Path) -> None:
    """Other entries are passed over."""
    (tmp_path / "other").mkdir()
    size = tmp_path / "hugepages-2048kB"
    size.mkdir()
    (size / "nr_hugepages").write_text("512\n")
    (size / "free_hugepages").write_text("100\n")
    assert read_hugepages(str(tmp_path)) == [{"size_kib": 2048, "total": 512, "free": 100}]


def test_a_kernel_without_huge_pages_has_none(tmp_path: Path) -> None:
    """A missing directory is no error."""
    assert read_hugepages(str(tmp_path / "none")) == []
