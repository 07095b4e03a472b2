# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters so tiny that all placements can be looked at, and the best of them by the oracle's meaning alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any

from planner.cluster.placement import Placement
from planner.errors import InputError, PolicyConflict
from planner.problem.problem import Problem
from tests.unit.planner.builders import Facts, domain, host, problem, rule

GROUPED = ("affinity", "anti_affinity", "licence", "separation")
KINDS = (*GROUPED, "host_affinity", "stay")


@dataclass(frozen=True)
class Case:
    """The documents of a random cluster."""

    facts: Facts
    policy: dict[str, Any]
    goal: dict[str, Any]

    def problem(self) -> Problem | None:
        """Return the problem; ``None`` if the documents contradict themselves."""
        try:
            return problem(self.facts, self.goal, self.policy)
        except (InputError, PolicyConflict):
            return None


def case(seed: int, kind_of_goal: str) -> Case:
    """Return a random cluster of two to four hosts and three to six VMs, some of it over-full or in maintenance."""
    chance = Random(seed)
    hosts = [_host(chance, f"h{number}") for number in range(chance.randint(2, 4))]
    names = [entry["name"] for entry in hosts]
    domains = [
        _domain(chance, f"v{number}", chance.choice(names))
        for number in range(chance.randint(3, 7 - len(hosts) // 2))
    ]
    rules = [_rule(chance, number, names, domains) for number in range(chance.randint(0, 2))]
    policy = {
        "capacity": {"vcpu_overcommit": chance.choice([1.0, 2.0])},
        "headroom": {"memory": chance.choice([0, 0, 0.05])},
        "rules": rules,
        "spare_hosts": {
            "count": chance.choice([0, 0, 1, 1, 2]),
            "strictness": chance.choice(["required", "never_worsen"]),
        },
    }
    goal = _goal(chance, kind_of_goal, names, [entry["name"] for entry in domains])
    return Case({"hosts": hosts, "domains": domains}, policy, goal)


def _host(chance: Random, name: str) -> dict[str, Any]:
    more: dict[str, Any] = {"labels": {"rack": chance.choice("ab")}}
    if chance.random() < 0.1:
        more["maintenance"] = True
    if chance.random() < 0.3:
        more["power"] = {"idle_w": chance.choice([50, 100, 200])}
    return host(name, chance.choice([1000, 1000, 1500, 2000]), chance.choice([4, 8, 16]), **more)


def _domain(chance: Random, name: str, home: str) -> dict[str, Any]:
    memory_mib = chance.choice([100, 200, 300, 400, 500, 700])
    vcpus, busy = chance.choice([1, 2, 4]), chance.choice([0.0, 0.5, 1.0])
    return domain(name, home, memory_mib, vcpus, busy, priority=chance.choice([0, 0, 2]))


def _rule(
    chance: Random, number: int, hosts: list[str], domains: list[dict[str, Any]]
) -> dict[str, Any]:
    kind = chance.choice(KINDS)
    fewest = 2 if kind in GROUPED else 1
    names = chance.sample([entry["name"] for entry in domains], chance.randint(fewest, 3))
    strictness = chance.choice(["never_worsen", "never_worsen", "preferred", "required"])
    more: dict[str, Any] = {"name": f"rule{number}", "strictness": strictness}
    if kind == "host_affinity":
        some = chance.sample(hosts, chance.randint(1, len(hosts) - 1))
        more |= {"hosts": some, "mode": chance.choice(["allow", "forbid"])}
    elif kind == "licence":
        more["at_most_hosts"] = chance.choice([1, 2])
    elif kind == "anti_affinity":
        more["at_most"] = chance.choice([1, 1, 2])
    if kind in ("anti_affinity", "separation") and chance.random() < 0.3:
        more["across"] = "rack"
    if kind == "separation":
        return {"type": kind, "groups": [names[:1], names[1:]], **more}
    return {**rule(kind, names), **more}


def _goal(chance: Random, kind: str, hosts: list[str], domains: list[str]) -> dict[str, Any]:
    goal: dict[str, Any] = {"goal": kind}
    if kind in ("evacuate", "restore"):
        goal["hosts"] = [chance.choice(hosts)]
    if kind == "restore":
        goal["domains"] = chance.sample(domains, 2)
    if kind == "consolidate" and chance.random() < 0.3:
        goal["at_least"] = chance.choice([1, 2])
    return goal


def least_objective_s(posed: Problem) -> float | None:
    """Return the objective of the best placement that the oracle's rules allow; ``None`` if there is none."""
    found = [(posed.objective.value_s(other), other) for other in _placements(posed)]
    for objective_s, placement in sorted(found, key=lambda entry: entry[0]):
        if _is_allowed(posed, placement):
            return objective_s
    return None


def _placements(posed: Problem) -> Iterator[Placement]:
    now = posed.snapshot.placement
    places = {name: (home, *posed.ways.destinations(name)) for name, home in now.items()}
    for choice in product(*places.values()):
        yield now.move({n: h for n, h in zip(places, choice, strict=True) if h != now[n]})


def _is_allowed(posed: Problem, placement: Placement) -> bool:
    snapshot = posed.snapshot
    return (
        not posed.goal.shortfalls(snapshot, placement)
        and all(
            load.fits(posed.room.caps[name]) for name, load in snapshot.loads(placement).items()
        )
        and all(
            r.amount(snapshot, placement) <= r.tolerated(snapshot) for r in posed.policies.rules
        )
        and not (posed.spare.is_kept and posed.spare.worsens(placement))
    )
