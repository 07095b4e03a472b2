# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy document to policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ..cluster.snapshot import ClusterSnapshot
from ..documents import validate, validate_part
from ..errors import InputError
from .affinity import Affinity
from .anti_affinity import AntiAffinity
from .base import Rule, Span, Strictness
from .capacity import Capacity
from .cooldown import Cooldown
from .headroom import Headroom
from .host_affinity import HostAffinity
from .huge_pages import supplies_of_huge_pages
from .licence import Licence
from .load import parse_load
from .move_window import MoveWindow
from .policies import Limits, Policies
from .selector import select
from .separation import Separation
from .spare_hosts import SpareHosts
from .stay import Stay
from .time_frame import needs_now
from .windows import parse_windows

JsonObject = Mapping[str, Any]
Now = datetime | None


def parse_policies(
    document: JsonObject | None,
    facts: JsonObject,
    snapshot: ClusterSnapshot,
    now: Now = None,
) -> Policies:
    """Turn a policy document into policies; an empty or missing one means the defaults.

    Parameters
    ----------
    facts
        The facts document, which selectors look at.
    now
        What time it is, for rules that depend on it.

    Raises
    ------
    InputError
        The document breaks its schema, or names a VM or host that the facts do not know.
    """
    document = {} if document is None else document
    validate("policy", document)
    facts = _with_labels(facts, document.get("tenant_labels"))
    return Policies(
        capacity=_capacity(document),
        spare_hosts=_spare_hosts(document.get("spare_hosts", 0)),
        limits=_limits(document.get("limits", {})),
        per_migration_s=document.get("costs", {}).get("per_migration_s", Policies.per_migration_s),
        balance_above=document.get("balance", {}).get("above", Policies.balance_above),
        balance_hold=document.get("balance", {}).get("hold", Policies.balance_hold),
        load=parse_load(document),
        cooldown=Cooldown(**document.get("cooldown", {})),
        rules=(
            *_rules(document.get("rules", []), facts, now),
            *supplies_of_huge_pages(snapshot),
        ),
    )


def _with_labels(facts: JsonObject, counting: list[str] | None) -> JsonObject:
    """Return the facts with those labels of VMs that count: with the others their tenants would choose their rules."""
    if counting is None:
        return facts
    domains = [
        {**entry, "labels": {k: v for k, v in (entry.get("labels") or {}).items() if k in counting}}
        for entry in facts["domains"]
    ]
    return {**facts, "domains": domains}


def _spare_hosts(entry: int | JsonObject) -> SpareHosts:
    if isinstance(entry, int):
        return SpareHosts(count=entry)
    strictness = Strictness(entry.get("strictness", "never_worsen"))
    return SpareHosts(count=entry["count"], strictness=strictness)


def _limits(entry: JsonObject) -> Limits:
    cluster = entry.get("cluster", "half")
    windows = parse_windows(entry.get("windows", []), "policy.limits.windows")
    return Limits(
        **{**entry, "cluster": None if cluster == "half" else cluster, "windows": windows}
    )


def _capacity(document: JsonObject) -> Capacity:
    return Capacity(
        **document.get("capacity", {}), headroom=Headroom(**document.get("headroom", {}))
    )


def _rules(entries: list[JsonObject], facts: JsonObject, now: Now) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for number, entry in enumerate(entries):
        path = f"policy.rules[{number}]"
        kind = entry["type"]
        if kind not in PARSERS:
            raise InputError(
                f"{kind!r} is not a kind of rule; the kinds are: {', '.join(PARSERS)}.", path=path
            )
        validate_part("policy", kind, entry, path)
        rule = PARSERS[kind](entry, facts, path, now)
        if any(rule.name == other.name for other in rules):
            raise InputError(f"there are two rules named {rule.name}; rename one.", path=path)
        rules.append(rule)
    return tuple(rules)


def _shared(entry: JsonObject, facts: JsonObject, path: str) -> dict[str, Any]:
    """Return what every kind of rule has."""
    found: dict[str, Any] = {
        "name": entry.get("name") or f"{entry['type']} #{path.split('[')[1][:-1]}",
        "domains": select(entry["domains"], facts["domains"], path=f"{path}.domains", noun="VM"),
    }
    if "strictness" in entry:
        found["strictness"] = Strictness(entry["strictness"])
    if "during_maintenance" in entry:
        found["during_maintenance"] = Strictness(entry["during_maintenance"])
    if "span" in entry:
        found["span"] = Span(entry["span"])
    if "weight" in entry:
        found["weight"] = entry["weight"]
    return found


def _affinity(entry: JsonObject, facts: JsonObject, path: str, now: Now) -> Rule:
    return Affinity(**_shared(entry, facts, path))


def _anti_affinity(entry: JsonObject, facts: JsonObject, path: str, now: Now) -> Rule:
    return AntiAffinity(
        **_shared(entry, facts, path), at_most=entry.get("at_most", 1), across=entry.get("across")
    )


def _host_affinity(entry: JsonObject, facts: JsonObject, path: str, now: Now) -> Rule:
    hosts = select(entry["hosts"], facts["hosts"], path=f"{path}.hosts", noun="host")
    allow = entry.get("mode", "allow") == "allow"
    return HostAffinity(**_shared(entry, facts, path), hosts=frozenset(hosts), allow=allow)


def _licence(entry: JsonObject, facts: JsonObject, path: str, now: Now) -> Rule:
    return Licence(**_shared(entry, facts, path), at_most_hosts=entry["at_most_hosts"])


def _separation(entry: JsonObject, facts: JsonObject, path: str, now: Now) -> Rule:
    groups = tuple(
        select(group, facts["domains"], path=f"{path}.groups[{number}]", noun="VM")
        for number, group in enumerate(entry["groups"])
    )
    names = [name for group in groups for name in group]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"{twice[0]} is in two of the groups; take it out of one.", path=f"{path}.groups"
        )
    shared = _shared({**entry, "domains": sorted(names)}, facts, path)
    return Separation(**shared, groups=groups, across=entry.get("across"))


def _stay(entry: JsonObject, facts: JsonObject, path: str, now: Now) -> Rule:
    return Stay(**_shared(entry, facts, path))


def _window(entry: JsonObject, facts: JsonObject, path: str, now: Now) -> Rule:
    if now is None:
        raise needs_now(path)
    windows = parse_windows(entry["windows"], f"{path}.windows")
    return MoveWindow(**_shared(entry, facts, path), windows=windows, now=now)


PARSERS: dict[str, Callable[[JsonObject, JsonObject, str, Now], Rule]] = {
    "affinity": _affinity,
    "anti_affinity": _anti_affinity,
    "host_affinity": _host_affinity,
    "licence": _licence,
    "separation": _separation,
    "stay": _stay,
    "window": _window,
}
