# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts document of a cluster, put together from what C(host_info) found on each host of the
group.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ..module_utils._errors import ConnectionFailed
from ..module_utils._uris import check_uri
from ._answers import (
    EXECUTION_INFO,
    HOST_INFO,
    POWER_MARK_FACTS,
    POWER_MARK_INFO,
    PREFLIGHT_INFO,
    Answers,
)
from ._planner import newest_marks
from ._sleeping import is_on_record, newest_power_marks, not_ready, power_facts, sleeping_host
from ._unknown_places import counted_on_both, unknown_places

# The keys of drover_reserve, and what they are in the facts.
_RESERVED = {"memory_mib": "memory_reserved_mib", "cpus": "cpus_reserved"}


class FactsMissing(Exception):
    """The cluster is not known as a whole, so nothing can be planned for it."""


def cluster_facts(answers: Answers, group: str, unreachable: str = "fail") -> dict[str, t.Any]:
    """Return the facts document of all hosts of an inventory group.

    Parameters
    ----------
    answers : Answers
        What all hosts answered, of which at least C(host_info) is registered.
    group : str
        The inventory group that is the cluster.
    unreachable : str
        V(fail) refuses when a host has not answered; V(ignore) leaves it out as a host that is
        away.

    Returns
    -------
    dict
        C({"hosts": [...], "domains": [...]}), plain JSON.

    Raises
    ------
    FactsMissing
        The group is empty or unknown, a host's facts are missing, or its peer URI holds a password or no valid address.
    """
    names = _group_members(answers, group)
    facts: dict[str, t.Any] = {"hosts": [], "domains": []}
    power = power_answers(answers, names)
    marks = newest_power_marks(power.values())
    unknown = unknown_places(answers.of(EXECUTION_INFO, name) for name in names)
    silent = []
    for name in names:
        info = answers.of(HOST_INFO, name)
        if "host" in info:
            host = info["host"]
            found = answers.of(PREFLIGHT_INFO, name)
            facts["domains"].extend(
                counted_on_both(_with_preflight(domain, found), unknown)
                for domain in info["domains"]
            )
        elif is_on_record(marks.get(name)):
            host = sleeping_host(name, marks[name])
        else:
            silent.append((name, answers.failure(name)))
            continue
        host["power"] = power_facts(marks.get(name), answers.variable(name, "drover_power") or {})
        facts["hosts"].append(_with_inventory(host, name, answers))
    _close_unready(facts["hosts"], marks, power)
    if silent:
        facts["hosts"].extend(_silent_hosts(silent, answers, unreachable))
    return facts


def power_answers(answers: Answers, names: t.Iterable[str]) -> dict[str, dict[str, t.Any]]:
    """Return what C(power_mark_info) found, by host, with the kept facts in the marks where they were read."""
    power = {}
    for name in names:
        answer = answers.of(POWER_MARK_INFO, name)
        if "marks" in answer:
            kept = answers.of(POWER_MARK_FACTS, name).get("marks", {})
            power[name] = {**answer, "marks": newest_power_marks([answer, {"marks": kept}])}
    return power


def sleeping_hosts(answers: Answers, names: t.Iterable[str]) -> list[str]:
    """Return the hosts that do not answer because they are asleep."""
    names = list(names)
    power = power_answers(answers, names)
    marks = newest_power_marks(power.values())
    return [name for name in names if name not in power and is_on_record(marks.get(name))]


def _close_unready(
    hosts: list[dict[str, t.Any]],
    marks: Mapping[str, Mapping[str, t.Any]],
    answers: Mapping[str, Mapping[str, t.Any]],
) -> None:
    """Let no VM come to a host that is on record as off and answers, before it is what it was.

    Side Effects
    ------------
    Sets C(maintenance), and C(power.closed) to the sentences.
    """
    up = {host["name"]: host for host in hosts if host.get("state", "up") == "up"}
    for name, host in up.items():
        if is_on_record(marks.get(name)):
            closed = not_ready(name, marks[name], answers.get(name, {}), up)
            host["power"]["returned"] = not closed
            if closed:
                host["maintenance"] = True
                host["power"]["closed"] = closed


def marked_hosts(facts: Mapping[str, t.Any]) -> set[str]:
    """Return the hosts that are in maintenance, by any host's copy of their marks."""
    marked = {
        name for name, mark in newest_marks(facts["hosts"]).items() if mark.get("maintenance")
    }
    return marked | {host["name"] for host in facts["hosts"] if host.get("maintenance")}


