# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All policies of a cluster together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .base import Rule
from .capacity import Capacity
from .cooldown import Cooldown
from .load import Load
from .spare_hosts import SpareHosts
from .windows import Window


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of the migrations.

    Attributes
    ----------
    per_host
        Migrations of a host at a time, source and destination counted alike.
    cluster
        Migrations at a time; ``None`` means half the hosts, rounded down.
    max_migrations, max_memory_gib
        Migrations of one plan, and the memory of the VMs that they move. Parking on the way is not counted.
    bandwidth_mib_s
        Of one migration.
    network_mib_s
        Of all migrations together.
    duration_s
        Predicted seconds from the first start of a plan to its last end.
    windows
        When migrations may run at all; always, if there are none.
    """

    per_host: int = 1
    cluster: int | None = None
    max_migrations: int | None = None
    max_memory_gib: float | None = None
    bandwidth_mib_s: float | None = None
    network_mib_s: float | None = None
    duration_s: float | None = None
    windows: tuple[Window, ...] = ()

    def at_once(self, hosts: int) -> int:
        """Return how many migrations may run at a time in a cluster of this many hosts that are up."""
        return self.cluster or max(1, hosts // 2)

    @property
    def totals(self) -> dict[str, float]:
        """The limits of a plan in all, for which something may have to be left out, by their names."""
        limits = {
            "max_migrations": self.max_migrations,
            "max_memory_gib": self.max_memory_gib,
            "duration_s": self.duration_s,
        }
        return {name: most for name, most in limits.items() if most is not None}

    def without_totals(self) -> Limits:
        """Return the same limits at a time, without those of a plan in all."""
        return replace(self, max_migrations=None, max_memory_gib=None, duration_s=None)


@dataclass(frozen=True, kw_only=True)
class Policies:
    """What must or should hold.

    Attributes
    ----------
    balance_above
        A balance does nothing while no host gives out more than this fraction of its limit, of any resource.
    balance_hold
        A balance does nothing before hosts have been uneven for this many looks, the present one included.
    """

    capacity: Capacity = field(default_factory=Capacity)
    spare_hosts: SpareHosts = field(default_factory=SpareHosts)
    limits: Limits = field(default_factory=Limits)
    per_migration_s: float = 60.0
    balance_above: float = 0.0
    balance_hold: int = 1
    load: Load = field(default_factory=Load)
    cooldown: Cooldown = field(default_factory=Cooldown)
    rules: tuple[Rule, ...] = ()
