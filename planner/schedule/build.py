# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a solution to a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..cluster.placement import Placement
from ..errors import NoOrder
from ..policy.base import Rule, Span
from ..problem.problem import Problem
from ..solver.solution import Solution
from . import transfer
from .dependencies import find_dependencies
from .lateness import is_late
from .order import Order, Setting, Timed, order_steps
from .plan import Plan
from .rule_watch import RuleWatch
from .step import Step, TimedStep
from .waves import group_in_waves


def build_plan(problem: Problem, solution: Solution) -> Plan:
    """Order the migrations that lead to a solution's placement.

    Raises
    ------
    NoOrder
        No order exists.
    """
    limits = problem.policies.limits
    cluster = problem.time.at_once
    rules = [rule for rule in problem.policies.rules if rule.span is Span.THROUGHOUT]
    steps = list_steps(problem, solution.placement)
    order = _order(problem, steps, rules)
    migrations = _migrations(problem, order.timed, rules)
    terms = problem.objective.terms(solution.placement)
    moved = sum(not migration.step.parking for migration in migrations)
    return Plan(
        problem=problem,
        status=solution.status.value,
        objective=solution.objective,
        bound=solution.bound,
        gap=solution.gap,
        terms=tuple(replace(t, bound=solution.term_bounds.get(t.name, t.bound)) for t in terms),
        placement=solution.placement,
        migrations=migrations,
        waves=tuple(tuple(wave) for wave in group_in_waves(migrations, limits.per_host, cluster)),
        makespan_ms=order.makespan_ms,
        makespan_bound_ms=order.bound_ms,
        per_host=limits.per_host,
        cluster=cluster,
        warnings=problem.snapshot.warnings,
        message=problem.goal.message(moved),
    )


def _order(problem: Problem, steps: Sequence[Step], rules: Sequence[Rule]) -> Order:
    """Return the shortest order found; where windows would close too early in it, one that puts their VMs first."""
    order = order_steps(steps, _setting(problem, rules))
    if not any(is_late(problem, step.domain, finish) for step, _start, finish in order.timed):
        return order
    try:
        timed = _in_two_parts(problem, steps, rules)
    except NoOrder:
        return order
    makespan = max(finish for _move, _start, finish in timed)
    return Order(timed=timed, makespan_ms=makespan, bound_ms=min(order.bound_ms, makespan))


def _in_two_parts(
    problem: Problem, steps: Sequence[Step], rules: Sequence[Rule]
) -> tuple[Timed, ...]:
    """Order the steps of VMs whose windows close first, and all others after them."""
    hurried = [step for step in steps if step.domain in problem.time.closings]
    first = order_steps(hurried, _setting(problem, rules))
    moved = {step.domain: step.destination for step in hurried}
    later = replace(problem, snapshot=problem.snapshot.after(moved))
    rest = [step for step in steps if step.domain not in moved]
    second = order_steps(rest, _setting(later, rules))
    shift = first.makespan_ms
    return (*first.timed, *((m, start + shift, end + shift) for m, start, end in second.timed))


def list_steps(problem: Problem, placement: Placement) -> list[Step]:
    """Return the steps between the placement now and another, in the order of names."""
    found = []
    for domain, (source, destination) in problem.snapshot.placement.moves_to(placement).items():
        duration_ms, seconds = predict(problem, domain, source, destination)
        found.append(
            Step(
                domain=domain,
                source=source,
                destination=destination,
                demand=problem.snapshot.domains[domain].demand,
                duration_ms=duration_ms,
                transfer_s=seconds,
            )
        )
    return found


def predict(problem: Problem, domain: str, source: str, destination: str) -> tuple[int, float]:
    """Return the predicted duration of a migration in ms, and the seconds of transfer in it."""
    hosts, limits = problem.snapshot.hosts, problem.policies.limits
    bandwidth = transfer.bandwidth_mib_s(
        hosts[source], hosts[destination], limits.bandwidth_mib_s, limits.per_host
    )
    seconds = transfer.transfer_s(problem.snapshot.domains[domain], bandwidth)
    return round(1000 * (transfer.SETUP_S + seconds)), seconds


def _setting(problem: Problem, rules: Sequence[Rule]) -> Setting:
    def shelters(domain: str) -> Sequence[str]:
        return [
            h for h in problem.ways.eligibility.hosts(domain) if h not in problem.goal.must_leave
        ]

    def duration_ms(domain: str, source: str, destination: str) -> tuple[int, float]:
        return predict(problem, domain, source, destination)

    return Setting(
        loads=problem.room.loads,
        caps=problem.room.caps,
        watch=lambda: RuleWatch(problem.snapshot, rules),
        shelters=shelters,
        duration_ms=duration_ms,
        per_host=problem.policies.limits.per_host,
        cluster=problem.time.at_once,
    )


def _migrations(
    problem: Problem, timed: Sequence[Timed], rules: Sequence[Rule]
) -> tuple[TimedStep, ...]:
    width = max(3, len(str(len(timed))))
    ids = [
        f"m{number:0{width}d}-{step.domain}"
        for number, (step, _start, _finish) in enumerate(timed, start=1)
    ]
    after = find_dependencies(timed, problem.snapshot, problem.room.caps, rules)
    return tuple(
        TimedStep(
            id=ids[number],
            step=step,
            start_ms=start,
            finish_ms=finish,
            after=tuple(ids[other] for other in after[number]),
            reason=_reason(problem, step),
        )
        for number, (step, start, finish) in enumerate(timed)
    )


def _reason(problem: Problem, step: Step) -> str:
    if step.parking:
        return "waits here for room at its destination"
    origin = problem.snapshot.placement[step.domain]
    if origin != step.source:
        return f"goes on to its destination from where it was parked ({step.source})"
    if problem.goal.frees_hosts and not problem.room.loads[origin].fits(
        problem.room.limits[origin]
    ):
        return f"takes load off {origin}, which is over its limits"
    return problem.goal.reason(problem.snapshot, step.domain, step.source, step.destination)
