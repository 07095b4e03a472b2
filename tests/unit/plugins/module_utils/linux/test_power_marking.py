# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeping a copy of a power mark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.power_marks import (
    parse_power_mark,
)
from ansible_collections.drover.libvirt.plugins.module_utils._linux.mark_files import read_marks
from ansible_collections.drover.libvirt.plugins.module_utils._linux.power_marking import (
    PowerMarkNotKept,
    keep_power_mark,
)

AT, LATER = "2026-11-24T22:00:00Z", "2026-11-24T22:05:00Z"


def mark(state: str = "asleep", at: str = AT) -> dict[str, Any]:
    return {"state": state, "at": at, "since": AT, "by": "ann"}


def test_a_mark_is_kept_once(tmp_path: Path) -> None:
    """The same one again changes nothing."""
    directory = str(tmp_path / "power")
    assert keep_power_mark("kvm3", mark(), directory, False).changed
    assert not keep_power_mark("kvm3", mark(), directory, False).changed
    marks, problems = read_marks(directory, parse_power_mark)
    assert (marks["kvm3"]["state"], marks["kvm3"]["times_off"], problems) == ("asleep", 0, {})


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    """But says that it would."""
    assert keep_power_mark("kvm3", mark(), str(tmp_path), True).changed
    assert list(tmp_path.iterdir()) == []


def test_an_older_mark_does_not_take_the_place_of_a_newer_one(tmp_path: Path) -> None:
    """It is said instead."""
    keep_power_mark("kvm3", mark(at=LATER), str(tmp_path), False)
    kept = keep_power_mark("kvm3", mark("on"), str(tmp_path), False)
    assert (kept.changed, kept.mark["state"]) == (False, "asleep")
    assert "newer" in kept.warnings[0]


def test_a_file_that_holds_no_mark_is_replaced(tmp_path: Path) -> None:
    """Half a file must not keep the next mark away."""
    (tmp_path / "kvm3.json").write_text("{")
    kept = keep_power_mark("kvm3", mark(), str(tmp_path), False)
    assert kept.changed
    assert "is replaced" in kept.warnings[0]


@pytest.mark.parametrize("wrong", [{"state": "dozing"}, {"at": "yesterday"}])
def test_what_is_no_mark_is_refused(tmp_path: Path, wrong: dict[str, str]) -> None:
    """With what is wrong about it."""
    with pytest.raises(PowerMarkNotKept, match="not a power mark of kvm3"):
        keep_power_mark("kvm3", {**mark(), **wrong}, str(tmp_path), False)
