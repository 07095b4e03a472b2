# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as proved."""

from __future__ import annotations

import pytest

from planner.cluster.placement import Placement
from planner.solver.solution import SolveStatus, proved_solution


def test_spare_migrations_are_no_proof_beside_dear_hosts() -> None:
    """A gap of a few migrations, small against the hosts' weight, is named (a defect once: it was called proved)."""
    hosts_s, migrations_s, spare_s = 10_000_000.0, 2_000.0, 40.0
    objective = hosts_s + migrations_s
    careless = proved_solution(Placement({}), objective, objective - spare_s)
    careful = proved_solution(
        Placement({}), objective, objective - spare_s, yardstick_s=migrations_s
    )
    assert (careless.status, careful.status) == (SolveStatus.OPTIMAL, SolveStatus.FEASIBLE)
    exact = proved_solution(Placement({}), objective, objective, yardstick_s=migrations_s)
    assert exact.status is SolveStatus.OPTIMAL


@pytest.mark.parametrize(
    ("objective", "bound", "yardstick", "status", "gap"),
    [
        (100.0, 100.0, None, SolveStatus.OPTIMAL, 0.0),
        (100.0, 99.995, None, SolveStatus.OPTIMAL, 0.00005),
        (100.0, 90.0, None, SolveStatus.FEASIBLE, 0.1),
        (100.0, None, None, SolveStatus.FEASIBLE, 1.0),
        (100.0, 120.0, None, SolveStatus.OPTIMAL, 0.0),
        (0.0, 0.0, None, SolveStatus.OPTIMAL, 0.0),
        (1e6, 1e6 - 50, None, SolveStatus.OPTIMAL, 0.00005),
        (1e6, 1e6 - 50, 500.0, SolveStatus.FEASIBLE, 0.00005),
    ],
)
def test_what_is_proved(
    objective: float,
    bound: float | None,
    yardstick: float | None,
    status: SolveStatus,
    gap: float,
) -> None:
    """By objective and bound alone; where one term dwarfs the others, a gap of several migrations is no proof."""
    found = proved_solution(Placement({}), objective, bound, yardstick_s=yardstick)
    assert found.status is status
    assert found.gap == pytest.approx(gap, abs=1e-6)
    assert found.bound <= found.objective
