# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Over which time the load counts, and as what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..cluster.domain import Domain
from ..cluster.history import Figures, Series, Usage
from ..cluster.host import Host
from ..cluster.resources import Resources
from ..cluster.snapshot import ClusterSnapshot

JsonObject = Mapping[str, Any]

OWN_USE_S = 3600.0
"""Over which time a host's own use is averaged where the policy says nothing of the load."""

LEAST_WATCHED_S = 60.0
"""How long a host must have been watched: reading it takes CPUs itself, which show in seconds and not in minutes."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Load:
    """What counts as the load of VMs and hosts.

    Attributes
    ----------
    window_s
        The time over which it counts; ``None`` for the load now.
    percentile
        What the load did not exceed for this many per cent of that time; ``None`` for the mean.
    """

    window_s: float | None = None
    percentile: float | None = None

    @property
    def in_words(self) -> str:
        """What counts, for people: "the mean of the last 24 h", "95th percentile of the last 7 d"."""
        if self.window_s is None:
            return "the load now"
        amount = "mean" if self.percentile is None else f"percentile {self.percentile:g}"
        return f"the {amount} of the last {told(self.window_s)}"

    def of(self, series: Series) -> float | None:
        """Return what counts of a series; ``None`` where nothing is known of that time."""
        window_s = OWN_USE_S if self.window_s is None else self.window_s
        if self.percentile is None:
            return series.mean(window_s)
        return series.percentile(window_s, self.percentile)

    def of_own(self, series: Series) -> float | None:
        """Return what counts of the CPUs that a host keeps busy itself; ``None`` where it was hardly watched."""
        window_s = OWN_USE_S if self.window_s is None else self.window_s
        watched_s = series.covered_s(window_s)
        return self.of(series) if watched_s >= min(LEAST_WATCHED_S, window_s) else None

    def fits(self, figures: Figures) -> bool:
        """Tell whether figures are of that time and kind, or none are asked for."""
        asked = (self.window_s, self.percentile)
        return self.window_s is None or (figures.window_s, figures.percentile) == asked


def seconds(window: str) -> float:
    """Return the seconds of a time like 40m, 24h or 7d."""
    return float(window[:-1]) * _UNITS[window[-1]]


def told(seconds_: float) -> str:
    """Return a time in the largest unit of which it is a whole number: 24 h, 90 min."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds_ >= 2 * length and seconds_ % length == 0:
            return f"{seconds_ / length:g} {unit}"
    return f"{seconds_:g} s"


def parse_load(document: JsonObject) -> Load:
    """Read the policy's key ``load``."""
    entry = document.get("load") or {}
    if not entry:
        return Load()
    return Load(window_s=seconds(entry["window"]), percentile=entry.get("percentile"))


def without_figures(facts: JsonObject) -> dict[str, Any]:
    """Return the facts without figures of monitoring, so that the load now counts."""
    return {
        **facts,
        "hosts": [{**entry, "load": None} for entry in facts["hosts"]],
        "domains": [{**entry, "load": None} for entry in facts["domains"]],
    }


def with_load(snapshot: ClusterSnapshot, load: Load) -> ClusterSnapshot:
    """Return the snapshot with the load that counts in the place of the load now, and warnings where it is unknown.

    What monitoring knows goes before what hosts remember.
    """
    domains = {
        name: _with_load(domain, load, snapshot.usages.get(name))
        for name, domain in snapshot.domains.items()
    }
    hosts = {name: _with_own_use(host, load) for name, host in snapshot.hosts.items()}
    warnings = (*snapshot.warnings, *_warnings(snapshot, load))
    return replace(snapshot, domains=domains, hosts=hosts, warnings=warnings)


def _with_load(domain: Domain, load: Load, usage: Usage | None) -> Domain:
    if domain.load is None and load.window_s is None:
        return domain
    figures = domain.load or Figures(window_s=1.0)
    remembers = usage is not None and load.window_s is not None
    busy = figures.cpu_usage
    if busy is None and usage and remembers:
        busy = load.of(usage.cpu_usage)
    memory = figures.memory_used_mib
    if memory is None and usage and remembers:
        memory = load.of(usage.memory_used_mib)
    return replace(
        domain,
        cpu_usage=domain.cpu_usage if busy is None else round(busy, 3),
        memory_used_mib=domain.memory_used_mib if memory is None else round(memory),
    )


def _with_own_use(host: Host, load: Load) -> Host:
    if host.load is None and host.history is None:
        return host
    figures = host.load or Figures(window_s=1.0)
    memory, busy = figures.own_memory_mib, figures.own_cpu_usage
    if host.history is not None:
        memory = load.of(host.history.own.memory_used_mib) if memory is None else memory
        busy = load.of_own(host.history.own.cpu_usage) if busy is None else busy
    return replace(
        host,
        own_use=Resources(
            memory_mib=host.own_use.memory_mib if memory is None else round(memory),
            cpu_usage=host.own_use.cpu_usage if busy is None else round(busy, 3),
        ),
    )


def _warnings(snapshot: ClusterSnapshot, load: Load) -> Iterable[str]:
    """Say whose load is not what the policy asks for, and what counts instead."""
    placed = snapshot.placed
    other = [n for n, d in placed.items() if d.load and not load.fits(d.load)]
    if other:
        yield (
            f"The figures in the facts of {_some(other)} are not {load.in_words} (load) but count nevertheless; add "
            "those that the policy asks for (drover load)."
        )
    if any(domain.load for domain in placed.values()):
        missing = [n for n, d in placed.items() if not d.load or d.load.cpu_usage is None]
        if missing:
            instead = "what their hosts remember" if load.window_s else "their load now"
            yield f"Monitoring has no series of {_some(missing)}: {instead} counts."
    if load.window_s is not None:
        unknown = [n for n, d in placed.items() if _is_unknown(d, load, snapshot.usages.get(n))]
        if unknown:
            yield f"Nothing is known of {_some(unknown)} for {load.in_words}: their load now counts."


def _is_unknown(domain: Domain, load: Load, usage: Usage | None) -> bool:
    told_of = domain.load is not None and domain.load.cpu_usage is not None
    return not told_of and (usage is None or load.of(usage.cpu_usage) is None)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
