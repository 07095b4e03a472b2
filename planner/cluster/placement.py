# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs where: an immutable mapping from VM to host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class Placement(Mapping[str, str]):
    """VM name to host name, in the order of names; a change makes a new placement."""

    __slots__ = ("_hosts",)

    def __init__(self, hosts: Mapping[str, str]) -> None:
        self._hosts = dict(sorted(hosts.items()))

    def __getitem__(self, domain: str) -> str:
        return self._hosts[domain]

    def __iter__(self) -> Iterator[str]:
        return iter(self._hosts)

    def __len__(self) -> int:
        return len(self._hosts)

    def move(self, moves: Mapping[str, str]) -> Placement:
        """Return the placement after these VMs went to these hosts."""
        return Placement({**self._hosts, **moves})

    def by_host(self) -> dict[str, list[str]]:
        """Return the VM names of every host that has any."""
        found: dict[str, list[str]] = {}
        for domain, host in self._hosts.items():
            found.setdefault(host, []).append(domain)
        return found

    def moves_to(self, after: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """Return VM name to (source, destination) for all VMs that differ."""
        return {d: (h, after[d]) for d, h in self._hosts.items() if after[d] != h}
