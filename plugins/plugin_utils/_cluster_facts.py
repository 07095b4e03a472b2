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
from ..module_utils._uris import refuse_password
from ._plain import plain
from ._planner import newest_marks

# The variable in which the role drover.libvirt.gather registers the result of host_info.
FACTS_VARIABLE = "gather_host_info"
# The variable in which the role drover.libvirt.preflight registers the result of preflight_info.
PREFLIGHT_VARIABLE = "preflight_checked"


class FactsMissing(Exception):
    """The cluster is not known as a whole, so nothing can be planned for it."""


def cluster_facts(
    task_vars: Mapping[str, t.Any], group: str, unreachable: str = "fail"
) -> dict[str, t.Any]:
    """Return the facts document of all hosts of an inventory group.

    Parameters
    ----------
    task_vars : dict
        Variables of the task, of which C(groups), C(hostvars) and C(ansible_limit) are read.
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
    names = _group_members(task_vars, group)
    facts: dict[str, t.Any] = {"hosts": [], "domains": []}
    silent = []
    for name in names:
        variables = task_vars["hostvars"][name]
        info = plain(variables.get(FACTS_VARIABLE) or {})
        if "host" not in info:
            silent.append((name, info))
            continue
        facts["hosts"].append(_with_inventory(info["host"], name, variables))
        found = plain(variables.get(PREFLIGHT_VARIABLE) or {})
        facts["domains"].extend(_with_preflight(domain, found) for domain in info["domains"])
    if silent:
        facts["hosts"].extend(_silent_hosts(silent, task_vars, unreachable))
    return facts


def marked_hosts(facts: Mapping[str, t.Any]) -> set[str]:
    """Return the hosts that are in maintenance, by any host's copy of their marks."""
    marked = {
        name for name, mark in newest_marks(facts["hosts"]).items() if mark.get("maintenance")
    }
    return marked | {host["name"] for host in facts["hosts"] if host.get("maintenance")}


def _group_members(task_vars: Mapping[str, t.Any], group: str) -> list[str]:
    groups = task_vars["groups"]
    if group not in groups:
        known = (
            ", ".join(sorted(name for name in groups if name not in ("all", "ungrouped"))) or "none"
        )
        raise FactsMissing(
            f"The inventory has no group {group}, which would be the cluster; it has: {known}. "
            "Set drover_group to the group of your libvirt hosts."
        )
    members = sorted(str(name) for name in groups[group])
    if not members:
        raise FactsMissing(f"The inventory group {group} is empty. Put your libvirt hosts into it.")
    return members


def _with_inventory(
    host: dict[str, t.Any], name: str, variables: Mapping[str, t.Any]
) -> dict[str, t.Any]:
    """Add what only the inventory knows: how peers reach the host, and its labels."""
    host["connection"] = {"uri": _peer_uri(name, variables)}
    labels = plain(variables.get("drover_labels") or {})
    if labels:
        host["labels"] = {**host.get("labels", {}), **labels}
    migration_address = plain(variables.get("drover_migration_address"))
    if migration_address:
        host["migration"] = {**(host.get("migration") or {}), "address": migration_address}
    return host


def _peer_uri(name: str, variables: Mapping[str, t.Any]) -> str:
    """Return how peers reach the host; plans and journals keep it, so no password may stand there."""
    address = variables.get("ansible_host") or name
    uri = str(plain(variables.get("drover_peer_uri") or f"qemu+ssh://root@{address}/system"))
    try:
        refuse_password(uri, f"The drover_peer_uri of {name}")
    except ConnectionFailed as error:
        raise FactsMissing(str(error)) from error
    return uri


def _with_preflight(domain: dict[str, t.Any], found: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Add to a VM the hosts where a preflight, if one was made, has found that it cannot go."""
    refused_by: dict[str, str] = {}
    for check in found.get("checks", ()):
        subject = check["subject"]
        blocks = check["severity"] == "block" and not check["passed"] and subject["peer"]
        if blocks and subject["domain"] in (None, domain["name"]):
            refused_by.setdefault(subject["peer"], check["evidence"])
    return {**domain, "refused_by": refused_by} if refused_by else domain


def _silent_hosts(
    silent: list[tuple[str, dict[str, t.Any]]], task_vars: Mapping[str, t.Any], unreachable: str
) -> list[dict[str, t.Any]]:
    names = ", ".join(name for name, _info in silent)
    limit = plain(task_vars.get("ansible_limit"))
    if limit:
        raise FactsMissing(
            f"--limit {limit} left out {names}, but a plan needs the facts of the whole cluster. "
            "Run without --limit and name the hosts with drover_hosts."
        )
    if unreachable != "ignore":
        reasons = "; ".join(f"{name}: {_why(info)}" for name, info in silent)
        raise FactsMissing(
            "These hosts of the cluster have not answered, so their VMs and room are unknown: "
            f"{reasons}. "
            "Repair them, or plan without them with drover_unreachable=ignore."
        )
    return [
        {"name": name, "state": "unreachable", "vcpus": 1, "memory_mib": 1}
        for name, _info in silent
    ]


def _why(info: dict[str, t.Any]) -> str:
    if info.get("msg"):
        return str(info["msg"]).strip().splitlines()[0][:300].rstrip(".")
    return (
        "no facts were gathered (the host was unreachable, "
        "or the role drover.libvirt.gather did not run)"
    )
