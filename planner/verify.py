# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The oracle: replays a plan document against the facts and policies, trusting nothing that made it.

It knows neither the solver nor the scheduler: only the facts, the meaning of the policies and the goal, and
the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .cluster.placement import Placement
from .cluster.resources import TOLERANCE, Resources
from .cluster.snapshot import ClusterSnapshot
from .errors import PlanRejected
from .policy.base import Rule, Span
from .policy.policies import Limits
from .problem.problem import Problem

Step = Mapping[str, Any]


def verify(problem: Problem, plan: Mapping[str, Any]) -> None:
    """Accept a plan, or refuse it with all its faults.

    Raises
    ------
    PlanRejected
        The plan breaks a limit, a policy or its own promises. That is a fault of Drover.
    """
    faults = list(find_faults(problem, plan))
    if faults:
        raise PlanRejected(
            f"This plan is wrong, which is a fault of Drover; please report it with the facts: {' '.join(faults[:5])}"
        )


def find_faults(problem: Problem, plan: Mapping[str, Any]) -> Iterable[str]:
    """Say everything that is wrong with a plan."""
    yield from faults_of_steps(problem, plan)
    yield from _figures(problem, plan, Placement(plan["placement"]))


def faults_of_steps(problem: Problem, plan: Mapping[str, Any]) -> Iterable[str]:
    """Say everything that is wrong with what a plan does; its figures hold for the moment it was made only."""
    if unknown := _unknown(problem.snapshot, plan):
        yield f"It names {', '.join(unknown)}, which the cluster does not have."
        return
    yield from _structure(problem, plan)
    replay = _Replay(problem, plan)
    yield from replay.run()
    final = Placement(replay.where)
    if dict(final) != dict(plan["placement"]):
        yield "The steps do not lead to the placement."
    yield from _final(problem, final)
    yield from _totals(problem, plan, final)


def _unknown(snapshot: ClusterSnapshot, plan: Mapping[str, Any]) -> list[str]:
    """Return the names of VMs and of hosts that the cluster does not have."""
    steps, placement = plan["steps"], plan["placement"]
    domains = {step["domain"] for step in steps} | set(placement)
    hosts = {step[key] for step in steps for key in ("source", "destination")}
    return sorted(
        (domains - set(snapshot.domains))
        | ((hosts | set(placement.values())) - set(snapshot.hosts))
    )


def _structure(problem: Problem, plan: Mapping[str, Any]) -> Iterable[str]:
    steps = {step["id"]: step for step in plan["steps"]}
    if len(steps) != len(plan["steps"]):
        yield "Two steps have the same id."
    for step in steps.values():
        for other in step["after"]:
            if other not in steps:
                yield f"{step['id']} waits for {other}, which does not exist."
            elif steps[other]["finish_s"] > step["start_s"]:
                yield f"{step['id']} starts before {other} has ended."
    yield from _waves(plan, steps)


def _waves(plan: Mapping[str, Any], steps: Mapping[str, Step]) -> Iterable[str]:
    wave_of = {name: number for number, wave in enumerate(plan["waves"]) for name in wave}
    if sorted(wave_of) != sorted(steps):
        yield "The waves are not the steps."
        return
    for name, step in steps.items():
        if any(wave_of.get(other, -1) >= wave_of[name] for other in step["after"]):
            yield f"{name} is not in a later wave than what it waits for."


@dataclass
class _Replay:
    """The migrations in the order of time, ends before starts."""

    problem: Problem
    plan: Mapping[str, Any]
    where: dict[str, str] = field(init=False)
    ends: dict[str, tuple[str, ...]] = field(init=False)
    loads: dict[str, list[float]] = field(init=False)
    busy: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        snapshot = self.problem.snapshot
        self.where = dict(snapshot.placement)
        self.ends = {name: (host,) for name, host in self.where.items()}
        self.loads = {name: list(load) for name, load in snapshot.loads(snapshot.placement).items()}
        self.busy = dict.fromkeys(snapshot.hosts, 0)
        self.throughout = {
            rule.name: (rule, rule.amount_during(snapshot, self.ends))
            for rule in self.problem.policies.rules
            if rule.span is Span.THROUGHOUT
        }

    def run(self) -> Iterable[str]:
        """Replay all events; say every fault."""
        events = []
        for number, step in enumerate(self.plan["steps"]):
            events.append((step["finish_s"], 0, number))
            events.append((step["start_s"], 1, number))
        for _time, is_start, number in sorted(events):
            step = self.plan["steps"][number]
            if is_start:
                yield from self._start(step)
            else:
                self._finish(step)

    def _start(self, step: Step) -> Iterable[str]:
        domain, source, destination = step["domain"], step["source"], step["destination"]
        if self.ends.get(domain) != (source,):
            yield f"{step['id']}: {domain} is not at rest on {source}."
            return
        if reason := self._refusal(domain, destination):
            yield f"{step['id']}: {reason}."
        self.ends[domain] = (source, destination)
        self.where[domain] = destination
        self._add(destination, self.problem.snapshot.domains[domain].demand, 1)
        yield from self._tokens(step, 1)
        yield from self._room(step)
        for rule, tolerated in self.throughout.values():
            if (
                domain in rule.domains
                and rule.amount_during(self.problem.snapshot, self.ends) > tolerated
            ):
                yield f"{step['id']} breaks the {rule.title} on the way."

    def _refusal(self, domain: str, destination: str) -> str | None:
        if reason := self.problem.ways.stays(domain):
            return reason
        if destination in self.problem.goal.must_leave:
            return f"{destination} is to be emptied"
        if destination == self.problem.snapshot.placement[domain]:
            return None
        return self.problem.ways.eligibility.refusal(domain, destination)

    def _finish(self, step: Step) -> None:
        self.ends[step["domain"]] = (step["destination"],)
        self._add(step["source"], self.problem.snapshot.domains[step["domain"]].demand, -1)
        for host in (step["source"], step["destination"]):
            self.busy[host] -= 1

    def _tokens(self, step: Step, sign: int) -> Iterable[str]:
        limits = self.plan["limits"]
        for host in (step["source"], step["destination"]):
            self.busy[host] += sign
            if self.busy[host] > limits["per_host"]:
                yield f"{step['id']}: {host} takes part in more than {limits['per_host']} migrations at a time."
        if sum(self.busy.values()) > 2 * limits["cluster"]:
            yield f"{step['id']}: more than {limits['cluster']} migrations run at a time."

    def _room(self, step: Step) -> Iterable[str]:
        host = step["destination"]
        cap = self.problem.room.caps[host]
        if any(self.loads[host][r] > cap[r] + TOLERANCE for r in range(3)):
            load = Resources(*self.loads[host])
            yield f"{step['id']}: {host} would carry {tuple(load)}, more than {tuple(cap)}."

    def _add(self, host: str, demand: Resources, sign: int) -> None:
        for resource in range(3):
            self.loads[host][resource] += sign * demand[resource]


