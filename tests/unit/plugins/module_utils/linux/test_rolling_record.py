# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a rolling maintenance on one host, in real files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._linux import state_directory
from ansible_collections.drover.libvirt.plugins.module_utils._linux.rolling_record import (
    FILE_NAME,
    RecordUnreadable,
    TakenOver,
    read_record,
    write_record,
)
from ansible_collections.drover.libvirt.plugins.module_utils._linux.state_directory import (
    StateUnusable,
)

ANN: dict[str, Any] = {
    "run": "r1",
    "by": "ann@desk",
    "number": 4,
    "since": "2026-11-24T09:00:00+00:00",
    "process": [],
    "running": True,
    "tasks": "/ops/update.yml",
    "hosts": ["kvm1"],
    "batch": [],
    "maintained": [],
    "finished": False,
}
BOB = {**ANN, "run": "r2", "by": "bob@desk"}


def test_a_record_is_kept_with_the_next_number(tmp_path: Path) -> None:
    """The directory is made, and what was written is read back."""
    directory = str(tmp_path / "rolling")
    assert read_record(directory) is None
    written = write_record(ANN, [], directory)
    assert written == {**ANN, "number": 5}
    assert read_record(directory) == written


def test_check_mode_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    """Also no directory."""
    assert write_record(ANN, [], str(tmp_path / "rolling"), check_mode=True)["number"] == 5
    assert not (tmp_path / "rolling").exists()


def test_a_run_goes_on_with_its_own_record(tmp_path: Path) -> None:
    """What it wrote before is replaced."""
    first = write_record(ANN, [], str(tmp_path))
    assert write_record(first, [], str(tmp_path))["number"] == 6


def test_a_run_that_was_taken_over_stops(tmp_path: Path) -> None:
    """Who has seen the record of another run may replace it; from then on that run is refused, and
    told by whom."""
    first = write_record(ANN, [], str(tmp_path))
    write_record({**BOB, "number": first["number"]}, ["r1"], str(tmp_path))
    with pytest.raises(TakenOver, match=r"bob@desk has begun or taken over"):
        write_record(first, [], str(tmp_path))


def test_of_two_who_come_at_the_same_moment_the_second_is_refused(tmp_path: Path) -> None:
    """Neither has seen a record; in check mode it is the same."""
    write_record(ANN, [], str(tmp_path))
    for check_mode in (True, False):
        with pytest.raises(TakenOver, match="ann@desk"):
            write_record(BOB, [], str(tmp_path), check_mode)
    kept = read_record(str(tmp_path))
    assert kept is not None
    assert kept["by"] == "ann@desk"


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_damaged_record_is_named(tmp_path: Path, text: str) -> None:
    """It is never taken for none: hosts would be maintained twice."""
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(RecordUnreadable, match=r"record\.json is damaged: .*Remove the file"):
        read_record(str(tmp_path))


@pytest.mark.parametrize("name", sorted(ANN))
def test_a_record_without_one_of_its_parts_is_damaged(tmp_path: Path, name: str) -> None:
    """What is missing, or is not what it should be, is named."""
    for part in ({}, {name: None}):
        rest = {key: value for key, value in ANN.items() if key != name}
        (tmp_path / FILE_NAME).write_text(json.dumps({**rest, **part}))
        with pytest.raises(RecordUnreadable, match=f"is damaged: {name} missing or of a wrong"):
            read_record(str(tmp_path))


def test_a_record_that_the_system_does_not_let_read_is_not_to_be_removed(tmp_path: Path) -> None:
    """It may be whole; a directory stands in its place here."""
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(
        RecordUnreadable, match=r"it is not a regular file\. Check the file"
    ) as error:
        read_record(str(tmp_path))
    assert "Remove" not in str(error.value)


def test_a_record_that_cannot_be_written_is_an_error_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says where and why, and the record of before stays."""
    before = write_record(ANN, [], str(tmp_path))

    def fill_up(path: str, text: str, mode: int) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(state_directory, "replace_file", fill_up)
    with pytest.raises(
        StateUnusable, match=r"record\.json cannot be written: No space .* Free some"
    ):
        write_record(before, [], str(tmp_path))
    assert read_record(str(tmp_path)) == before
