# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts may go to sleep, and which of them do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..cluster.host import Host
from ..cluster.resources import RESOURCE_NAMES, TOLERANCE, Resources
from ..errors import PlanningError
from ..goal.evacuation import Evacuation
from ..pipeline import plan_problem
from ..problem.problem import Problem
from ..schedule.plan import Plan
from .policy import PowerPolicy
from .ranking import rank_to_sleep
from .waking import room_of

TRIES = 8
"""How many placements are sought in one decision at most: each takes as long as a plan."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a choice of hosts that go to sleep.

    Attributes
    ----------
    demand
        What all VMs take.
    busy
        The most busy CPUs over the time of evidence.
    below
        The share of the CPUs of the hosts that stay on that may be busy.
    most
        Hosts that go to sleep at most; ``None`` is any number.
    """

    demand: Resources
    busy: float
    below: float
    most: int | None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Who goes to sleep.

    Attributes
    ----------
    refused
        Why others do not.
    plan
        How the chosen hosts are emptied; ``None`` where none is.
    """

    hosts: tuple[str, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)
    plan: Plan | None = None


def refusal(host: Host, power: PowerPolicy, now: datetime) -> str | None:
    """Say why a host does not go to sleep, whatever the load; ``None`` where it may."""
    own = host.power
    if not own.is_switchable:
        return "it has no drover_power in the inventory, so nobody could wake it."
    if own.keep_on:
        return "it stays on by its drover_power (keep_on)."
    if own.doubtful:
        return f"it is doubtful ({own.doubtful.rstrip('.')}): look at it, then run drover.libvirt.power_test."
    if not own.proven:
        return "it has never been woken by Drover: run drover.libvirt.power_test once."
    if own.needed_by:
        return " ".join(own.needed_by)
    if host.maintenance:
        return "it is in maintenance."
    if own.since is not None:
        left_s = power.min_on_s - (now - own.since).total_seconds()
        if left_s > 0:
            return f"it came up a short while ago and stays on for another {left_s:.0f} s (power.min_on_s)."
    return None


def choose(problem: Problem, power: PowerPolicy, candidates: Sequence[str], asked: Asked) -> Choice:
    """Return the hosts that go to sleep, how they are emptied, and why others stay on.

    As many as the sums allow are tried together; where their VMs have no place, the first half of them, and so on: a
    night puts hundreds of hosts to sleep in a few tries.
    """
    sums = _Sums(problem, power, asked, rank_to_sleep(problem, candidates))
    chosen = Choice()
    groups: list[list[str]] = []
    for _try in range(TRIES):
        most = None if asked.most is None else asked.most - len(chosen.hosts)
        group = groups.pop() if groups else sums.take(most)
        if not group:
            break
        names = (*chosen.hosts, *group)
        found = _emptied(problem, names)
        if isinstance(found, Plan):
            chosen = replace(chosen, hosts=names, plan=found)
        elif len(group) == 1:
            sums.give_back(group[0], found)
        else:
            groups += [group[len(group) // 2 :], group[: len(group) // 2]]
    is_full = asked.most is not None and len(chosen.hosts) >= asked.most
    later = (
        f"{asked.most} at a time go to sleep (off_at_once)." if is_full else "its turn is later."
    )
    left = [*(name for group in groups for name in group), *sums.waiting]
    return replace(chosen, refused={**dict.fromkeys(left, later), **sums.refused})


class _Sums:
    """What the hosts that stay on offer in all, while one after the other is taken out of them.

    Attributes
    ----------
    waiting
        Hosts that have not been taken, the first to go first.
    refused
        Why hosts stay on.
    """

    def __init__(
        self, problem: Problem, power: PowerPolicy, asked: Asked, ranked: Sequence[str]
    ) -> None:
        self.waiting = list(ranked)
        self.refused: dict[str, str] = {}
        self._problem = problem
        self._power = power
        self._asked = asked
        self._room = room_of(problem)
        up = [h for h in problem.snapshot.hosts.values() if h.is_up and not h.maintenance]
        self._staying = len(up)
        self._of_domain = Counter(map(self._domain, up))

    def take(self, most: int | None) -> list[str]:
        """Return the next hosts without which the others are enough, at most so many."""
        taken: list[str] = []
        for name in self.waiting if most != 0 else ():
            if reason := self._too_few(name):
                self.refused[name] = reason
                continue
            self.refused.pop(name, None)
            self._move(name, -1)
            taken.append(name)
            if len(taken) == most:
                break
        self.waiting = [name for name in self.waiting if name not in taken]
        return taken

    def give_back(self, name: str, reason: str) -> None:
        """Let a host stay on."""
        self._move(name, 1)
        self.refused[name] = reason

    def _move(self, name: str, number: int) -> None:
        limit = self._problem.room.limits[name]
        change = self._room.plus if number > 0 else self._room.minus
        self._room = change(limit)
        self._staying += number
        self._of_domain[self._domain(self._problem.snapshot.hosts[name])] += number

    def _domain(self, host: Host) -> str | None:
        label = self._power.failure_domain
        return host.labels.get(label) if label else None

    def _too_few(self, name: str) -> str | None:
        """Say why the hosts that stay on would be too few without this one; ``None`` where they are enough."""
        power, asked = self._power, self._asked
        if self._staying - 1 < power.min_on:
            return f"{self._staying - 1} hosts would stay on, and at least {power.min_on} must (power.min_on)."
        domain = self._domain(self._problem.snapshot.hosts[name])
        if domain and self._of_domain[domain] == 1:
            return f"it would be the last host that is on of {power.failure_domain} {domain} (power.failure_domain)."
        room = self._room.minus(self._problem.room.limits[name])
        if asked.busy > asked.below * room.cpu_usage:
            return (
                f"{asked.busy:.1f} CPUs were busy, more than {asked.below:.0%} of the {room.cpu_usage:g} that the "
                "hosts that stay on may give out (sleep_below)."
            )
        return _no_room(asked.demand, room)


def _no_room(demand: Resources, room: Resources) -> str | None:
    """Say what all VMs take more of than the hosts that stay on may give out; ``None`` where they do not."""
    for resource, (noun, unit) in enumerate(RESOURCE_NAMES.values()):
        if demand[resource] > room[resource] + TOLERANCE:
            return (
                f"the VMs take {demand[resource]:g} {unit} of {noun}, and the hosts that stay on may give out "
                f"{room[resource]:g}."
            )
    return None


def _emptied(problem: Problem, leaving: Sequence[str]) -> Plan | str:
    """Return how these hosts are emptied; why their VMs have no place elsewhere, now or when others fail."""
    goal = Evacuation(
        emptied=tuple(sorted(leaving)), for_maintenance=False, effort=problem.goal.effort
    )
    posed = replace(problem, goal=goal)
    try:
        plan = plan_problem(posed, explained=False)
    except PlanningError as error:
        return error.message
    if posed.spare.worsens(plan.placement):
        return posed.spare.stranded(plan.placement)[0].sentence
    return plan


def unrest(problem: Problem, now: datetime) -> list[str]:
    """Say why no host goes to sleep now, however low the load is."""
    hosts, placed = problem.snapshot.hosts, problem.snapshot.placed
    found = [
        f"{name} is {host.state}."
        for name, host in hosts.items()
        if not host.is_up and not host.is_asleep and not host.power.doubtful
    ]
    cooldown = problem.policies.cooldown
    failed = [name for name, domain in placed.items() if cooldown.refusal(domain, now)]
    if failed:
        found.append(
            f"The last migration of {', '.join(failed)} failed a short while ago (cooldown.after_failure_s)."
        )
    rest = cooldown.rest(placed.values(), now)
    return [*found, rest] if rest else found
