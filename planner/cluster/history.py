# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load over time, as the samples of hosts and the figures of monitoring tell it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import InputError

JsonObject = Mapping[str, Any]


class Point(NamedTuple):
    """A mean over ``span_s`` seconds that ended ``age_s`` seconds before the facts."""

    age_s: float
    span_s: float
    value: float

    def seconds_within(self, window_s: float) -> float:
        """Return how much of it lies in the last ``window_s`` seconds; a moment counts as one."""
        oldest_s = min(self.age_s + self.span_s, window_s)
        return max(0.0, oldest_s - self.age_s) if self.span_s else float(self.age_s <= window_s)


@dataclass(frozen=True, slots=True)
class Series:
    """One amount over time, the oldest point first; there may be gaps."""

    points: tuple[Point, ...] = ()

    def covered_s(self, window_s: float) -> float:
        """Return for how many of the last seconds the amount is known."""
        return sum(point.seconds_within(window_s) for point in self.points)

    def mean(self, window_s: float) -> float | None:
        """Return the mean over the last seconds as far as they are known; ``None`` where nothing is.

        Points count by their length in the window: 2 for 600 s and 4 for 200 s give 2.5.
        """
        parts = self._parts(window_s)
        length_s = sum(seconds for _value, seconds in parts)
        if not length_s:
            return None
        return sum(value * seconds for value, seconds in parts) / length_s

    def percentile(self, window_s: float, percent: float) -> float | None:
        """Return what the amount did not exceed for this many per cent of the time known in the last seconds.

        No value in between is made up: of 1, 2 and 9 for 100 s each the 60th percentile is 2, the 95th 9.
        """
        parts = sorted(self._parts(window_s))
        wanted_s = percent / 100 * sum(seconds for _value, seconds in parts)
        passed_s = 0.0
        for value, seconds in parts:
            passed_s += seconds
            if passed_s >= wanted_s - 1e-9:
                return value
        return None

    def _parts(self, window_s: float) -> list[tuple[float, float]]:
        found = ((point.value, point.seconds_within(window_s)) for point in self.points)
        return [(value, seconds) for value, seconds in found if seconds > 0]

    @classmethod
    def joined(cls, several: Iterable[Series]) -> Series:
        """Return several series of one thing as one, such as those of a VM from the hosts that had it."""
        points = (point for one in several for point in one.points)
        return cls(tuple(sorted(points, key=lambda point: -point.age_s)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """CPUs busy and memory in use over time.

    Attributes
    ----------
    cpu_usage
        In threads of the host, or vCPUs.
    memory_used_mib
        In MiB.
    """

    cpu_usage: Series = field(default_factory=Series)
    memory_used_mib: Series = field(default_factory=Series)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostHistory:
    """What a host remembers.

    Attributes
    ----------
    host, own
        The load of the host in all, and beside its VMs.
    domains
        That of VMs by UUID while they were there.
    """

    host: Usage = field(default_factory=Usage)
    own: Usage = field(default_factory=Usage)
    domains: Mapping[str, Usage] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What something took over a time, as monitoring knows it.

    Attributes
    ----------
    window_s, percentile
        The time, and which percentile over it the amounts are; ``None`` for the mean.
    """

    window_s: float
    percentile: float | None = None
    cpu_usage: float | None = None
    memory_used_mib: float | None = None
    own_cpu_usage: float | None = None
    own_memory_mib: float | None = None
    source: str | None = None


def parse_history(entry: JsonObject | None, name: str) -> HostHistory | None:
    """Read the history of a host.

    Raises
    ------
    InputError
        Its columns differ in length.
    """
    if entry is None:
        return None
    times = list(zip(entry["age_s"], entry["span_s"], strict=False))
    columns = [column for column in _columns(entry) if column is not None]
    if any(len(column) != len(times) for column in (entry["age_s"], entry["span_s"], *columns)):
        raise InputError(
            f"the columns of {name}'s history differ in length; leave it out (history) or gather again.",
            path="facts.hosts.history",
        )
    return HostHistory(
        host=_usage(times, entry.get("cpu_usage"), entry.get("memory_used_mib")),
        own=_usage(times, entry.get("own_cpu_usage"), entry.get("own_memory_mib")),
        domains={
            uuid: _usage(times, found.get("cpu_usage"), found.get("memory_used_mib"))
            for uuid, found in (entry.get("domains") or {}).items()
        },
    )


def _columns(entry: JsonObject) -> Iterator[Sequence[float | None] | None]:
    names = ("cpu_usage", "memory_used_mib", "own_cpu_usage", "own_memory_mib")
    for one in (entry, *(entry.get("domains") or {}).values()):
        yield from (one.get(name) for name in names)


def _usage(
    times: Sequence[tuple[float, float]],
    busy: Sequence[float | None] | None,
    memory: Sequence[float | None] | None,
) -> Usage:
    return Usage(cpu_usage=_series(times, busy), memory_used_mib=_series(times, memory))


def _series(times: Sequence[tuple[float, float]], values: Sequence[float | None] | None) -> Series:
    pairs = zip(times, values or (), strict=False)
    return Series(tuple(Point(age, span, float(v)) for (age, span), v in pairs if v is not None))


def parse_figures(entry: JsonObject | None) -> Figures | None:
    """Read what monitoring knows of a host or a VM."""
    if entry is None:
        return None
    given: dict[str, Any] = {name: entry.get(name) for name in Figures.__slots__}
    return Figures(**given)
