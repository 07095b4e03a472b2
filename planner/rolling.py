# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance of many hosts, batch by batch, with few migrations in total.

A VM that lands on a host that is done already never has to move again. So the first batch are the hosts
that are quickest to empty, and every later batch goes to the hosts that are done, as far as there is room:
each VM moves once, those of the first batch perhaps twice. The bound is one migration for each VM on a
listed host.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .cluster.huge_pages import with_pages_moved
from .cluster.parse import parse_cluster
from .cluster.snapshot import ClusterSnapshot
from .errors import Immovable, Infeasible, InputError, PlanningError, UnknownHost
from .pipeline import plain, plan_problem, read_problem
from .report.table import counted
from .solver.indexed import Indexed
from .visible import text_of

JsonObject = Mapping[str, Any]


def make_rolling_plan(
    facts: JsonObject,
    policy: JsonObject | None,
    hosts: Sequence[str] = (),
    at_once: int = 1,
    now: str | None = None,
    begun: Sequence[str] = (),
    done: Sequence[str] = (),
) -> dict[str, Any]:
    """Plan the maintenance of many hosts, or what is left of it.

    Parameters
    ----------
    hosts
        Hosts to maintain; if none are named, all that are up and not in maintenance already.
    at_once
        Hosts of a batch.
    now
        What time it is, for policies with windows: when each batch begins, as far as this plan is concerned.
    begun
        Hosts in maintenance whose batch was interrupted: they come first, in batches of their own. Those that are
        not wanted stay in maintenance, and the plan says so.
    done
        Hosts whose maintenance is over: they are skipped, and VMs go there first.

    Returns
    -------
    dict
        ``version``, ``goal`` ("rolling"), ``batches`` (plan documents, each an evacuation), ``migrations``,
        ``bound``, ``message`` and ``warnings``. The plan of a batch holds when the batch before it is done and
        its hosts are back; before it is carried out it is made again from fresh facts.

    Raises
    ------
    Infeasible
        A batch cannot be emptied, even host by host.
    """
    if at_once < 1:
        raise InputError("a batch has at least one host.", path="at_once")
    facts, policy = plain(facts), plain(policy)
    clock = {} if now is None else {"now": now}
    snapshot = parse_cluster(facts)
    wanted = _wanted(snapshot, hosts, begun)
    left = [name for name in wanted if name not in done]
    held = {name: len(snapshot.domains_on(name)) for name in left}
    left.sort(key=lambda name: (name not in begun, held[name], name))
    known = [name for name in done if name in snapshot.hosts]
    batches = _plan_batches(facts, policy, _Turns(left, begun, known, at_once), clock)
    notes = [*_turn_notes(wanted, begun, done), *_left_out(snapshot, hosts, wanted)]
    return _document(batches, sum(held.values()), len(left), notes)


def _wanted(snapshot: ClusterSnapshot, hosts: Sequence[str], begun: Sequence[str]) -> list[str]:
    """Return the hosts that the maintenance is for, those included whose turn was before."""
    for name in hosts:
        if name not in snapshot.hosts:
            raise UnknownHost(
                f"There is no host {name}; the hosts are: {', '.join(snapshot.hosts)}."
            )
    return sorted(set(hosts)) or [
        name
        for name, host in snapshot.hosts.items()
        if host.is_up and (not host.maintenance or name in begun)
    ]


