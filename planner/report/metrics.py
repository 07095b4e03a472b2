# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster is like and what was done with it, as metrics in the text format of OpenMetrics.

The text is at the same time one that node_exporter's textfile collector takes. What is counted goes on from the text
of the last run; in the place of a text that is damaged it begins at zero, which monitoring takes for a restart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite, sqrt
from typing import Any, NamedTuple

from ..cluster.parse import parse_cluster
from ..cluster.resources import Resources, total
from ..cluster.snapshot import ClusterSnapshot
from .status import saved_kwh

JsonObject = Mapping[str, Any]

BUCKETS_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""The bounds of the downtimes that are counted, in seconds."""

OUTCOMES = ("moved", "not_moved", "skipped", "unknown")


class Family(NamedTuple):
    """Metrics of one name: their kind and what they mean."""

    kind: str
    meaning: str


FAMILIES: Mapping[str, Family] = {
    "drover_hosts": Family("gauge", "Hosts of the cluster by state."),
    "drover_vms": Family("gauge", "VMs that run."),
    "drover_imbalance": Family(
        "gauge",
        "Standard deviation of what hosts in service give out, as a share of what they have.",
    ),
    "drover_power_watts": Family(
        "gauge", "Predicted power of the hosts whose watts are known, asleep ones included."
    ),
    "drover_saved_kwh": Family("gauge", "Energy that sleeping hosts have not used, in kWh."),
    "drover_facts_timestamp_seconds": Family("gauge", "When the cluster was looked at last."),
    "drover_migrations": Family("counter", "Migrations by what became of them."),
    "drover_migration_downtime_seconds": Family(
        "histogram", "How long VMs stood still when they moved."
    ),
}

_LINE = re.compile(r'(drover_[a-z_]+)\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\} (\S+)')
_LABEL = re.compile(r'([a-z]+)="((?:[^"\\\n]|\\.)*)"')
_ENDINGS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}

Labels = tuple[tuple[str, str], ...]
Samples = dict[tuple[str, Labels], float]


def metrics(
    before: str,
    cluster: str,
    *,
    facts: JsonObject | None = None,
    at_s: float = 0.0,
    outcomes: Sequence[JsonObject] = (),
) -> str:
    """Return the metrics after a run.

    Parameters
    ----------
    before
        The text of the last run, of this cluster and maybe of others, whose metrics stay.
    cluster
        The name of the cluster, which all its metrics have as a label.
    facts
        The facts document; without it what is known of the cluster stays as it was.
    at_s
        When the facts were gathered, in seconds since the epoch.
    outcomes
        What became of migrations, to be added to what was counted.

    Raises
    ------
    InputError
        The facts break their schema.
    """
    samples = _parsed(before)
    own = (("cluster", cluster),)
    if facts is not None:
        samples = {
            key: value
            for key, value in samples.items()
            if FAMILIES[_family(key[0])].kind != "gauge" or own[0] not in key[1]
        }
        samples |= {(name, (*own, *more)): value for name, more, value in _gauges(facts, at_s)}
    for name, more, value in _counts(outcomes):
        key = (name, (*own, *more))
        samples[key] = samples.get(key, 0.0) + value
    return _text(samples)


def _gauges(facts: JsonObject, at_s: float) -> Iterator[tuple[str, Labels, float]]:
    snapshot = parse_cluster(facts)
    states = [
        "maintenance" if host.is_up and host.maintenance else host.state
        for host in snapshot.hosts.values()
    ]
    for state in sorted({"up", "maintenance", "asleep", *states}):
        yield "drover_hosts", (("state", state),), states.count(state)
    yield "drover_vms", (), len(snapshot.placed)
    for resource, value in _imbalance(snapshot):
        yield "drover_imbalance", (("resource", resource),), value
    watts = [_watts(entry, snapshot) for entry in facts["hosts"]]
    if any(one is not None for one in watts):
        yield "drover_power_watts", (), round(sum(one or 0.0 for one in watts), 1)
    saved = saved_kwh(facts)
    if saved is not None:
        yield "drover_saved_kwh", (), round(saved, 3)
    yield "drover_facts_timestamp_seconds", (), round(at_s)


def _imbalance(snapshot: ClusterSnapshot) -> Iterator[tuple[str, float]]:
    """Return by resource how far hosts are from each other: with shares of 0.2 and 0.6 it is 0.2."""
    hosts = [host for host in snapshot.hosts.values() if host.is_up and not host.maintenance]
    loads = {
        host.name: total(domain.demand for domain in snapshot.domains_on(host.name))
        for host in hosts
    }
    for resource in Resources._fields:
        shares = [
            getattr(loads[host.name], resource)
            / (host.memory_mib if resource == "memory_mib" else host.vcpus)
            for host in hosts
        ]
        mean = sum(shares) / len(shares) if shares else 0.0
        variance = sum((share - mean) ** 2 for share in shares) / max(1, len(shares))
        yield resource.removesuffix("_mib").removesuffix("_usage"), round(sqrt(variance), 4)


def _watts(entry: JsonObject, snapshot: ClusterSnapshot) -> float | None:
    host = snapshot.hosts[entry["name"]]
    if host.is_asleep:
        asleep_w: float | None = (entry.get("power") or {}).get("asleep_w")
        return asleep_w or 0.0
    if host.idle_w is None or host.busy_w is None or not host.is_up:
        return None
    busy = sum(domain.cpu_usage for domain in snapshot.domains_on(host.name))
    load = min(1.0, (busy + host.own_use.cpu_usage) / host.vcpus)
    return host.idle_w + load * (host.busy_w - host.idle_w)


def _counts(outcomes: Iterable[JsonObject]) -> Iterator[tuple[str, Labels, float]]:
    """Return what outcomes add; that nothing happened yet is worth a zero, so that rates have a beginning."""
    outcomes = list(outcomes)
    for outcome in sorted({*OUTCOMES, *(str(one["outcome"]) for one in outcomes)}):
        found = sum(1 for one in outcomes if one["outcome"] == outcome)
        yield "drover_migrations_total", (("outcome", outcome),), found
    name = "drover_migration_downtime_seconds"
    downtimes_s = [
        one["downtime_ms"] / 1000 for one in outcomes if one.get("downtime_ms") is not None
    ]
    for bound in BUCKETS_S:
        yield f"{name}_bucket", (("le", f"{bound:g}"),), sum(s <= bound for s in downtimes_s)
    yield f"{name}_bucket", (("le", "+Inf"),), len(downtimes_s)
    yield f"{name}_sum", (), round(sum(downtimes_s), 6)
    yield f"{name}_count", (), len(downtimes_s)


def _parsed(text: str) -> Samples:
    """Return the samples of a text that this module has written; other lines are left out."""
    found: Samples = {}
    for line in text.splitlines():
        matched = _LINE.fullmatch(line)
        if matched is None or not _family(matched[1]):
            continue
        labels = tuple((key, _unescaped(value)) for key, value in _LABEL.findall(matched[2]))
        try:
            value = float(matched[3])
        except ValueError:
            continue
        if isfinite(value) and value >= 0:
            found[matched[1], labels] = value
    return found


def _family(name: str) -> str:
    """Return the family of a sample's name; nothing for one that is not ours."""
    for family, (kind, _meaning) in FAMILIES.items():
        if name in {f"{family}{ending}" for ending in _ENDINGS[kind]}:
            return family
    return ""


def _text(samples: Samples) -> str:
    lines = []
    for family, (kind, meaning) in FAMILIES.items():
        own = {key: value for key, value in samples.items() if _family(key[0]) == family}
        if own:
            lines += [f"# TYPE {family} {kind}", f"# HELP {family} {meaning}"]
            lines += [_line(*key, value) for key, value in _in_order(own)]
    return "\n".join([*lines, "# EOF", ""])


def _in_order(samples: Samples) -> list[tuple[tuple[str, Labels], float]]:
    """Return the samples cluster by cluster, the buckets of a histogram before its sum."""
    return sorted(samples.items(), key=lambda item: _place(*item[0]))


def _place(name: str, labels: Labels) -> tuple[Any, ...]:
    bound = dict(labels).get("le")
    rest = [label for label in labels if label[0] != "le"]
    return rest[:1], not name.endswith("_bucket"), float(bound or 0), rest, name


def _line(name: str, labels: Labels, value: float) -> str:
    said = ",".join(f'{key}="{_escaped(one)}"' for key, one in labels)
    number = f"{value:.0f}" if value == int(value) else repr(value)
    return f"{name}{{{said}}} {number}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)
