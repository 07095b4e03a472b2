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
from .._uris import refuse_password


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
class Host:
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
    hosts: dict[str, Host]
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
            digest=plan["digest"],
            steps=tuple(_step(item) for item in plan["steps"]),
            hosts={item["name"]: _host(item) for item in plan["hosts"]},
            limits=Limits(
                per_host=int(limits["per_host"]),
                cluster=int(limits["cluster"]),
                bandwidth_mib_s=limits.get("bandwidth_mib_s"),
                duration_s=limits.get("duration_s"),
                deadline_s=_epoch_s(limits.get("deadline")),
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PlanRejected(
            "The plan is not a plan document of Drover: {0!r} is missing or wrong.".format(error),
            "Make a new one with drover.libvirt.plan or 'drover plan'.",
        ) from error
    _check_references(work)
    return work


def read_uris(plan: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Return how each host of a plan is reached, where the plan says so."""
    return {item["name"]: item["uri"] for item in plan.get("hosts", []) if item.get("uri")}


def _step(item: t.Mapping[str, t.Any]) -> Step:
    return Step(
        id=item["id"],
        domain=item["domain"],
        uuid=item.get("uuid") or "",
        source=item["source"],
        destination=item["destination"],
        after=tuple(item["after"]),
        memory_mib=int(item["memory_mib"]),
        start_s=float(item["start_s"]),
        duration_s=float(item["finish_s"]) - float(item["start_s"]),
        deadline_s=_epoch_s(item.get("deadline")),
    )


def _epoch_s(moment: str | None) -> float | None:
    return None if moment is None else datetime.datetime.fromisoformat(moment).timestamp()


def _host(item: t.Mapping[str, t.Any]) -> Host:
    limit = item.get("memory_limit_mib")
    return Host(
        name=item["name"],
        uri=item.get("uri") or "",
        migration_address=item.get("migration_address") or "",
        memory_limit_mib=None if limit is None else int(limit),
        memory_mib=int(item["before"]["memory_mib"]),
    )


def _check_uri(uri: str, name: str) -> None:
    """Refuse a password: the plan is kept beside the journal, where no secret may stand."""
    try:
        refuse_password(uri, "The connection URI of {0} in the plan".format(name))
    except ConnectionFailed as error:
        raise PlanRejected(error.message, error.remedy) from error


def _check_references(work: Work) -> None:
    known = {step.id for step in work.steps}
    for step in work.steps:
        for name in step.ends:
            if name not in work.hosts:
                raise PlanRejected(
                    "Step {0} of the plan names the unknown host {1}.".format(step.id, name)
                )
            _check_uri(work.hosts[name].uri, name)
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
