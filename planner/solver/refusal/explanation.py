# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why there is no placement, and the smallest change that would allow one."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

from ...cluster.resources import Resources, in_words, total
from ...errors import Infeasible
from ...goal.relocation import Relocation
from ...policy.base import Rule
from ...policy.capacity import Capacity
from ...policy.huge_pages import HugePages
from ...problem.problem import Problem
from ..budget import Budget, Resource, added
from ..indexed import Indexed, companions, kept_with
from ..milp.backend import Effort
from ..milp.model import build, movers_within, solve_exactly
from ..search.state import State
from .remedies import Remedies, find_conflict, find_remedies


def explain_evacuation(
    problem: Problem, indexed: Indexed, effort: Effort, *, proved: bool = True
) -> None:
    """Raise the error that says why the hosts cannot be emptied.

    Parameters
    ----------
    proved
        Whether it is certain that there is no placement; otherwise the message says that none was found.

    Raises
    ------
    Infeasible
        The room is too short, or the rules together leave none.
    """
    hosts = " and ".join(problem.goal.hosts)
    _refuse_over_budget(indexed, effort, hosts)
    conflict = find_conflict(problem, effort)
    if conflict:
        raise Infeasible(
            f"{_clash(conflict, hosts, proved=proved)}: {'; '.join(rule.subjects_in_words for rule in conflict)}; "
            f"{_way_out(conflict)}."
        )
    raise Infeasible(_shortage(problem, indexed, find_remedies(indexed, effort), hosts, proved))


def _refuse_over_budget(indexed: Indexed, effort: Effort, hosts: str) -> None:
    """Refuse if a limit of a plan in all is too low for the VMs that leave, or for the cheapest placement."""
    budget = Budget(indexed)
    if not budget.limits:
        return
    leaving = added(use for item in indexed.leavers for use in budget.leaving(item))
    for needed in (leaving, budget.taken(_cheapest(indexed, effort))):
        if exceeded := budget.most_exceeded(needed):
            raise Infeasible(f"Emptying {hosts} {_over(indexed, *exceeded)}, or name fewer hosts.")


def _cheapest(indexed: Indexed, effort: Effort) -> dict[int, int]:
    """Return the moves of the best placement without limits of a plan in all; none, if there is none."""
    free = Indexed(indexed.problem.without_totals())
    variables = build(free, movers_within(free, free.leavers))
    answer = solve_exactly(variables, effort)
    return variables.moves(answer.values) if answer.has_values else {}


def _over(indexed: Indexed, resource: Resource, amount: float) -> str:
    """Say what is beyond its limit, and which limit would do."""
    limits = indexed.problem.policies.limits
    if resource == "migrations":
        return (
            f"takes {amount:g} migrations and limits.max_migrations allows {limits.max_migrations}; "
            f"raise it to {amount:g}"
        )
    if resource == "memory":
        gib = ceil(amount / 1024 * 10) / 10
        return (
            f"moves {gib:g} GiB and limits.max_memory_gib allows {limits.max_memory_gib:g}; "
            f"raise it to {gib:g}"
        )
    who, tokens = (
        ("the cluster", indexed.problem.time.at_once)
        if resource == "time"
        else (indexed.hosts[int(resource)], limits.per_host)
    )
    return (
        f"keeps {who} busy for {ceil(amount / tokens)} s, {tokens} at a time, and there are "
        f"{indexed.problem.time.duration_s:g} s; give it {ceil(amount / tokens)} s, raise "
        f"limits.{'cluster' if resource == 'time' else 'per_host'}"
    )


def _clash(rules: Sequence[Rule], hosts: str, *, proved: bool) -> str:
    """Say that there is no placement for these rules together, or that none was found."""
    names = " and the ".join(rule.title for rule in rules)
    if not proved:
        return f"No placement was found that {f'empties {hosts} and ' if hosts else ''}keeps the {names}"
    if hosts:
        return f"The {names} leave{'s' if len(rules) == 1 else ''} no place for the VMs of {hosts}"
    return f"The {names} cannot be kept by any placement"


def _way_out(conflict: Sequence[Rule]) -> str:
    written = [rule for rule in conflict if not isinstance(rule, HugePages)]
    which = "it" if len(written) == 1 else "one of them"
    ways = [f"make {which} preferred, or take a VM out of it"] if written else []
    if len(written) < len(conflict):
        ways.append("reserve more huge pages (vm.nr_hugepages) on a host that is to take the VMs")
    return ", or ".join(ways)


