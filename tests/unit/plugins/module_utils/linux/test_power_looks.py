# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host remembers of looks at the cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.drover.libvirt.plugins.module_utils._linux.power_looks import (
    keep_look,
    read_looks,
)


def look(at: str, busy: float = 1.0) -> dict[str, Any]:
    """Return a look."""
    return {"at": at, "memory_mib": 1.0, "vcpus": 1.0, "cpu_usage": busy}


def test_looks_of_a_day_are_kept_in_order(tmp_path: Path) -> None:
    """Whatever the offsets from UTC; those more than a day older are forgotten, a moment is kept once."""
    folder = str(tmp_path / "looks")
    for at in ("2026-11-24T10:00:00+01:00", "2026-11-24T23:00:00+01:00", "2026-11-25T09:30:00Z"):
        keep_look(look(at), folder)
    kept = keep_look(look("2026-11-25T09:30:00Z", 2.0), folder)
    assert kept == read_looks(folder)
    assert [(one["at"], one["cpu_usage"]) for one in kept] == [
        ("2026-11-24T23:00:00+01:00", 1.0),
        ("2026-11-25T09:30:00Z", 2.0),
    ]


def test_a_damaged_file_is_no_evidence(tmp_path: Path) -> None:
    """And hinders nobody."""
    for text in ("", "[", "3", '["x"]', '[{"at": "yesterday"}]'):
        (tmp_path / "looks.json").write_text(text)
        assert read_looks(str(tmp_path)) == []
    assert len(keep_look(look("2026-11-25T09:30:00Z"), str(tmp_path))) == 1
