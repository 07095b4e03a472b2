# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop over the steps, and what adds up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .power import PowerCurve, curve_of
from .strategy import Strategy
from .world import World

JOULES_PER_KWH = 3.6e6
FULL = 1 + 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One step.

    Attributes
    ----------
    hosts_on
        After what was done.
    power_w, full, unserved
        Means over the step. What a plan changes, it changes at its end: until then overload lasts, and hosts
        that are being emptied draw power.
    full
        Hosts whose VMs want more CPU than there is.
    unserved
        vCPUs wanted beyond that.
    """

    step: int
    hosts_on: int
    busy: float
    power_w: float
    migrations: int
    moved_mib: int
    makespan_s: float
    full: float
    unserved: float
    failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A whole run.

    Attributes
    ----------
    host_hours
        Hours that hosts were on.
    full_share
        Part of the host hours in which a host's VMs wanted more CPU than it has.
    unserved_share
        Part of the wanted CPU that was not there.
    late_steps
        Steps whose migrations would take longer than the step.
    """

    energy_kwh: float
    migrations: int
    moved_gib: float
    host_hours: float
    most_on: int
    least_on: int
    full_share: float
    unserved_share: float
    late_steps: int
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Moment:
    """What holds at one moment."""

    power_w: float
    full: int
    unserved: float


def run(world: World, strategy: Strategy, steps: int, step_s: float) -> Iterator[Record]:
    """Return a record per step."""
    curves = {name: curve_of(host) for name, host in world.hosts.items()}
    for _number in range(steps):
        world.advance()
        before, loads_before = _moment(world, curves), world.loads()
        action = strategy(world)
        after = _moment(world, curves)
        waking = sum(curves[name].at(0) for name in world.on - loads_before.keys())
        part = min(1.0, action.makespan_s / step_s)
        yield Record(
            step=world.step,
            hosts_on=len(world.on),
            busy=round(sum(world.busy.values()), 3),
            power_w=round(_mean(before.power_w + waking, after.power_w, part), 1),
            migrations=action.migrations,
            moved_mib=action.moved_mib,
            makespan_s=action.makespan_s,
            full=round(_mean(before.full, after.full, part), 4),
            unserved=round(_mean(before.unserved, after.unserved, part), 4),
            failure=action.failure,
        )


def _mean(before: float, after: float, part: float) -> float:
    return before * part + after * (1 - part)


def _moment(world: World, curves: Mapping[str, PowerCurve]) -> _Moment:
    """Return the watts of the hosts that are on, for the others draw nothing, and where CPU is short."""
    loads = world.loads()
    sizes = {name: world.hosts[name]["vcpus"] for name in loads}
    short = [load - sizes[name] for name, load in loads.items() if load > sizes[name] * FULL]
    watts = sum(curves[name].at(load / sizes[name]) for name, load in loads.items())
    return _Moment(watts, len(short), sum(short))


def total(records: list[Record], step_s: float) -> Totals:
    """Add the records up.

    Worked example: 288 steps of 300 s at 1000 W are 24 kWh.
    """
    busy = sum(record.busy for record in records)
    host_steps = sum(record.hosts_on for record in records)
    return Totals(
        energy_kwh=sum(record.power_w for record in records) * step_s / JOULES_PER_KWH,
        migrations=sum(record.migrations for record in records),
        moved_gib=sum(record.moved_mib for record in records) / 1024,
        host_hours=host_steps * step_s / 3600,
        most_on=max(record.hosts_on for record in records),
        least_on=min(record.hosts_on for record in records),
        full_share=sum(record.full for record in records) / host_steps,
        unserved_share=sum(record.unserved for record in records) / busy if busy else 0.0,
        late_steps=sum(record.makespan_s > step_s for record in records),
        failures=tuple(dict.fromkeys(record.failure for record in records if record.failure)),
    )
