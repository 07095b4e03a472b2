# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts that are on are short of, and which sleeping hosts make up for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ..cluster.resources import RESOURCE_NAMES, TOLERANCE, Resources, total
from ..goal.expansion import wake
from ..problem.problem import Problem
from .policy import PowerPolicy
from .ranking import rank_to_wake


@dataclass(frozen=True)
class Need:
    """What the VMs need of the hosts that are on.

    Attributes
    ----------
    demand
        Of all VMs together.
    busy
        The busy CPUs over the time of evidence.
    lost_mib
        The memory of the VMs that ran on hosts which have failed.
    largest_mib
        The memory of the largest one of these VMs at most.
    """

    demand: Resources
    busy: float
    lost_mib: float = 0.0
    largest_mib: float = 0.0


def short_of_place(problem: Problem, need: Need) -> list[str]:
    """Say what VMs have no place for on the hosts that are on, now or after a failure that the policy provides for."""
    room = room_of(problem)
    found = [
        f"The VMs take {need.demand[r]:g} {unit} of {noun}, and the hosts that are on may give out {room[r]:g}."
        for r, (noun, unit) in enumerate(RESOURCE_NAMES.values())
        if need.demand[r] > room[r] + TOLERANCE
    ]
    if not found and need.lost_mib > certain_room_mib(problem, need.largest_mib) + TOLERANCE:
        found.append(
            f"VMs with {need.lost_mib:g} MiB of memory have lost their hosts, and what is free is in pieces too small "
            f"for a VM of {need.largest_mib:g} MiB."
        )
    return found or [violation.sentence for violation in problem.spare.stranded_now[:1]]


def certain_room_mib(problem: Problem, largest_mib: float) -> float:
    """Return for how much memory there is room on the hosts that are on, whatever the sizes of its VMs.

    A host takes one VM after the other until the next one does not fit; then less is free than the largest one takes.

    Worked example: VMs of up to 40 GiB on hosts with 50 and 30 GiB free: 10 GiB, for the second one may take none.
    """
    free = (
        problem.room.limits[name].memory_mib - problem.room.loads[name].memory_mib
        for name, host in problem.snapshot.hosts.items()
        if host.is_up and not host.maintenance
    )
    return sum(max(0.0, amount - largest_mib) for amount in free)


def short_of_cpu(problem: Problem, need: Need, share: float) -> list[str]:
    """Say if VMs keep more than a share of the CPU busy that the hosts that are on may give out."""
    room = room_of(problem).cpu_usage
    if need.busy <= share * room + TOLERANCE:
        return []
    return [
        f"{need.busy:.1f} CPUs are busy, more than {share:.0%} of the {room:g} that the hosts that are on may give out."
    ]


def room_of(problem: Problem, without: Sequence[str] = ()) -> Resources:
    """Return what the hosts together may give out that are on and take VMs."""
    hosts = problem.snapshot.hosts
    return total(
        problem.room.limits[name]
        for name, host in hosts.items()
        if host.is_up and not host.maintenance and name not in without
    )


def hosts_to_wake(
    problem: Problem, power: PowerPolicy, need: Need, asleep: Sequence[str]
) -> tuple[str, ...]:
    """Return the fewest sleeping hosts with which nothing is short: all of them, where that is not enough."""
    ranked = rank_to_wake(problem, power, asleep)
    room = room_of(problem)
    for count, name in enumerate(ranked[:-1], start=1):
        room = room.plus(problem.policies.capacity.limit(problem.snapshot.hosts[name]))
        fits = need.demand.fits(room) and need.busy <= power.woken_to * room.cpu_usage + TOLERANCE
        if fits and not short_of_place(with_woken(problem, ranked[:count]), need):
            return tuple(ranked[:count])
    return tuple(ranked)


def with_woken(problem: Problem, names: Sequence[str]) -> Problem:
    """Return the problem as it is when these hosts are up."""
    return replace(problem, snapshot=wake(problem.snapshot, names))


def wakeable(problem: Problem, power: PowerPolicy, now: datetime, *, at_once: bool) -> list[str]:
    """Return the hosts that Drover put to sleep; unless it must be `at_once`, only those that slept long enough."""
    found = []
    for name, host in problem.snapshot.hosts.items():
        since = host.power.since
        rested = since is None or (now - since).total_seconds() >= power.min_off_s
        if host.is_asleep and (rested or at_once):
            found.append(name)
    return found
