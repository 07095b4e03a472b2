# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finished plan: a value, and the document that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..cluster.host import Host
from ..cluster.placement import Placement
from ..cluster.snapshot import ClusterSnapshot
from ..goal.base import Term
from ..goal.expansion import Expansion
from ..problem.problem import Problem
from ..seal import sealed
from .step import TimedStep

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
    migrations: tuple[TimedStep, ...]
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
        return sealed({**document, **self._origin(), **(self.extra or {})})

    def _origin(self) -> dict[str, Any]:
        """Return what was asked for, and when, so that it can be told later whether the plan still is the answer."""
        asked = {key: value for key, value in self.problem.asked.items() if key != "now"}
        now = self.problem.now
        return {"asked": asked, "made": now.isoformat() if now else None}

    def _step(self, migration: TimedStep) -> dict[str, Any]:
        step = migration.step
        rule = self.problem.time.closings.get(step.domain)
        return {
            "id": migration.id,
            "domain": step.domain,
            "uuid": self.problem.snapshot.domains[step.domain].uuid,
            "source": step.source,
            "destination": step.destination,
            "start_s": migration.start_ms / 1000,
            "finish_s": migration.finish_ms / 1000,
            "after": list(migration.after),
            "reason": migration.reason,
            "memory_mib": self.problem.snapshot.domains[step.domain].memory_mib,
            "transfer_s": step.transfer_s,
            "parking": step.parking,
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
        usages = [_usages(snapshot, placement) for placement in (before, after)]
        off = set(self._idle()) if self.problem.goal.frees_hosts else set()
        return [
            {
                "name": name,
                "uri": host.uri,
                "migration_address": host.migration_address,
                **self._offer(host),
                "before": usages[0][name] | _watts(host, usages[0][name]),
                "after": usages[1][name] | _watts(host, usages[1][name], is_off=name in off),
            }
            for name, host in snapshot.hosts.items()
        ]

    def _offer(self, host: Host) -> dict[str, Any]:
        """Return what a host has and what of it the policies let VMs have."""
        limit = self.problem.room.limits[host.name]
        return {
            "state": host.state,
            "maintenance": host.maintenance,
            "memory_mib": host.memory_mib,
            "vcpus": host.vcpus,
            "memory_limit_mib": self.problem.room.memory_limit_mib(host.name),
            "limits": {
                "memory_mib": limit.memory_mib + host.room_in_pages_mib,
                "vcpus": limit.vcpus,
                "cpu_usage": limit.cpu_usage,
            },
            "own_use": {
                "memory_mib": host.own_use.memory_mib,
                "cpu_usage": host.own_use.cpu_usage,
            },
        }


def _usages(snapshot: ClusterSnapshot, placement: Placement) -> dict[str, dict[str, Any]]:
    domains, memory = placement.by_host(), snapshot.memory_mib(placement)
    return {
        host: {
            "domains": list(domains.get(host, ())),
            "memory_mib": memory[host],
            "vcpus": int(load.vcpus),
            "cpu_usage": round(load.cpu_usage, 3),
        }
        for host, load in snapshot.loads(placement).items()
    }


def _watts(host: Host, usage: Mapping[str, Any], *, is_off: bool = False) -> dict[str, float]:
    """Return what a host is predicted to draw, where its watts without and with full load are known.

    Worked example: 100 W idle, 200 W busy and 4 of 16 threads busy are 125 W.
    """
    if host.idle_w is None or host.busy_w is None:
        return {}
    if is_off or not host.is_up:
        return {"watts": 0.0}
    load = min(1.0, usage["cpu_usage"] / host.vcpus)
    return {"watts": round(host.idle_w + load * (host.busy_w - host.idle_w), 1)}


def _term(term: Term) -> dict[str, Any]:
    found: dict[str, Any] = {"name": term.name, "unit": term.unit, "value": term.value}
    if term.bound is not None:
        found["bound"] = term.bound
    return found
