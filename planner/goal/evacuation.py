# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Empty hosts, by live migration: for maintenance, or so that they can be switched off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..cluster.resources import Resources
from ..cluster.snapshot import ClusterSnapshot
from .base import Goal, Term


@dataclass(frozen=True, kw_only=True)
class Evacuation(Goal):
    """No VM runs on ``emptied`` afterwards.

    Attributes
    ----------
    prefer, avoid
        Hosts where the VMs should go first, and last: where maintenance is done, and where it is still to come.
    for_maintenance
        Whether rules may bend as they do in maintenance. Saving power is none.
    """

    kind: ClassVar[str] = "evacuate"

    emptied: tuple[str, ...]
    prefer: frozenset[str] = frozenset()
    avoid: frozenset[str] = frozenset()
    for_maintenance: bool = True

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts to empty."""
        return self.emptied

    @property
    def must_leave(self) -> frozenset[str]:
        """The hosts to empty."""
        return frozenset(self.emptied)

    @property
    def is_maintenance(self) -> bool:
        """Tell whether the hosts are emptied for maintenance."""
        return self.for_maintenance

    def shortfalls(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[str, ...]:
        """Name every VM that is still there."""
        return tuple(
            f"{domain} is still on {host}"
            for domain, host in placement.items()
            if host in self.must_leave and domain not in snapshot.incoming
        )

    def terms(
        self,
        snapshot: ClusterSnapshot,
        limits: Mapping[str, Resources],
        placement: Mapping[str, str],
    ) -> tuple[Term, ...]:
        """Return how full the fullest other host gets (for information: it is spread, not traded for moves)."""
        loads = snapshot.loads(placement)
        shares = [
            loads[h].share_of(limits[h])
            for h in limits
            if h not in self.must_leave and limits[h].vcpus
        ]
        return (
            Term(
                name="fullest host",
                unit="% of its limit",
                value=round(100 * max(shares, default=0.0), 2),
            ),
        )

    def reason(self, snapshot: ClusterSnapshot, domain: str, source: str, destination: str) -> str:
        """Say whether it has to leave or makes room."""
        if source in self.must_leave:
            return f"{source} is being emptied"
        if not self.for_maintenance:
            return f"makes room on {source}, for its other VMs or those of {' and '.join(self.emptied)}"
        return f"makes room on {source} for VMs of {' and '.join(self.emptied)}"

    def message(self, moves: int) -> str:
        """Say what is emptied."""
        names = " and ".join(self.emptied)
        if not moves:
            return f"Nothing to do: no VM runs on {names}."
        return f"{moves} {'migration empties' if moves == 1 else 'migrations empty'} {names}."
