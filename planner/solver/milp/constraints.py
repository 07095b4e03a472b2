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
from ...policy.huge_pages import HugePages
from ...policy.licence import Licence
from ...policy.separation import Separation
from ...policy.stay import Stay
from ..budget import Budget, Resource
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
        change += [
            (column, -items[item].demand[resource]) for column, _one in variables.leaves(item)
        ]
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


def add_relief(variables: Variables) -> None:
    """Where the goal repairs policies, what a host carries above its limit costs."""
    indexed = variables.indexed
    repair_s = indexed.problem.goal.repair_s
    for host in range(len(indexed.hosts)) if repair_s else ():
        for resource in range(3):
            limit, load = indexed.limits[host][resource], indexed.loads[host][resource]
            if load > limit > 0:
                over = variables.program.column(0.0, load - limit)
                variables.charge(over, repair_s / limit)
                change = load_change(variables, host, resource)
                variables.program.row([*change, (over, -1.0)], "<=", limit - load)


def add_budget(variables: Variables) -> None:
    """No more migrations, memory and time than the limits of a plan in all."""
    budget = Budget(variables.indexed)
    rows: dict[Resource, Pairs] = defaultdict(list)
    for (item, host), column in variables.y.items():
        for resource, amount in budget.uses(item, host):
            rows[resource].append((column, amount))
    for resource, pairs in rows.items():
        variables.program.row(pairs, "<=", budget.limits[resource])


def add_rules(variables: Variables) -> None:
    """Every rule, by its kind; preferred ones only cost."""
    for rule in variables.indexed.problem.policies.rules:
        add_rule(rule, variables)


@singledispatch
def add_rule(rule: Rule, variables: Variables) -> None:
    """Translate a rule into rows."""
    raise NotImplementedError(f"no rows for {type(rule).__name__}")


def _slacks(rule: Rule, variables: Variables, rows: int) -> list[Pairs]:
    """Return for each of this many rows of a rule what it may be exceeded by there: nothing, or a column.

    The columns of a preferred rule cost its weight. Those of one that is never worsened are together no more than it
    is broken by now: for nothing, or, if the goal is to repair it, at the price of not repairing it.
    """
    snapshot = variables.indexed.problem.snapshot
    tolerated = rule.tolerated(snapshot)
    if not tolerated:
        return [[] for _row in range(rows)]
    columns = [variables.program.column() for _row in range(rows)]
    price = variables.indexed.problem.goal.repair_s
    if not rule.is_firm:
        price = rule.weight
    else:
        variables.program.row([(column, 1.0) for column in columns], "<=", tolerated)
    for column in columns:
        variables.charge(column, price)
    return [[(column, -1.0)] for column in columns]


def count_on(variables: Variables, names: list[str], hosts: set[int]) -> tuple[Pairs, float]:
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
def _add_rule_anti_affinity(rule: AntiAffinity, variables: Variables) -> None:
    """At most this many per zone: one clique row each, never pairs."""
    zones = _zones(rule, variables)
    members = rule.members(variables.indexed.problem.snapshot.placement)
    slacks = _slacks(rule, variables, len(zones))
    for (_zone, hosts), slack in zip(sorted(zones.items()), slacks, strict=True):
        pairs, constant = count_on(variables, members, hosts)
        variables.program.row([*pairs, *slack], "<=", rule.at_most - constant)


@add_rule.register
def _add_rule_affinity(rule: Affinity, variables: Variables) -> None:
    """Together now: one item already. Spread now: never over more hosts."""
    placement = variables.indexed.problem.snapshot.placement
    together = len({placement[name] for name in rule.members(placement)}) <= 1
    if not together or not rule.is_firm:
        _few_hosts(rule, variables, 1)


@add_rule.register
def _add_rule_licence(rule: Licence, variables: Variables) -> None:
    """Never over more hosts than licensed, or than now."""
    _few_hosts(rule, variables, rule.at_most_hosts)


