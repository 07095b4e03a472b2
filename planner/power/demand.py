# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the VMs need, now and as earlier looks at the cluster found it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..cluster.resources import Resources, total
from ..cluster.snapshot import ClusterSnapshot
from ..policy.time_frame import parse_moment

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """What all VMs of the cluster took at a moment.

    Attributes
    ----------
    largest_mib
        The memory of the largest VM; 0 where nobody has written it down.
    """

    at: datetime
    demand: Resources
    largest_mib: float = 0.0

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON, for the record."""
        told = {"at": self.at.isoformat(timespec="seconds"), **self.demand._asdict()}
        return {**told, "largest_mib": self.largest_mib}


def look_at(snapshot: ClusterSnapshot, now: datetime) -> Look:
    """Look at the cluster."""
    demands = [domain.demand for domain in snapshot.placed.values()]
    return Look(now, total(demands), max((d.memory_mib for d in demands), default=0.0))


def parse_looks(entries: Iterable[JsonObject], now: datetime) -> tuple[Look, ...]:
    """Read looks from the record, the oldest first; those of the future, by a wrong clock, are left out.

    Raises
    ------
    InputError
        A moment that is none.
    """
    looks = [
        Look(
            parse_moment(str(entry["at"]), f"looks[{number}].at"),
            Resources(*(float(entry[key]) for key in Resources._fields)),
            float(entry.get("largest_mib") or 0.0),
        )
        for number, entry in enumerate(entries)
    ]
    return tuple(sorted((look for look in looks if look.at <= now), key=lambda look: look.at))


def mean_busy(looks: Sequence[Look], now: datetime, window_s: float) -> float:
    """Return the mean of the busy CPUs over a time until now; of the newest look where no other is in it."""
    busy = [look.demand.cpu_usage for look in looks if _age_s(look, now) <= window_s]
    return sum(busy) / len(busy) if busy else looks[-1].demand.cpu_usage


def most_busy(looks: Sequence[Look], now: datetime, window_s: float) -> float | None:
    """Return the most busy CPUs over a time until now; ``None`` where the looks do not cover it.

    They cover it if one is at least as old as the time is long, and at most twice as old.
    """
    within = [look for look in looks if _age_s(look, now) <= window_s]
    before = [look for look in looks if window_s <= _age_s(look, now) <= 2 * window_s]
    if not before:
        return None
    return max(look.demand.cpu_usage for look in (*within, before[-1]))


def _age_s(look: Look, now: datetime) -> float:
    return (now - look.at).total_seconds()
