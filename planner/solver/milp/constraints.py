# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows: one function for each family, one for each kind of rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import singledispatch

from ...policy.affinity import Affinity
from ...policy.anti_affinity import AntiAffinity
from ...policy.base import Rule, Strictness
from ...policy.host_affinity import HostAffinity
from .program import Pairs
from .variables import Variables


def add_departures(variables: Variables) -> None:
    """An item goes to one host at most; from a host that must be emptied, to exactly one."""
    indexed = variables.indexed
    for item, pairs in variables.of_item.items():
        must = indexed.items[item].home in indexed.leaving
        if must or len(pairs) > 1:
            variables.program.row(pairs, "=" if must else "<=", 1.0)
    for item in indexed.leavers:
        if item not in variables.of_item:
            variables.program.row([], "=", 1.0)  # nowhere to go: no answer


def load_change(variables: Variables, host: int, resource: int) -> Pairs:
    """Return what a host's load changes by, as an expression over the moves."""
    items = variables.indexed.items
    change = [(column, items[item].demand[resource]) for item, column in variables.into[host]]
    for item in variables.indexed.items_at[host]:
        change += [(column, -items[item].demand[resource]) for column, _ in variables.leaves(item)]
    return change


def add_capacity(variables: Variables, hosts: Iterable[int] | None = None) -> None:
    """No host (of these, or at all) carries more than its limit, or than it carries now."""
    indexed = variables.indexed
    for host in range(len(indexed.hosts)) if hosts is None else hosts:
        if not variables.into[host]:
            continue
        for resource in range(3):
            room = indexed.caps[host][resource] - indexed.loads[host][resource]
            variables.program.row(load_change(variables, host, resource), "<=", room)


def add_budget(variables: Variables) -> None:
    """No more migrations than the limit."""
    most = variables.indexed.problem.policies.limits.max_migrations
    if most is not None:
        items = variables.indexed.items
        pairs = [(column, float(len(items[item].members))) for (item, _), column in variables.y.items()]
        variables.program.row(pairs, "<=", float(most))


def add_rules(variables: Variables) -> None:
    """Every rule, by its kind; preferred ones only cost."""
    for rule in variables.indexed.problem.policies.rules:
        add_rule(rule, variables)


@singledispatch
def add_rule(rule: Rule, variables: Variables) -> None:
    """Translate a rule into rows."""
    raise NotImplementedError(f"no rows for {type(rule).__name__}")


def _slack(rule: Rule, variables: Variables) -> Pairs:
    """Return what a preferred rule may be broken by, at its weight; nothing for a firm one."""
    if rule.strictness is not Strictness.PREFERRED:
        return []
    column = variables.program.column()
    variables.charge(column, rule.weight)
    return [(column, -1.0)]


def _count(variables: Variables, names: list[str], hosts: set[int]) -> tuple[Pairs, float]:
    """Return how many of these VMs are on these hosts, as an expression."""
    indexed = variables.indexed
    pairs: Pairs = []
    constant = 0.0
    for name in names:
        item = indexed.item_of.get(name)
        if item is None:
            constant += indexed.number[indexed.problem.snapshot.placement[name]] in hosts
            continue
        for host in sorted(hosts):
            more, fixed = variables.presence(item, host)
            pairs += more
            constant += fixed
    return pairs, constant


@add_rule.register
def _(rule: AntiAffinity, variables: Variables) -> None:
    """At most so many per zone: one clique row each, never pairs."""
    indexed = variables.indexed
    snapshot = indexed.problem.snapshot
    zones: dict[str, set[int]] = defaultdict(set)
    for number, host in enumerate(indexed.hosts):
        zones[rule.zone(snapshot, host)].add(number)
    members = rule.members(snapshot.placement)
    now = {zone: sum(indexed.number[snapshot.placement[m]] in hosts for m in members) for zone, hosts in zones.items()}
    for zone, hosts in sorted(zones.items()):
        pairs, constant = _count(variables, members, hosts)
        may_stay = now[zone] if rule.strictness is Strictness.NEVER_WORSEN else 0
        most = max(rule.at_most, may_stay)
        if pairs or constant > most:
            variables.program.row([*pairs, *_slack(rule, variables)], "<=", most - constant)


@add_rule.register
def _(rule: Affinity, variables: Variables) -> None:
    """Together now: one item already. Spread now: never over more hosts (through indicators of use)."""
    indexed = variables.indexed
    members = rule.members(indexed.problem.snapshot.placement)
    tolerated = rule.tolerated(indexed.problem.snapshot)
    together = len({indexed.problem.snapshot.placement[m] for m in members}) <= 1
    if together and rule.strictness is not Strictness.PREFERRED:
        return
    used = [(variables.program.column(0.0, 1.0), host) for host in range(len(indexed.hosts))]
    for column, host in used:
        for name in members:
            pairs, constant = _count(variables, [name], {host})
            if pairs or constant:
                variables.program.row([*pairs, (column, -1.0)], "<=", -constant)
    most = 1.0 if rule.strictness is Strictness.PREFERRED else 1.0 + tolerated
    variables.program.row([*((column, 1.0) for column, _ in used), *_slack(rule, variables)], "<=", most)


@add_rule.register
def _(rule: HostAffinity, variables: Variables) -> None:
    """Wrong hosts are no destinations already; a required rule makes VMs on them leave, a preferred one costs."""
    indexed = variables.indexed
    wrong = {n for n, host in enumerate(indexed.hosts) if not rule.permits(host)}
    for name in rule.members(indexed.problem.snapshot.placement):
        pairs, constant = _count(variables, [name], wrong)
        if rule.strictness is Strictness.PREFERRED:
            variables.constant += rule.weight * constant
            for column, coefficient in pairs:
                variables.charge(column, rule.weight * coefficient)
        elif rule.strictness is Strictness.REQUIRED and constant:
            variables.program.row(pairs, "<=", -constant)