def _group_members(answers: Answers, group: str) -> list[str]:
    groups = answers.task_vars["groups"]
    if group not in groups:
        known = (
            ", ".join(sorted(name for name in groups if name not in ("all", "ungrouped"))) or "none"
        )
        raise FactsMissing(
            f"The inventory has no group {group}, which would be the cluster; it has: {known}. "
            "Set drover_group to the group of your libvirt hosts."
        )
    members = answers.members(group)
    if not members:
        raise FactsMissing(f"The inventory group {group} is empty. Put your libvirt hosts into it.")
    return members


def _with_inventory(host: dict[str, t.Any], name: str, answers: Answers) -> dict[str, t.Any]:
    """Add what only the inventory knows: how peers reach the host, and its labels."""
    host["connection"] = {"uri": peer_uri(name, answers)}
    labels = answers.variable(name, "drover_labels")
    if labels:
        host["labels"] = {**host.get("labels", {}), **labels}
    host.update(_reserve(name, answers))
    migration_address = answers.variable(name, "drover_migration_address")
    if migration_address:
        host["migration"] = {**(host.get("migration") or {}), "address": migration_address}
    return host


def _reserve(name: str, answers: Answers) -> dict[str, t.Any]:
    """Return what VMs never get of a host, as the inventory says."""
    reserve = answers.variable(name, "drover_reserve") or {}
    wrong = not isinstance(reserve, Mapping) or any(
        key not in _RESERVED or not _is_amount(amount) for key, amount in reserve.items()
    )
    if wrong:
        raise FactsMissing(
            f"The drover_reserve of {name} is {reserve!r}; write what VMs never get there as numbers, "
            "such as {memory_mib: 4096, cpus: 2}."
        )
    return {
        _RESERVED[key]: round(amount) if key == "memory_mib" else amount
        for key, amount in reserve.items()
    }


def _is_amount(amount: t.Any) -> bool:
    return isinstance(amount, (int, float)) and not isinstance(amount, bool) and 0 <= amount < 1e9


def peer_uri(name: str, answers: Answers) -> str:
    """Return how peers reach the host; plans and journals keep it, so no password may stand there."""
    uri = str(answers.variable(name, "drover_peer_uri") or _uri_by_ssh(name, answers))
    try:
        check_uri(uri, f"The drover_peer_uri of {name}")
    except ConnectionFailed as error:
        raise FactsMissing(str(error)) from error
    return uri


def _uri_by_ssh(name: str, answers: Answers) -> str:
    """Return the URI to where Ansible itself connects; an IPv6 address stands in brackets there."""
    address = str(answers.variable(name, "ansible_host") or name)
    if ":" in address and not address.startswith("["):
        address = f"[{address}]"
    port = answers.variable(name, "ansible_port")
    return f"qemu+ssh://root@{address}{f':{port}' if port else ''}/system"


def _with_preflight(domain: dict[str, t.Any], found: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Add to a VM the hosts where a preflight, if one was made, has found that it cannot go."""
    refused_by: dict[str, str] = {}
    for check in found.get("checks", ()):
        subject = check["subject"]
        blocks = check["severity"] == "block" and not check["passed"] and subject["peer"]
        if blocks and subject["domain"] in (None, domain["name"]):
            refused_by.setdefault(subject["peer"], check["evidence"])
    return {**domain, "refused_by": refused_by} if refused_by else domain


def fenced_hosts(answers: Answers, name: str) -> list[str]:
    """Return the hosts for which the operator vouches that they are off, as a host's variables have them."""
    told = answers.variable(name, "drover_fenced") or []
    return told.split(",") if isinstance(told, str) else list(told)


def _silent_hosts(
    silent: list[tuple[str, str]], answers: Answers, unreachable: str
) -> list[dict[str, t.Any]]:
    unexplained = [(name, why) for name, why in silent if name not in fenced_hosts(answers, name)]
    if unexplained:
        _refuse_silent(unexplained, answers.limit, unreachable)
    return [
        {"name": name, "state": "unreachable", "vcpus": 1, "memory_mib": 1} for name, _why in silent
    ]


def _refuse_silent(silent: list[tuple[str, str]], limit: str | None, unreachable: str) -> None:
    names = ", ".join(name for name, _why in silent)
    if limit:
        raise FactsMissing(
            f"--limit {limit} left out {names}, but a plan needs the facts of the whole cluster. "
            "Run without --limit and name the hosts with drover_hosts."
        )
    if unreachable != "ignore":
        reasons = "; ".join(f"{name}: {_first_line(why)}" for name, why in silent)
        raise FactsMissing(
            "These hosts of the cluster have not answered, so their VMs and room are unknown: "
            f"{reasons}. "
            "Repair them, or plan without them with drover_unreachable=ignore."
        )


def _first_line(why: str) -> str:
    """Return in a line why a host has not answered."""
    if why.strip():
        return why.strip().splitlines()[0][:300].rstrip(".")
    return (
        "no facts were gathered (the host was unreachable, "
        "or the role drover.libvirt.gather did not run)"
    )
