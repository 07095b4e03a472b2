# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's facts as a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..cluster.domain import Domain
from ..cluster.host import Host
from ..cluster.parse import parse_cluster
from ..cluster.snapshot import ClusterSnapshot
from .table import render_table

HOST_COLUMNS = (
    "host",
    "state",
    "VMs",
    "CPU busy",
    "vCPUs",
    "memory",
    "migration network",
    "remarks",
)
DOMAIN_COLUMNS = ("VM", "host", "state", "vCPUs", "CPU busy", "memory", "remarks")


def render_status(facts: Mapping[str, Any]) -> str:
    """Return hosts and VMs with load, maintenance marks and running migrations as text.

    Parameters
    ----------
    facts
        The facts document.

    Raises
    ------
    InputError
        The document breaks its schema.
    """
    cluster = parse_cluster(facts)
    hosts = [_host_row(host, cluster) for host in cluster.hosts.values()]
    domains = [
        _domain_row(domain)
        for domain in sorted(cluster.domains.values(), key=lambda d: (d.host, d.name))
    ]
    parts = [
        *render_table(HOST_COLUMNS, hosts, indent=""),
        "",
        *render_table(DOMAIN_COLUMNS, domains, indent=""),
    ]
    migrations = _migrations(cluster)
    if migrations:
        parts += ["", *migrations]
    return "\n".join(parts)


def _host_row(host: Host, cluster: ClusterSnapshot) -> Sequence[str]:
    if not host.is_up:
        return (host.name, host.state, "?", "?", "?", "?", "?", "")
    domains = cluster.domains_on(host.name)
    return (
        host.name,
        "maintenance" if host.maintenance else "up",
        str(len(domains)),
        _share(sum(domain.cpu_usage for domain in domains), host.vcpus, "CPUs"),
        f"{sum(domain.vcpus for domain in domains)} of {host.vcpus}",
        _share(sum(domain.memory_mib for domain in domains), host.memory_mib, "MiB"),
        host.migration_address or "-",
        _host_remark(host, cluster),
    )


def _share(amount: float, of: float, unit: str) -> str:
    number = f"{amount:.1f}" if unit == "CPUs" else f"{amount:.0f}"
    return f"{number} of {of:.0f} {unit} ({100 * amount / of:.0f} %)" if of else number


def _host_remark(host: Host, cluster: ClusterSnapshot) -> str:
    evacuated = cluster.evacuated.get(host.name, ())
    return f"{len(evacuated)} VMs to bring back" if evacuated else ""


def _domain_row(domain: Domain) -> Sequence[str]:
    return (
        domain.name,
        domain.host,
        domain.state,
        str(domain.vcpus),
        f"{domain.cpu_usage:.2f}",
        f"{domain.memory_mib} MiB",
        _domain_remark(domain),
    )


def _domain_remark(domain: Domain) -> str:
    if domain.job:
        return f"job: {domain.job.get('kind', 'running')}"
    return (
        f"cannot migrate: {domain.blockers[0].message}"
        if domain.blockers and domain.is_placed
        else ""
    )


def _migrations(cluster: ClusterSnapshot) -> list[str]:
    running = [
        domain
        for domain in cluster.domains.values()
        if (domain.job or {}).get("kind") == "migration_out"
    ]
    if not running:
        return []
    return [
        "Migrations running: "
        + ", ".join(f"{domain.name} (from {domain.host})" for domain in running)
    ]
