# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finished plan: a value, and the document that it becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..cluster.placement import Placement
from ..cluster.resources import Resources
from ..goal.base import Term
from ..goal.expansion import Expansion
from ..problem import Problem
from .migration import Migration

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Ordered migrations, and what is known about them.

    Attributes
    ----------
    placement
        After all migrations.
    objective, bound
        In seconds.
    """

    problem: Problem
    status: str
    objective: float
    bound: float
    gap: float
    terms: tuple[Term, ...]
    placement: Placement
    migrations: tuple[Migration, ...]
    waves: tuple[tuple[str, ...], ...]
    makespan_ms: int
    makespan_bound_ms: int
    per_host: int
    cluster: int
    warnings: tuple[str, ...]
    message: str
    batches: tuple[Mapping[str, Any], ...] = ()
    extra: Mapping[str, Any] | None = None

    def to_document(self) -> dict[str, Any]:
        """Return the plan as plain JSON values."""
        goal, snapshot = self.problem.goal, self.problem.snapshot
        document = {
            "version": VERSION,
            "status": self.status,
            "goal": goal.kind,
            "goal_hosts": list(goal.hosts),
            "message": self.message,
            "objective": self.objective,
            "bound": self.bound,
            "gap": round(self.gap, 6),
            "terms": [_term(term) for term in self.terms],
            "placement": dict(self.placement),
            "steps": [self._step(migration) for migration in self.migrations],
            "waves": [list(wave) for wave in self.waves],
            "makespan_s": self.makespan_ms / 1000,
            "makespan_bound_s": self.makespan_bound_ms / 1000,
            "digest": snapshot.digest,
            "limits": self._limits(),
            "hosts": self._hosts(),
            "warnings": list(self.warnings),
        }
        if isinstance(goal, Expansion):
            document["power_on"] = list(goal.woken)
        if goal.frees_hosts:
            document["power_off"] = self._idle()
        return {**document, **(self.extra or {})}

    def _step(self, migration: Migration) -> dict[str, Any]:
        move = migration.move
        rule = self.problem.closings.get(move.domain)
        return {
            "id": migration.id,
            "domain": move.domain,
            "uuid": self.problem.snapshot.domains[move.domain].uuid,
            "source": move.source,
            "destination": move.destination,
            "start_s": migration.start_ms / 1000,
            "finish_s": migration.finish_ms / 1000,
            "after": list(migration.after),
            "reason": migration.reason,
            "memory_mib": int(move.demand.memory_mib),
            "transfer_s": move.transfer_s,
            "parking": move.parking,
            **({"deadline": rule.closes.isoformat()} if rule else {}),
        }

    def _limits(self) -> dict[str, Any]:
        limits = self.problem.policies.limits
        network = limits.network_mib_s
        return {
            "per_host": self.per_host,
            "cluster": self.cluster,
            "bandwidth_mib_s": limits.bandwidth_mib_s,
            **({} if network is None else {"network_mib_s": network}),
            **limits.totals,
            **self._deadline(),
        }

    def _deadline(self) -> dict[str, str]:
        frame = self.problem.frame
        return {"deadline": frame.ends.isoformat()} if frame else {}

    def _idle(self) -> list[str]:
        """Return the hosts that may be switched off: those that are up, and not in use."""
        used = {*self.placement.values(), *self.problem.snapshot.incoming.values()}
        return [
            name
            for name, host in self.problem.snapshot.hosts.items()
            if host.is_up and name not in used
        ]

    def _hosts(self) -> list[dict[str, Any]]:
        snapshot = self.problem.snapshot
        before, after = snapshot.placement, self.placement
        usages = [
            _usages(snapshot.loads(placement), placement.by_host()) for placement in (before, after)
        ]
        return [
            {
                "name": name,
                "uri": host.uri,
                "migration_address": host.migration_address,
                "memory_limit_mib": self.problem.caps[name].memory_mib,
                "before": usages[0][name],
                "after": usages[1][name],
            }
            for name, host in snapshot.hosts.items()
        ]


def _usages(
    loads: Mapping[str, Resources], domains: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    return {
        host: {
            "domains": list(domains.get(host, ())),
            "memory_mib": int(load.memory_mib),
            "vcpus": int(load.vcpus),
            "cpu_usage": round(load.cpu_usage, 3),
        }
        for host, load in loads.items()
    }


def _term(term: Term) -> dict[str, Any]:
    found: dict[str, Any] = {"name": term.name, "unit": term.unit, "value": term.value}
    if term.bound is not None:
        found["bound"] = term.bound
    return found
