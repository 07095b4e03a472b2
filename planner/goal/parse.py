# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The goal document to a goal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..cluster.snapshot import ClusterSnapshot
from ..errors import InputError, UnknownDomain, UnknownHost
from ..policy.capacity import Capacity
from .balance import PRESETS, Balance
from .base import Goal
from .consolidation import Consolidation
from .evacuation import Evacuation
from .expansion import Expansion, hosts_to_wake
from .relocation import Relocation
from .repair import Repair
from .restoration import Restoration, marked_homes

JsonObject = Mapping[str, Any]


def parse_goal(
    document: JsonObject, snapshot: ClusterSnapshot, capacity: Capacity, spare: int = 0
) -> Goal:
    """Turn a goal document, which keeps to its schema, into a goal.

    Raises
    ------
    InputError
        The document lacks what its goal needs, or says something that its goal does not know.
    UnknownHost, UnknownDomain
        It names something that the facts do not know.
    """
    if "maintenance" in document and document["goal"] != Evacuation.kind:
        raise InputError(
            f"only an evacuation says whether it is for maintenance, and the goal is {document['goal']}; remove it.",
            path="goal.maintenance",
        )
    if document["goal"] == Expansion.kind:
        goal = _expansion(document, snapshot, capacity, spare)
    else:
        goal = PARSERS[document["goal"]](document, snapshot)
    return replace(
        goal,
        effort=document.get("effort", goal.effort),
        time_limit_s=document.get("time_limit_s"),
        curve=_curve(document),
    )


def _curve(document: JsonObject) -> bool:
    """Tell whether the plan says what fewer migrations would do; refuse it where all migrations are needed."""
    wanted: bool = document.get("curve", False)
    if wanted and document["goal"] not in (Balance.kind, Consolidation.kind):
        raise InputError(
            f"the goal {document['goal']} has no curve; ask for it with balance or consolidate.",
            path="goal.curve",
        )
    return wanted


def _hosts(document: JsonObject, snapshot: ClusterSnapshot) -> tuple[str, ...]:
    """Return the hosts named, each of which must be known and up."""
    named = [*document.get("hosts", ()), *([document["host"]] if "host" in document else [])]
    if not named:
        raise InputError(f"the goal {document['goal']} needs a host; name one.", path="goal.hosts")
    _known_hosts(named, snapshot)
    return tuple(sorted(set(named)))


def _known_hosts(names: Iterable[str], snapshot: ClusterSnapshot) -> None:
    for name in names:
        if name not in snapshot.hosts:
            raise UnknownHost(
                f"There is no host {name}; the hosts are: {', '.join(snapshot.hosts)}."
            )
        if not snapshot.hosts[name].is_up:
            raise InputError(
                f"Host {name} is {snapshot.hosts[name].state}, so its VMs can neither be read nor moved; "
                "make its libvirt reachable and gather the facts again."
            )


def _known_domain(name: str, snapshot: ClusterSnapshot) -> str:
    if name not in snapshot.domains:
        raise UnknownDomain(f"There is no VM {name} on any host; check the name.")
    domain = snapshot.domains[name]
    if name not in snapshot.placed:
        raise InputError(
            f"VM {name} is {domain.state} on {domain.host}; only a running or paused VM can be migrated."
        )
    return name


def _evacuation(document: JsonObject, snapshot: ClusterSnapshot) -> Goal:
    later = frozenset(document.get("avoid", ()))
    return Evacuation(
        emptied=_hosts(document, snapshot),
        prefer=frozenset(document.get("prefer", ())),
        avoid=later,
        for_maintenance=document.get("maintenance", True),
    )


def _restoration(document: JsonObject, snapshot: ClusterSnapshot) -> Goal:
    hosts = _hosts(document, snapshot)
    listed = document.get("domains")
    if listed is not None:
        if len(hosts) > 1 and listed:
            raise InputError("name one host to bring a list of VMs back to.", path="goal.domains")
        return Restoration(
            ended=hosts, homes={_known_domain(name, snapshot): hosts[0] for name in sorted(listed)}
        )
    return Restoration(ended=hosts, homes=marked_homes(hosts, snapshot))


def _relocation(document: JsonObject, snapshot: ClusterSnapshot) -> Goal:
    for key in ("domain", "destination"):
        if key not in document:
            raise InputError(f"the goal migrate needs a {key}; name it.", path=f"goal.{key}")
    _known_hosts([document["destination"]], snapshot)
    return Relocation(
        domain=_known_domain(document["domain"], snapshot), destination=document["destination"]
    )


def _balance(document: JsonObject, snapshot: ClusterSnapshot) -> Goal:
    """Take a preset by its aggressiveness, and let single values replace it."""
    preset = PRESETS[document.get("aggressiveness", 3)]
    given = {
        key: document[key]
        for key in ("trigger", "target", "worth_s", "min_gain")
        if key in document
    }
    return Balance(setting=replace(preset, **given))


def _consolidation(document: JsonObject, snapshot: ClusterSnapshot) -> Goal:
    return Consolidation(at_least=document.get("at_least", 0))


def _repair(document: JsonObject, snapshot: ClusterSnapshot) -> Goal:
    return Repair()


def _expansion(
    document: JsonObject, snapshot: ClusterSnapshot, capacity: Capacity, spare: int
) -> Goal:
    limits = {name: capacity.limit(host) for name, host in snapshot.hosts.items()}
    woken = hosts_to_wake(snapshot, limits, demand=document.get("demand", 1.0), spare=spare)
    return Expansion(
        woken=woken, setting=replace(PRESETS[document.get("aggressiveness", 3)], min_gain=0.0)
    )


PARSERS: dict[str, Callable[[JsonObject, ClusterSnapshot], Goal]] = {
    "evacuate": _evacuation,
    "restore": _restoration,
    "migrate": _relocation,
    "balance": _balance,
    "consolidate": _consolidation,
    "repair": _repair,
}
