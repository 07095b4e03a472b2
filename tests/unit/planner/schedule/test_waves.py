# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waves of migrations that may run together."""

from __future__ import annotations

import pytest

from planner.schedule.step import TimedStep
from planner.schedule.waves import group_in_waves
from tests.unit.planner.schedule.ways import Way, steps_of


def waves(*rows: tuple[Way, str], per_host: int = 1, at_once: int = 9) -> list[list[str]]:
    """Return the waves of steps, each with the VM that it waits for."""
    migrations = [
        TimedStep(id=way[0], step=steps_of(way)[0], start_ms=0, finish_ms=1, after=tuple(after))
        for way, after in rows
    ]
    return group_in_waves(migrations, per_host, at_once)


P = ("p", "c", "d", 1, 1)


@pytest.mark.parametrize(
    ("rows", "per_host", "at_once", "expected"),
    [
        ([], 1, 9, []),
        ([(("x", "a", "b", 1, 1), ""), (P, "")], 1, 9, [["x", "p"]]),
        ([(("x", "a", "b", 1, 1), ""), (P, "")], 1, 1, [["x"], ["p"]]),
        ([(("x", "a", "b", 1, 1), ""), (("y", "a", "c", 1, 1), "")], 1, 9, [["x"], ["y"]]),
        ([(("x", "a", "b", 1, 1), ""), (("y", "a", "c", 1, 1), "")], 2, 9, [["x", "y"]]),
        ([(("x", "a", "b", 1, 1), ""), (P, "x")], 1, 9, [["x"], ["p"]]),
        (
            [(("x", "a", "b", 1, 1), ""), (("y", "a", "c", 1, 1), ""), (("z", "b", "d", 1, 1), "")],
            1,
            9,
            [["x"], ["y", "z"]],
        ),
        (
            [
                (("x", "a", "b", 1, 1), ""),
                (("p", "c", "d", 1, 1), "x"),
                (("q", "e", "f", 1, 1), "x"),
                (("r", "g", "h", 1, 1), "x"),
            ],
            1,
            2,
            [["x"], ["p", "q"], ["r"]],
        ),
    ],
)
def test_waves_keep_tokens_and_dependencies(
    rows: list[tuple[Way, str]], per_host: int, at_once: int, expected: list[list[str]]
) -> None:
    """Each step is in the first wave that has tokens for both of its hosts, after those that it waits for."""
    assert waves(*rows, per_host=per_host, at_once=at_once) == expected
