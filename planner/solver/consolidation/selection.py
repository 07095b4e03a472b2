# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts to keep in use: one binary column per host, aggregate rows only.

Whatever the placement, the hosts it uses satisfy these rows, and at least the VMs of the hosts it does not
use have to move. So the optimum is a bound of the objective; and mostly the VMs do fit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ...goal.consolidation import Consolidation
from ...policy.anti_affinity import AntiAffinity
from ...policy.huge_pages import HugePages
from ..budget import Budget, Resource
from ..indexed import Indexed
from ..milp.backend import Effort, solve_program
from ..milp.program import Pairs, Program

SMALLEST_SLACK_CLASSES = 60
"""Rows for this many different sets of hosts that VMs may run on; the sets with most VMs first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Hosts to keep in use (numbers), and a bound of the objective in seconds."""

    kept: frozenset[int]
    bound_s: float


def select_hosts(
    indexed: Indexed,
    goal: Consolidation,
    effort: Effort,
    *,
    at_least: int = 0,
    slack: float = 0.0,
    spare: bool = True,
) -> Selection | None:
    """Choose the hosts that stay in use.

    Parameters
    ----------
    at_least
        Their least number.
    slack
        Fraction of the demand that must be free beside it, so that pieces fit.
    spare
        Ask for room for the VMs of hosts that fail.

    Returns
    -------
    Selection or None
        ``None`` if even all hosts are too few.
    """
    program = Program()
    keep = add_kept_hosts(program, indexed, goal, at_least=at_least, slack=slack, spare=spare)
    _budget(program, indexed, keep)
    costs, constant = _costs(indexed, goal, keep)
    answer = solve_program(program, costs, effort)
    if not answer.has_values:
        return None
    kept = frozenset(host for host, column in keep.items() if answer.values[column] > 0.5)
    known = answer.bound if answer.bound is not None else 0.0
    return Selection(kept=kept, bound_s=known + constant)


def add_kept_hosts(
    program: Program,
    indexed: Indexed,
    goal: Consolidation,
    *,
    at_least: int = 0,
    slack: float = 0.0,
    spare: bool,
) -> dict[int, int]:
    """Add a binary column per host, 1 if it stays in use, and the rows that only these are in; return the columns."""
    keep = {host: _column(program, indexed, host) for host in indexed.up}
    floor = max(
        at_least,
        min(goal.at_least, len(hosts_in_use(indexed))),
        _largest_group(indexed),
    )
    program.row([(column, 1.0) for column in keep.values()], ">=", float(floor))
    _room(program, indexed, keep, slack)
    _pages(program, indexed, keep, slack)
    if spare:
        _failures(program, indexed, keep)
    return keep


def hosts_in_use(indexed: Indexed) -> set[str]:
    """Return the names of the hosts that VMs run on now."""
    return set(indexed.problem.snapshot.placement.values())


def _column(program: Program, indexed: Indexed, host: int) -> int:
    """Add a binary column; a host with a VM that cannot move, or is on its way there, stays in use."""
    stays = indexed.fixed_loads[host][0] > 1e-6 or indexed.fixed_loads[host][1] > 1e-6
    return program.column(1.0 if stays else 0.0, 1.0, integer=True)


def _costs(
    indexed: Indexed, goal: Consolidation, keep: dict[int, int]
) -> tuple[dict[int, float], float]:
    """Charge a host that is kept what it is worth, and one that is not the migrations that empty it."""
    costs: dict[int, float] = {}
    constant = 0.0
    for host, column in keep.items():
        emptying = sum(indexed.items[item].cost_s for item in indexed.items_at[host])
        constant += emptying
        costs[column] = goal.worth_s(indexed.problem.snapshot, indexed.hosts[host]) - emptying
    return costs, constant


