# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts a VM may go to under facts and policies; every refusal has a reason."""

from __future__ import annotations

from collections.abc import Mapping

from ..cluster.domain import Domain
from ..cluster.resources import Resources, in_words
from ..cluster.snapshot import ClusterSnapshot
from . import compatibility, maintenance
from .host_affinity import HostAffinity
from .policies import Policies


class Eligibility:
    """The bipartite graph between VMs and hosts, computed class by class.

    VMs with equal needs have the same edges, so that a cluster of thousands of VMs costs a few hundred looks.

    Parameters
    ----------
    reopened
        Hosts whose maintenance is ignored.
    closed
        Hosts that nothing may go to, with the reason.
    """

    def __init__(
        self,
        snapshot: ClusterSnapshot,
        policies: Policies,
        limits: Mapping[str, Resources],
        reopened: frozenset[str] = frozenset(),
        closed: Mapping[str, str] | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._limits = limits
        self._closed = dict(closed or {})
        for name, host in snapshot.hosts.items():
            reason = maintenance.refusal(host)
            if reason and not (host.is_up and name in reopened):
                self._closed[name] = reason
        self._fences = _fences(policies)
        # Hosts that are closed say so before any size matters; one that sleeps would be too small for every VM.
        open_to = [limit for name, limit in limits.items() if name not in self._closed]
        self._smallest = Resources(
            *(min((limit[r] for limit in open_to), default=0.0) for r in range(3))
        )
        self._classes: dict[tuple[object, ...], dict[str, str]] = {}
        self._hosts: dict[tuple[object, ...], tuple[str, ...]] = {}

    def hosts(self, domain: str) -> tuple[str, ...]:
        """Return the hosts that a VM may go to, in the order of names; its own is never among them.

        VMs of the same class and host get the same tuple.
        """
        own = self._snapshot.domains[domain].host
        key = self._key(self._snapshot.domains[domain])
        if (key, own) not in self._hosts:
            refused = self._refusals(domain)
            self._hosts[key, own] = tuple(
                n for n in self._snapshot.hosts if n not in refused and n != own
            )
        return self._hosts[key, own]

    def refusal(self, domain: str, host: str) -> str | None:
        """Say why a VM may not go to a host; ``None`` where it may."""
        return self._refusals(domain).get(host)

    def can_run(self, domain: str, host: str) -> bool:
        """Tell whether a host could run a VM, whatever it carries now."""
        return host == self._snapshot.domains[domain].host or host not in self._refusals(domain)

    def _key(self, domain: Domain) -> tuple[object, ...]:
        """Return the class of a VM: its needs, the rules about it, and its size if some host is too small for it."""
        size = None if domain.demand.fits(self._smallest) else domain.demand
        fences = tuple(rule.name for rule in self._fences.get(domain.name, ()))
        return (size, fences, *compatibility.needs(domain, self._snapshot.hosts[domain.host]))

    def _refusals(self, name: str) -> dict[str, str]:
        domain = self._snapshot.domains[name]
        key = self._key(domain)
        if key not in self._classes:
            self._classes[key] = dict(self._judge(domain, self._fences.get(name, ())))
        return self._classes[key]

    def _judge(self, domain: Domain, fences: tuple[HostAffinity, ...]) -> list[tuple[str, str]]:
        found = []
        for name in self._snapshot.hosts:
            if reason := self._reason(domain, name, fences):
                found.append((name, reason))
        return found

    def _reason(self, domain: Domain, name: str, fences: tuple[HostAffinity, ...]) -> str | None:
        if name in self._closed:
            return self._closed[name]
        snapshot = self._snapshot
        if reason := compatibility.refusal(
            domain, snapshot.hosts[domain.host], snapshot.hosts[name]
        ):
            return reason
        for rule in fences:
            if not rule.permits(name):
                return f"the {rule.title} does not let it run on {name}"
        return _too_big(domain, name, self._limits[name])


def immovable(domain: Domain) -> str | None:
    """Say all that keeps a VM from being live-migrated anywhere, with remedies; ``None`` where nothing does."""
    if domain.blockers:
        return "; ".join(blocker.in_sentence for blocker in domain.blockers)
    if domain.job:
        kind = domain.job.get("kind") or "job"
        return f"a {kind} is under way on it; wait until it has ended"
    return None


def _fences(policies: Policies) -> dict[str, tuple[HostAffinity, ...]]:
    found: dict[str, tuple[HostAffinity, ...]] = {}
    for rule in policies.rules:
        if isinstance(rule, HostAffinity) and rule.is_firm:
            for name in rule.domains:
                found[name] = (*found.get(name, ()), rule)
    return found


def _too_big(domain: Domain, host: str, limit: Resources) -> str | None:
    for key, needed, most in zip(Resources._fields, domain.demand, limit, strict=True):
        if needed > most + 1e-6:
            return f"it needs {in_words(key, needed)}, and {host} may give out {most:g} in all"
    return None
