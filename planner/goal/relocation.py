# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One VM to a host that a person names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..cluster.snapshot import ClusterSnapshot
from .base import Goal


@dataclass(frozen=True, kw_only=True)
class Relocation(Goal):
    """The VM runs on the destination afterwards, and nothing else has moved."""

    kind: ClassVar[str] = "migrate"

    domain: str
    destination: str

    @property
    def hosts(self) -> tuple[str, ...]:
        """The destination."""
        return (self.destination,)

    def destinations(self, domain: str) -> frozenset[str] | None:
        """Return the host named, for the VM named only."""
        return frozenset({self.destination}) if domain == self.domain else frozenset()

    def shortfalls(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[str, ...]:
        """Say if the VM is elsewhere."""
        host = placement.get(self.domain)
        return (
            ()
            if host == self.destination
            else (f"{self.domain} is on {host}, not on {self.destination}",)
        )

    def reason(self, snapshot: ClusterSnapshot, domain: str, source: str, destination: str) -> str:
        """Say that a person asked for it."""
        return f"asked to run on {destination}"

    def message(self, moves: int) -> str:
        """Say what is moved."""
        if not moves:
            return f"Nothing to do: {self.domain} runs on {self.destination} already."
        return f"1 migration takes {self.domain} to {self.destination}."
