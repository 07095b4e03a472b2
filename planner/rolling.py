# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance of many hosts, batch by batch, with few migrations in total.

A VM that lands on a host that is done already never has to move again. So the first batch are the hosts
that are quickest to empty, and every later batch goes to the hosts that are done, as far as there is room:
each VM moves once, those of the first batch perhaps twice. The bound is one migration for each VM on a
listed host.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .cluster.parse import parse_cluster
from .errors import Infeasible, InputError, UnknownHost
from .pipeline import plain, plan_problem, read_problem

JsonObject = Mapping[str, Any]


def make_rolling_plan(
    facts: JsonObject,
    policy: JsonObject | None,
    hosts: Sequence[str] = (),
    at_once: int = 1,
    now: str | None = None,
) -> dict[str, Any]:
    """Plan the maintenance of many hosts.

    Parameters
    ----------
    hosts
        Hosts to maintain; if none are named, all that are up and not in maintenance already.
    at_once
        Hosts of a batch.
    now
        What time it is, for policies with windows: when each batch begins, as far as this plan is concerned.

    Returns
    -------
    dict
        ``version``, ``goal`` ("rolling"), ``batches`` (plan documents, each an evacuation), ``migrations``,
        ``bound``, ``message`` and ``warnings``. The plan of a batch holds when the batch before it is done and
        its hosts are back; before it is carried out it is made anew from fresh facts.

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
    for name in hosts:
        if name not in snapshot.hosts:
            raise UnknownHost(
                f"There is no host {name}; the hosts are: {', '.join(snapshot.hosts)}."
            )
    wanted = sorted(set(hosts)) or [
        name for name, host in snapshot.hosts.items() if host.is_up and not host.maintenance
    ]
    held = {name: len(snapshot.domains_on(name)) for name in wanted}
    batches = _plan_batches(
        facts, policy, sorted(wanted, key=lambda name: (held[name], name)), at_once, clock
    )
    left_out = [] if hosts else [n for n, host in snapshot.hosts.items() if host.maintenance]
    return _document(batches, sum(held.values()), len(wanted), left_out)


def _plan_batches(
    facts: JsonObject,
    policy: JsonObject | None,
    waiting: list[str],
    at_once: int,
    clock: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Plan batch after batch on the cluster as the batch before leaves it."""
    done: list[str] = []
    batches = []
    while waiting:
        batch, plan = _next_batch(facts, policy, waiting, done, at_once, clock)
        facts = _after(facts, plan)
        waiting = [name for name in waiting if name not in batch]
        done += batch
        batches.append(plan)
    return batches


def _next_batch(
    facts: JsonObject,
    policy: JsonObject | None,
    waiting: list[str],
    done: list[str],
    at_once: int,
    clock: Mapping[str, str],
) -> tuple[list[str], dict[str, Any]]:
    """Plan the next hosts; where so many at once do not fit, fewer."""
    for size in range(min(at_once, len(waiting)), 0, -1):
        batch = waiting[:size]
        goal = {
            "goal": "evacuate",
            "hosts": batch,
            "prefer": done,
            "avoid": waiting[size:],
            **clock,
        }
        try:
            return batch, plan_problem(read_problem(facts, policy, goal)).to_document()
        except Infeasible as error:
            if size == 1:
                raise Infeasible(
                    f"The rolling maintenance stops at {batch[0]}: {error.message}"
                ) from error
    raise AssertionError("unreachable")


def _after(facts: JsonObject, plan: JsonObject) -> dict[str, Any]:
    """Return the facts as they are when a plan is done and its hosts are back in use."""
    where, back = plan["placement"], set(plan["goal_hosts"])
    domains = [{**vm, "host": where.get(vm["name"], vm["host"])} for vm in facts["domains"]]
    hosts = [_without_marks(host, back) for host in facts["hosts"]]
    return {**facts, "hosts": hosts, "domains": domains}


def _without_marks(host: JsonObject, back: set[str]) -> dict[str, Any]:
    """Return a host without maintenance of its own, and without its copies of the marks of those that are back."""
    marks = {name: mark for name, mark in (host.get("marks") or {}).items() if name not in back}
    return {**host, "marks": marks} | ({"maintenance": False} if host["name"] in back else {})


def _document(
    batches: list[dict[str, Any]], bound: int, hosts: int, left_out: Sequence[str]
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
        "warnings": [
            *twice,
            *(
                f"{name} is in maintenance and is left out; name it to maintain it."
                for name in left_out
            ),
        ],
        "message": f"{hosts} hosts in {len(batches)} batches, {migrations} migrations in all "
        f"(at least {bound} are needed).",
    }


def render_rolling(plan: JsonObject) -> str:
    """Return a rolling plan as text: a line for each batch, then what is to be known."""
    lines = [plan["message"], ""]
    for number, batch in enumerate(plan["batches"], start=1):
        lines.append(f"  batch {number}: {', '.join(batch['goal_hosts'])}: {batch['message']}")
    lines += [f"Note: {sentence}" for sentence in plan["warnings"]]
    return "\n".join(lines) + "\n"
