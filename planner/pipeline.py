# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from facts, policy and goal to a verified plan; the one loop of planning stands here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .advice.curve import curve
from .advice.explain import explanations, unmoved
from .advice.omissions import left_out, unlimited
from .advice.standing import standings
from .advice.unrepaired import repair_message, unrepaired
from .advice.warnings import warnings_for
from .cluster.parse import parse_cluster
from .cluster.snapshot import ClusterSnapshot
from .cluster.tenant import without_future
from .documents import DEEPEST, HALF, validate, with_whole_numbers
from .errors import Infeasible, InputError, NoOrder, SpareLost, TooLong
from .goal.expansion import Expansion, wake
from .goal.parse import parse_goal
from .goal.repair import Repair
from .patience import Patience, having
from .policy.consistency import check_consistency
from .policy.load import with_load
from .policy.parse import parse_policies
from .policy.policies import Policies
from .policy.time_frame import parse_now, time_frame
from .problem.peace import calm, resting, too_early
from .problem.problem import Problem
from .schedule import transfer
from .schedule.build import build_plan
from .schedule.lateness import late_domains
from .schedule.plan import Plan
from .solver.budget import Budget
from .solver.indexed import Indexed
from .solver.milp.backend import Effort
from .solver.solution import Solution, SolveStatus, proved_solution
from .solver.solve import solve
from .verify import verify

JsonObject = Mapping[str, Any]

TRIES = 5
"""How often a placement without an order is forbidden and another one sought."""

NOTHING_WITHIN_LIMITS = (
    "Nothing is moved: within the limits there is no migration that is worth it."
)


def make_plan(
    facts: JsonObject, policy: JsonObject | None, goal: JsonObject, effort: Effort | None = None
) -> dict[str, Any]:
    """Plan migrations: the whole way, from documents to a document.

    Parameters
    ----------
    facts, policy, goal
        Documents of the published schemas; subclasses of JSON types (such as Ansible's tagged strings) are
        taken as what they are.

    Returns
    -------
    dict
        A plan document (``schemas/plan.schema.json``), verified.

    Raises
    ------
    PlanningError
        One of its kinds, with one sentence: what is wrong and what to do.
    """
    return plan_problem(
        read_problem(plain(facts), plain(policy), plain(goal)), effort
    ).to_document()


def plain(document: Any) -> Any:
    """Return a document as plain JSON values, because jmespath refuses Ansible's tagged ones."""
    try:
        text = json.dumps(document, ensure_ascii=False)
        text.encode()
        return json.loads(text)
    except RecursionError as error:
        raise InputError(f"the document is nested more than {DEEPEST} levels deep.") from error
    except UnicodeEncodeError as error:
        raise InputError(f"the document {HALF}.") from error
    except (TypeError, ValueError) as error:
        raise InputError(f"the document holds something that is not JSON: {error}.") from error


def read_problem(facts: JsonObject, policy: JsonObject | None, goal: JsonObject) -> Problem:
    """Parse the three documents, and check them against each other."""
    snapshot = parse_cluster(facts)
    validate("goal", goal)
    policy, goal = with_whole_numbers(policy), with_whole_numbers(goal)
    now = parse_now(goal.get("now"))
    snapshot = without_future(snapshot, now)
    policies = parse_policies(policy, facts, snapshot, now)
    snapshot = with_load(snapshot, policies.load)
    limits = transfer.share_network(policies.limits, snapshot.hosts.values())
    policies = replace(policies, limits=limits)
    wanted = parse_goal(goal, snapshot, policies.capacity, policies.spare_hosts.count)
    if wanted.is_maintenance:
        rules = tuple(rule.in_maintenance for rule in policies.rules)
        policies = replace(policies, rules=rules)
    if isinstance(wanted, Expansion):
        snapshot = wake(snapshot, wanted.woken)
    check_consistency(policies, snapshot)
    return Problem(
        snapshot=snapshot,
        policies=policies,
        goal=wanted,
        transfer_s=predict_transfers(snapshot, policies),
        setup_s=transfer.SETUP_S,
        asked=goal,
        now=now,
        frame=time_frame(now, goal.get("deadline"), limits.windows),
    )


def plan_problem(
    problem: Problem,
    effort: Effort | None = None,
    patient: Patience | None = None,
    *,
    explained: bool = True,
) -> Plan:
    """Solve, order and verify.

    A placement that no order leads to is forbidden, and another one sought; one whose order takes too long,
    for a goal that may leave something out, gives way to one with less to do.

    Parameters
    ----------
    patient
        How long and how hard to look; without it as the goal says.
    explained
        Whether the plan says what people ask about it: why not elsewhere, and what to know. Verified it is in any case.

    Raises
    ------
    NoOrder
        None of the placements tried has an order.
    TooLong
        The migrations that the goal cannot do without take longer than there is time.
    TimeLimit
        Nothing was found in the time that the goal gives, for a goal that has to do something.
    """
    goal = problem.goal
    with having(patient or Patience(goal.effort, goal.time_limit_s)):
        plan, remarks = _planned(problem, effort)
        plan = _annotated(plan.problem, plan, remarks) if explained else plan
        verify(plan.problem, plan.to_document())
        return plan