def _few_hosts(rule: Rule, variables: Variables, most: int) -> None:
    """Bound the hosts that a group uses, through indicators of use."""
    indexed = variables.indexed
    members = rule.members(indexed.problem.snapshot.placement)
    if not members:
        return
    used = [_indicator(variables, members, {host}) for host in range(len(indexed.hosts))]
    (slack,) = _slacks(rule, variables, 1)
    variables.program.row([*((column, 1.0) for column in used), *slack], "<=", float(most))


def _indicator(variables: Variables, members: Iterable[str], hosts: set[int]) -> int:
    """Add a column that is at least 1 where one of the VMs is on one of the hosts."""
    column = variables.program.column(0.0, 1.0)
    for name in members:
        pairs, constant = count_on(variables, [name], hosts)
        if pairs or constant:
            variables.program.row([*pairs, (column, -1.0)], "<=", -constant)
    return column


@add_rule.register
def _add_rule_separation(rule: Separation, variables: Variables) -> None:
    """In each zone at most one group: an indicator for each group and zone."""
    placement = variables.indexed.problem.snapshot.placement
    groups = [[name for name in group if name in placement] for group in rule.groups]
    zones = _zones(rule, variables)
    slacks = _slacks(rule, variables, len(zones))
    for (_zone, hosts), slack in zip(sorted(zones.items()), slacks, strict=True):
        used = [(_indicator(variables, group, hosts), 1.0) for group in groups]
        variables.program.row([*used, *slack], "<=", 1.0)


@add_rule.register
def _add_rule_stay(rule: Stay, variables: Variables) -> None:
    """A VM that stays has no destinations; a preferred rule makes its moves dearer."""
    if not rule.is_firm and rule.binds:
        for name in rule.domains:
            item = variables.indexed.item_of.get(name)
            for column, _one in variables.leaves(item) if item is not None else ():
                variables.charge(column, rule.weight)


@add_rule.register
def _add_rule_huge_pages(rule: HugePages, variables: Variables) -> None:
    """No host gives out more pages than it has: a row of capacity for each."""
    indexed = variables.indexed
    for (name, room), slack in zip(
        rule.rooms.items(), _slacks(rule, variables, len(rule.rooms)), strict=True
    ):
        pairs: Pairs = [*slack]
        for member in rule.members(indexed.problem.snapshot.placement):
            on_host, constant = count_on(variables, [member], {indexed.number[name]})
            pairs += [(column, rule.needs[member] * factor) for column, factor in on_host]
            room -= rule.needs[member] * int(constant)
        variables.program.row(pairs, "<=", room)


def _zones(rule: AntiAffinity | Separation, variables: Variables) -> dict[str, set[int]]:
    """Return the numbers of the hosts of each zone."""
    zones: dict[str, set[int]] = defaultdict(set)
    for number, host in enumerate(variables.indexed.hosts):
        zones[rule.zone(variables.indexed.problem.snapshot, host)].add(number)
    return zones


@add_rule.register
def _add_rule_host_affinity(rule: HostAffinity, variables: Variables) -> None:
    """Wrong hosts are not destinations already; a required rule makes VMs on them leave, a preferred one costs."""
    indexed = variables.indexed
    wrong = {n for n, host in enumerate(indexed.hosts) if not rule.permits(host)}
    for name in rule.members(indexed.problem.snapshot.placement):
        pairs, constant = count_on(variables, [name], wrong)
        if not rule.is_firm:
            variables.constant += rule.weight * constant
            for column, coefficient in pairs:
                variables.charge(column, rule.weight * coefficient)
        elif rule.strictness is Strictness.REQUIRED and constant:
            variables.program.row(pairs, "<=", -constant)
        elif constant and (repair_s := indexed.problem.goal.repair_s):
            variables.constant += repair_s
            for column, coefficient in pairs:
                variables.charge(column, repair_s * coefficient)
