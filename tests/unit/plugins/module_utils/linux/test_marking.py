# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders about the maintenance of hosts, in real files."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._linux.mark_files import read_marks
from ansible_collections.drover.libvirt.plugins.module_utils._linux.marking import (
    NoMoment,
    Order,
    carry_out,
)
from ansible_collections.drover.libvirt.plugins.module_utils._linux.state_directory import (
    StateUnusable,
)

NOW = datetime.datetime(2026, 11, 24, 9, 0, 0, tzinfo=datetime.timezone.utc)


def order(directory: Path, state: str = "maintenance", at: str | None = None) -> Order:
    """Return an order about kvm2."""
    evacuated = [{"name": "web", "uuid": "u-1"}]
    return Order("kvm2", state, str(directory), at, "alice", "fans", evacuated)


def test_an_order_is_kept_and_read_back(tmp_path: Path) -> None:
    """The directory is made, and the mark has all that was said."""
    done = carry_out(order(tmp_path / "marks"), NOW, check_mode=False)
    assert done.changed
    assert done.before == ""
    marks, problems = read_marks(str(tmp_path / "marks"))
    assert marks == {"kvm2": done.mark}
    assert problems == {}
    assert done.mark == {
        "maintenance": True,
        "at": "2026-11-24T09:00:00Z",
        "by": "alice",
        "reason": "fans",
        "evacuated": [{"name": "web", "uuid": "u-1"}],
    }


def test_check_mode_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    """Also no directory."""
    done = carry_out(order(tmp_path / "marks"), NOW, check_mode=True)
    assert done.changed
    assert json.loads(done.after) == done.mark
    assert not (tmp_path / "marks").exists()


def test_the_same_order_again_changes_nothing(tmp_path: Path) -> None:
    """The first moment stays."""
    first = carry_out(order(tmp_path), NOW, check_mode=False)
    again = carry_out(order(tmp_path), NOW + datetime.timedelta(hours=1), check_mode=False)
    assert not again.changed
    assert (again.mark, again.before) == (first.mark, again.after)


def test_ending_a_maintenance_leaves_a_mark_without_domains(tmp_path: Path) -> None:
    """The file stays, and says that the host is active."""
    carry_out(order(tmp_path), NOW, check_mode=False)
    done = carry_out(order(tmp_path, "active"), NOW, check_mode=False)
    assert done.mark["maintenance"] is False
    assert done.mark["evacuated"] == []
    assert done.mark["at"] == "2026-11-24T09:00:01Z"


def test_an_older_order_is_refused_with_a_warning(tmp_path: Path) -> None:
    """It is no error: this host just knows better."""
    carry_out(order(tmp_path), NOW, check_mode=False)
    done = carry_out(order(tmp_path, "active", "2026-11-24T08:00:00Z"), NOW, check_mode=False)
    assert not done.changed
    assert done.mark["maintenance"] is True
    assert "newer" in done.warnings[0]


def test_a_damaged_mark_is_replaced(tmp_path: Path) -> None:
    """With a warning, since what it said is lost."""
    (tmp_path / "kvm2.json").write_text("{")
    done = carry_out(order(tmp_path), NOW, check_mode=False)
    assert done.changed
    assert "held no mark" in done.warnings[0]


def test_damaged_marks_do_not_hide_others(tmp_path: Path) -> None:
    """They are left out with a warning each, and other files are not looked at."""
    carry_out(order(tmp_path), NOW, check_mode=False)
    (tmp_path / "kvm3.json").write_text("{")
    (tmp_path / "kvm4.json.tmp").write_text("{")
    marks, problems = read_marks(str(tmp_path))
    assert list(marks) == ["kvm2"]
    assert len(problems) == 1
    assert "kvm3.json" in problems["kvm3"]


def test_a_host_without_marks_has_none(tmp_path: Path) -> None:
    """The directory need not be there."""
    assert read_marks(str(tmp_path / "none")) == ({}, {})


def test_a_moment_must_be_one(tmp_path: Path) -> None:
    """The sentence shows what was given and how to write it."""
    with pytest.raises(NoMoment, match=r"'noon'.*Write it like"):
        carry_out(order(tmp_path, at="noon"), NOW, check_mode=False)


def test_a_directory_that_cannot_be_made_is_an_error_by_name(tmp_path: Path) -> None:
    """The sentence names the file."""
    (tmp_path / "marks").write_text("a file")
    with pytest.raises(StateUnusable, match=r"marks/kvm2\.json"):
        carry_out(order(tmp_path / "marks"), NOW, check_mode=False)
