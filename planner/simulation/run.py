# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop over the steps, and what adds up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .strategy import Report, Strategy
from .world import World

JOULES_PER_KWH = 3.6e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One step.

    Attributes
    ----------
    at
        When it begins.
    hosts_on
        At its end.
    on, power_w, full, unserved, busy
        Means over the step: hosts that draw power because they are on, come up or go down; watts; hosts whose VMs want
        more CPU than there is; CPUs wanted beyond that; CPUs wanted.
    migrations, moved_mib, woken, put_to_sleep
        What was begun.
    """

    step: int
    at: str
    hosts_on: int
    on: float
    busy: float
    power_w: float
    migrations: int
    moved_mib: int
    woken: int
    put_to_sleep: int
    full: float
    unserved: float
    action: str
    hosts: tuple[str, ...]
    why: tuple[str, ...]
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A whole run.

    Attributes
    ----------
    host_hours
        Hours that hosts were on, came up or went down.
    woken, put_to_sleep
        Hosts, each time counted.
    full_share
        Part of the host hours in which a host's VMs wanted more CPU than it has.
    unserved_share
        Part of the wanted CPU that was not there.
    """

    energy_kwh: float
    migrations: int
    moved_gib: float
    woken: int
    put_to_sleep: int
    host_hours: float
    most_on: int
    least_on: int
    full_share: float
    unserved_share: float
    failures: tuple[str, ...]


def run(
    world: World, strategy: Strategy, steps: int, step_s: float, every_s: float
) -> Iterator[Record]:
    """Return a record per step.

    Parameters
    ----------
    every_s
        Seconds from run to run; while what a run began is under way, there is no other.
    """
    due_s = 0.0
    for _number in range(steps):
        world.advance()
        at, is_due = world.now, world.step * step_s >= due_s and not world.is_busy
        report = strategy(world) if is_due else Report()
        due_s = world.step * step_s + every_s if is_due else due_s
        world.pass_step()
        passed, begun = world.meter.take(), world.take_deeds()
        yield Record(
            step=world.step,
            at=at.isoformat(timespec="seconds"),
            hosts_on=world.hosts_on,
            on=round(passed.on / step_s, 4),
            busy=round(passed.busy / step_s, 4),
            power_w=round(passed.power / step_s, 1),
            migrations=begun.migrations,
            moved_mib=begun.moved_mib,
            woken=begun.woken,
            put_to_sleep=begun.put_to_sleep,
            full=round(passed.full / step_s, 4),
            unserved=round(passed.unserved / step_s, 4),
            action=report.action,
            hosts=report.hosts,
            why=report.why,
            failures=begun.failures,
        )


def total(records: list[Record], step_s: float) -> Totals:
    """Add the records up.

    Worked example: 288 steps of 300 s at 1000 W are 24 kWh.
    """
    busy = sum(record.busy for record in records)
    on = sum(record.on for record in records)
    said = (sentence for record in records for sentence in record.failures)
    return Totals(
        energy_kwh=sum(record.power_w for record in records) * step_s / JOULES_PER_KWH,
        migrations=sum(record.migrations for record in records),
        moved_gib=sum(record.moved_mib for record in records) / 1024,
        woken=sum(record.woken for record in records),
        put_to_sleep=sum(record.put_to_sleep for record in records),
        host_hours=on * step_s / 3600,
        most_on=max(record.hosts_on for record in records),
        least_on=min(record.hosts_on for record in records),
        full_share=sum(record.full for record in records) / on if on else 0.0,
        unserved_share=sum(record.unserved for record in records) / busy if busy else 0.0,
        failures=tuple(dict.fromkeys(said)),
    )
