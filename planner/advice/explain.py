# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a VM moves or stays, and why each other host was not chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..cluster.placement import Placement
from ..cluster.resources import Resources, in_words
from ..errors import UnknownDomain
from ..problem.problem import Problem
from ..visible import text_of

MOST = 20_000
"""Pairs of step and host that are explained in a plan; a larger plan would be mostly explanation."""


def explanations(
    problem: Problem, placement: Placement, domains: Iterable[str]
) -> dict[str, dict[str, str]]:
    """Return for each VM, for each host that it does not end on, why not there; nothing for very large plans."""
    names = sorted(set(domains))
    if len(names) * len(problem.snapshot.hosts) > MOST:
        return {}
    loads = problem.snapshot.loads(placement)
    return {name: _alternatives(problem, placement, loads, name) for name in names}


def _alternatives(
    problem: Problem, placement: Placement, loads: Mapping[str, Resources], domain: str
) -> dict[str, str]:
    return {
        host: _why_not(problem, placement, loads, domain, host)
        for host in problem.snapshot.hosts
        if host != placement[domain]
    }


def _why_not(
    problem: Problem, placement: Placement, loads: Mapping[str, Resources], domain: str, host: str
) -> str:
    """Return the first reason against a host, in the order in which people would ask."""
    entry = problem.snapshot.domains[domain]
    if host == entry.host and host not in problem.goal.must_leave:
        return "it runs here now; the plan as a whole is better with the move"
    if reason := problem.ways.refusal(domain, host):
        return reason
    if host in problem.goal.must_leave:
        return f"{host} is to be emptied"
    if problem.goal.frees_hosts and not loads[host].vcpus and not loads[host].memory_mib:
        return f"{host} is not needed, and may be switched off"
    after = loads[host].plus(entry.demand)
    for key, used, most in zip(Resources._fields, after, problem.room.caps[host], strict=True):
        if used > most + 1e-6:
            return f"with it and all that the plan puts there, {host} would carry {in_words(key, used)} of {most:g}"
    if sentence := _broken(problem, placement, domain, host):
        return sentence
    chosen = placement[domain]
    here, there = (
        loads[chosen].share_of(problem.room.limits[chosen]),
        after.share_of(problem.room.limits[host]),
    )
    return (
        f"{host} could take it, but would be {there:.0%} full; {chosen} is {here:.0%} full with it"
    )


def _broken(problem: Problem, placement: Placement, domain: str, host: str) -> str | None:
    other = placement.move({domain: host})
    for rule in problem.policies.rules:
        if domain in rule.domains and rule.is_firm:
            violations = rule.violations(problem.snapshot, other)
            if sum(v.amount for v in violations) > rule.amount(problem.snapshot, placement):
                return violations[0].sentence.rstrip(".")
    return None


def explain(plan: Mapping[str, Any], domain: str) -> str:
    """Return as text why a VM of a plan document moves or stays; raises as `explanation` does."""
    return told(explanation(plan, domain))


def explanation(plan: Mapping[str, Any], domain: str) -> dict[str, Any]:
    """Say why a VM of a plan document moves or stays.

    Returns
    -------
    dict
        ``domain``; ``host``, where it is after the plan; ``steps``, its migrations as in the plan; ``stays``, why it
        stays, ``None`` where it moves; ``not_there``, for each other host why not there, as far as the plan says so.

    Raises
    ------
    UnknownDomain
        The plan does not know the VM.
    """
    if domain not in plan["placement"]:
        raise UnknownDomain(f"The plan knows no VM {domain} that runs; check the name.")
    steps = [step for step in plan["steps"] if step["domain"] == domain]
    return {
        "domain": domain,
        "host": plan["placement"][domain],
        "steps": steps,
        "stays": None if steps else _why_it_stays(plan, domain),
        "not_there": plan.get("explanations", {}).get(domain, {}),
    }


def told(found: Mapping[str, Any]) -> str:
    """Return an explanation as text."""
    if found["stays"] is not None:
        stays = f"{found['domain']} stays on {found['host']}: {found['stays']}."
        return text_of([stays]) + "\n"
    lines = [_told(step) for step in found["steps"]]
    if found["not_there"]:
        lines += [
            "",
            "The other hosts:",
            *(f"  {host}: {reason}." for host, reason in found["not_there"].items()),
        ]
    return text_of(lines) + "\n"


def _told(step: Mapping[str, Any]) -> str:
    waits = (
        f" It waits for {', '.join(step['after'])}, whose room it takes." if step["after"] else ""
    )
    return (
        f"{step['domain']} goes from {step['source']} to {step['destination']}: {step['reason']}. "
        f"Cost: {step['memory_mib']} MiB, {step['transfer_s']:.1f} s of transfer, predicted from "
        f"{step['start_s']:.0f} s to {step['finish_s']:.0f} s.{waits}"
    )


def _why_it_stays(plan: Mapping[str, Any], domain: str) -> str:
    known: str | None = plan.get("unmoved", {}).get(domain)
    return known or "no policy and no part of the goal gains enough from moving it"


def unmoved(problem: Problem, placement: Placement) -> dict[str, str]:
    """Return why VMs stay where they are that cannot move, or have moved just before."""
    found = {}
    for name, host in placement.items():
        if problem.snapshot.placement[name] != host:
            continue
        if reason := problem.ways.stays(name):
            found[name] = f"it cannot move: {reason}"
        elif extra_s := problem.objective.cooldown_s(name):
            found[name] = (
                f"it moved a short while ago, so another migration counts {extra_s:.0f} s more, "
                "and nothing gains that much"
            )
    return found
