# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What adds up while time passes: energy, hours that hosts are on, and CPU that VMs want and do not get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .power import PowerCurve

ON, WAKING, STOPPING, ASLEEP = "up", "waking", "stopping", "asleep"
"""What a host does."""

FULL = 1 + 1e-9


@dataclass(slots=True)
class Sums:
    """Amounts at a moment, or their integrals over seconds.

    Attributes
    ----------
    power
        Watts, or joules.
    on
        Hosts that draw power because they are on, come up or go down.
    full
        Hosts whose VMs want more CPU than there is.
    unserved, busy
        CPUs wanted beyond that, and CPUs wanted at all.
    """

    power: float = 0.0
    on: float = 0.0
    full: float = 0.0
    unserved: float = 0.0
    busy: float = 0.0

    def add(self, other: Sums, times: float = 1.0) -> None:
        """Add other amounts this many times."""
        self.power += times * other.power
        self.on += times * other.on
        self.full += times * other.full
        self.unserved += times * other.unserved
        self.busy += times * other.busy


@dataclass(slots=True)
class Metered:
    """A host under the meter.

    Attributes
    ----------
    cpus
        How many it has.
    load
        How many its VMs want.
    asleep_w
        What it draws asleep.
    """

    cpus: int
    curve: PowerCurve
    asleep_w: float = 0.0
    state: str = ON
    load: float = 0.0

    def now(self) -> Sums:
        """Return what it adds. A host that comes up draws what it draws at full load, to be on the safe side."""
        if self.state == ASLEEP:
            return Sums(power=self.asleep_w)
        if self.state != ON:
            return Sums(power=self.curve.at(float(self.state == WAKING)), on=1)
        short = max(0.0, self.load - self.cpus) if self.load > self.cpus * FULL else 0.0
        power = self.curve.at(self.load / self.cpus)
        return Sums(power=power, on=1, full=float(short > 0), unserved=short, busy=self.load)


class Meter:
    """Adds up over time; a change of a host costs the same in every cluster.

    Attributes
    ----------
    passed
        The integrals since they were last taken.
    """

    def __init__(self, hosts: Mapping[str, Metered]) -> None:
        self._hosts = dict(hosts)
        self._now = Sums()
        self.passed = Sums()
        self.recount(())

    def recount(self, loads: Iterable[tuple[str, float]]) -> None:
        """Take the CPUs that VMs want, each with its host, instead of those known."""
        for host in self._hosts.values():
            host.load = 0.0
        for name, busy in loads:
            self._hosts[name].load += busy
        self._now = Sums()
        for host in self._hosts.values():
            self._now.add(host.now())

    def change(self, name: str, *, state: str | None = None, load: float = 0.0) -> None:
        """Let a host do something else, or carry more or less."""
        host = self._hosts[name]
        self._now.add(host.now(), -1.0)
        host.state = state or host.state
        host.load += load
        self._now.add(host.now())

    def state(self, name: str) -> str:
        """Return what a host does."""
        return self._hosts[name].state

    def pass_time(self, seconds: float) -> None:
        """Add what the seconds bring in which nothing changes."""
        self.passed.add(self._now, seconds)

    def take(self) -> Sums:
        """Return the integrals, and begin again."""
        taken, self.passed = self.passed, Sums()
        return taken
