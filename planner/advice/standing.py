# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How every rule and limit stands before a plan and after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..cluster.placement import Placement
from ..policy.base import Rule, Violation
from ..problem.problem import Problem

MOST = 20
"""How many sentences are given about a rule that is broken in more ways."""


def standings(problem: Problem, placement: Placement) -> list[dict[str, Any]]:
    """Return an entry per rule, for the limits of hosts and for spare hosts: how it stands before and after.

    Returns
    -------
    list of dict
        ``kind``, ``name``, ``strictness``, ``domains`` (how many VMs it is about), ``about`` (for people), and
        ``before`` and ``after``: ``amount``, comparable within one entry only, and ``sentences``. An amount of 0
        means that it holds.
    """
    return [
        *(_of_rule(problem, rule, placement) for rule in problem.policies.rules),
        _of_limits(problem, placement),
        *_of_spare_hosts(problem, placement),
    ]


def _of_rule(problem: Problem, rule: Rule, placement: Placement) -> dict[str, Any]:
    return {
        "kind": rule.kind,
        "name": rule.name,
        "strictness": rule.strictness.value,
        "domains": len(rule.domains),
        "about": rule.subjects_in_words,
        "before": _sentences(rule.violations(problem.snapshot, problem.snapshot.placement)),
        "after": _sentences(rule.violations(problem.snapshot, placement)),
    }


def _of_limits(problem: Problem, placement: Placement) -> dict[str, Any]:
    return {
        "kind": "capacity",
        "name": "limits of hosts",
        "strictness": "never_worsen",
        "domains": len(placement),
        "about": "What hosts may give out of memory, vCPUs and busy CPU.",
        "before": _sentences(_over(problem, problem.snapshot.placement)),
        "after": _sentences(_over(problem, placement)),
    }


def _over(problem: Problem, placement: Mapping[str, str]) -> list[Violation]:
    found = problem.policies.capacity.violations(problem.snapshot, placement)
    return [v for v in found if problem.snapshot.hosts[v.subjects[0]].is_up]


def _of_spare_hosts(problem: Problem, placement: Placement) -> Iterable[dict[str, Any]]:
    spare = problem.policies.spare_hosts
    if spare.count:
        yield {
            "kind": "spare_hosts",
            "name": "spare hosts",
            "strictness": spare.strictness.value,
            "domains": len(placement),
            "about": f"Any {spare.count} of the hosts may fail, and every VM still has a place.",
            "before": _sentences(problem.spare.stranded_now),
            "after": _sentences(problem.spare.stranded(placement)),
        }


def _sentences(violations: Sequence[Violation]) -> dict[str, Any]:
    return {
        "amount": round(sum(violation.amount for violation in violations), 6),
        "sentences": [violation.sentence for violation in violations[:MOST]],
    }
