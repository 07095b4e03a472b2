# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps between four hosts in a few words, and the rules that they keep on the way."""

from __future__ import annotations

from collections.abc import Sequence

from planner.cluster.parse import parse_cluster
from planner.cluster.resources import Resources
from planner.policy.anti_affinity import AntiAffinity
from planner.policy.base import Rule, Span
from planner.schedule.indexed_steps import IndexedSteps
from planner.schedule.rule_watch import RuleWatch
from planner.schedule.step import Step
from tests.unit.planner.builders import cluster

HOSTS = "abcd"
CAP = 1000.0
Way = tuple[str, str, str, int, int]
"""VM, source, destination, memory in MiB, and duration in ms."""

SNAPSHOT = parse_cluster(cluster(a={"x": 1, "y": 1}, b={"z": 1}, c={}, d={}))


def steps_of(*ways: Way) -> list[Step]:
    """Return steps."""
    return [
        Step(
            domain=domain,
            source=source,
            destination=destination,
            demand=Resources(memory),
            duration_ms=duration,
            transfer_s=0.0,
        )
        for domain, source, destination, memory, duration in ways
    ]


def indexed(
    ways: Sequence[Way], loads: dict[str, float] | None = None, per_host: int = 1, cluster: int = 9
) -> IndexedSteps:
    """Return steps between hosts of 1000 MiB that carry so much."""
    carried = {name: ((loads or {}).get(name, 0.0), 0.0, 0.0) for name in HOSTS}
    caps = dict.fromkeys(HOSTS, (CAP, 0.0, 0.0))
    return IndexedSteps.of(steps_of(*ways), carried, caps, per_host, cluster)


def watch(*rules: Rule) -> RuleWatch:
    """Return the state of rules before the first step."""
    return RuleWatch(SNAPSHOT, rules)


def apart(*names: str) -> AntiAffinity:
    """Return a rule that keeps VMs apart at every moment."""
    return AntiAffinity(name="apart", domains=names, span=Span.THROUGHOUT)
