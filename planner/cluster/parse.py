# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts (JSON) to a cluster snapshot: the only reader of the wire format."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..documents import validate
from ..errors import InputError
from .domain import Blocker, Disk, Domain, LastMigration
from .doubles import one_each
from .history import parse_figures, parse_history
from .host import Emulator, Host, Power, Storage
from .huge_pages import Pages, with_pages
from .own_use import own_use
from .snapshot import ClusterSnapshot
from .tenant import with_sensible_values

JsonObject = Mapping[str, Any]


def parse_cluster(facts: JsonObject) -> ClusterSnapshot:
    """Turn a facts document into a snapshot.

    Parameters
    ----------
    facts
        The document of ``schemas/facts.schema.json``: plain JSON values only.

    Raises
    ------
    InputError
        The document breaks its schema, or refers to something it does not contain.
    """
    facts, tenants = _sensible(facts)
    validate("facts", facts)
    marks = newest_marks(facts["hosts"])
    hosts = _hosts_by_name(_host(entry, marks) for entry in facts["hosts"])
    entries = [_domain(entry) for entry in facts["domains"]]
    _check_references(entries, hosts)
    domains, doubles = one_each(entries)
    hosts = _with_own_use(hosts, facts["hosts"], domains.values())
    pages = {entry["name"]: _pages(entry.get("hugepages")) for entry in facts["hosts"]}
    hosts, domains, uncounted = with_pages(hosts, domains, pages)
    return ClusterSnapshot(
        hosts=hosts,
        domains=domains,
        evacuated={
            name: _evacuated(mark) for name, mark in marks.items() if mark.get("maintenance")
        },
        digest=digest_of(facts),
        warnings=(
            *_warnings(hosts, domains),
            *doubles,
            *tenants,
            *_doubts(facts["hosts"]),
            *uncounted,
        ),
    )


def _sensible(facts: JsonObject) -> tuple[JsonObject, list[str]]:
    """Return the facts without what tenants wrote that makes no sense, and warnings."""
    entries = facts.get("domains") if isinstance(facts, Mapping) else None
    if not isinstance(entries, list):
        return facts, []
    checked = [with_sensible_values(entry) for entry in entries]
    warnings = [warning for _entry, said in checked for warning in said]
    return {**facts, "domains": [entry for entry, _said in checked]}, warnings


def digest_of(facts: JsonObject) -> str:
    """Return the SHA-256 of the facts; neither the order of hosts, VMs nor keys matters."""
    canonical = {
        key: sorted(facts[key], key=lambda entry: entry["name"]) for key in ("hosts", "domains")
    }
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def newest_marks(hosts: Iterable[JsonObject]) -> dict[str, JsonObject]:
    """Merge the copies of the maintenance marks on all hosts: the newest of each host's mark wins.

    A host whose mark nobody can read counts as in maintenance: it must not be given VMs for a damaged file.
    """
    newest: dict[str, JsonObject] = {}
    hosts = list(hosts)
    for host in hosts:
        for name, mark in (host.get("marks") or {}).items():
            if name not in newest or str(mark.get("at", "")) > str(newest[name].get("at", "")):
                newest[name] = mark
    doubtful: dict[str, JsonObject] = {name: {"maintenance": True} for name in _unreadable(hosts)}
    return {**doubtful, **newest}


def _unreadable(hosts: Iterable[JsonObject]) -> dict[str, list[str]]:
    """Return the hosts whose marks some hosts cannot read, with those."""
    found: dict[str, list[str]] = {}
    for host in hosts:
        for name in host.get("unreadable_marks") or ():
            found.setdefault(name, []).append(host["name"])
    return found


def _doubts(hosts: Iterable[JsonObject]) -> Iterable[str]:
    """Say which hosts count as in maintenance because no host can read their marks, and the way out."""
    hosts = list(hosts)
    readable = {name for host in hosts for name in host.get("marks") or {}}
    for name, holders in _unreadable(hosts).items():
        if name not in readable:
            yield (
                f"{name} counts as in maintenance: its mark cannot be read on {', '.join(holders)}. Remove the mark's "
                "file there (below /var/lib/drover/marks); if the host is not in service, evacuate it again then."
            )