def _room(program: Program, indexed: Indexed, keep: dict[int, int], slack: float) -> None:
    """Every set of VMs that may run only on certain hosts needs room there; all VMs need room on all hosts."""
    classes: dict[frozenset[int], list[float]] = {}
    fixed = indexed.fixed_loads
    for item in indexed.items:
        hosts = frozenset((*item.destinations, item.home))
        sums = classes.setdefault(
            hosts if len(item.destinations) < len(keep) - 1 else frozenset(keep), [0.0] * 3
        )
        for r in range(3):
            sums[r] += item.demand[r]
    everything = frozenset(keep)
    totals = [sum(sums[r] for sums in classes.values()) for r in range(3)]
    largest = sorted(classes.items(), key=lambda entry: (-entry[1][0], sorted(entry[0])))
    wanted = [
        (everything, totals),
        *((h, s) for h, s in largest[:SMALLEST_SLACK_CLASSES] if h != everything),
    ]
    for hosts, sums in wanted:
        for r in range(3):
            room = [
                (keep[h], max(0.0, indexed.caps[h][r] - fixed[h][r]))
                for h in sorted(hosts)
                if h in keep
            ]
            program.row(room, ">=", sums[r] * (1 + slack))
    for r in range(3):
        half = max((indexed.caps[h][r] for h in keep), default=0.0) / 2
        alone = sum(item.demand[r] > half for item in indexed.items)
        program.row([(column, 1.0) for column in keep.values()], ">=", float(alone))


def _pages(program: Program, indexed: Indexed, keep: dict[int, int], slack: float) -> None:
    """The VMs in huge pages need room in those; a host that has more than all of them need counts as having that."""
    for rule in indexed.problem.policies.rules:
        if isinstance(rule, HugePages):
            needed = sum(rule.needs.values()) * (1 + slack)
            rooms = [rule.rooms.get(indexed.hosts[host], needed) for host in keep]
            program.row(zip(keep.values(), rooms, strict=True), ">=", needed)


def _largest_group(indexed: Indexed) -> int:
    """Return how many hosts the largest anti-affinity group that holds now needs."""
    snapshot = indexed.problem.snapshot
    sizes = [
        -(-len(rule.members(snapshot.placement)) // rule.at_most)
        for rule in indexed.problem.policies.rules
        if isinstance(rule, AntiAffinity)
        and rule.is_firm
        and not rule.amount(snapshot, snapshot.placement)
        and rule.zones_are_hosts
    ]
    return max(sizes, default=0)


def _failures(program: Program, indexed: Indexed, keep: dict[int, int]) -> None:
    """N+k, as far as aggregate rows say it: without the k largest hosts in use there is still room for everything.

    The sum of the k largest values is the least value of ``k t + sum(max(0, value - t))`` over t, which is linear.
    """
    spare = indexed.problem.policies.spare_hosts.count
    if not spare:
        return
    limits = {host: indexed.problem.room.failover_limits[indexed.hosts[host]] for host in keep}
    for r in range(3):
        sizes = {host: max(limits[host][r], indexed.caps[host][r]) for host in keep}
        threshold = program.column()
        row: Pairs = [(keep[host], size) for host, size in sizes.items()] + [
            (threshold, -float(spare))
        ]
        for host, size in sizes.items():
            over = program.column()
            program.row([(keep[host], size), (threshold, -1.0), (over, -1.0)], "<=", 0.0)
            row.append((over, -1.0))
        program.row(row, ">=", sum(load[r] for load in indexed.loads))


def _budget(program: Program, indexed: Indexed, keep: dict[int, int]) -> None:
    """Emptying the hosts that are not kept stays within the limits of a plan in all."""
    budget = Budget(indexed)
    rows: dict[Resource, Pairs] = defaultdict(list)
    for host, column in keep.items():
        for item in indexed.items_at[host]:
            for resource, amount in budget.leaving(item):
                rows[resource].append((column, amount))
    for resource, pairs in rows.items():
        everything = sum(amount for _column, amount in pairs)
        program.row(pairs, ">=", everything - budget.limits[resource])


def names(indexed: Indexed, hosts: Iterable[int]) -> list[str]:
    """Return the names of hosts, in order."""
    return [indexed.hosts[host] for host in sorted(hosts)]
