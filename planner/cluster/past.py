# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster as it was at earlier looks."""

from __future__ import annotations

from dataclasses import replace

from .history import Series
from .snapshot import ClusterSnapshot


def looks_before(snapshot: ClusterSnapshot, count: int) -> tuple[ClusterSnapshot, ...]:
    """Return the cluster as the last samples before this look saw it, the newest first, at most ``count``.

    The VMs are where they are now, and kept as many CPUs busy as then; one of which that is not known, as many as now.
    """
    moments = _moments(snapshot)[:count]
    return tuple(_at(snapshot, age_s) for age_s in moments)


def _moments(snapshot: ClusterSnapshot) -> list[float]:
    """Return the ages of the middles of earlier samples, by the host that remembers the most of them."""
    remembered = [
        host.history.host.cpu_usage.points
        for host in snapshot.hosts.values()
        if host.is_up and host.history
    ]
    points = max(remembered, key=len, default=())
    return [point.age_s + point.span_s / 2 for point in reversed(points[:-1])]


def _at(snapshot: ClusterSnapshot, age_s: float) -> ClusterSnapshot:
    domains = dict(snapshot.domains)
    for name, usage in snapshot.usages.items():
        busy = _value_at(usage.cpu_usage, age_s)
        if busy is not None:
            domains[name] = replace(domains[name], cpu_usage=busy)
    return replace(snapshot, domains=domains)


def _value_at(series: Series, age_s: float) -> float | None:
    return next((p.value for p in series.points if p.age_s <= age_s <= p.age_s + p.span_s), None)
