# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The supply of huge pages of one size: no host gives out more than it has, at any moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..cluster.snapshot import ClusterSnapshot
from .base import Rule, Span, Violation


@dataclass(frozen=True, kw_only=True)
class HugePages(Rule):
    """A rule that nobody writes: the facts make it.

    Attributes
    ----------
    rooms
        MiB in such pages that the VMs of a host may have beside those that others are bringing there, for hosts where
        it can be too little.
    needs
        MiB that a VM takes, in whole pages.
    """

    kind: ClassVar[str] = "huge_pages"

    rooms: Mapping[str, int]
    needs: Mapping[str, int]

    @property
    def title(self) -> str:
        """What to call it in messages."""
        return f"supply of {self.name}"

    @property
    def subjects_in_words(self) -> str:
        """How much is needed, and how much there is."""
        rooms = ", ".join(f"{room} MiB on {host}" for host, room in self.rooms.items())
        return f"the VMs in {self.name} take {sum(self.needs.values())} MiB of them, and there are {rooms}"

    def violations(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[Violation, ...]:
        """Name the hosts that would give out more than they have."""
        ends = {name: (host,) for name, host in placement.items()}
        return tuple(
            Violation(
                policy=self.name,
                subjects=(host,),
                amount=over,
                sentence=f"{host} would need {over} MiB more in {self.name}.",
            )
            for host, over in self._excess(ends)
        )

    def amount_during(
        self, snapshot: ClusterSnapshot, ends: Mapping[str, tuple[str, ...]]
    ) -> float:
        """Count the MiB beyond what there is, where a VM in migration takes its pages at both ends."""
        return sum(over for _host, over in self._excess(ends))

    def _excess(self, ends: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, int]]:
        used = dict.fromkeys(self.rooms, 0)
        for name, need in self.needs.items():
            for host in set(ends.get(name, ())) & set(used):
                used[host] += need
        for host, room in self.rooms.items():
            if used[host] > room:
                yield host, used[host] - room


def supplies_of_huge_pages(snapshot: ClusterSnapshot) -> Iterator[HugePages]:
    """Yield a rule for each size of pages that VMs could run out of."""
    users = [domain for domain in snapshot.placed.values() if domain.is_in_pages]
    for size in sorted({domain.hugepages_kib or 0 for domain in users}):
        needs = {d.name: d.pages_mib for d in users if d.hugepages_kib == size}
        rooms = {
            name: host.hugepages_mib.get(size, 0)
            for name, host in snapshot.hosts.items()
            if host.hugepages_mib is not None
        }
        for name in snapshot.incoming.keys() & needs.keys():
            rooms[snapshot.incoming[name]] -= needs[name]
        scarce = {host: room for host, room in rooms.items() if room < sum(needs.values())}
        if scarce:
            yield HugePages(
                name=f"huge pages of {size} KiB",
                domains=tuple(needs),
                span=Span.THROUGHOUT,
                rooms=scarce,
                needs=needs,
            )
