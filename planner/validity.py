# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a plan may be carried out: one made earlier, or one that comes from a file that anybody may have written.

Nothing in the document is believed. It is replayed against the facts and the policy of now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from .cluster.parse import parse_cluster
from .cluster.resources import TOLERANCE
from .cluster.snapshot import ClusterSnapshot
from .documents import validate
from .errors import InputError, PlanOutdated
from .pipeline import plain, read_problem
from .policy.time_frame import parse_now
from .problem.problem import Problem
from .seal import SEAL, seal_of
from .verify import faults_of_steps

JsonObject = Mapping[str, Any]

MOST = 8
"""How many differences or faults one sentence names."""


def check_plan(
    plan: JsonObject,
    facts: JsonObject,
    policy: JsonObject | None,
    now: str,
    *,
    max_age_s: float = 0.0,
    approved: str = "",
) -> dict[str, Any]:
    """Return a plan that may be carried out now, with the addresses that the facts have.

    Parameters
    ----------
    plan
        The plan document.
    facts, policy
        As for ``make_plan``, of now.
    now
        What time it is.
    max_age_s
        How long ago the plan may have been made; 0 is any time.
    approved
        The digest of the plan that was approved; empty where none was.

    Raises
    ------
    InputError
        The document is not a plan, or not the one that Drover wrote or somebody approved.
    PlanOutdated
        It does not fit the cluster, the policy or the goal any more; with every difference.
    """
    plan, facts, policy = plain(plan), plain(facts), plain(policy)
    validate("plan", plan)
    _check_seal(plan, approved)
    moment = parse_now(now)
    _check_age(plan, moment, max_age_s)
    snapshot = parse_cluster(facts)
    _refuse("The cluster has changed since this plan was made", differences(plan, snapshot))
    # At the time when it was made: what has closed since then, or closes too early, the executor does not start.
    problem = read_problem(facts, policy, {**plan["asked"], "now": plan["made"] or now})
    _refuse("This plan breaks what holds now", _faults(problem, plan))
    return {**plan, "hosts": [_addressed(entry, snapshot) for entry in plan["hosts"]]}


def _check_seal(plan: JsonObject, approved: str) -> None:
    if plan[SEAL] != seal_of(plan):
        raise InputError(
            f"The plan's {SEAL} is not that of its content: somebody has changed it since it was made; plan again."
        )
    if approved and approved != plan[SEAL]:
        raise InputError(
            f"The plan that was approved has the digest {approved}, and this one {plan[SEAL]}; approve this one, or "
            "carry out the other."
        )


def _check_age(plan: JsonObject, now: datetime | None, max_age_s: float) -> None:
    if not max_age_s or now is None:
        return
    made = parse_now(plan["made"]) if plan["made"] else None
    if made is None:
        raise PlanOutdated(
            "The plan does not say when it was made, so its age is unknown; plan again."
        )
    age_s = (now - made).total_seconds()
    if not -60 <= age_s <= max_age_s:
        raise PlanOutdated(
            f"The plan was made at {plan['made']}, and it is {now.isoformat()}: that is not within {max_age_s:g} s; "
            "plan again, or allow more with max_age."
        )


def _refuse(what: str, found: Iterable[str]) -> None:
    sentences = list(found)
    if sentences:
        more = len(sentences) - MOST
        shown = [*sentences[:MOST], *([f"And {more} more."] if more > 0 else [])]
        raise PlanOutdated(f"{what}; plan again. {' '.join(shown)}")


def differences(plan: JsonObject, snapshot: ClusterSnapshot) -> Iterable[str]:
    """Say how the cluster differs from the one that a plan was made for, as far as a plan depends on it."""
    before = {entry["name"]: entry["before"] for entry in plan["hosts"]}
    yield from (f"Host {name} is new." for name in sorted(set(snapshot.hosts) - set(before)))
    yield from (f"Host {name} is gone." for name in sorted(set(before) - set(snapshot.hosts)))
    was = {name: host for host, entry in before.items() for name in entry["domains"]}
    now = snapshot.placement
    for name in sorted({*was, *now}):
        if was.get(name) != now.get(name):
            yield f"VM {name} {_place(was.get(name), 'was')}, and {_place(now.get(name), 'is')}."
    if was == dict(now) and set(before) == set(snapshot.hosts):
        yield from _sizes(plan, before, snapshot)


def _place(host: str | None, verb: str) -> str:
    return f"{verb} on {host}" if host else f"{verb} on no host"


def _sizes(
    plan: JsonObject, before: Mapping[str, JsonObject], snapshot: ClusterSnapshot
) -> Iterable[str]:
    """Compare what cannot be told from where VMs are: their identities, memory and vCPUs."""
    for step in plan["steps"]:
        domain = snapshot.domains.get(step["domain"])
        if domain is not None:
            for key, present in (("uuid", domain.uuid), ("memory_mib", domain.memory_mib)):
                if step.get(key) != present:
                    yield f"VM {domain.name} has {key} {present}, and the plan {step.get(key)}."
    memory = snapshot.memory_mib(snapshot.placement)
    for name, load in snapshot.loads(snapshot.placement).items():
        for key, amount in (("memory_mib", memory[name]), ("vcpus", load.vcpus)):
            if abs(before[name][key] - amount) > TOLERANCE:
                yield f"The VMs of {name} have {key} {amount:g} in all, and the plan {before[name][key]:g}."


def _faults(problem: Problem, plan: JsonObject) -> Iterable[str]:
    if (plan["goal"], plan["goal_hosts"]) != (problem.goal.kind, list(problem.goal.hosts)):
        yield f"Its goal {plan['goal']} ({', '.join(plan['goal_hosts'])}) is not what was asked for."
    yield from faults_of_steps(problem, plan)
    for entry in plan["hosts"]:
        # What a host uses itself changes by the minute; each migration asks for the memory that is free then.
        name = entry["name"]
        own = problem.snapshot.hosts[name].own_use.memory_mib
        most = (
            problem.room.memory_limit_mib(name) + own * problem.policies.capacity.memory_overcommit
        )
        if entry["memory_limit_mib"] > most + TOLERANCE:
            yield f"It gives {name} {entry['memory_limit_mib']:g} MiB, and the policy {most:g}."
    fastest = problem.policies.limits.bandwidth_mib_s
    if fastest is not None and (plan["limits"]["bandwidth_mib_s"] or 0) > fastest:
        yield f"It has limits.bandwidth_mib_s {plan['limits']['bandwidth_mib_s']:g}, and the policy {fastest:g}."


def _addressed(entry: JsonObject, snapshot: ClusterSnapshot) -> dict[str, Any]:
    host = snapshot.hosts[entry["name"]]
    return {**entry, "uri": host.uri, "migration_address": host.migration_address}
