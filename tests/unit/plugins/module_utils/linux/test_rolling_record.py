# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a rolling maintenance on one host, in real files."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._linux.rolling_record import (
    FILE_NAME,
    RecordNotWritten,
    RecordUnreadable,
    TakenOver,
    read_record,
    write_record,
)

ANN = {"run": "r1", "by": "ann@desk", "number": 4}
BOB = {"run": "r2", "by": "bob@desk", "number": 4}


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
    with pytest.raises(RecordUnreadable, match=r"record\.json cannot be read.*Remove the file"):
        read_record(str(tmp_path))


def test_a_file_that_cannot_be_written_is_an_error_by_name(tmp_path: Path) -> None:
    """The sentence names the file; a directory in its place is met at reading."""
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises((RecordNotWritten, RecordUnreadable), match=r"record\.json"):
        write_record(ANN, [], str(tmp_path))
