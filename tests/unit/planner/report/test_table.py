# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain text tables, and numbers as people say them."""

from __future__ import annotations

import pytest

from planner.report.table import amounts_used, counted, duration, gib, render_table


def test_numbers_stand_right_and_text_left() -> None:
    """A column is as wide as its widest cell; nothing is left behind the last one."""
    rows = [("web", 5, "up"), ("database", 12, "")]
    assert render_table(("VM", "moves", "state"), rows) == [
        "  VM        moves  state",
        "  web           5  up",
        "  database     12",
    ]


def test_a_column_with_one_text_is_text() -> None:
    """Where a number is not known, the others still stand in line."""
    assert render_table(("a", "b"), [(1, "x"), ("?", "y")], indent="") == ["a  b", "1  x", "?  y"]


def test_a_table_without_rows_is_its_header() -> None:
    """Nothing is to the right there."""
    assert render_table(("host", "VMs"), [], indent="") == ["host  VMs"]


def test_a_cell_cannot_begin_a_line() -> None:
    """The width counts what is shown in the place of the character."""
    assert render_table(("VM", "x"), [("a\nb", "1")], indent="") == ["VM    x", "a\\nb  1"]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0.0 s"),
        (4.24, "4.2 s"),
        (59.94, "59.9 s"),
        (60, "1 min 0 s"),
        (200.4, "3 min 20 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (7500, "2 h 5 min"),
        (90_000, "25 h 0 min"),
    ],
)
def test_durations(seconds: float, told: str) -> None:
    """In the two units that matter."""
    assert duration(seconds) == told


def test_no_duration_is_told_as_sixty_seconds() -> None:
    """What rounds to a minute is one, and what rounds to an hour, too."""
    assert duration(59.97) == "1 min 0 s"
    assert duration(3599.7) == "1 h 0 min"


@pytest.mark.parametrize(
    ("mib", "told"),
    [(0, "0 MiB"), (64, "64 MiB"), (1023, "1023 MiB"), (1024, "1.0 GiB"), (1536, "1.5 GiB")],
)
def test_memory(mib: float, told: str) -> None:
    """GiB from the first whole one on."""
    assert gib(mib) == told


@pytest.mark.parametrize(
    ("number", "plural", "told"),
    [
        (0, "", "0 waves"),
        (1, "", "1 wave"),
        (2, "", "2 waves"),
        (1, "x", "1 wave"),
        (3, "x", "3 x"),
    ],
)
def test_numbers_with_nouns(number: int, plural: str, told: str) -> None:
    """A noun whose plural is not its own with an s says so."""
    assert counted(number, "wave", plural) == told


def test_what_is_used() -> None:
    """Memory and CPUs in one breath."""
    assert amounts_used(4198, 0.62) == "4.1 GiB and 0.6 CPUs"
