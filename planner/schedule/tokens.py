# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs where at a moment of the migrations, and whether one more may start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..cluster.resources import TOLERANCE, Resources
from ..cluster.snapshot import ClusterSnapshot
from ..policy.base import Rule
from .migration import Move


class Occupancy:
    """Loads, tokens and rules while migrations run: a VM counts at both ends until it has arrived.

    Parameters
    ----------
    rules
        The rules that must hold throughout.
    """

    def __init__(
        self,
        snapshot: ClusterSnapshot,
        caps: Mapping[str, Resources],
        *,
        per_host: int,
        cluster: int,
        rules: Sequence[Rule] = (),
    ) -> None:
        self._snapshot = snapshot
        self._caps = caps
        self._per_host = per_host
        self.free = cluster
        self.loads = {name: list(load) for name, load in snapshot.loads(snapshot.placement).items()}
        self._busy = dict.fromkeys(snapshot.hosts, 0)
        self._ends: dict[str, tuple[str, ...]] = {
            name: (host,) for name, host in snapshot.placement.items()
        }
        self._rules: dict[str, list[tuple[Rule, float]]] = {}
        for rule in rules:
            tolerated = rule.amount_during(snapshot, self._ends)
            for name in rule.domains:
                self._rules.setdefault(name, []).append((rule, tolerated))

    def has_token(self, host: str) -> bool:
        """Tell whether a host may take part in one more migration."""
        return self._busy[host] < self._per_host

    def may_start(self, move: Move) -> bool:
        """Tell whether tokens, room and rules let a migration start now."""
        return (
            self.free > 0
            and self._ends[move.domain] == (move.source,)
            and self.has_token(move.source)
            and self.has_token(move.destination)
            and self.has_room(move)
            and self._rules_hold(move)
        )

    def has_room(self, move: Move) -> bool:
        """Tell whether the destination can hold the VM beside all that it holds now."""
        load, cap = self.loads[move.destination], self._caps[move.destination]
        return all(load[r] + move.demand[r] <= cap[r] + TOLERANCE for r in range(3))

    def _rules_hold(self, move: Move) -> bool:
        if move.domain not in self._rules:
            return True
        before = self._ends[move.domain]
        self._ends[move.domain] = (move.source, move.destination)
        holds = all(
            rule.amount_during(self._snapshot, self._ends) <= tolerated
            for rule, tolerated in self._rules[move.domain]
        )
        self._ends[move.domain] = before
        return holds

    def start(self, move: Move) -> None:
        """Take the tokens, and the room at the destination."""
        self.free -= 1
        self._busy[move.source] += 1
        self._busy[move.destination] += 1
        self._ends[move.domain] = (move.source, move.destination)
        self._add(move.destination, move.demand, 1)

    def finish(self, move: Move) -> None:
        """Give the tokens back, and the room at the source."""
        self.free += 1
        self._busy[move.source] -= 1
        self._busy[move.destination] -= 1
        self._ends[move.domain] = (move.destination,)
        self._add(move.source, move.demand, -1)

    def _add(self, host: str, demand: Resources, sign: int) -> None:
        load = self.loads[host]
        for resource in range(3):
            load[resource] += sign * demand[resource]
