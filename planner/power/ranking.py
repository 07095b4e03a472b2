# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order hosts go to sleep and are woken: by watts for their work, by wear, by failure domains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..cluster.host import Host
from ..problem.problem import Problem
from .policy import PowerPolicy


def watts_per_cpu(host: Host) -> float:
    """Return what a host draws for each of its CPUs at half load; without load, where no more is known.

    Worked example: 100 W idle and 200 W busy with 10 CPUs: 15 W for each.
    """
    idle = host.idle_w or 0.0
    busy = idle if host.busy_w is None else host.busy_w
    return round((idle + busy) / 2 / max(1, host.vcpus), 3)


def rank_to_sleep(problem: Problem, candidates: Sequence[str]) -> list[str]:
    """Return hosts in the order in which they go to sleep.

    Those that draw most for what they offer first; of equals those that slept least often, and least long, so that
    wear is shared, and of these the one with least to move.
    """
    hosts, loads = problem.snapshot.hosts, problem.room.loads

    def key(name: str) -> tuple[object, ...]:
        host = hosts[name]
        worn = (host.power.times_off, host.power.off_s)
        return (-watts_per_cpu(host), *worn, loads[name].memory_mib, name)

    return sorted(candidates, key=key)


def rank_to_wake(problem: Problem, power: PowerPolicy, asleep: Sequence[str]) -> list[str]:
    """Return sleeping hosts in the order in which they are woken.

    Those that are trusted before doubtful ones; of the failure domain with the fewest hosts up, those that are woken
    before counted; those that draw least for what they offer; and of equals the one that has slept longest in all, so
    that wear is shared.
    """
    hosts, label = problem.snapshot.hosts, power.failure_domain
    ordered = sorted(asleep, key=lambda n: (watts_per_cpu(hosts[n]), -hosts[n].power.off_s, n))
    queues: dict[tuple[bool, str | None], list[str]] = {}
    for name in ordered:
        domain = hosts[name].labels.get(label) if label else None
        queues.setdefault((hosts[name].power.doubtful is not None, domain), []).append(name)
    up = Counter(host.labels.get(label) for host in hosts.values() if label and host.is_up)
    place = {name: number for number, name in enumerate(ordered)}
    ranked: list[str] = []
    while queues:
        best = min(queues, key=lambda q: (q[0], up[q[1]] if q[1] else 0, place[queues[q][0]]))
        ranked.append(queues[best].pop(0))
        up[best[1]] += 1
        if not queues[best]:
            del queues[best]
    return ranked