def _evacuated(mark: JsonObject) -> tuple[str, ...]:
    """Return the identities in a mark; a UUID survives a renaming, so it comes first."""
    return tuple(entry.get("uuid") or entry["name"] for entry in mark.get("evacuated") or ())


def _hosts_by_name(entries: Iterable[Host]) -> dict[str, Host]:
    found: dict[str, Host] = {}
    for entry in entries:
        if entry.name in found:
            raise InputError(
                f"there are two hosts named {entry.name}; names must be unique.", path="facts.hosts"
            )
        found[entry.name] = entry
    return dict(sorted(found.items()))


def _with_own_use(
    hosts: Mapping[str, Host], entries: Iterable[JsonObject], domains: Iterable[Domain]
) -> dict[str, Host]:
    here: dict[str, list[Domain]] = {name: [] for name in hosts}
    for domain in domains:
        here[domain.host].append(domain)
    used = {entry["name"]: own_use(entry, here[entry["name"]]) for entry in entries}
    return {
        name: replace(host, own_use=used[name]) if any(used[name]) else host
        for name, host in hosts.items()
    }


def _check_references(domains: Iterable[Domain], hosts: Mapping[str, Host]) -> None:
    for domain in domains:
        if domain.host not in hosts:
            raise InputError(
                f"VM {domain.name} is said to run on {domain.host}, which is not one of the hosts "
                f"({', '.join(hosts) or 'there are none'}); add its facts or correct the name.",
                path="facts.domains",
            )


def _warnings(hosts: Mapping[str, Host], domains: Mapping[str, Domain]) -> Iterable[str]:
    for host in hosts.values():
        if not host.is_up:
            yield f"Host {host.name} is {host.state}: it takes no part in this plan."
    for state in sorted({d.state for d in domains.values() if not d.is_placed}):
        names = [d.name for d in domains.values() if d.state == state]
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        yield f"Left where they are, because they are {state}: {shown}."


def _host(entry: JsonObject, marks: Mapping[str, JsonObject]) -> Host:
    cpu = entry.get("cpu") or {}
    migration = entry.get("migration") or {}
    power = entry.get("power") or {}
    return Host(
        name=entry["name"],
        vcpus=int(entry["vcpus"]),
        memory_mib=int(entry["memory_mib"]),
        state=entry.get("state") or "up",
        maintenance=bool(
            entry.get("maintenance") or marks.get(entry["name"], {}).get("maintenance")
        ),
        labels=dict(entry.get("labels") or {}),
        uuid=entry.get("uuid"),
        memory_reserved_mib=int(entry.get("memory_reserved_mib") or 0),
        cpus_reserved=float(entry.get("cpus_reserved") or 0.0),
        history=parse_history(entry.get("history"), entry["name"]),
        load=parse_figures(entry.get("load")),
        arch=cpu.get("arch"),
        cpu_vendor=cpu.get("vendor"),
        cpu_model=cpu.get("model"),
        usable_models=_names(cpu.get("usable_models")),
        features=_names(cpu.get("features")),
        emulators=_emulators(entry.get("emulators")),
        bridges=_names(entry.get("bridges")),
        interfaces=_names(entry.get("interfaces")),
        networks=_networks(entry.get("networks")),
        storage=_storage(entry.get("storage")),
        migration_address=migration.get("address"),
        speed_mbit=migration.get("speed_mbit"),
        uri=(entry.get("connection") or {}).get("uri"),
        idle_w=power.get("idle_w"),
        busy_w=power.get("busy_w"),
        power=_power(power),
    )


def _power(entry: JsonObject) -> Power:
    doubtful = entry.get("doubtful")
    return Power(
        is_switchable=bool(entry.get("method")),
        keep_on=bool(entry.get("keep_on")),
        proven=bool(entry.get("proven")),
        doubtful=str(doubtful.get("reason") or "it did not come up") if doubtful else None,
        boot_s=entry.get("boot_s"),
        since=known_moment(entry.get("since")),
        reason=entry.get("reason") or "",
        times_off=int(entry.get("times_off") or 0),
        off_s=float(entry.get("off_s") or 0.0),
        needed_by=tuple(entry.get("needed_by") or ()),
    )


