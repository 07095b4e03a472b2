# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts changed by hand: hosts and VMs added, removed, or grown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InputError, UnknownDomain, UnknownHost

Facts = Mapping[str, Any]
Entry = dict[str, Any]


def add_host(facts: Facts, name: str, vcpus: int, memory_mib: int) -> dict[str, Any]:
    """Return the facts with one more host; what it can run is taken from the first host of the same facts."""
    if any(host["name"] == name for host in facts["hosts"]):
        raise InputError(f"There is a host {name} already; choose another name.")
    model = {
        k: v
        for k, v in facts["hosts"][0].items()
        if k in ("cpu", "emulators", "bridges", "interfaces", "networks", "storage")
    }
    return _with(
        facts,
        hosts=[*facts["hosts"], {**model, "name": name, "vcpus": vcpus, "memory_mib": memory_mib}],
    )


def remove_host(facts: Facts, name: str) -> dict[str, Any]:
    """Return the facts without a host; its VMs have to be gone first."""
    _known(facts["hosts"], name, UnknownHost, "host")
    held = [vm["name"] for vm in facts["domains"] if vm["host"] == name]
    if held:
        raise InputError(
            f"Host {name} still holds {', '.join(held[:3])}; fail it, or evacuate it first."
        )
    return _with(facts, hosts=[host for host in facts["hosts"] if host["name"] != name])


def add_domain(facts: Facts, name: str, host: str, vcpus: int, memory_mib: int) -> dict[str, Any]:
    """Return the facts with one more VM, half of whose vCPUs are busy."""
    if any(vm["name"] == name for vm in facts["domains"]):
        raise InputError(f"There is a VM {name} already; choose another name.")
    _known(facts["hosts"], host, UnknownHost, "host")
    entry = {
        "name": name,
        "host": host,
        "vcpus": vcpus,
        "memory_mib": memory_mib,
        "cpu_usage": vcpus / 2,
    }
    return _with(facts, domains=[*facts["domains"], entry])


def remove_domain(facts: Facts, name: str) -> dict[str, Any]:
    """Return the facts without a VM."""
    _known(facts["domains"], name, UnknownDomain, "VM")
    return _with(facts, domains=[vm for vm in facts["domains"] if vm["name"] != name])


def grow(facts: Facts, name: str, vcpus: int, memory_mib: int) -> dict[str, Any]:
    """Return the facts with a host or a VM of another size; the busy CPU of a VM grows with its vCPUs."""
    for key in ("hosts", "domains"):
        if any(entry["name"] == name for entry in facts[key]):
            return _with(
                facts,
                **{
                    key: [
                        _grown(e, vcpus, memory_mib) if e["name"] == name else e for e in facts[key]
                    ]
                },
            )
    raise InputError(f"There is neither a host nor a VM {name}; check the name.")


def _grown(entry: Entry, vcpus: int, memory_mib: int) -> Entry:
    grown = {**entry, "vcpus": vcpus, "memory_mib": memory_mib}
    if "cpu_usage" in entry and "host" in entry and entry["vcpus"]:
        grown["cpu_usage"] = entry["cpu_usage"] * vcpus / entry["vcpus"]
    return grown


def _known(entries: Sequence[Entry], name: str, error: type[InputError], noun: str) -> None:
    if not any(entry["name"] == name for entry in entries):
        raise error(f"There is no {noun} {name}; check the name.")


def _with(facts: Facts, **changed: list[Entry]) -> dict[str, Any]:
    return {**facts, **changed}
