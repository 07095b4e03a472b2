# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's facts as a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..cluster.domain import Domain
from ..cluster.host import Host
from ..cluster.parse import known_moment, parse_cluster
from ..cluster.snapshot import ClusterSnapshot
from ..goal.restoration import Restoration, marked_homes
from ..visible import text_of
from .table import amounts_used, counted, render_table

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
    for lines in (_migrations(cluster), asleep(facts), saved(facts)):
        parts += ["", *lines] if lines else []
    return text_of(parts)


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
        host_remark(host, cluster),
    )


def _share(amount: float, of: float, unit: str) -> str:
    number = f"{amount:.1f}" if unit == "CPUs" else f"{amount:.0f}"
    return f"{number} of {of:.0f} {unit} ({100 * amount / of:.0f} %)" if of else number


def host_remark(host: Host, cluster: ClusterSnapshot) -> str:
    """Say what is to be brought back to a host, and what it uses itself."""
    remarks = [_to_bring_back(host, cluster)]
    if any(host.own_use):
        remarks.append(
            f"uses {amounts_used(host.own_use.memory_mib, host.own_use.cpu_usage)} itself"
        )
    return ", ".join(filter(None, remarks))


def _to_bring_back(host: Host, cluster: ClusterSnapshot) -> str:
    """Say how many VMs a restoration would bring back: not those that are off, gone or at home."""
    homes = marked_homes((host.name,), cluster)
    away = Restoration(ended=(host.name,), homes=homes).away(cluster.placement)
    return f"{counted(len(away), 'VM')} to bring back" if away else ""


def _domain_row(domain: Domain) -> Sequence[str]:
    return (
        domain.name,
        domain.host,
        domain.state,
        str(domain.vcpus),
        f"{domain.cpu_usage:.2f} CPUs",
        f"{domain.memory_mib} MiB",
        domain_remark(domain),
    )


def domain_remark(domain: Domain) -> str:
    """Say what libvirt does with a VM, or why it cannot migrate."""
    if domain.job:
        return f"job: {domain.job.get('kind', 'running')}"
    return (
        f"cannot migrate: {domain.blockers[0].message}"
        if domain.blockers and domain.is_placed
        else ""
    )


def asleep(facts: Mapping[str, Any]) -> list[str]:
    """Say of each host that sleeps since when, why and by whom, and how to wake it."""
    lines = []
    for host in facts["hosts"]:
        power = host.get("power") or {}
        if host.get("state") not in ("asleep", "waking"):
            continue
        reason = f" ({power['reason']})" if power.get("reason") else ""
        doubt = power.get("doubtful") or {}
        lines.append(
            f"{host['name']} is {host['state']} since {power.get('since', '?')}{reason}, by {power.get('by') or '?'}; "
            f"woken by {power.get('method') or '?'}: drover.libvirt.wake -e drover_hosts={host['name']}."
            + (" Nobody has confirmed that its power is off." if power.get("unconfirmed") else "")
            + (f" Doubtful: {doubt['reason']}" if doubt else "")
        )
    return lines


def _slept(facts: Mapping[str, Any]) -> list[tuple[float, Mapping[str, Any]]]:
    """Return for how many seconds hosts have slept until now, and what is known of their power.

    What time it is the newest clock of the hosts tells.
    """
    now_s = max((host.get("clock_epoch_s") or 0.0 for host in facts["hosts"]), default=0.0)
    found = []
    for host in facts["hosts"]:
        power = host.get("power") or {}
        slept_s = float(power.get("off_s") or 0.0)
        since = known_moment(power.get("since"))
        if host.get("state") == "asleep" and since:
            slept_s += max(0.0, now_s - since.timestamp())
        if slept_s:
            found.append((slept_s, power))
    return found


def saved_kwh(facts: Mapping[str, Any]) -> float | None:
    """Return the energy that hosts have not used while they slept, until now; ``None`` where no watts are known."""
    known = [(slept_s, p) for slept_s, p in _slept(facts) if p.get("idle_w") is not None]
    if not known:
        return None
    spared = sum(slept_s * (p["idle_w"] - (p.get("asleep_w") or 0.0)) for slept_s, p in known)
    return max(0.0, float(spared) / 3.6e6)


def saved(facts: Mapping[str, Any]) -> list[str]:
    """Say for how long hosts have slept until now, and what that saved where their watts are known."""
    slept = _slept(facts)
    if not slept:
        return []
    powers = [power for _slept_s, power in slept]
    hours = sum(slept_s for slept_s, _power in slept) / 3600
    known = [power for power in powers if power.get("idle_w") is not None]
    kwh = saved_kwh(facts)
    saved = "" if kwh is None else f", which saved {kwh:.1f} kWh"
    more = (
        f" ({len(known)} of {len(powers)} hosts, whose watts are known)"
        if 0 < len(known) < len(powers)
        else ""
    )
    return [f"Hosts have slept {hours:.1f} h in all{saved}{more}."]


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