def _domain(entry: JsonObject) -> Domain:
    cpu = entry.get("cpu") or {}
    return Domain(
        name=entry["name"],
        host=entry["host"],
        vcpus=int(entry["vcpus"]),
        memory_mib=int(entry["memory_mib"]),
        cpu_usage=float(entry["cpu_usage"]),
        uuid=entry.get("uuid"),
        state=entry.get("state") or "running",
        labels=dict(entry.get("labels") or {}),
        priority=int(entry.get("priority") or 0),
        memory_used_mib=entry.get("memory_used_mib"),
        dirty_rate_mib_s=entry.get("dirty_rate_mib_s"),
        load=parse_figures(entry.get("load")),
        blockers=tuple(_blocker(blocker) for blocker in entry.get("blockers") or ()),
        arch=entry.get("arch"),
        domain_type=entry.get("domain_type"),
        emulator=entry.get("emulator"),
        machine=entry.get("machine"),
        cpu_mode=cpu.get("mode"),
        cpu_model=cpu.get("model"),
        cpu_features=_required_features(cpu.get("features") or {}),
        bridges=tuple(entry.get("bridges") or ()),
        direct_interfaces=tuple(entry.get("direct_interfaces") or ()),
        networks=tuple(entry.get("networks") or ()),
        disks=tuple(_disk(disk) for disk in entry.get("disks") or ()),
        hugepages_kib=entry.get("hugepages_kib"),
        refused_by=dict(entry.get("refused_by") or {}),
        job=entry.get("job"),
        last_migration=_last_migration(entry.get("last_migration")),
    )


def _last_migration(entry: JsonObject | None) -> LastMigration | None:
    at = known_moment(entry["at"]) if entry else None
    return LastMigration(at=at, failed=bool(entry.get("failed"))) if entry and at else None


def known_moment(text: str | None) -> datetime | None:
    """Read a moment; what is none, or has no distance from UTC, is as good as unknown."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo else None


def _names(values: Iterable[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _emulators(entries: Iterable[JsonObject] | None) -> tuple[Emulator, ...] | None:
    if entries is None:
        return None
    return tuple(
        Emulator(
            path=entry["path"],
            arch=entry.get("arch"),
            domain_types=_names(entry.get("domain_types")),
            machines=_names(entry.get("machines")),
            usable_models={k: frozenset(v) for k, v in (entry.get("usable_models") or {}).items()},
        )
        for entry in entries
    )


def _networks(entries: Mapping[str, JsonObject] | None) -> dict[str, bool] | None:
    if entries is None:
        return None
    return {name: bool((network or {}).get("active", True)) for name, network in entries.items()}


def _storage(entries: Iterable[JsonObject] | None) -> dict[str, Storage] | None:
    if entries is None:
        return None
    return {
        entry["path"]: Storage(
            path=entry["path"],
            shared=bool(entry.get("shared", True)),
            identity=entry.get("identity"),
        )
        for entry in entries
    }


def _pages(entries: Iterable[JsonObject] | None) -> dict[int, Pages] | None:
    """Return pages by their size in KiB; what does not tell how many are free has all of them free."""
    if entries is None:
        return None
    return {
        entry["size_kib"]: Pages(
            total_mib=entry["size_kib"] * entry["total"] // 1024,
            free_mib=entry["size_kib"] * entry.get("free", entry["total"]) // 1024,
        )
        for entry in entries
    }


def _blocker(entry: JsonObject) -> Blocker:
    return Blocker(code=entry["code"], message=entry["message"], remedy=entry.get("remedy") or "")


def _required_features(features: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for name, policy in features.items() if policy in ("require", "force"))


def _disk(entry: JsonObject) -> Disk:
    return Disk(
        target=entry.get("target") or "?",
        type=entry.get("type") or "file",
        path=entry.get("path"),
        storage=entry.get("storage"),
        storage_known="storage" in entry,
    )
