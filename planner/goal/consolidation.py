# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run on the fewest hosts (or on the fewest watts), at the least migration cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..cluster.resources import Resources
from ..cluster.snapshot import ClusterSnapshot
from .base import Goal, Term

HOST_S = 864_000.0
"""What a host that can be switched off is worth, in seconds of migration (ten days: more than emptying it
ever takes)."""


@dataclass(frozen=True, kw_only=True)
class Consolidation(Goal):
    """As few hosts in use as the policies allow.

    Attributes
    ----------
    at_least
        Hosts that stay in use in any case, in number.
    """

    kind: ClassVar[str] = "consolidate"

    at_least: int = 0

    @property
    def may_do_nothing(self) -> bool:
        """The cluster works as it is."""
        return True

    @property
    def follows_load(self) -> bool:
        """The load changes, and so does the answer."""
        return True

    @property
    def frees_hosts(self) -> bool:
        """The hosts not in use may be switched off."""
        return True

    def shortfalls(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[str, ...]:
        """Say if fewer hosts are in use than there must be."""
        used = len(set(placement.values()))
        now = len(set(snapshot.placement.values()))
        if used < min(self.at_least, now):
            return (f"{used} hosts are in use, fewer than {self.at_least}",)
        return ()

    def worth_s(self, snapshot: ClusterSnapshot, host: str) -> float:
        """Return what it is worth not to use a host: its idle power against the others', where all are known."""
        own = snapshot.hosts[host].idle_w
        if own is None:
            return HOST_S
        watts = [entry.idle_w for entry in snapshot.hosts.values() if entry.is_up]
        if not watts or not all(watts):
            return HOST_S
        return round(HOST_S * own * len(watts) / sum(filter(None, watts)), 3)

    def terms(
        self,
        snapshot: ClusterSnapshot,
        limits: Mapping[str, Resources],
        placement: Mapping[str, str],
    ) -> tuple[Term, ...]:
        """Return the hosts in use, and their idle power where it is known."""
        used = sorted(set(placement.values()))
        worth = sum(self.worth_s(snapshot, host) for host in used) / HOST_S
        watts = [snapshot.hosts[host].idle_w for host in used]
        found = [Term(name="hosts in use", unit="hosts", value=len(used))]
        if used and all(w is not None for w in watts):
            found.append(
                Term(name="idle power", unit="W", value=round(sum(w or 0.0 for w in watts), 3))
            )
        return (
            *found,
            Term(
                name="hosts, weighted", unit="average hosts", value=round(worth, 9), weight_s=HOST_S
            ),
        )

    def reason(self, snapshot: ClusterSnapshot, domain: str, source: str, destination: str) -> str:
        """Say what for."""
        return f"leaves {source} to the hosts that stay in use"

    def message(self, moves: int) -> str:
        """Say what is packed."""
        if not moves:
            return "Nothing to do: no way to empty another host was found."
        return f"{moves} {'migration packs' if moves == 1 else 'migrations pack'} the VMs onto fewer hosts."
