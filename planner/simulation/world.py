# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated cluster: which hosts are on, where the VMs run, and how busy they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..cluster.domain import PLACED_STATES
from ..errors import InputError

Facts = dict[str, Any]

OFF = "off"


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is in a step: that of the first one, and ``step_s`` more with each."""

    start: datetime
    step_s: float

    def at(self, step: int) -> str:
        """Return the moment of a step."""
        return (self.start + timedelta(seconds=step * self.step_s)).isoformat()


class World:
    """A cluster that changes from step to step.

    Parameters
    ----------
    clock
        With it policies may depend on the time, and VMs that moved are left in peace.

    Attributes
    ----------
    placement
        Where every VM runs.
    on
        Hosts that are on.
    """

    def __init__(
        self,
        facts: Facts,
        series: Mapping[str, tuple[float, ...]],
        policy: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.hosts = {host["name"]: host for host in facts["hosts"] if _takes_part(host)}
        self.domains = {
            d["name"]: d for d in facts["domains"] if d["host"] in self.hosts and _runs(d, series)
        }
        if not self.domains:
            raise InputError(
                "There is no running VM on a host that is up, so there is nothing to simulate."
            )
        self.series = series
        self.placement = {name: domain["host"] for name, domain in self.domains.items()}
        self.on = set(self.hosts)
        self.busy = dict.fromkeys(self.domains, 0.0)
        self.step = -1
        self._clock = clock
        # Hosts that are off and VMs that do not run only slow the planner down, unless a rule names them.
        named = set(_words(policy or {}))
        self._named_hosts = [host for host in facts["hosts"] if host["name"] in named]
        self._idle_domains = [
            d for d in facts["domains"] if d["name"] in named and d["name"] not in self.domains
        ]

    def advance(self) -> None:
        """Take the next sample of every VM."""
        self.step += 1
        self.busy = {name: self._busy(name, self.step) for name in self.domains}

    def _busy(self, name: str, step: int) -> float:
        """Return the vCPUs busy at a step."""
        vcpus: int = self.domains[name]["vcpus"]
        return round(vcpus * self.series[name][step] / 100, 4)

    def peaks(self, samples: int) -> dict[str, float]:
        """Return the most vCPUs busy per VM over the last samples: what a careful operator packs by."""
        first = max(0, self.step - samples + 1)
        return {
            name: round(domain["vcpus"] * max(self.series[name][first : self.step + 1]) / 100, 4)
            for name, domain in self.domains.items()
        }

    def facts(self, busy: Mapping[str, float] | None = None) -> Facts:
        """Return the facts of this moment, with the load seen now or another one."""
        load = self.busy if busy is None else busy
        off = [host for host in self._named_hosts if host["name"] not in self.on]
        domains = [
            {**d, "host": self.placement[n], "cpu_usage": load[n]} for n, d in self.domains.items()
        ]
        return {
            "hosts": [
                *(host for name, host in self.hosts.items() if name in self.on),
                *({**host, "state": OFF} for host in off),
            ],
            "domains": [
                *domains,
                *({**d, "host": min(self.on), "state": "shutoff"} for d in self._idle_domains),
            ],
        }

    def at_this_time(self, goal: Mapping[str, Any]) -> dict[str, Any]:
        """Return a goal that says what time it is, if there is a clock."""
        return {**goal, **({"now": self._clock.at(self.step)} if self._clock else {})}

    def apply(self, placement: Mapping[str, str]) -> None:
        """Move the VMs, and remember when."""
        if self._clock:
            moved = {"at": self._clock.at(self.step), "failed": False}
            for name, host in self.placement.items():
                if placement.get(name, host) != host:
                    self.domains[name] = {**self.domains[name], "last_migration": moved}
        self.placement = {name: placement.get(name, host) for name, host in self.placement.items()}

    def wake(self, hosts: Iterable[str]) -> None:
        """Switch hosts on."""
        self.on |= set(hosts)

    def sleep_empty(self, keep: int) -> None:
        """Switch the hosts off that hold no VM, but leave some on to spare, the first by name."""
        empty = sorted(self.on - set(self.placement.values()))
        self.on -= set(empty[keep:])

    def loads(self) -> dict[str, float]:
        """Return the vCPUs busy on each host that is on."""
        found = dict.fromkeys(sorted(self.on), 0.0)
        for name, host in self.placement.items():
            found[host] += self.busy[name]
        return found


def _takes_part(host: Mapping[str, Any]) -> bool:
    """Hosts that are down or in maintenance stay so all day."""
    return (host.get("state") or "up") == "up" and not host.get("maintenance")


def _runs(domain: Mapping[str, Any], series: Mapping[str, Any]) -> bool:
    return (domain.get("state") or "running") in PLACED_STATES and domain["name"] in series


def _words(document: Any) -> Iterator[str]:
    """Return all strings in a document."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, Mapping):
        for value in document.values():
            yield from _words(value)
    elif isinstance(document, list):
        for value in document:
            yield from _words(value)
