# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs that moved a short while ago are left in peace, unless it is worth it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..cluster.domain import Domain
from .windows import told


@dataclass(frozen=True, kw_only=True)
class Cooldown:
    """What goals that follow the load, and so might go back and forth, owe to VMs that moved.

    Attributes
    ----------
    cost_s, period_s
        What another migration costs more right after one, in seconds of migration; the cost decays evenly
        and is gone after the period.
    after_failure_s
        For how long a VM is not tried again after a migration of it failed.
    quiet_s
        For how long nothing moves after the last migration of the cluster.
    """

    cost_s: float = 300.0
    period_s: float = 3600.0
    after_failure_s: float = 3600.0
    quiet_s: float = 0.0

    def extra_s(self, domain: Domain, now: datetime) -> float:
        """Return what a migration of the VM costs more now.

        Worked example: 300 s decaying over an hour, 15 minutes after the last migration: 225 s.
        """
        age_s = _age_s(domain, now)
        if age_s is None or age_s >= self.period_s:
            return 0.0
        return round(self.cost_s * (1 - age_s / self.period_s), 3)

    def refusal(self, domain: Domain, now: datetime) -> str | None:
        """Say why a VM is not to be tried again yet; ``None`` where it may be."""
        last, age_s = domain.last_migration, _age_s(domain, now)
        if last is None or age_s is None or not last.failed or age_s >= self.after_failure_s:
            return None
        until = told(now + timedelta(seconds=self.after_failure_s - age_s))
        return f"its last migration failed, so it is left alone until {until} (cooldown.after_failure_s)"

    def rest(self, domains: Iterable[Domain], now: datetime) -> str | None:
        """Say why the whole cluster is left alone; ``None`` where its last migration is long enough ago."""
        ages = [age_s for domain in domains if (age_s := _age_s(domain, now)) is not None]
        if not ages or min(ages) >= self.quiet_s:
            return None
        return (
            f"Nothing moves now: the last migration of the cluster was {min(ages):.0f} s ago, and "
            f"cooldown.quiet_s asks for {self.quiet_s:g} s of quiet."
        )


def _age_s(domain: Domain, now: datetime) -> float | None:
    """Return how long ago the VM moved, or failed to; a clock that is behind makes it no younger than nothing."""
    if domain.last_migration is None:
        return None
    return max(0.0, (now - domain.last_migration.at).total_seconds())
