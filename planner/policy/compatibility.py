# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts can run a VM at all, from facts alone; every refusal has its reason.

Each check takes a VM, its present host and a candidate, and returns a reason or ``None``. Facts that are unknown
refuse nothing: the migration's own prerequisites look again with both ends' libvirt open.
"""

from __future__ import annotations

from collections.abc import Callable

from ..cluster.domain import Disk, Domain
from ..cluster.host import Host

OF_THE_HOST = ("host-passthrough", "maximum")
"""CPU modes in which a VM sees the host's own CPU."""

Check = Callable[[Domain, Host, Host], str | None]


def refusal(domain: Domain, source: Host, host: Host) -> str | None:
    """Say why this host cannot run the VM; ``None`` where it can."""
    for check in CHECKS:
        if reason := check(domain, source, host):
            return reason
    return None


def needs(domain: Domain, source: Host) -> tuple[object, ...]:
    """Return all that the checks look at: VMs with equal needs have the same refusals."""
    own_cpu = domain.cpu_mode in OF_THE_HOST
    return (
        domain.arch,
        domain.domain_type,
        domain.emulator,
        domain.machine,
        domain.cpu_mode,
        domain.cpu_model,
        own_cpu and (source.cpu_vendor, source.cpu_model),
        domain.cpu_features,
        domain.bridges,
        domain.direct_interfaces,
        domain.networks,
        frozenset(_needs_of_disk(disk, source) for disk in domain.disks),
        domain.name_taken_on,
        domain.hugepages_kib and (domain.hugepages_kib, domain.memory_mib),
        frozenset(domain.refused_by.items()),
    )


def _needs_of_disk(disk: Disk, source: Host) -> tuple[object, ...]:
    here = None if source.storage is None else source.storage.get(disk.storage or "", source.name)
    return (disk.type, disk.storage, disk.storage_known, disk.path is None, here)


def _name(domain: Domain, source: Host, host: Host) -> str | None:
    taken = host.name in domain.name_taken_on
    return f"{host.name} defines another VM named {domain.name}" if taken else None


def _architecture(domain: Domain, source: Host, host: Host) -> str | None:
    if domain.arch and host.arch and host.emulators is None and domain.arch != host.arch:
        return f"{host.name} is of architecture {host.arch}, not {domain.arch}"
    return None


def _emulator(domain: Domain, source: Host, host: Host) -> str | None:
    if domain.emulator is None or host.emulators is None:
        return None
    emulator = host.emulator(domain.emulator)
    if emulator is None:
        return f"{host.name} has no emulator {domain.emulator}"
    if domain.arch and emulator.arch and domain.arch != emulator.arch:
        return f"the emulator {domain.emulator} of {host.name} is for {emulator.arch}, not {domain.arch}"
    if (
        domain.domain_type
        and emulator.domain_types
        and domain.domain_type not in emulator.domain_types
    ):
        return f"{host.name} cannot run domains of type {domain.domain_type}"
    return None


def _machine(domain: Domain, source: Host, host: Host) -> str | None:
    emulator = host.emulator(domain.emulator) if domain.emulator else None
    if (
        domain.machine
        and emulator
        and emulator.machines
        and domain.machine not in emulator.machines
    ):
        return f"QEMU on {host.name} has no machine type {domain.machine}"
    return None


def _cpu_model(domain: Domain, source: Host, host: Host) -> str | None:
    if domain.cpu_mode in OF_THE_HOST:
        if domain.domain_type == "qemu" or None in (source.cpu_model, host.cpu_model):
            return None
        same = (source.cpu_vendor, source.cpu_model) == (host.cpu_vendor, host.cpu_model)
        return (
            None
            if same
            else f"{domain.name} has the CPU of its host, and {host.name} has a {host.cpu_model}"
        )
    emulator = host.emulator(domain.emulator) if domain.emulator else None
    usable = emulator.usable_models.get(domain.domain_type or "") if emulator else None
    usable = usable or host.usable_models
    if domain.cpu_model and usable and domain.cpu_model not in usable:
        return f"{host.name} cannot offer the CPU model {domain.cpu_model}"
    return None


def _cpu_features(domain: Domain, source: Host, host: Host) -> str | None:
    if host.features is None or domain.domain_type == "qemu":
        return None  # an emulated CPU does not have its features from the host
    missing = sorted(domain.cpu_features - host.features)
    return f"the CPU of {host.name} lacks {', '.join(missing)}" if missing else None


def _bridges(domain: Domain, source: Host, host: Host) -> str | None:
    missing = [] if host.bridges is None else [b for b in domain.bridges if b not in host.bridges]
    return f"{host.name} has no bridge {missing[0]}" if missing else None


def _interfaces(domain: Domain, source: Host, host: Host) -> str | None:
    if host.interfaces is None:
        return None
    missing = [name for name in domain.direct_interfaces if name not in host.interfaces]
    return f"{host.name} has no interface {missing[0]}" if missing else None


def _networks(domain: Domain, source: Host, host: Host) -> str | None:
    if host.networks is None:
        return None
    for network in domain.networks:
        if network not in host.networks:
            return f"{host.name} has no libvirt network {network}"
        if not host.networks[network]:
            return f"the libvirt network {network} of {host.name} is not active"
    return None


def _storage(domain: Domain, source: Host, host: Host) -> str | None:
    if host.storage is None or source.storage is None:
        return None
    for disk in domain.disks:
        if disk.type not in ("file", "block", "dir") or disk.path is None or not disk.storage_known:
            continue
        if reason := _disk(disk.target, disk.storage, source, host):
            return reason
    return None


def _disk(target: str, path: str | None, source: Host, host: Host) -> str | None:
    """Prove that a disk's storage is the same on both hosts, by identity; a path alone proves nothing."""
    here = (source.storage or {}).get(path or "")
    there = (host.storage or {}).get(path or "")
    if here is None:
        return f"its disk {target} is on no storage that {source.name} shares"
    if there is None:
        return f"{here.path}, which holds its disk {target}, is not mounted on {host.name}"
    if here.identity is None or there.identity is None:
        return f"nothing proves that {here.path} (disk {target}) is the same storage on {host.name}: mark it"
    if here.identity != there.identity:
        return f"{here.path} on {host.name} is not the storage that holds its disk {target}"
    return None


def _hugepages(domain: Domain, source: Host, host: Host) -> str | None:
    if not domain.hugepages_kib or host.hugepages_mib is None:
        return None
    room = host.hugepages_mib.get(domain.hugepages_kib, 0)
    if room < domain.pages_mib:
        return (
            f"{host.name} has too few huge pages of {domain.hugepages_kib} KiB "
            f"({room} MiB for VMs, and it needs {domain.pages_mib})"
        )
    return None


def _preflight(domain: Domain, source: Host, host: Host) -> str | None:
    reason = domain.refused_by.get(host.name)
    return reason.rstrip(".") if reason else None


CHECKS: tuple[Check, ...] = (
    _name,
    _architecture,
    _emulator,
    _machine,
    _cpu_model,
    _cpu_features,
    _bridges,
    _interfaces,
    _networks,
    _storage,
    _hugepages,
    _preflight,
)
