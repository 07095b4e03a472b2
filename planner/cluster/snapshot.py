# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of all hosts and VMs at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from .domain import Domain
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
            domain = self.domains[name]
            amounts[0] += domain.memory_mib
            amounts[1] += domain.vcpus
            amounts[2] += domain.cpu_usage
        return {name: Resources(a[0], a[1], round(a[2], 6)) for name, a in sums.items()}

    def after(self, moves: Mapping[str, str]) -> ClusterSnapshot:
        """Return the snapshot as it is when these VMs have gone to these hosts."""
        moved = {name: replace(self.domains[name], host=host) for name, host in moves.items()}
        return replace(self, domains={**self.domains, **moved})

    def domains_on(self, host: str) -> list[Domain]:
        """Return the placed VMs of a host."""
        return [domain for domain in self.placed.values() if domain.host == host]
