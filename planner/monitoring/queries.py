# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of Prometheus.

Each expression gives the amounts at a moment, and is wrapped into a mean or a percentile over a time. The names of
VMs' metrics are those of the exporters of libvirt: ``libvirt_domain_info_cpu_time_seconds_total`` is common to all
of them; memory has the name of Tinkoff's and inovex's, of zhangjianweibj's, or only the balloon, as Debian's has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import InputError

RATE = "[5m]"
"""Over which time a counter's rate is taken: at least four scrapes, so that one may fail."""

POINTS = 288
LEAST_STEP_S = 60
"""In how many points a time is looked at: one every five minutes of a day, and never closer than a minute."""

_CPU = f"rate(libvirt_domain_info_cpu_time_seconds_total{RATE})"
_MEMORY = (
    "(libvirt_domain_memory_stats_rss_bytes or libvirt_domain_stat_memory_rss_bytes "
    "or libvirt_domain_info_memory_usage_bytes)"
)

EXPRESSIONS: Mapping[str, str] = {
    # A VM that moved has series of two hosts, which are one by its name.
    "domain_cpu": f"sum by (domain, uuid) ({_CPU})",
    "domain_memory": f"max by (domain, uuid) {_MEMORY}",
    # What guests take is a part of "user" already.
    "host_cpu": f'sum by (instance) (rate(node_cpu_seconds_total{{mode!~"idle|iowait|steal"}}{RATE}))',
    "host_memory": (
        "sum by (instance) (node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes "
        "- node_memory_HugePages_Total * node_memory_Hugepagesize_bytes)"
    ),
    "host_domains_cpu": f"sum by (instance) ({_CPU})",
    "host_domains_memory": f"sum by (instance) {_MEMORY}",
}
"""What there is by default: of VMs by ``uuid`` or ``domain``, of hosts by ``instance``. Users replace them by name."""

OF_DOMAINS = ("domain_cpu", "domain_memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The time that is asked for; ``percentile`` is ``None`` for the mean."""

    window_s: int
    percentile: float | None = None


def queries(question: Question, replaced: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the queries by name.

    Hosts are asked for their means in any case: what a host uses beside its VMs is a difference, and percentiles
    have none.

    Parameters
    ----------
    replaced
        Expressions of the user's own; an empty one is not asked.

    Raises
    ------
    InputError
        There is no query of such a name.
    """
    replaced = replaced or {}
    unknown = sorted(set(replaced) - set(EXPRESSIONS))
    if unknown:
        raise InputError(
            f"there is no query {unknown[0]}; there are: {', '.join(EXPRESSIONS)}.",
            path="drover_prometheus.queries",
        )
    expressions = {**EXPRESSIONS, **replaced}
    return {
        name: _over_time(expression, question, is_mean=name not in OF_DOMAINS)
        for name, expression in expressions.items()
        if expression.strip()
    }


def _over_time(expression: str, question: Question, *, is_mean: bool) -> str:
    step_s = max(LEAST_STEP_S, question.window_s // POINTS)
    points = f"({expression})[{question.window_s}s:{step_s}s]"
    if is_mean or question.percentile is None:
        return f"avg_over_time({points})"
    return f"quantile_over_time({question.percentile / 100:g}, {points})"