def _planned(problem: Problem, effort: Effort | None) -> tuple[Plan, Sequence[str]]:
    """Go from a problem to a plan, and remarks on what limits leave out of it."""
    peace = calm(problem) or too_early(problem)
    if peace and _may_stand_still(problem):
        return _standing_still(problem, peace, None, only_choice=True)
    if reason := _reason_to_wait(problem):
        return _standing_still(problem, reason, unlimited(problem, effort), only_choice=True)
    wanted, bound = problem, math.inf
    reachable = unlimited(problem, effort)
    refusal: NoOrder | SpareLost | TooLong | None = None
    for attempt in range(1, TRIES + 1):
        try:
            solution = _within_totals(problem, reachable) or solve(problem, effort)
            bound = min(bound, solution.bound)
            plan = build_plan(problem, _bounded(solution, bound))
            _check_duration(problem, plan)
        except Infeasible as error:
            if isinstance(error, (NoOrder, SpareLost, TooLong)):
                refusal = error
                bound = min(bound, error.bound) if isinstance(error, SpareLost) else bound
                if attempt < TRIES and (other := _relaxed(problem, error, attempt)):
                    problem = other
                    continue
            if refusal is None or not _may_stand_still(problem):
                raise refusal or error from None
            return _standing_still(problem, refusal.message, reachable, only_choice=False)
        if problem.goal.curve:
            plan = replace(plan, extra={"curve": curve(wanted, plan.placement, effort)})
        remarks = left_out(wanted, plan, reachable)
        if remarks and not plan.migrations:
            plan = replace(plan, message=NOTHING_WITHIN_LIMITS)
        return plan, remarks
    raise AssertionError("unreachable")


def _within_totals(problem: Problem, reachable: Solution | None) -> Solution | None:
    """Return what is reachable without the limits of a plan in all, where it keeps within them: nothing is better."""
    if reachable is None or problem.forbidden or problem.late or problem.pace < 1:
        return None
    indexed = Indexed(problem)
    moves = indexed.moves_to(reachable.placement)
    return reachable if Budget(indexed).allows(moves) else None


def _bounded(solution: Solution, bound: float) -> Solution:
    """Return a solution with the bound of all problems tried: those that forbid something prove too much."""
    if solution.bound <= bound:
        return solution
    return replace(solution, bound=bound, status=SolveStatus.FEASIBLE, term_bounds={})


def _reason_to_wait(problem: Problem) -> str | None:
    """Say why no migration may start, to a goal that can wait; refuse one that cannot."""
    refusal = problem.frame.refusal if problem.frame else None
    if _may_stand_still(problem):
        return resting(problem) or refusal
    present = problem.snapshot.placement
    if refusal and (
        problem.goal.may_do_nothing or problem.goal.shortfalls(problem.snapshot, present)
    ):
        raise Infeasible(f"{refusal.rstrip('.')}; wait until then, or plan without it.")
    return None


def _may_stand_still(problem: Problem) -> bool:
    """Tell whether moving nothing is an answer: not where a required rule is broken, nor for some goals."""
    broken = problem.required_broken(problem.snapshot.placement)
    return problem.goal.may_do_nothing and not broken


def _check_duration(problem: Problem, plan: Plan) -> None:
    if problem.time.duration_s is not None and plan.makespan_ms > 1000 * problem.time.duration_s:
        needed = -(-plan.makespan_ms // 1000)
        raise TooLong(
            f"The migrations would take {needed} s in the best order found, and there are "
            f"{problem.time.duration_s:g} s; give them {needed} s, allow more at a time, or name fewer hosts.",
            needed_s=plan.makespan_ms / 1000,
        )
    late = late_domains(problem, plan.migrations)
    if late:
        name, reason = next(iter(late.items()))
        raise TooLong(
            f"VM {name} cannot move in time: {reason}; wait for its next window.", late=late
        )


def _relaxed(
    problem: Problem, error: NoOrder | SpareLost | TooLong, attempt: int
) -> Problem | None:
    """Return the problem that is tried next; ``None`` if there is none."""
    if not isinstance(error, TooLong):
        more = error.pairs[: 2 ** (attempt - 1)]
        return replace(problem, forbidden=problem.forbidden | set(more)) if more else None
    if not problem.goal.may_do_nothing:
        return None
    if error.late:
        return replace(problem, late={**problem.late, **error.late})
    assert problem.time.duration_s is not None
    return replace(problem, pace=problem.pace * 0.98 * problem.time.duration_s / error.needed_s)


def _annotated(problem: Problem, plan: Plan, remarks: Sequence[str]) -> Plan:
    """Add what people ask about a plan: what is to be known, and why not another host."""
    moved = [migration.step.domain for migration in plan.migrations]
    why = {
        "explanations": explanations(problem, plan.placement, moved),
        "unmoved": unmoved(problem, plan.placement),
        "rules": standings(problem, plan.placement),
    }
    left = unrepaired(problem, plan.placement) if isinstance(problem.goal, Repair) else ()
    return replace(
        plan,
        message=repair_message(plan) if left else plan.message,
        warnings=(*plan.warnings, *left, *warnings_for(problem, plan.placement), *remarks),
        extra={**(plan.extra or {}), **why},
    )


def _standing_still(
    problem: Problem, reason: str, reachable: Solution | None, *, only_choice: bool
) -> tuple[Plan, Sequence[str]]:
    """Return the plan that moves nothing, for a goal that nobody is hurt by if it waits; its message says why."""
    present = problem.snapshot.placement
    objective_s = problem.objective.value_s(present)
    solution = proved_solution(present, objective_s, objective_s if only_choice else None)
    plan = build_plan(problem, solution)
    return replace(plan, message=reason), left_out(problem, plan, reachable)


def predict_transfers(snapshot: ClusterSnapshot, policies: Policies) -> dict[str, float]:
    """Predict every VM's seconds of transfer at its own host's bandwidth."""
    limits = policies.limits
    rates = {
        name: transfer.bandwidth_mib_s(host, None, limits.bandwidth_mib_s, limits.per_host)
        for name, host in snapshot.hosts.items()
    }
    return {
        name: transfer.transfer_s(domain, rates[domain.host])
        for name, domain in snapshot.placed.items()
    }
