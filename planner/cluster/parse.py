# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts (JSON) to a cluster snapshot: the only reader of the wire format."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ..documents import validate
from ..errors import InputError
from .domain import Blocker, Disk, Domain, LastMigration
from .doubles import one_each
from .host import Emulator, Host, Storage
from .snapshot import ClusterSnapshot

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
    validate("facts", facts)
    marks = newest_marks(facts["hosts"])
    hosts = _hosts_by_name(_host(entry, marks) for entry in facts["hosts"])
    entries = [_domain(entry) for entry in facts["domains"]]
    _check_references(entries, hosts)
    domains, doubles = one_each(entries)
    return ClusterSnapshot(
        hosts=hosts,
        domains=domains,
        evacuated={
            name: _evacuated(mark) for name, mark in marks.items() if mark.get("maintenance")
        },
        digest=digest_of(facts),
        warnings=(*_warnings(hosts, domains), *doubles),
    )


def digest_of(facts: JsonObject) -> str:
    """Return the SHA-256 of the facts; neither the order of hosts, VMs nor keys matters."""
    canonical = {
        key: sorted(facts[key], key=lambda entry: entry["name"]) for key in ("hosts", "domains")
    }
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def newest_marks(hosts: Iterable[JsonObject]) -> dict[str, JsonObject]:
    """Merge the copies of the maintenance marks on all hosts: the newest of each host's mark wins."""
    newest: dict[str, JsonObject] = {}
    for host in hosts:
        for name, mark in (host.get("marks") or {}).items():
            if name not in newest or str(mark.get("at", "")) > str(newest[name].get("at", "")):
                newest[name] = mark
    return newest


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


def _check_references(domains: Iterable[Domain], hosts: Mapping[str, Host]) -> None:
    for domain in domains:
        if domain.host not in hosts:
            raise InputError(
                f"VM {domain.name} is said to run on {domain.host}, which is none of the hosts "
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
        hugepages_mib=_hugepages(entry.get("hugepages")),
        migration_address=migration.get("address"),
        speed_mbit=migration.get("speed_mbit"),
        uri=(entry.get("connection") or {}).get("uri"),
        idle_w=power.get("idle_w"),
        busy_w=power.get("busy_w"),
        powered_off_by_us=bool(power.get("powered_off_by_us")),
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
    """Read when a VM moved; what is no moment with a distance from UTC is as good as unknown."""
    if not entry:
        return None
    try:
        at = datetime.fromisoformat(entry["at"])
    except ValueError:
        return None
    return LastMigration(at=at, failed=bool(entry.get("failed"))) if at.tzinfo else None


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


def _hugepages(entries: Iterable[JsonObject] | None) -> dict[int, int] | None:
    if entries is None:
        return None
    return {entry["size_kib"]: entry["size_kib"] * entry["total"] // 1024 for entry in entries}


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
