# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring VMs back to hosts whose maintenance ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..cluster.resources import Resources
from ..cluster.snapshot import ClusterSnapshot
from .base import Goal, Term

RETURN_S = 86_400.0
"""What a VM back at home is worth: more than any migration costs."""


@dataclass(frozen=True, kw_only=True)
class Restoration(Goal):
    """As many of these VMs as the policies allow run at home again; no other VM moves.

    Attributes
    ----------
    homes
        VM to the host it came from.
    """

    kind: ClassVar[str] = "restore"

    ended: tuple[str, ...]
    homes: Mapping[str, str]

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts whose maintenance ends."""
        return self.ended

    @property
    def reopened(self) -> frozenset[str]:
        """They take VMs again."""
        return frozenset(self.ended)

    def destinations(self, domain: str) -> frozenset[str] | None:
        """Return its home; nowhere for the VMs that were not evacuated."""
        home = self.homes.get(domain)
        return frozenset() if home is None else frozenset({home})

    @property
    def may_do_nothing(self) -> bool:
        """The cluster works as it is."""
        return True

    def value_s(self, snapshot: ClusterSnapshot, domain: str) -> float:
        """Return what its return is worth: more for a higher priority."""
        return RETURN_S * (1 + max(0, snapshot.domains[domain].priority))

    def away(self, placement: Mapping[str, str]) -> list[str]:
        """Return the VMs that are not at home."""
        return [d for d, home in self.homes.items() if d in placement and placement[d] != home]

    @property
    def is_maintenance(self) -> bool:
        """Hosts are emptied for a while, or taken back."""
        return True

    def shortfalls(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[str, ...]:
        """Nothing can fall short: what does not fit stays away, and the plan says so."""
        return ()

    def terms(
        self,
        snapshot: ClusterSnapshot,
        limits: Mapping[str, Resources],
        placement: Mapping[str, str],
    ) -> tuple[Term, ...]:
        """Return how many VMs are still away, each weighted by its priority."""
        away = self.away(placement)
        worth = sum(self.value_s(snapshot, domain) for domain in away) / RETURN_S
        return (
            Term(
                name="VMs not returned", unit="VMs x (1 + priority)", value=worth, weight_s=RETURN_S
            ),
        )

    def reason(self, snapshot: ClusterSnapshot, domain: str, source: str, destination: str) -> str:
        """Say that it comes back."""
        return f"it ran on {destination} before the maintenance"

    def message(self, moves: int) -> str:
        """Say who is brought back."""
        names = " and ".join(self.ended)
        if not moves:
            return f"Nothing to do: no VM has to or can come back to {names}."
        return f"{moves} {'migration brings its VM' if moves == 1 else 'migrations bring the VMs'} back to {names}."


def marked_homes(hosts: Iterable[str], snapshot: ClusterSnapshot) -> dict[str, str]:
    """Return the VMs in the hosts' marks that still run somewhere, with their old host."""
    by_uuid = {domain.uuid: name for name, domain in snapshot.placed.items() if domain.uuid}
    homes = {}
    for host in hosts:
        for identity in snapshot.evacuated.get(host, ()):
            name = by_uuid.get(identity, identity)
            if name in snapshot.placed:
                homes[name] = host
    return dict(sorted(homes.items()))
