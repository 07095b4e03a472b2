# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all policies share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import ClassVar

from ..cluster.placement import Placement
from ..cluster.snapshot import ClusterSnapshot


class Strictness(Enum):
    """How much a policy insists."""

    REQUIRED = "required"
    PREFERRED = "preferred"
    NEVER_WORSEN = "never_worsen"


class Span(Enum):
    """When a policy must hold."""

    FINAL = "final"
    THROUGHOUT = "throughout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A policy that does not hold.

    Attributes
    ----------
    policy
        Name of the policy.
    subjects
        Names of the VMs or hosts concerned.
    amount
        How much it is broken; comparable within one policy only.
    sentence
        For people.
    """

    policy: str
    subjects: tuple[str, ...]
    amount: float
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Rule(ABC):
    """A policy about particular VMs.

    Attributes
    ----------
    domains
        Names of the VMs, in order.
    weight
        Of a preferred rule: the seconds of migration that one unit of violation is worth.
    during_maintenance
        The strictness for goals that are about maintenance, if it is another one then.
    """

    kind: ClassVar[str]

    name: str
    domains: tuple[str, ...]
    strictness: Strictness = Strictness.NEVER_WORSEN
    span: Span = Span.FINAL
    weight: float = 60.0
    during_maintenance: Strictness | None = None

    @property
    def is_firm(self) -> bool:
        """Tell whether it may not be broken more, whatever that costs."""
        return self.strictness is not Strictness.PREFERRED

    @property
    def in_maintenance(self) -> Rule:
        """The rule as it is while hosts are emptied, and while VMs are brought back."""
        return replace(self, strictness=self.during_maintenance or self.strictness)

    @abstractmethod
    def violations(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[Violation, ...]:
        """Say how this placement breaks the rule: its meaning, independent of any solver."""

    def amount(self, snapshot: ClusterSnapshot, placement: Mapping[str, str]) -> float:
        """Return by how much the placement breaks the rule in all."""
        return sum(violation.amount for violation in self.violations(snapshot, placement))

    def amount_during(
        self, snapshot: ClusterSnapshot, ends: Mapping[str, tuple[str, ...]]
    ) -> float:
        """Return by how much it is broken while VMs in migration count at both ends (``ends``: VM to its hosts).

        For rules that mean something at every moment; the others are about the end only.
        """
        return 0.0

    def tolerated(self, snapshot: ClusterSnapshot) -> float:
        """Return how much violation the end may show, given how it is now."""
        if self.strictness is Strictness.REQUIRED:
            return 0.0
        if self.strictness is Strictness.PREFERRED:
            return float("inf")
        return self.amount(snapshot, snapshot.placement)

    @property
    def title(self) -> str:
        """What to call it in messages."""
        return f"{self.kind} rule {self.name}"

    @property
    def subjects_in_words(self) -> str:
        """What it is about, for people."""
        more = "..." if len(self.domains) > 4 else ""
        return f"{self.name} is about {', '.join(self.domains[:4])}{more}"

    def members(self, placement: Mapping[str, str]) -> list[str]:
        """Return its VMs that are placed."""
        return [name for name in self.domains if name in placement]


def count_per_host(domains: Iterable[str], placement: Mapping[str, str]) -> dict[str, list[str]]:
    """Group VMs by the host that the placement gives them."""
    found: dict[str, list[str]] = {}
    for domain in domains:
        if domain in placement:
            found.setdefault(placement[domain], []).append(domain)
    return found


__all__ = ["Placement", "Rule", "Span", "Strictness", "Violation", "count_per_host"]
