# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations that would end after the windows of their VMs have closed."""

from __future__ import annotations

from collections.abc import Sequence

from ..policy.windows import told
from ..problem.problem import Problem
from .step import TimedStep


def late_domains(problem: Problem, migrations: Sequence[TimedStep]) -> dict[str, str]:
    """Return the VMs whose migrations would end too late, with the reason."""
    found = {}
    for migration in migrations:
        if is_late(problem, migration.step.domain, migration.finish_ms):
            rule = problem.time.closings[migration.step.domain]
            found[migration.step.domain] = (
                f"the window of the {rule.title} closes on {told(rule.closes)}, in {rule.open_s:.0f} s, "
                f"and its migration would end {migration.finish_ms / 1000:.0f} s from now"
            )
    return found


def is_late(problem: Problem, domain: str, finish_ms: int) -> bool:
    """Tell whether the window of a VM would be closed by the end of its migration."""
    rule = problem.time.closings.get(domain)
    return rule is not None and finish_ms > 1000 * rule.open_s
