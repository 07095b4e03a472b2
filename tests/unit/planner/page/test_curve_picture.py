# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of a plan's curve: each figure over the number of migrations."""

from __future__ import annotations

from typing import Any

import pytest

from planner.page.curve import lines_of


def plan(*points: tuple[int, float]) -> dict[str, Any]:
    """Return what is read of a plan: points of migrations and hosts in use."""
    return {
        "terms": [{"name": "hosts in use", "unit": "hosts of the cluster"}],
        "curve": {
            "points": [
                {"migrations": migrations, "terms": {"hosts in use": value}}
                for migrations, value in points
            ]
        },
    }


@pytest.mark.parametrize("document", [{}, {"curve": {}}, plan((0, 4.0))])
def test_less_than_two_points_are_no_line(document: dict[str, Any]) -> None:
    """A plan without a curve, or one whose only point is to do nothing."""
    assert lines_of(document) == []


def test_right_is_all_migrations_and_the_bottom_is_nothing() -> None:
    """The largest value is four per cent below the top, so that its line can be seen."""
    [line] = lines_of(plan((0, 4.0), (2, 2.0), (8, 1.0)))
    assert line.points == ((0.0, 4.0), (25.0, 52.0), (100.0, 76.0))
    assert line.path == "0,4 25,52 100,76"
    assert (line.name, line.unit, line.first, line.last) == ("hosts in use", "hosts", 4.0, 1.0)


def test_a_figure_that_is_nothing_everywhere_lies_at_the_bottom() -> None:
    """And one that no term explains has no unit."""
    document = {**plan((0, 0.0), (1, 0.0)), "terms": []}
    [line] = lines_of(document)
    assert line.points == ((0.0, 100.0), (100.0, 100.0))
    assert line.unit == ""