def _shortage(
    problem: Problem, indexed: Indexed, remedies: Remedies, hosts: str, proved: bool
) -> str:
    needed = total(indexed.items[item].demand for item in indexed.leavers)
    takers = sorted({host for item in indexed.leavers for host in indexed.items[item].destinations})
    room = [indexed.limits[host].minus(indexed.loads[host]) for host in takers]
    free = total(Resources(*(max(0.0, amount) for amount in host)) for host in room)
    lacking = [key for key in Resources._fields if getattr(needed, key) > getattr(free, key) + 1e-6]
    if lacking:
        parts = "; ".join(_missing(key, needed, free, problem.policies.capacity) for key in lacking)
    else:
        parts = (
            f"the VMs there need {needed.memory_mib:g} MiB and {free.memory_mib:g} MiB are free in all, "
            "but in pieces that are too small, or on hosts that rules keep them off"
        )
    ways = _ways(remedies, problem.policies.capacity)
    none = "There is no room" if proved or lacking else "No room was found"
    return f"{none} to empty {hosts}: {parts}; {ways}."


def _missing(key: str, needed: Resources, free: Resources, capacity: Capacity) -> str:
    limit = {
        "memory_mib": f"memory_overcommit {capacity.memory_overcommit:g}, headroom {capacity.headroom.memory:.0%}",
        "vcpus": f"vcpu_overcommit {capacity.vcpu_overcommit:g}, headroom {capacity.headroom.cpu:.0%}",
        "cpu_usage": f"headroom {capacity.headroom.cpu:.0%}",
    }[key]
    want, have = getattr(needed, key), getattr(free, key)
    return (
        f"the VMs there need {in_words(key, want)} and the hosts that may take them "
        f"have {have:g} free under the limits ({limit}), {round(want - have, 2):g} too few"
    )


def _ways(remedies: Remedies, capacity: Capacity) -> str:
    ways = []
    if remedies.room:
        ways.append(
            " and ".join(
                f"free {amounts(room)} on {host}" for host, room in sorted(remedies.room.items())
            )
        )
    ways += [_widening(key, factor, capacity) for key, factor in remedies.overcommit.items()]
    if remedies.left_out:
        ways.append(f"shut down {' and '.join(remedies.left_out)} first")
    if not ways:
        return "no change of capacity alone helps, relax the rules about these VMs"
    return f"what would be enough: {', or '.join(ways)}"


def _widening(key: str, factor: float, capacity: Capacity) -> str:
    """Say how the limits of all hosts become as wide as an overcommit of ``factor`` would make them.

    Headroom goes before overcommit: a host that gives out what it has is safer than one that promises more.
    """
    name, kept = (
        ("memory", capacity.headroom.memory)
        if key == "memory_overcommit"
        else ("cpu", capacity.headroom.cpu)
    )
    left = 1 - (1 - kept) * factor / getattr(capacity, key)
    if left < 0:
        return f"raise capacity.{key} to {factor:g}"
    return f"lower headroom.{name} to {floor(left * 1000) / 1000:g}"


def amounts(room: Resources) -> str:
    """Return amounts of resources for people."""
    return " and ".join(
        in_words(key, amount)
        for key, amount in zip(Resources._fields, room, strict=True)
        if amount > 0
    )


def explain_relocation(problem: Problem, indexed: Indexed) -> None:
    """Raise the error that says why a VM may not go to the host that a person named; return where it may.

    Raises
    ------
    Infeasible
        With the reason.
    """
    goal = problem.goal
    assert isinstance(goal, Relocation)
    name, host = goal.domain, goal.destination
    # Nobody asked to move those.
    others = [member for member in companions(problem).get(name, ()) if member != name]
    reason = problem.ways.refusal(name, host) or kept_with(others)
    if reason is None:
        item, number = indexed.item_of[name], indexed.number[host]
        if not (state := State(indexed)).has_room(item, number):
            reason = _full(indexed, item, number)
        elif not state.obeys(item, number):
            reason = _broken(problem, name, host)
        elif exceeded := (budget := Budget(indexed)).most_exceeded(budget.taken({item: number})):
            reason = f"that {_over(indexed, *exceeded)}"
    if reason:
        raise Infeasible(f"VM {name} may not go to {host}: {reason}.")


def _full(indexed: Indexed, item: int, host: int) -> str:
    room = indexed.limits[host].minus(indexed.loads[host])
    demand = indexed.items[item].demand
    for key, need, free in zip(Resources._fields, demand, room, strict=True):
        if need > free + 1e-6:
            return f"it needs {in_words(key, need)}, and {max(0.0, free):g} are free there under the limits"
    return "it has no room there"


def _broken(problem: Problem, name: str, host: str) -> str:
    after = problem.snapshot.placement.move({name: host})
    for rule in problem.policies.rules:
        violations = rule.violations(problem.snapshot, after)
        if name in rule.domains and violations:
            return violations[0].sentence.rstrip(".")
    return "a rule forbids it"
