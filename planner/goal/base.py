# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all goals share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..cluster.resources import Resources
from ..cluster.snapshot import ClusterSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One part of the objective, or a figure worth knowing (``weight_s`` zero).

    Attributes
    ----------
    weight_s
        What one unit is worth, in seconds of migration.
    """

    name: str
    unit: str
    value: float
    weight_s: float = 0.0
    bound: float | None = None


@dataclass(frozen=True, kw_only=True)
class Goal(ABC):
    """What the operator asked for.

    Attributes
    ----------
    effort
        How hard to look for a better plan, from 1 to 5.
    time_limit_s
        After this many seconds the best plan found so far will do; ``None`` where it takes what it takes.
    curve
        Whether the plan also says what fewer migrations would do.
    """

    kind: ClassVar[str]

    effort: int = 3
    time_limit_s: float | None = None
    curve: bool = False

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that the goal is about."""
        return ()

    @property
    def must_leave(self) -> frozenset[str]:
        """Hosts whose VMs all have to go, and that take none."""
        return frozenset()

    @property
    def reopened(self) -> frozenset[str]:
        """Hosts whose maintenance is ignored, because the goal ends it."""
        return frozenset()

    @property
    def may_do_nothing(self) -> bool:
        """Tell whether moving nothing is an answer, if not the best one."""
        return False

    @property
    def is_maintenance(self) -> bool:
        """Tell whether the goal is a part of maintenance, which may bend what others keep."""
        return False

    @property
    def frees_hosts(self) -> bool:
        """Tell whether the hosts that are empty afterwards may be switched off."""
        return False

    @property
    def follows_load(self) -> bool:
        """Tell whether the goal may go back and forth with the load, so that VMs that moved are spared."""
        return False

    @property
    def waits_for_full_hosts(self) -> bool:
        """Tell whether the goal does nothing while no host is as full as the policy's ``balance.above``."""
        return False

    @property
    def waits_until_it_lasts(self) -> bool:
        """Tell whether the goal does nothing before it was due for as many looks as ``balance.hold`` says."""
        return False

    def is_due(self, snapshot: ClusterSnapshot, limits: Mapping[str, Resources]) -> bool:
        """Tell whether there is anything to do for the goal."""
        return True

    @property
    def repair_s(self) -> float:
        """What it is worth that a policy is broken by one unit less, in seconds of migration; nothing, for
        most goals."""
        return 0.0

    def destinations(self, domain: str) -> frozenset[str] | None:
        """Return the only hosts that the goal lets a VM go to; ``None`` for any."""
        return None

    @abstractmethod
    def shortfalls(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[str, ...]:
        """Say where a placement does not reach the goal: its meaning, independent of any solver."""

    def terms(
        self,
        snapshot: ClusterSnapshot,
        limits: Mapping[str, Resources],
        placement: Mapping[str, str],
    ) -> tuple[Term, ...]:
        """Return the goal's own parts of the objective."""
        return ()

    @abstractmethod
    def reason(self, snapshot: ClusterSnapshot, domain: str, source: str, destination: str) -> str:
        """Say why the goal moves a VM."""

    @abstractmethod
    def message(self, moves: int) -> str:
        """Say in a sentence what a plan of this many migrations does."""
