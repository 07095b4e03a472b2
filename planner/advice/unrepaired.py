# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stays broken after a plan, why no migration of it repairs that, and what would help."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..cluster.placement import Placement
from ..cluster.resources import Resources, in_words
from ..policy.base import Violation
from ..problem.problem import Problem
from ..schedule.plan import Plan

MOST_VMS, MOST_HOSTS, MOST_SENTENCES = 3, 3, 10
"""How many VMs of a violation are looked at, how many hosts are named for each, and how many violations explained."""


def repair_message(plan: Plan) -> str:
    """Say in a sentence what a repair does after which something stays broken."""
    if not plan.migrations:
        return "No migration repairs what is broken; the notes say why, and what would help."
    return f"{plan.message.rstrip('.')}; something stays broken, and the notes say why."


@dataclass(frozen=True, slots=True)
class _Broken:
    """A violation with the VMs whose migration could repair it, and what is enough without one."""

    sentence: str
    domains: tuple[str, ...]
    way: str


def unrepaired(problem: Problem, placement: Placement, *, rules: bool = True) -> tuple[str, ...]:
    """Return a sentence for each violation that a plan leaves: what, why, and what would help.

    Parameters
    ----------
    rules
        Whether broken rules count, or only hosts over their limits.
    """
    loads = problem.snapshot.loads(placement)
    found = [
        *_over_limits(problem, placement),
        *(_broken_rules(problem, placement) if rules else ()),
    ]
    sentences = [_sentence(problem, placement, loads, broken) for broken in found[:MOST_SENTENCES]]
    more = len(found) - len(sentences)
    return (*sentences, *([f"{more} more violations stay."] if more else []))


def _over_limits(problem: Problem, placement: Placement) -> Iterable[_Broken]:
    """Return the hosts over their limits, with the VMs that are large enough to relieve them, or else the largest."""
    for violation in problem.policies.capacity.violations(problem.snapshot, placement):
        host, key = violation.subjects
        if not problem.snapshot.hosts[host].is_up:
            continue
        residents = [problem.snapshot.domains[name] for name, on in placement.items() if on == host]
        enough = [vm for vm in residents if getattr(vm.demand, key) >= violation.amount]
        ordered = sorted(enough, key=lambda vm: (getattr(vm.demand, key), vm.name)) or sorted(
            residents, key=lambda vm: (-getattr(vm.demand, key), vm.name)
        )
        way = f"free {in_words(key, round(violation.amount, 2))} on {host}"
        yield _Broken(
            violation.sentence.rstrip("."), tuple(vm.name for vm in ordered[:MOST_VMS]), way
        )


def _broken_rules(problem: Problem, placement: Placement) -> Iterable[_Broken]:
    for rule in problem.policies.rules:
        if not rule.is_firm:
            continue
        for violation in rule.violations(problem.snapshot, placement):
            names = _concerned(violation, rule.members(placement), placement)
            way = f"make the {rule.title} preferred, or take a VM out of it"
            yield _Broken(violation.sentence.rstrip("."), names[:MOST_VMS], way)


def _concerned(
    violation: Violation, members: Iterable[str], placement: Placement
) -> tuple[str, ...]:
    """Return the VMs of a rule that a violation is about, by their names or their host; all, where it names neither."""
    named = [name for name in members if name in violation.subjects]
    at = [name for name in members if placement[name] in violation.subjects]
    return tuple(named or at or members)


def _sentence(
    problem: Problem, placement: Placement, loads: Mapping[str, Resources], broken: _Broken
) -> str:
    """Say why none of the VMs can go elsewhere, and the smallest room that would let one."""
    reasons = [
        f"{name} {_why_it_stays(problem, placement, loads, name)}" for name in broken.domains
    ]
    ways = [*_least_room(problem, placement, loads, broken.domains), broken.way]
    return f"Not repaired: {broken.sentence}: {'; '.join(reasons)}. What would help: {', or '.join(ways)}."


def _why_it_stays(
    problem: Problem, placement: Placement, loads: Mapping[str, Resources], name: str
) -> str:
    if reason := problem.ways.stays(name):
        return f"cannot move ({reason})"
    hosts = [host for host in problem.snapshot.hosts if host != placement[name]]
    refusals = [
        problem.ways.refusal(name, host) or _short(problem, loads, name, host) or _otherwise(host)
        for host in hosts
    ]
    shown = ", ".join(dict.fromkeys(refusals[:MOST_HOSTS]))
    more = f", and {len(refusals) - MOST_HOSTS} more hosts" if len(refusals) > MOST_HOSTS else ""
    return f"finds no other host ({shown}{more})" if refusals else "has no other host"


def _otherwise(host: str) -> str:
    return f"on {host} it would break as much, or exceed the limits of the plan"


def _short(problem: Problem, loads: Mapping[str, Resources], name: str, host: str) -> str | None:
    """Say what a host lacks for a VM."""
    for key, missing in _missing(problem, loads, name, host).items():
        return f"{host} lacks {in_words(key, missing)}"
    return None


def _missing(
    problem: Problem, loads: Mapping[str, Resources], name: str, host: str
) -> dict[str, float]:
    """Return what has to be freed on a host before a VM can go there, by resource."""
    after = loads[host].plus(problem.snapshot.domains[name].demand)
    found = zip(Resources._fields, after, problem.room.limits[host], strict=True)
    return {key: round(used - most, 2) for key, used, most in found if used > most + 1e-6}


def _least_room(
    problem: Problem, placement: Placement, loads: Mapping[str, Resources], names: Iterable[str]
) -> list[str]:
    """Return the least that has to be freed on one host so that one of the VMs can go there."""
    ways = []
    for name in names:
        if problem.ways.stays(name):
            continue
        for host in problem.snapshot.hosts:
            if host != placement[name] and not problem.ways.refusal(name, host):
                missing = _missing(problem, loads, name, host)
                if missing:
                    share = Resources(
                        *(missing.get(key, 0.0) for key in Resources._fields)
                    ).share_of(problem.room.limits[host])
                    ways.append((share, host, name, missing))
    if not ways:
        return []
    _share, host, name, missing = min(ways, key=lambda way: way[:3])
    room = " and ".join(in_words(key, amount) for key, amount in missing.items())
    return [f"free {room} on {host} for {name}"]
