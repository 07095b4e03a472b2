# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that hold throughout the migrations: a VM counts at both ends until it has arrived."""

from __future__ import annotations

from collections.abc import Sequence

from ..cluster.snapshot import ClusterSnapshot
from ..policy.base import Rule
from .step import Step


class RuleWatch:
    """Where the VMs of these rules are, at a moment of the migrations."""

    def __init__(self, snapshot: ClusterSnapshot, rules: Sequence[Rule]) -> None:
        self._snapshot = snapshot
        self._ends: dict[str, tuple[str, ...]] = {
            name: (snapshot.placement[name],)
            for rule in rules
            for name in rule.domains
            if name in snapshot.placement
        }
        self._rules: dict[str, list[tuple[Rule, float]]] = {}
        for rule in rules:
            tolerated = rule.amount_during(snapshot, self._ends)
            for name in rule.domains:
                self._rules.setdefault(name, []).append((rule, tolerated))

    def is_watched(self, domain: str) -> bool:
        """Tell whether any rule is about a VM."""
        return domain in self._rules

    def rules_hold(self, step: Step) -> bool:
        """Tell whether the rules let a step start now."""
        before = self._ends[step.domain]
        self.start(step)
        holds = all(
            rule.amount_during(self._snapshot, self._ends) <= tolerated
            for rule, tolerated in self._rules[step.domain]
        )
        self._ends[step.domain] = before
        return holds

    def start(self, step: Step) -> None:
        """Count the VM at both ends."""
        self._ends[step.domain] = (step.source, step.destination)

    def finish(self, step: Step) -> None:
        """Count the VM where it has arrived."""
        self._ends[step.domain] = (step.destination,)
