# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of all hosts and VMs at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from .domain import Domain
from .history import Series, Usage
from .host import Host
from .placement import Placement
from .resources import Resources


@dataclass(frozen=True, kw_only=True)
class ClusterSnapshot:
    """Hosts and VMs by name, in the order of names.

    Attributes
    ----------
    evacuated
        Per host in maintenance: the VMs (name, or UUID where known) that were moved away for it.
    digest
        SHA-256 of the canonical facts.
    warnings
        Sentences about facts that planning leaves out.
    """

    hosts: Mapping[str, Host]
    domains: Mapping[str, Domain]
    evacuated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    digest: str = ""
    warnings: tuple[str, ...] = ()

    @cached_property
    def placed(self) -> dict[str, Domain]:
        """The VMs that occupy a host that is up."""
        return {n: d for n, d in self.domains.items() if d.is_placed and self.hosts[d.host].is_up}

    @cached_property
    def placement(self) -> Placement:
        """Where the placed VMs run now."""
        return Placement({name: domain.host for name, domain in self.placed.items()})

    @cached_property
    def incoming(self) -> dict[str, str]:
        """VMs in the middle of a migration that Drover does not steer, with their destination."""
        return {
            name: destination
            for name, domain in self.placed.items()
            if (destination := domain.job_destination) is not None
            and destination in self.hosts
            and destination != domain.host
        }

    def loads(self, placement: Mapping[str, str]) -> dict[str, Resources]:
        """Return what every host carries; a VM in mid-migration counts at both ends."""
        sums = {name: [0.0, 0.0, 0.0] for name in self.hosts}
        pairs = [*placement.items(), *self.incoming.items()]
        for name, host in pairs:
            amounts = sums[host]
            memory, vcpus, cpu = self.domains[name].demand
            amounts[0] += memory
            amounts[1] += vcpus
            amounts[2] += cpu
        return {name: Resources(a[0], a[1], round(a[2], 6)) for name, a in sums.items()}

    def memory_mib(self, placement: Mapping[str, str]) -> dict[str, int]:
        """Return the memory of the VMs that every host carries, normal and in huge pages."""
        sums = dict.fromkeys(self.hosts, 0)
        for name, host in [*placement.items(), *self.incoming.items()]:
            sums[host] += self.domains[name].memory_mib
        return sums

    @cached_property
    def usages(self) -> dict[str, Usage]:
        """What VMs took over time, by name: those of which any host remembers it, wherever they ran then."""
        told: dict[str, list[Usage]] = {}
        for host in self.hosts.values():
            for uuid, usage in (host.history.domains if host.history else {}).items():
                told.setdefault(uuid, []).append(usage)
        return {
            name: Usage(
                cpu_usage=Series.joined(one.cpu_usage for one in told[domain.uuid]),
                memory_used_mib=Series.joined(one.memory_used_mib for one in told[domain.uuid]),
            )
            for name, domain in self.domains.items()
            if domain.uuid and domain.uuid in told
        }

    def after(self, moves: Mapping[str, str]) -> ClusterSnapshot:
        """Return the snapshot as it is when these VMs have gone to these hosts."""
        moved = {name: replace(self.domains[name], host=host) for name, host in moves.items()}
        return replace(self, domains={**self.domains, **moved})

    def domains_on(self, host: str) -> list[Domain]:
        """Return the placed VMs of a host."""
        return [domain for domain in self.placed.values() if domain.host == host]
