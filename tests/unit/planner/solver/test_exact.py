# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exact model, where there is no time for it."""

from __future__ import annotations

import pytest

from planner.errors import TimeLimit
from planner.patience import Patience, having
from planner.solver.exact import solve_among
from planner.solver.indexed import Indexed
from planner.solver.milp.backend import Effort
from tests.unit.planner.builders import cluster, evacuation, problem


def test_an_answer_that_has_to_be_and_is_not_found_in_time() -> None:
    """The sentence says what would make it easier."""
    posed = problem(cluster(a={"x": 1}, b={}, c={}), evacuation("a"))
    with (
        having(Patience(limit_s=0.0)),
        pytest.raises(TimeLimit, match="name fewer hosts at a time"),
    ):
        solve_among(posed, Indexed(posed), Effort(), lambda: None, [0])
