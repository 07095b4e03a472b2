# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One judge for all results: it reads facts and a placement, and knows no planner.

Limits are the benchmarks' own: memory and vCPUs of a host are hard, nothing is reserved.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, Any]
Amounts = dict[str, list[int]]

KEYS = ("memory_mib", "vcpus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What a placement is worth.

    Attributes
    ----------
    used
        Hosts that hold a VM.
    moves, moved_gib
        VMs that are elsewhere than before, and their memory.
    memory_max, vcpus_max
        The fullest host, in per cent.
    memory_sd, vcpus_sd
        Population standard deviation over all hosts that are not emptied, in points of per cent.
    over
        Hosts above a limit that they were not above before.
    """

    used: int
    moves: int
    moved_gib: float
    memory_max: float
    memory_sd: float
    vcpus_max: float
    vcpus_sd: float
    over: int


def here(facts: Facts) -> dict[str, str]:
    """Return the placement that the facts show."""
    return {domain["name"]: domain["host"] for domain in facts["domains"]}


def evaluate(facts: Facts, placement: Mapping[str, str], emptied: Iterable[str] = ()) -> Quality:
    """Judge a placement; a VM that it does not name stays where it is."""
    before = here(facts)
    after = {name: placement.get(name, host) for name, host in before.items()}
    moved = [d for d in facts["domains"] if after[d["name"]] != d["host"]]
    shares = _shares(facts, after, set(emptied))
    loads, old = _loads(facts, after), _loads(facts, before)
    return Quality(
        used=len(set(after.values())),
        moves=len(moved),
        moved_gib=sum(domain["memory_mib"] for domain in moved) / 1024,
        memory_max=max(shares[0]),
        memory_sd=statistics.pstdev(shares[0]),
        vcpus_max=max(shares[1]),
        vcpus_sd=statistics.pstdev(shares[1]),
        over=sum(_is_over(host, loads[host["name"]], old[host["name"]]) for host in facts["hosts"]),
    )


def _loads(facts: Facts, placement: Mapping[str, str]) -> Amounts:
    loads: Amounts = {host["name"]: [0, 0] for host in facts["hosts"]}
    for domain in facts["domains"]:
        amounts = loads[placement[domain["name"]]]
        for number, key in enumerate(KEYS):
            amounts[number] += domain[key]
    return loads


def _shares(facts: Facts, placement: Mapping[str, str], without: set[str]) -> list[list[float]]:
    loads = _loads(facts, placement)
    hosts = [host for host in facts["hosts"] if host["name"] not in without]
    return [
        [100 * loads[host["name"]][n] / host[key] for host in hosts] for n, key in enumerate(KEYS)
    ]


def _is_over(host: Mapping[str, Any], load: list[int], old: list[int]) -> bool:
    return any(load[n] > max(host[key], old[n]) for n, key in enumerate(KEYS))


def faults(facts: Facts, plan: Mapping[str, Any]) -> Iterator[str]:
    """Replay a plan in the order of its times: both ends hold a VM while it moves, no host is ever over its limit."""
    domains = {domain["name"]: domain for domain in facts["domains"]}
    limits = {host["name"]: [host[key] for key in KEYS] for host in facts["hosts"]}
    where, loads, busy = here(facts), _loads(facts, here(facts)), dict.fromkeys(limits, 0)
    caps = {
        name: [max(pair) for pair in zip(limits[name], loads[name], strict=True)] for name in limits
    }
    for _time, starts, step in _events(plan):
        source, destination, demand = step["source"], step["destination"], domains[step["domain"]]
        for host in (source, destination):
            busy[host] += 1 if starts else -1
            if busy[host] > plan["limits"]["per_host"]:
                yield f"{step['id']}: {host} takes part in too many migrations"
        for number, key in enumerate(KEYS):
            loads[destination if starts else source][number] += (
                demand[key] if starts else -demand[key]
            )
        if starts and where[step["domain"]] != source:
            yield f"{step['id']}: {step['domain']} is not on {source}"
        if starts and any(
            load > cap for load, cap in zip(loads[destination], caps[destination], strict=True)
        ):
            yield f"{step['id']}: {destination} is over its limit"
        where[step["domain"]] = destination
    if where != {**here(facts), **plan["placement"]}:
        yield "the steps do not lead to the placement"


def _events(plan: Mapping[str, Any]) -> list[tuple[float, bool, Mapping[str, Any]]]:
    """Return starts and ends by time; at the same moment, ends come first."""
    events = [(step["start_s"], True, step) for step in plan["steps"]]
    events += [(step["finish_s"], False, step) for step in plan["steps"]]
    return sorted(events, key=lambda event: event[:2])


def host_bound(facts: Facts) -> int:
    """Return a number of hosts that no placement can go below: each resource alone, for hosts of equal size."""
    sizes = [{host[key] for host in facts["hosts"]} for key in KEYS]
    if any(len(size) != 1 for size in sizes):
        raise ValueError("the bound is for hosts of equal size")
    totals = [sum(domain[key] for domain in facts["domains"]) for key in KEYS]
    least: list[int] = [
        math.ceil(total / min(size)) for total, size in zip(totals, sizes, strict=True)
    ]
    return max(least)


def deviation_bounds(facts: Facts) -> list[float]:
    """Return standard deviations of memory and of vCPUs that no placement can go below, for hosts of equal size.

    The j fullest hosts hold at least what the j largest VMs take, for every j. Of all loads with that property and
    the same sum, the most even ones are: the largest VMs alone, as long as they are above the level of what is left,
    and all other hosts at that level. Every other one majorizes these, so its sum of squares is no less.

    Worked example: VMs of 80, 20 and 20 on three hosts of 100: 80, 20, 20, not 40, 40, 40.
    """
    return [statistics.pstdev(_most_even(facts, key)) for key in KEYS]


def _most_even(facts: Facts, key: str) -> list[float]:
    size, hosts = facts["hosts"][0][key], len(facts["hosts"])
    demands = sorted((100 * domain[key] / size for domain in facts["domains"]), reverse=True)
    rest, alone = sum(demands), 0
    while alone < min(hosts - 1, len(demands)) and demands[alone] > rest / (hosts - alone):
        rest -= demands[alone]
        alone += 1
    return [*demands[:alone], *[rest / (hosts - alone)] * (hosts - alone)]


def moves_bound(facts: Facts, used: int) -> int:
    """Return how many VMs move at least when only this many hosts stay in use: those of the hosts with the fewest."""
    counts = dict.fromkeys((host["name"] for host in facts["hosts"]), 0)
    for domain in facts["domains"]:
        counts[domain["host"]] += 1
    return sum(sorted(counts.values())[: len(counts) - used])