def _turn_notes(wanted: Sequence[str], begun: Sequence[str], done: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for each host that has no turn, or an early one, because of what was before."""
    for name in wanted:
        if name in done:
            yield f"{name} is skipped: its maintenance is done."
    for name in wanted:
        if name in begun and name not in done:
            yield f"{name} comes first: its maintenance was interrupted."
    for name in begun:
        if name not in wanted:
            yield f"{name} stays in maintenance: it was interrupted there, and has no turn now."


def _left_out(
    snapshot: ClusterSnapshot, hosts: Sequence[str], wanted: Sequence[str]
) -> Iterator[str]:
    """Yield a sentence for each host that somebody else maintains, where none were named."""
    for name, host in snapshot.hosts.items():
        if host.maintenance and not hosts and name not in wanted:
            yield f"{name} is in maintenance and is left out; name it to maintain it."


class _Turns:
    """Whose turn is next.

    Parameters
    ----------
    waiting
        The hosts to maintain, in order.
    begun
        Those of them that never share a batch with the others.
    done
        Hosts whose turn was before.
    at_once
        Hosts of a batch.
    """

    def __init__(
        self, waiting: Sequence[str], begun: Sequence[str], done: Sequence[str], at_once: int
    ) -> None:
        self.waiting = list(waiting)
        self.done = list(done)
        self._begun = begun
        self._at_once = at_once

    def largest(self) -> list[str]:
        """Return the largest batch that may be next."""
        first = self.waiting[: self._at_once]
        return [name for name in first if name in self._begun] or first

    def take(self, batch: Sequence[str]) -> None:
        """Take note that a batch had its turn."""
        self.waiting = [name for name in self.waiting if name not in batch]
        self.done += batch


def _plan_batches(
    facts: JsonObject, policy: JsonObject | None, turns: _Turns, clock: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Plan batch after batch on the cluster as the batch before leaves it."""
    batches = []
    while turns.waiting:
        plan = _next_batch(facts, policy, turns, clock)
        facts = _after(facts, plan)
        turns.take(plan["goal_hosts"])
        batches.append(plan)
    return batches


def _next_batch(
    facts: JsonObject, policy: JsonObject | None, turns: _Turns, clock: Mapping[str, str]
) -> dict[str, Any]:
    """Plan the next hosts; where this many at once do not fit, fewer."""
    largest = turns.largest()
    for size in range(len(largest), 0, -1):
        goal = {
            "goal": "evacuate",
            "hosts": largest[:size],
            "prefer": turns.done,
            "avoid": turns.waiting[size:],
            **clock,
        }
        try:
            return plan_problem(read_problem(facts, policy, goal)).to_document()
        except Infeasible as error:
            if size == 1:
                later = _immovable_on(facts, policy, turns.waiting[1:], clock)
                reasons = " ".join([error.message, *later])
                raise Infeasible(
                    f"The rolling maintenance stops at {largest[0]}: {reasons}"
                ) from error
    raise AssertionError("unreachable")


def _immovable_on(
    facts: JsonObject, policy: JsonObject | None, hosts: Sequence[str], clock: Mapping[str, str]
) -> Iterator[str]:
    """Name the VMs that cannot leave these hosts: one look shows all that is to be done before the next try."""
    for name in hosts:
        try:
            Indexed(read_problem(facts, policy, {"goal": "evacuate", "hosts": [name], **clock}))
        except Immovable as error:
            yield error.message
        except PlanningError:
            continue


def _after(facts: JsonObject, plan: JsonObject) -> dict[str, Any]:
    """Return the facts as they are when a plan is done and its hosts are back in use."""
    where, back = plan["placement"], set(plan["goal_hosts"])
    facts = {**facts, "hosts": with_pages_moved(facts, where)}
    domains = [{**vm, "host": where.get(vm["name"], vm["host"])} for vm in facts["domains"]]
    hosts = [_without_marks(host, back) for host in facts["hosts"]]
    return {**facts, "hosts": hosts, "domains": domains}


def _without_marks(host: JsonObject, back: set[str]) -> dict[str, Any]:
    """Return a host without maintenance of its own, and without its copies of the marks of those that are back."""
    marks = {name: mark for name, mark in (host.get("marks") or {}).items() if name not in back}
    return {**host, "marks": marks} | ({"maintenance": False} if host["name"] in back else {})


def _document(
    batches: list[dict[str, Any]], bound: int, hosts: int, notes: Sequence[str]
) -> dict[str, Any]:
    migrations = sum(len(plan["steps"]) for plan in batches)
    twice = sorted(
        {w for plan in batches for w in plan["warnings"] if w.startswith("After this plan")}
    )
    return {
        "version": 1,
        "goal": "rolling",
        "batches": batches,
        "migrations": migrations,
        "bound": bound,
        "warnings": [*twice, *notes],
        "message": f"{counted(hosts, 'host')} in {counted(len(batches), 'batch', 'batches')}, "
        f"{counted(migrations, 'migration')} in all"
        + (
            ", and fewer are not possible."
            if migrations == bound
            else f"; {bound} at least are needed."
        ),
    }


def render_rolling(plan: JsonObject) -> str:
    """Return a rolling plan as text: a line for each batch, then what is to be known."""
    lines = [plan["message"], ""]
    for number, batch in enumerate(plan["batches"], start=1):
        lines.append(f"  batch {number}: {', '.join(batch['goal_hosts'])}: {batch['message']}")
    lines += [f"Note: {sentence}" for sentence in plan["warnings"]]
    return text_of(lines) + "\n"
