# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as proved."""

from __future__ import annotations

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
