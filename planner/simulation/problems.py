# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cluster's problems, moment after moment: documents are read once, and only what changed is built again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..cluster.parse import parse_cluster
from ..cluster.snapshot import ClusterSnapshot
from ..documents import with_whole_numbers
from ..goal.base import Goal
from ..pipeline import predict_transfers
from ..policy.consistency import check_consistency
from ..policy.move_window import MoveWindow
from ..policy.parse import parse_policies
from ..policy.policies import Policies
from ..policy.selector import fields
from ..policy.time_frame import time_frame
from ..problem.problem import Problem
from ..schedule import transfer

JsonObject = Mapping[str, Any]

CHANGING = frozenset({"cpu_usage", "host", "last_migration", "power", "state"})
"""The facts that are others in every step."""


class Problems:
    """What a cluster of given facts and a policy are asked over time.

    Parameters
    ----------
    facts, policy
        Documents of the published schemas.

    Attributes
    ----------
    snapshot
        As the facts tell it.
    load
        What the policy has plans made for.

    Raises
    ------
    PlanningError
        A document breaks its schema, or contradicts itself.
    """

    def __init__(self, facts: JsonObject, policy: JsonObject | None, start: datetime) -> None:
        self.facts = facts
        self.policy = with_whole_numbers(policy)
        self.snapshot = parse_cluster(facts)
        self._policies = parse_policies(self.policy, facts, self.snapshot, start)
        self._is_fixed = not any(map(_looks_at_what_changes, _selectors(self.policy)))
        self.load = self._policies.load
        check_consistency(self._policies, self.snapshot)

    def at(
        self,
        snapshot: ClusterSnapshot,
        now: datetime,
        goal: Goal,
        counted: ClusterSnapshot | None = None,
    ) -> Problem:
        """Return what is asked at a moment; `counted` is the cluster with the load that plans are made for."""
        policies = self._policies_at(snapshot, now)
        return Problem(
            snapshot=counted or snapshot,
            policies=policies,
            goal=goal,
            transfer_s=predict_transfers(snapshot, policies),
            setup_s=transfer.SETUP_S,
            asked={"goal": goal.kind},
            now=now,
            frame=time_frame(now, None, policies.limits.windows),
        )

    def _policies_at(self, snapshot: ClusterSnapshot, now: datetime) -> Policies:
        known = self._policies
        if not self._is_fixed:
            known = parse_policies(self.policy, self._facts_of(snapshot), self.snapshot, now)
        rules = tuple(
            replace(rule, now=now) if isinstance(rule, MoveWindow) else rule for rule in known.rules
        )
        limits = transfer.share_network(known.limits, snapshot.hosts.values())
        # Nobody remembers earlier looks here, without which a balance that waits for them would wait for ever.
        return replace(known, rules=rules, limits=limits, balance_hold=1)

    def _facts_of(self, snapshot: ClusterSnapshot) -> JsonObject:
        """Return the facts as they are now, for selectors that look at what changes."""
        hosts, domains = snapshot.hosts, snapshot.domains
        return {
            "hosts": [
                {**entry, "state": hosts[entry["name"]].state} if entry["name"] in hosts else entry
                for entry in self.facts["hosts"]
            ],
            "domains": [
                {**entry, "host": now.host, "cpu_usage": now.cpu_usage}
                if (now := domains.get(entry["name"]))
                else entry
                for entry in self.facts["domains"]
            ],
        }


def _selectors(document: Any) -> Iterator[str]:
    """Return the conditions that choose VMs and hosts for rules."""
    for rule in (document or {}).get("rules", []):
        groups = [rule.get("domains"), rule.get("hosts"), *rule.get("groups", [])]
        yield from (selector for selector in groups if isinstance(selector, str))


def _looks_at_what_changes(selector: str) -> bool:
    looked_at = fields(selector)
    return looked_at is None or bool(looked_at & CHANGING)
