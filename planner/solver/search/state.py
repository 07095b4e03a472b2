# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A placement under construction: loads, counts and where every item is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import inf

from ...cluster.resources import TOLERANCE
from ...policy.base import Rule
from ...problem.problem import Problem
from ..indexed import Indexed
from .running_counts import RunningCount, running_count


class Preferences(Enum):
    """What a search makes of preferred rules. The answers of several are compared by the objective that is meant."""

    PRICED = "priced"
    """They cost what they are worth."""

    IGNORED = "ignored"
    """They cost nothing, as if there were none."""

    KEPT = "kept"
    """They are never broken more than now."""


def manners(problem: Problem) -> tuple[Preferences, ...]:
    """Return what searches may make of preferred rules; where there are none, it is all the same."""
    if all(rule.is_firm for rule in problem.policies.rules):
        return (Preferences.PRICED,)
    return tuple(Preferences)


@dataclass(slots=True)
class RuleState:
    """What a rule still tolerates, and what breaking it costs.

    Attributes
    ----------
    tolerated
        By how much it may be broken.
    found
        By how much it was broken at first; that may stay so, but once it is better it may not become worse again.
    broken
        By how much it is broken.
    price_s
        Seconds of migration that a violation is worth; nothing, for firm rules that the goal does not repair.
    """

    count: RunningCount
    tolerated: float
    found: float
    broken: float
    price_s: float

    def allows(self, change: float) -> bool:
        """Tell whether the rule may be broken by so much more, or less."""
        after = self.broken + change
        return after <= self.tolerated or (change <= 0 and after <= self.found)


def _rule_state(rule: Rule, indexed: Indexed, preferences: Preferences) -> RuleState:
    snapshot = indexed.problem.snapshot
    broken = rule.amount(snapshot, snapshot.placement)
    if rule.is_firm:
        tolerated, price_s = rule.tolerated(snapshot), indexed.problem.goal.repair_s
    else:
        tolerated = broken if preferences is Preferences.KEPT else inf
        price_s = 0.0 if preferences is Preferences.IGNORED else rule.weight
    return RuleState(running_count(rule, indexed), tolerated, broken, broken, price_s)


class State:
    """Where the items are, and what every host carries, kept up to date move by move.

    Attributes
    ----------
    rules_s
        What broken rules cost now, in seconds of migration.
    """

    def __init__(self, indexed: Indexed, preferences: Preferences = Preferences.PRICED) -> None:
        self.indexed = indexed
        self.where = [item.home for item in indexed.items]
        self.loads = [list(load) for load in indexed.loads]
        self._about: dict[int, list[RuleState]] = {}
        self._ruled: set[int] = set()
        self.rules_s = 0.0
        for rule in indexed.problem.policies.rules:
            rule_state = _rule_state(rule, indexed, preferences)
            self.rules_s += rule_state.price_s * rule_state.broken
            for number in rule_state.count.amounts:
                self._about.setdefault(number, []).append(rule_state)
            if rule.is_firm:
                self._ruled.update(rule_state.count.amounts)

    def has_room(self, item: int, host: int) -> bool:
        """Tell whether a host can carry an item beside what it carries."""
        load, demand, cap = (
            self.loads[host],
            self.indexed.items[item].demand,
            self.indexed.caps[host],
        )
        return (
            load[0] + demand[0] <= cap[0] + TOLERANCE
            and load[1] + demand[1] <= cap[1] + TOLERANCE
            and load[2] + demand[2] <= cap[2] + TOLERANCE
        )

    def has_rules(self, item: int) -> bool:
        """Tell whether a firm rule speaks about an item beside the hosts that it may be on."""
        return item in self._ruled

    def relief_s(self, item: int) -> float:
        """Return what a move of an item can gain at most by the rules about it that are broken, in seconds."""
        return sum(
            rule_state.price_s * rule_state.broken for rule_state in self._about.get(item, ())
        )

    def obeys(self, item: int, host: int) -> bool:
        """Tell whether all rules about an item let it go to a host."""
        source = self.where[item]
        return all(
            rule_state.allows(rule_state.count.change(item, source, host))
            for rule_state in self._about.get(item, ())
        )

    def more_rules_s(self, item: int, host: int) -> float:
        """Return what broken rules cost more if an item goes to a host, in seconds of migration."""
        source = self.where[item]
        return sum(
            rule_state.price_s * rule_state.count.change(item, source, host)
            for rule_state in self._about.get(item, ())
        )

    def move(self, item: int, host: int) -> None:
        """Put an item on a host."""
        source = self.where[item]
        demand, left, joined = self.indexed.items[item].demand, self.loads[source], self.loads[host]
        for resource in range(3):
            left[resource] -= demand[resource]
            joined[resource] += demand[resource]
        for rule_state in self._about.get(item, ()):
            change = rule_state.count.change(item, source, host)
            rule_state.broken += change
            self.rules_s += rule_state.price_s * change
            rule_state.count.move(item, source, host)
        self.where[item] = host

    def share(self, host: int, item: int | None = None) -> float:
        """Return how full a host is (its fullest resource), or would be with an item more."""
        load, limit = self.loads[host], self.indexed.limits[host]
        extra = self.indexed.items[item].demand if item is not None else (0.0, 0.0, 0.0)
        return max(
            (load[r] + extra[r]) / limit[r] if limit[r] > 0 else float(load[r] + extra[r] > 0)
            for r in range(3)
        )

    def moves(self) -> dict[int, int]:
        """Return the items that are not at home, with their host."""
        return {n: host for n, host in enumerate(self.where) if host != self.indexed.items[n].home}
