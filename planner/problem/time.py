# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the migrations may take, and how long they take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ..cluster.snapshot import ClusterSnapshot
from ..policy.move_window import MoveWindow
from ..policy.policies import Policies
from ..policy.time_frame import TimeFrame


@dataclass(frozen=True, kw_only=True)
class Time:
    """The time that there is for the migrations of a plan.

    Attributes
    ----------
    frame
        Until when the migrations may run; ``None`` where no clock limits them.
    setup_s, transfer_s
        What a migration takes beside the transfer, and per VM with it.
    """

    snapshot: ClusterSnapshot
    policies: Policies
    frame: TimeFrame | None
    setup_s: float
    transfer_s: Mapping[str, float]

    @property
    def duration_s(self) -> float | None:
        """The seconds that the migrations may take; ``None`` where nothing limits them."""
        limits = [self.policies.limits.duration_s, self.frame.seconds if self.frame else None]
        return min((limit for limit in limits if limit is not None), default=None)

    @property
    def totals(self) -> dict[str, str]:
        """The limits of a plan in all, for which something may have to be left out, for people."""
        limits = self.policies.limits.totals
        found = {name: f"limits.{name} ({most:g})" for name, most in limits.items()}
        if self.frame and self.frame.seconds == self.duration_s:
            found["duration_s"] = f"time ({self.frame.cause})"
        return found

    @cached_property
    def closings(self) -> dict[str, MoveWindow]:
        """The rules whose windows are open now; of several about a VM, the one that closes first."""
        found: dict[str, MoveWindow] = {}
        for rule in self.policies.rules:
            if isinstance(rule, MoveWindow) and rule.is_firm and not rule.binds:
                for name in rule.domains:
                    found[name] = min(found.get(name, rule), rule, key=lambda r: r.closes)
        return found

    @property
    def at_once(self) -> int:
        """How many migrations may run at a time."""
        return self.policies.limits.at_once(
            sum(host.is_up for host in self.snapshot.hosts.values())
        )

    def work_s(self, domain: str) -> float:
        """Return for how long the migration of a VM is predicted to occupy its hosts."""
        return self.setup_s + self.transfer_s[domain]
