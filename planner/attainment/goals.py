# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each goal needs to be true at the end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from .attained import Attained, Lack
from .journey import Journey, journeys, was_overtaken
from .sight import SeenVm, Sight, read_sight

Plan = Mapping[str, Any]
Ways = Sequence[Journey]
Needs = Callable[[Plan, Ways, Sight], tuple[Lack, ...]]
Words = Callable[[Plan, Sequence[Lack]], Iterable[str]]

NOT_KNOWN = "unknown"


def hosts_to_see(plan: Plan) -> list[str]:
    """Return the hosts that have to be looked at after the last migration, sorted.

    They are the hosts that the goal is about and those that it leaves empty; for a goal that is about no host in
    particular, also the destinations.
    """
    arrivals = () if plan["goal_hosts"] else (step["destination"] for step in plan["steps"])
    return sorted({*_about(plan), *arrivals})


def _about(plan: Plan) -> set[str]:
    return {*plan["goal_hosts"], *plan.get("power_off", ())}


def attained(
    plan: Plan,
    outcomes: Sequence[Mapping[str, Any]],
    seen: Mapping[str, Sequence[Mapping[str, Any]] | None],
) -> Attained:
    """Say whether what was asked for holds, after the last migration of a plan.

    Parameters
    ----------
    plan
        The plan document.
    outcomes
        One object per step, as ``plan_apply`` returns them.
    seen
        The VMs of each host that was looked at: ``name``, ``uuid``, ``active``, ``state``; null for a host that did
        not answer.
    """
    sight = read_sight(seen)
    ways = journeys(plan, outcomes, sight)
    needs, words = _GOALS[plan["goal"]]
    found = needs(plan, ways, sight)
    lacks = (*found, *_unknown(ways, {lack.domain for lack in found}))
    silent = tuple(name for name in sight.silent if name in _about(plan))
    message = " ".join([*words(plan, lacks), *map(_unseen, silent)])
    overtaken = was_overtaken(plan, outcomes, ways)
    return Attained(
        message=message,
        lacks=lacks,
        silent=silent,
        worth_another_plan=bool(lacks)
        and not silent
        and overtaken
        and all(lack.movable for lack in lacks),
    )


# -- what must hold, beside that the place of every VM is known --------------------------------------


def _evacuated(plan: Plan, ways: Ways, sight: Sight) -> tuple[Lack, ...]:
    """Nothing runs on the hosts."""
    return _on(plan["goal_hosts"], ways, sight)


def _restored(_plan: Plan, ways: Ways, _sight: Sight) -> tuple[Lack, ...]:
    """Each VM that was to come back, and still runs, is back."""
    return tuple(_planned(way) for way in ways if way.is_left or way.is_elsewhere)


def _relocated(_plan: Plan, ways: Ways, _sight: Sight) -> tuple[Lack, ...]:
    """The VM runs on the host that was named."""
    return tuple(_planned(way) for way in ways if not way.is_there and not way.is_unknown)


def _rearranged(_plan: Plan, ways: Ways, _sight: Sight) -> tuple[Lack, ...]:
    """No VM stayed behind; where somebody else moved one to is his affair."""
    return tuple(_planned(way) for way in ways if way.is_left)


def _consolidated(plan: Plan, ways: Ways, sight: Sight) -> tuple[Lack, ...]:
    """No VM stayed behind, and nothing runs on the hosts that were to be left empty."""
    emptied = _on(plan.get("power_off", ()), ways, sight)
    named = {lack.domain for lack in emptied}
    rest = _rearranged(plan, ways, sight)
    return (*emptied, *(lack for lack in rest if lack.domain not in named))


def _on(hosts: Iterable[str], ways: Ways, sight: Sight) -> tuple[Lack, ...]:
    return tuple(_found(vm, ways) for host in hosts for vm in sight.active_on(host))


def _found(vm: SeenVm, ways: Ways) -> Lack:
    planned = any(vm.is_same(way.steps[0]) for way in ways)
    return Lack(domain=vm.name, uuid=vm.uuid, host=vm.host, state=vm.state, planned=planned)


def _planned(way: Journey) -> Lack:
    assert way.seen is not None
    return Lack(
        domain=way.domain,
        uuid=way.uuid,
        host=way.seen.host,
        state=way.seen.state,
        planned=True,
        movable=way.seen.active,
    )


def _unknown(ways: Ways, named: Collection[str]) -> Iterable[Lack]:
    """Return the VMs of which nobody can tell where they are, but those named already."""
    return (
        Lack(
            domain=way.domain, uuid=way.uuid, host="", state=NOT_KNOWN, planned=True, movable=False
        )
        for way in ways
        if way.is_unknown and way.domain not in named
    )


# -- in words -------------------------------------------------------------------------------------


def _unseen(host: str) -> str:
    return f"{host} does not answer, so what runs there is not known."


def _emptiness(hosts: Iterable[str], lacks: Sequence[Lack]) -> Iterable[str]:
    for host in hosts:
        residents = [lack for lack in lacks if lack.host == host]
        if residents:
            yield f"{host} is not empty: {', '.join(map(_in_words, residents))}."


def _in_words(lack: Lack) -> str:
    came = "" if lack.planned else ", not there when this was planned"
    return f"{lack.domain} ({lack.state}{came})"


def _of_evacuation(plan: Plan, lacks: Sequence[Lack]) -> Iterable[str]:
    return (*_emptiness(plan["goal_hosts"], lacks), *_lost(lacks))


def _of_consolidation(plan: Plan, lacks: Sequence[Lack]) -> Iterable[str]:
    emptied = plan.get("power_off", ())
    yield from _emptiness(emptied, lacks)
    yield from _of_places(plan, [lack for lack in lacks if lack.host not in emptied])


def _of_places(plan: Plan, lacks: Sequence[Lack]) -> Iterable[str]:
    """Say of each VM where it is and not where it was to be."""
    to = {step["domain"]: step["destination"] for step in plan["steps"]}
    for lack in lacks:
        if lack.state == NOT_KNOWN:
            continue
        if not lack.host:
            yield f"{lack.domain} is not on {to[lack.domain]}: it is on no host any more."
        else:
            yield f"{lack.domain} is not on {to[lack.domain]}: it is {lack.state} on {lack.host}."
    yield from _lost(lacks)


def _lost(lacks: Sequence[Lack]) -> Iterable[str]:
    return (f"It is not known where {lack.domain} is." for lack in lacks if lack.state == NOT_KNOWN)


_GOALS: dict[str, tuple[Needs, Words]] = {
    "evacuate": (_evacuated, _of_evacuation),
    "restore": (_restored, _of_places),
    "migrate": (_relocated, _of_places),
    "balance": (_rearranged, _of_places),
    "expand": (_rearranged, _of_places),
    "consolidate": (_consolidated, _of_consolidation),
    "repair": (_restored, _of_places),
}