def _final(problem: Problem, final: Placement) -> Iterable[str]:
    """Judge the end by the meaning of every policy and of the goal."""
    snapshot = problem.snapshot
    yield from (f"{sentence}." for sentence in problem.goal.shortfalls(snapshot, final))
    for name, load in snapshot.loads(final).items():
        if not load.fits(problem.room.caps[name]):
            yield f"{name} carries {tuple(load)} at the end, more than {tuple(problem.room.caps[name])}."
    if problem.spare.is_kept and problem.spare.worsens(final):
        yield from (violation.sentence for violation in problem.spare.stranded(final)[:2])
    for rule in problem.policies.rules:
        yield from _rule(rule, snapshot, final)


def _totals(problem: Problem, plan: Mapping[str, Any], final: Placement) -> Iterable[str]:
    """Judge the limits of a plan in all."""
    limits = problem.policies.limits
    moved = problem.snapshot.placement.moves_to(final)
    if limits.max_migrations is not None and len(moved) > limits.max_migrations:
        yield f"There are more than {limits.max_migrations} migrations."
    gib = sum(problem.snapshot.domains[name].memory_mib for name in moved) / 1024
    if limits.max_memory_gib is not None and gib > limits.max_memory_gib + TOLERANCE:
        yield f"{gib:g} GiB are moved, more than {limits.max_memory_gib:g}."
    yield from _at_a_time(problem, plan["limits"])
    yield from _network(limits, plan["limits"])
    ends = max((step["finish_s"] for step in plan["steps"]), default=0.0)
    if problem.time.duration_s is not None and ends > problem.time.duration_s + TOLERANCE:
        yield f"The migrations end after {ends} s, and there are {problem.time.duration_s:g} s."
    for step in plan["steps"]:
        rule = problem.time.closings.get(step["domain"])
        if rule and step["finish_s"] > rule.open_s + TOLERANCE:
            yield f"{step['id']} ends after the window of the {rule.title} has closed."


def _at_a_time(problem: Problem, kept: Mapping[str, Any]) -> Iterable[str]:
    """The limits that the executor reads from the plan are those of the policy."""
    wanted = {"per_host": problem.policies.limits.per_host, "cluster": problem.time.at_once}
    for name, most in wanted.items():
        if kept[name] > most:
            yield f"The plan has limits.{name} {kept[name]}, and the policy {most}."


def _network(limits: Limits, kept: Mapping[str, Any]) -> Iterable[str]:
    """As many migrations at a time as the plan allows, each as fast as it may be, do not overrun the network."""
    if limits.network_mib_s is not None:
        together = kept["cluster"] * kept["bandwidth_mib_s"]
        if together > limits.network_mib_s + TOLERANCE:
            yield f"The migrations may take {together:g} MiB/s, more than {limits.network_mib_s:g}."


def _rule(rule: Rule, snapshot: ClusterSnapshot, final: Placement) -> Iterable[str]:
    if not rule.is_firm:
        return
    violations = rule.violations(snapshot, final)
    if sum(violation.amount for violation in violations) > rule.tolerated(snapshot) + TOLERANCE:
        yield from (violation.sentence for violation in violations[:2])


def _figures(problem: Problem, plan: Mapping[str, Any], final: Placement) -> Iterable[str]:
    """Compute the figures of the plan once more."""
    objective = problem.objective.value_s(final)
    if abs(objective - plan["objective"]) > 1e-3 * max(1.0, abs(objective)):
        yield f"The objective is {objective}, not {plan['objective']}."
    if plan["bound"] > plan["objective"] + 1e-3 * max(1.0, abs(objective)):
        yield f"The bound {plan['bound']} is above the objective {plan['objective']}."
    makespan = max((step["finish_s"] for step in plan["steps"]), default=0.0)
    if abs(makespan - plan["makespan_s"]) > 1e-6 or plan["makespan_bound_s"] > makespan + 1e-6:
        yield f"The makespan is {makespan}."
