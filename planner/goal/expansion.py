# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wake sleeping hosts for a demand, and move load onto them: the reverse of consolidation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ..cluster.host import Host
from ..cluster.resources import Resources, total
from ..cluster.snapshot import ClusterSnapshot
from .balance import Balance

FILL = 0.8
"""A host is meant to be filled up to this share of its limit; the rest is for peaks."""


@dataclass(frozen=True, kw_only=True)
class Expansion(Balance):
    """The woken hosts take their share of the load.

    Attributes
    ----------
    woken
        Hosts to wake, all of which Drover put to sleep.
    """

    kind: ClassVar[str] = "expand"

    woken: tuple[str, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts to wake."""
        return self.woken

    @property
    def waits_for_full_hosts(self) -> bool:
        """Hosts are woken because the others are going to be full."""
        return False

    def is_due(self, snapshot: ClusterSnapshot, limits: Mapping[str, Resources]) -> bool:
        """Tell whether a host is woken; a balance of the hosts that are on is another goal."""
        return bool(self.woken)

    def message(self, moves: int) -> str:
        """Say who is woken, and what moves."""
        if not self.woken:
            return "Nothing to do: the hosts that are on are enough, or no host sleeps that Drover put to sleep."
        names = " and ".join(self.woken)
        return f"Wake {names}; then {moves} {'migration moves' if moves == 1 else 'migrations move'} load onto them."


def hosts_to_wake(
    snapshot: ClusterSnapshot,
    limits: Mapping[str, Resources],
    *,
    demand: float = 1.0,
    spare: int = 0,
) -> tuple[str, ...]:
    """Return the fewest sleeping hosts that are enough for a demand, those that draw least for what they offer first.

    Parameters
    ----------
    limits
        What each host may give out, the sleeping ones included.
    demand
        The demand to be ready for, as a multiple of the load now.
    spare
        Hosts that may fail.
    """
    on = [name for name, host in snapshot.hosts.items() if host.is_up and not host.maintenance]
    asleep = [name for name, host in snapshot.hosts.items() if host.is_asleep]
    load = total(domain.demand for domain in snapshot.placed.values())
    wanted = Resources(*(demand * amount for amount in load))
    ranked = sorted(asleep, key=lambda name: (_watts_per_gib(snapshot.hosts[name]), name))
    for count in range(len(ranked) + 1):
        if _enough([limits[name] for name in (*on, *ranked[:count])], wanted, spare):
            return tuple(sorted(ranked[:count]))
    return tuple(sorted(ranked))


def _watts_per_gib(host: Host) -> float:
    return (host.idle_w or 0.0) / max(1, host.memory_mib)


def _enough(limits: Sequence[Resources], wanted: Resources, spare: int) -> bool:
    """Judge by sums: filled as meant, and without the largest hosts that may fail, filled to the limit."""
    for r in range(3):
        sizes = sorted(limit[r] for limit in limits)
        if FILL * sum(sizes) < wanted[r] or sum(sizes[: len(sizes) - spare]) < wanted[r]:
            return False
    return True


def wake(snapshot: ClusterSnapshot, hosts: Sequence[str]) -> ClusterSnapshot:
    """Return the snapshot as it is when these hosts are up."""
    woken = {name: replace(snapshot.hosts[name], state="up") for name in hosts}
    return replace(snapshot, hosts={**snapshot.hosts, **woken})
