# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an executor needs of a plan document, as values.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._errors import ConnectionFailed, DroverError
from .._uris import check_uri

_AGAIN = "Make a new one with drover.libvirt.plan or 'drover plan'."
# What no memory in MiB and no time in seconds comes near to; also no number is above it.
_LARGEST = 1e15


class PlanRejected(DroverError):
    """The plan document cannot be executed; nothing was started."""

    code = "plan_rejected"


@dataclasses.dataclass(frozen=True)
class Step:
    """One migration of the plan.

    Parameters
    ----------
    id : str
        The plan's name for it.
    domain, uuid : str
        Which VM; an empty C(uuid) is not checked.
    source, destination : str
        Names of hosts of the plan.
    after : tuple[str, ...]
        Steps that must have ended well before this one may start.
    memory_mib : int
        Memory held at both ends while it runs.
    start_s : float
        Planned start, which only decides the order among steps that could start now.
    duration_s : float
        Seconds that it is predicted to take.
    deadline_s : float or None
        Seconds since the epoch until which it has to have ended.
    """

    id: str
    domain: str
    uuid: str
    source: str
    destination: str
    after: tuple[str, ...]
    memory_mib: int
    start_s: float
    duration_s: float
    deadline_s: float | None

    @property
    def ends(self) -> tuple[str, str]:
        return (self.source, self.destination)


@dataclasses.dataclass(frozen=True)
class PlannedHost:
    """A host as the plan saw it.

    Parameters
    ----------
    name : str
    uri : str
        How its libvirt is reached by its peers and by the coordinator.
    migration_address : str
        Its address on the migration network; empty lets libvirt choose.
    memory_limit_mib : int or None
        How much memory its VMs may take; None is not limited.
    memory_mib : int
        What its VMs take before the first step.
    """

    name: str
    uri: str
    migration_address: str
    memory_limit_mib: int | None
    memory_mib: int


@dataclasses.dataclass(frozen=True)
class Limits:
    """How many migrations may run at once: per host (as source or destination) and in the whole
    cluster; for how long all of them may take, and until when (seconds since the epoch)."""

    per_host: int
    cluster: int
    bandwidth_mib_s: int | None = None
    duration_s: float | None = None
    deadline_s: float | None = None


@dataclasses.dataclass(frozen=True)
class Work:
    """The executable part of a plan."""

    digest: str
    steps: tuple[Step, ...]
    hosts: dict[str, PlannedHost]
    limits: Limits


def read_work(plan: t.Mapping[str, t.Any]) -> Work:
    """Read a plan document.

    Raises
    ------
    PlanRejected
        Something an executor needs is missing or refers to nothing.
    """
    try:
        limits = plan["limits"]
        work = Work(
            digest=_text(plan["digest"]),
            steps=tuple(_step(item) for item in plan["steps"]),
            hosts={host.name: host for host in map(_host, plan["hosts"])},
            limits=Limits(
                per_host=int(limits["per_host"]),
                cluster=int(limits["cluster"]),
                bandwidth_mib_s=_number(limits.get("bandwidth_mib_s")),
                duration_s=_number(limits.get("duration_s")),
                deadline_s=_epoch_s(limits.get("deadline")),
            ),
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise PlanRejected(
            "The plan is not a plan document of Drover: {0!r:.200} is missing or wrong.".format(
                error
            ),
            _AGAIN,
        ) from error
    _check_numbers(work)
    _check_references(work)
    _check_order(work)
    return work


def _text(value: t.Any) -> str:
    if not isinstance(value, str):
        raise TypeError("{0!r:.60} where text belongs".format(value))
    return value


def _number(value: t.Any) -> t.Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, type(None))):
        raise TypeError("{0!r:.60} where a number belongs".format(value))
    return value


def _step(item: t.Mapping[str, t.Any]) -> Step:
    return Step(
        id=_text(item["id"]),
        domain=_text(item["domain"]),
        uuid=_text(item.get("uuid") or ""),
        source=_text(item["source"]),
        destination=_text(item["destination"]),
        after=tuple(map(_text, item["after"])),
        memory_mib=int(item["memory_mib"]),
        start_s=float(item["start_s"]),
        duration_s=float(item["finish_s"]) - float(item["start_s"]),
        deadline_s=_epoch_s(item.get("deadline")),
    )


def _epoch_s(moment: str | None) -> float | None:
    return None if moment is None else datetime.datetime.fromisoformat(moment).timestamp()


def _host(item: t.Mapping[str, t.Any]) -> PlannedHost:
    limit = item.get("memory_limit_mib")
    return PlannedHost(
        name=_text(item["name"]),
        uri=_text(item.get("uri") or ""),
        migration_address=_text(item.get("migration_address") or ""),
        memory_limit_mib=None if limit is None else int(limit),
        memory_mib=int(item["before"]["memory_mib"]),
    )


def _check_address(uri: str, name: str) -> None:
    """Refuse what may run a program, and a password: the plan is kept beside the journal, where no secret may stand."""
    try:
        check_uri(uri, "The connection URI of {0} in the plan".format(name))
    except ConnectionFailed as error:
        raise PlanRejected(error.message, error.remedy) from error


def _check_numbers(work: Work) -> None:
    amounts: list[float] = [work.limits.per_host - 1, work.limits.cluster - 1]
    amounts += [work.limits.bandwidth_mib_s or 0, work.limits.duration_s or 0]
    amounts += [host.memory_limit_mib or 0 for host in work.hosts.values()]
    amounts += [host.memory_mib for host in work.hosts.values()]
    for step in work.steps:
        amounts += [step.memory_mib, step.start_s, step.duration_s]
    if not all(0 <= amount <= _LARGEST for amount in amounts):
        raise PlanRejected(
            "The plan has a limit, an amount of memory or a time that is out of range.", _AGAIN
        )


def _check_order(work: Work) -> None:
    """Refuse steps that wait for each other: they would never start, and nobody would be told why."""
    waiting = {step.id: set(step.after) for step in work.steps}
    if len(waiting) != len(work.steps):
        raise PlanRejected("Two steps of the plan have the same id.", _AGAIN)
    while waiting:
        free = {name for name, after in waiting.items() if not after & set(waiting)}
        if not free:
            raise PlanRejected(
                "Steps of the plan wait for each other: {0}.".format(", ".join(sorted(waiting))),
                _AGAIN,
            )
        waiting = {name: after for name, after in waiting.items() if name not in free}


def _check_references(work: Work) -> None:
    known = {step.id for step in work.steps}
    for step in work.steps:
        for name in step.ends:
            if name not in work.hosts:
                raise PlanRejected(
                    "Step {0} of the plan names the unknown host {1}.".format(step.id, name)
                )
            _check_address(work.hosts[name].uri, name)
            if not work.hosts[name].uri:
                raise PlanRejected(
                    "The plan does not say how to reach libvirt on {0}.".format(name),
                    "Set drover_peer_uri in the inventory and plan again.",
                )
        missing = [other for other in step.after if other not in known]
        if missing:
            raise PlanRejected(
                "Step {0} waits for {1}, which the plan does not have.".format(step.id, missing[0])
            )
