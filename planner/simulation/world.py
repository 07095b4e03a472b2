# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated cluster: what hosts do, where the VMs run and how busy they are, while time passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from math import ceil
from typing import Any

from ..cluster.domain import LastMigration
from ..cluster.history import Point, Series
from ..cluster.host import Host
from ..cluster.snapshot import ClusterSnapshot
from ..errors import InputError
from ..policy.load import Load
from ..power.decide import BOOT_S
from ..schedule.plan import Plan
from .meter import ASLEEP, ON, STOPPING, WAKING, Meter, Metered
from .power import curve_of, migration_j

SHUTDOWN_S = 60.0
"""What a host takes to go down of which that is not known."""

JsonObject = Mapping[str, Any]
Act = Callable[[], None]


@dataclass(slots=True)
class Deeds:
    """What was begun, and what went wrong, since it was last asked."""

    migrations: int = 0
    moved_mib: int = 0
    woken: int = 0
    put_to_sleep: int = 0
    failures: tuple[str, ...] = ()


class World:
    """A cluster in which deeds take their time.

    Parameters
    ----------
    facts
        The document that the snapshot comes from, for what only simulations read of it: curves of power.
    series
        Load per VM in per cent of its vCPUs, a number a step.
    start
        When the first step is.

    Attributes
    ----------
    step
        Number of the step, from 0; -1 before the first.
    """

    def __init__(
        self,
        facts: JsonObject,
        snapshot: ClusterSnapshot,
        series: Mapping[str, Sequence[float]],
        start: datetime,
        step_s: float,
    ) -> None:
        entries = {entry["name"]: entry for entry in facts["hosts"]}
        self._power = {name: entries[name].get("power") or {} for name in entries}
        self._hosts = {n: _ready(h) for n, h in snapshot.hosts.items() if _takes_part(h)}
        self._domains = {n: d for n, d in snapshot.domains.items() if d.host in self._hosts}
        self._series = {n: s for n, s in series.items() if n in snapshot.placed}
        self._running = [n for n in self._domains if n in self._series]
        if not self._running:
            raise InputError(
                "There is no running VM on a host that is up, so there is nothing to simulate."
            )
        self._base = replace(snapshot, evacuated={}, digest="", warnings=())
        self._snapshot: ClusterSnapshot | None = None
        self._start, self._step_s = start, step_s
        self._passed_s = 0.0
        self._events: list[tuple[float, int, Act]] = []
        self._number = 0
        self._deeds = Deeds()
        self.step = -1
        self.meter = Meter({name: self._metered(name, entries[name]) for name in self._hosts})

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self._start + timedelta(seconds=self._passed_s)

    @property
    def is_busy(self) -> bool:
        """Tell whether something that was begun is still under way."""
        return bool(self._events)

    @property
    def hosts_on(self) -> int:
        """How many hosts are up."""
        return sum(host.is_up for host in self._hosts.values())

    @property
    def snapshot(self) -> ClusterSnapshot:
        """The cluster as it is."""
        if self._snapshot is None:
            self._snapshot = replace(
                self._base, hosts=dict(self._hosts), domains=dict(self._domains)
            )
        return self._snapshot

    def counted(self, load: Load) -> ClusterSnapshot:
        """Return the cluster with the load that a policy counts, as far back as there are samples."""
        if load.window_s is None:
            return self.snapshot
        domains = dict(self._domains)
        first = max(0, self.step + 1 - ceil(load.window_s / self._step_s))
        for name in self._running:
            samples = self._series[name][first : self.step + 1]
            ages = (self._step_s * age for age in reversed(range(len(samples))))
            points = (Point(age_s, self._step_s, x) for age_s, x in zip(ages, samples, strict=True))
            share = load.of(Series(tuple(points)))
            assert share is not None
            busy = round(domains[name].vcpus * share / 100, 4)
            domains[name] = replace(domains[name], cpu_usage=busy)
        return replace(self.snapshot, domains=domains)

    def advance(self) -> None:
        """Take the next sample of every VM."""
        self.step += 1
        for name in self._running:
            domain = self._domains[name]
            busy = round(domain.vcpus * self._series[name][self.step] / 100, 4)
            if busy != domain.cpu_usage:
                self._domains[name] = replace(domain, cpu_usage=busy)
        self._snapshot = None
        placed = ((d.host, d.cpu_usage) for d in self._domains.values() if d.is_placed)
        self.meter.recount(placed)

    def pass_step(self) -> None:
        """Let the seconds of a step pass, and happen what is due."""
        end_s = (self.step + 1) * self._step_s
        while self._events and self._events[0][0] <= end_s:
            due_s, _number, act = heappop(self._events)
            self._pass_until(due_s)
            act()
        self._pass_until(end_s)

    def _pass_until(self, moment_s: float) -> None:
        self.meter.pass_time(moment_s - self._passed_s)
        self._passed_s = moment_s

    def follow(self, plan: Plan) -> float:
        """Begin the migrations of a plan; return the seconds until the last one ends."""
        for migration in plan.migrations:
            step = migration.step
            memory_mib = self._domains[step.domain].memory_mib
            self._deeds.migrations += 1
            self._deeds.moved_mib += memory_mib
            arrival = partial(self._arrive, step.domain, step.destination)
            self.after(migration.finish_ms / 1000, arrival)
        return plan.makespan_ms / 1000

    def wake(self, names: Iterable[str], stagger_s: float) -> float:
        """Switch hosts on, one after the other; return the seconds until the last one is up."""
        last_s = 0.0
        for number, name in enumerate(names):
            takes_s = stagger_s * number + (self._hosts[name].power.boot_s or BOOT_S)
            self.after(stagger_s * number, partial(self._become, name, WAKING))
            self.after(takes_s, partial(self._become, name, ON))
            self._deeds.woken += 1
            last_s = max(last_s, takes_s)
        return last_s

    def put_to_sleep(self, names: Iterable[str], reason: str, in_s: float) -> None:
        """Shut hosts down that are empty by then."""
        for name in names:
            takes_s = self._power[name].get("shutdown_s") or SHUTDOWN_S
            self.after(in_s, partial(self._become, name, STOPPING))
            self.after(in_s + takes_s, partial(self._become, name, ASLEEP, reason))
            self._deeds.put_to_sleep += 1

    def after(self, seconds: float, act: Act) -> None:
        """Let something happen later."""
        self._number += 1
        heappush(self._events, (self._passed_s + seconds, self._number, act))

    def note(self, failure: str) -> None:
        """Write down why something was not done."""
        self._deeds.failures += (failure,)

    def take_deeds(self) -> Deeds:
        """Return what was begun since this was last asked."""
        taken, self._deeds = self._deeds, Deeds()
        return taken

    def _arrive(self, name: str, destination: str) -> None:
        """Let a VM run on another host from now on."""
        domain = self._domains[name]
        self.meter.change(domain.host, load=-domain.cpu_usage)
        self.meter.change(destination, load=domain.cpu_usage)
        self.meter.passed.power += migration_j(domain.memory_mib)
        moved = LastMigration(at=self.now)
        self._domains[name] = replace(domain, host=destination, last_migration=moved)
        self._snapshot = None

    def _become(self, name: str, state: str, reason: str = "") -> None:
        host, power = self._hosts[name], self._hosts[name].power
        if state == ASLEEP:
            times = power.times_off + 1
            power = replace(power, since=self.now, reason=reason, times_off=times)
        elif state == ON:
            slept_s = (self.now - power.since).total_seconds() if power.since else 0.0
            power = replace(power, since=self.now, off_s=power.off_s + slept_s)
        self._hosts[name] = replace(host, state=state, power=power)
        self.meter.change(name, state=state)
        self._snapshot = None

    def _metered(self, name: str, entry: JsonObject) -> Metered:
        return Metered(
            cpus=self._hosts[name].vcpus,
            curve=curve_of(entry),
            asleep_w=self._power[name].get("asleep_w") or 0.0,
            state=ASLEEP if self._hosts[name].is_asleep else ON,
        )


def _takes_part(host: Host) -> bool:
    """Hosts that are down or in maintenance stay so all day."""
    return (host.is_up or host.is_asleep) and not host.maintenance


def _ready(host: Host) -> Host:
    """Return a host as it is once it can be switched and `power_test` has woken it; ``keep_on`` stays what it is."""
    return replace(host, power=replace(host.power, is_switchable=True, proven=True))
