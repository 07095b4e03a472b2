# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Huge pages: memory that a host sets aside in pages of one size, and that only VMs made for them can use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .domain import Domain
from .host import Host

Hosts = Mapping[str, Host]
Domains = Mapping[str, Domain]


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one size on a host, in MiB."""

    total_mib: int
    free_mib: int


def with_pages(
    hosts: Hosts, domains: Domains, pages: Mapping[str, Mapping[int, Pages] | None]
) -> tuple[dict[str, Host], dict[str, Domain], list[str]]:
    """Return hosts and VMs with their normal memory and their huge pages told apart, and warnings.

    What a host sets aside is not normal memory, and VMs in huge pages take none. Where a host does not tell what it
    has, though VMs use huge pages, nothing can be told apart: all memory counts as normal, and a warning says so.

    Parameters
    ----------
    pages
        Per host its pages by their size in KiB; ``None`` where the facts do not tell.
    """
    users = [d for d in domains.values() if d.hugepages_kib and d.is_placed]
    silent = [name for name, host in hosts.items() if host.is_up and pages[name] is None]
    counted = {name: _with_rooms(host, pages[name], users) for name, host in hosts.items()}
    if users and silent:
        return counted, dict(domains), [_not_counted(silent)]
    return (
        {
            name: replace(host, memory_in_pages_mib=_total(pages[name]))
            for name, host in counted.items()
        },
        {n: replace(d, is_in_pages=bool(d.hugepages_kib)) for n, d in domains.items()},
        [],
    )


def _with_rooms(host: Host, pages: Mapping[int, Pages] | None, users: Iterable[Domain]) -> Host:
    """Return a host with what its VMs may have in pages of each size: what they have, and what is free."""
    if pages is None:
        return host
    used = dict.fromkeys(pages, 0)
    for domain in users:
        if host.name in (domain.host, domain.job_destination) and domain.hugepages_kib in used:
            used[domain.hugepages_kib] += domain.pages_mib
    rooms = {
        size: max(used[size], min(page.total_mib, used[size] + page.free_mib))
        for size, page in pages.items()
    }
    return replace(host, hugepages_mib=rooms)


def _total(pages: Mapping[int, Pages] | None) -> int:
    return sum(page.total_mib for page in (pages or {}).values())


def _not_counted(silent: list[str]) -> str:
    return (
        f"Huge pages are not counted, because the facts do not tell how many there are on {', '.join(silent)}: "
        "all memory counts as normal."
    )


def with_pages_moved(
    facts: Mapping[str, Any], placement: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the facts of hosts after VMs went elsewhere: pages are free where these were, and taken where they are."""
    taken: dict[tuple[str, int], int] = {}
    for vm in facts["domains"]:
        size, host = vm.get("hugepages_kib"), placement.get(vm["name"], vm["host"])
        if size and host != vm["host"]:
            count = -(-vm["memory_mib"] * 1024 // size)
            taken[host, size] = taken.get((host, size), 0) + count
            taken[vm["host"], size] = taken.get((vm["host"], size), 0) - count
    return [_with_taken(host, taken) for host in facts["hosts"]]


def _with_taken(host: Mapping[str, Any], taken: Mapping[tuple[str, int], int]) -> dict[str, Any]:
    entries = [
        {**entry, "free": _clipped(entry, taken.get((host["name"], entry["size_kib"]), 0))}
        for entry in host.get("hugepages") or ()
    ]
    return {**host, "hugepages": entries} if entries else dict(host)


def _clipped(entry: Mapping[str, Any], taken: int) -> int:
    total = int(entry["total"])
    return max(0, min(total, int(entry.get("free", total)) - taken))
