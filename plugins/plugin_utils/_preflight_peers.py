# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The peers of a host for C(preflight_info), from what the cluster's hosts have registered.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ._answers import PREFLIGHT_LISTENER, Answers
from ._cluster_facts import FactsMissing, cluster_facts

# What a host needs to know of its peer; the rest would only make the way longer.
NEEDED_FACTS = ("storage", "bridges", "migration", "hugepages", "numa")


class HostAndPeers(t.NamedTuple):
    """A host's own address for migrations, and its peers as C(preflight_info) takes them."""

    migration_address: str | None
    peers: list[dict[str, t.Any]]


def host_and_peers(answers: Answers, group: str, name: str) -> HostAndPeers:
    """Return what one host of the group needs to know of the others, beginning with the one after it.

    So hosts that look at the same time do not all begin with the same peer, whose sshd drops new connections when there
    are more than ten of them.

    Parameters
    ----------
    answers : Answers
        What all hosts answered.
    group : str
        The inventory group that is the cluster.
    name : str
        The host.

    Raises
    ------
    FactsMissing
        The group is empty or unknown, or C(--limit) left out a part of it.
    """
    hosts = cluster_facts(answers, group, unreachable="ignore")["hosts"]
    own: dict[str, t.Any] = next((host for host in hosts if host["name"] == name), {})
    later = [host for host in hosts if host["name"] > name]
    earlier = [host for host in hosts if host["name"] < name]
    return HostAndPeers(
        _address(own),
        [
            _peer(host, answers.of(PREFLIGHT_LISTENER, host["name"]))
            for host in later + earlier
            if host.get("state", "up") == "up"
        ],
    )


def looked_at(
    name: str, peers: list[dict[str, t.Any]], arguments: Mapping[str, t.Any]
) -> dict[str, t.Any]:
    """Return the peers and VMs that a host has to look at.

    Parameters
    ----------
    name : str
        The host.
    peers : list of dict
        All other hosts.
    arguments : mapping
        The options C(hosts), those that matter, and C(domains).
    """
    hosts = arguments.get("hosts") or []
    if not hosts or name in hosts:
        return {"peers": peers, "domains": arguments.get("domains")}
    return {"peers": [peer for peer in peers if peer["name"] in hosts], "domains": []}


def _address(host: Mapping[str, t.Any]) -> str | None:
    return (host.get("migration") or {}).get("address")


def _peer(host: dict[str, t.Any], listening: Mapping[str, t.Any]) -> dict[str, t.Any]:
    facts = {key: host[key] for key in NEEDED_FACTS if key in host}
    cpu = host.get("cpu") or {}
    facts["cpu"] = {key: cpu[key] for key in ("arch", "vendor", "model") if key in cpu}
    return {
        "name": host["name"],
        "uri": host["connection"]["uri"],
        "migration_address": _address(host),
        "ports": listening.get("ports", []),
        "facts": facts,
    }


def chosen_peers(
    answers: Answers, group: str, name: str, chosen: list[str] | str | None
) -> list[dict[str, t.Any]]:
    """Return name and URI of the other hosts of the group, or of those that were chosen.

    Unlike a preflight, this must not leave out a host that is silent: what it can run is not known.

    Raises
    ------
    FactsMissing
        A chosen host is not in the group or did not answer, or the group is empty or unknown.
    """
    hosts = {host["name"]: host for host in cluster_facts(answers, group, "ignore")["hosts"]}
    names = chosen.split(",") if isinstance(chosen, str) else (chosen or sorted(hosts))
    silent = [one for one in names if hosts.get(one, {}).get("state") != "up"]
    if silent:
        raise FactsMissing(
            f"It is not known what {', '.join(silent)} can run: no facts were gathered there. "
            "Wake or repair it, or choose the hosts without it."
        )
    return [{"name": one, "uri": hosts[one]["connection"]["uri"]} for one in names if one != name]
