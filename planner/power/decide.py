# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide whether hosts are woken or put to sleep: facts, policy and earlier looks in, a decision out.

Waking comes first and is fast; sleeping is slow. The thresholds are those of vSphere DPM.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from ..cluster.resources import Resources
from ..errors import InputError
from ..pipeline import plain, read_problem
from ..policy.load import without_figures
from ..policy.time_frame import needs_now
from ..policy.windows import next_opening, open_s, told
from ..problem.problem import Problem
from ..schedule.plan import Plan
from .demand import Look, look_at, mean_busy, most_busy, parse_looks
from .policy import Night, PowerPolicy, parse_power
from .ranking import rank_to_wake
from .relief import relief
from .sleeping import Asked, choose, refusal, unrest
from .waking import Need, hosts_to_wake, short_of_cpu, short_of_place, wakeable

JsonObject = Mapping[str, Any]

NIGHT, SAVING = "night", "power saving"
"""Why hosts go to sleep; the morning wakes those of the night."""

BOOT_S = 600.0
"""What a host takes to boot of which that is not known."""


@dataclass(frozen=True, kw_only=True)
class PowerDecision:
    """What is to be done.

    Attributes
    ----------
    action
        "wake", "relieve" (of VMs, because they give out more CPU than they may), "sleep" or "none".
    hosts
        Which ones.
    then
        What is left to do afterwards: "balance", "repair", "sleep" (once they have been emptied) or "nothing".
    reason
        For their marks.
    why
        What makes it necessary, a sentence each.
    refused
        Why other hosts do not go to sleep.
    look
        What this look at the cluster adds to the record; ``None`` where it does not tell of all VMs.
    plan
        How hosts are emptied or relieved; the caller plans that again before acting.
    """

    action: str
    hosts: tuple[str, ...] = ()
    then: str = "nothing"
    reason: str = SAVING
    why: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    look: Look | None = None
    plan: Plan | None = None

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "action": self.action,
            "hosts": list(self.hosts),
            "then": self.then,
            "reason": self.reason,
            "why": list(self.why),
            "refused": dict(self.refused),
            "look": self.look.to_document() if self.look else None,
        }


@dataclass(frozen=True, kw_only=True)
class _Case:
    """All that a decision stands on.

    Attributes
    ----------
    problem
        With the load that plans are made for: VMs that leave a host must fit elsewhere by it.
    present
        With the load now: yesterday's peak wakes nobody.
    """

    problem: Problem
    present: Problem
    power: PowerPolicy
    now: datetime
    looks: tuple[Look, ...]
    night: Night | None
    multiple: float | None = None

    @cached_property
    def failed(self) -> list[str]:
        """The hosts that are not up and that nobody put to sleep, so that their VMs are not in the facts."""
        hosts = self.problem.snapshot.hosts.items()
        return [
            name
            for name, host in hosts
            if not host.is_up and not host.is_asleep and host.state != "waking"
        ]

    @cached_property
    def look(self) -> Look:
        """The present one."""
        return look_at(self.present.snapshot, self.now)

    @cached_property
    def need(self) -> Need:
        """What the VMs need; those of a failed host as they were when all hosts answered."""
        known = (*self.looks, self.look)
        busy = mean_busy(known, self.now, self.power.wake_evidence_s)
        multiple = self.multiple or 1.0
        need = Need(self._times(self.look.demand), multiple * busy)
        if not self.failed or not self.looks:
            return need
        before = self.looks[-1]
        return replace(
            need,
            demand=self._times(self.look.demand.at_least(before.demand)),
            lost_mib=max(0.0, before.demand.memory_mib - self.look.demand.memory_mib),
            largest_mib=before.largest_mib,
        )

    def _times(self, demand: Resources) -> Resources:
        return Resources(*((self.multiple or 1.0) * amount for amount in demand))


def decide(
    facts: JsonObject,
    policy: JsonObject | None,
    *,
    now: str,
    looks: Iterable[JsonObject] = (),
    night: bool = False,
    demand: float | None = None,
) -> dict[str, Any]:
    """Decide whether hosts are woken or put to sleep now.

    Parameters
    ----------
    facts, policy
        Documents of the published schemas.
    now
        What time it is, with its distance from UTC.
    looks
        Earlier looks at the cluster, as decisions returned them: ``at``, ``memory_mib``, ``vcpus``, ``cpu_usage``.
    night
        Follow the windows of ``power.night``: hosts go to sleep in them without evidence of earlier looks, and what
        they put to sleep is up again before they close.
    demand
        Only wake, and as many hosts as this multiple of the load needs.

    Returns
    -------
    dict
        ``action`` (wake, sleep or none), ``hosts``, ``reason``, ``why`` and ``refused`` in sentences, and ``look``,
        what is to be kept of this look.

    Raises
    ------
    PlanningError
        A document breaks its schema, or contradicts itself.
    """
    document, known = plain(policy), plain(facts)
    asked = {"goal": "repair", "now": now}
    problem = present = read_problem(known, document, asked)
    if problem.policies.load.window_s is not None:
        present = read_problem(without_figures(known), {**document, "load": None}, asked)
    power = parse_power(document)
    if problem.now is None:
        raise needs_now("policy.power")
    seen = parse_looks(looks, problem.now)
    found = decide_on(problem, power, present=present, looks=seen, night=night, demand=demand)
    return found.to_document()


def decide_on(
    problem: Problem,
    power: PowerPolicy,
    *,
    present: Problem | None = None,
    looks: Sequence[Look] = (),
    night: bool = False,
    demand: float | None = None,
) -> PowerDecision:
    """Decide as `decide` does, on values instead of documents.

    Parameters
    ----------
    problem
        The cluster, its policies and what time it is; the effort of its goal is that of the plans that are made.
    present
        The same with the load now, where the policy makes plans for another one.
    looks
        Earlier looks at the cluster, the oldest first.

    Raises
    ------
    InputError
        The policy does not say what the night is, or the problem not what time it is.
    """
    if problem.now is None:
        raise needs_now("policy.power")
    if night and power.night is None:
        raise InputError(
            "nightly needs the windows in which hosts sleep; add them (start, end).",
            path="policy.power.night",
        )
    case = _Case(
        problem=problem,
        present=present or problem,
        power=power,
        now=problem.now,
        looks=tuple(looks),
        night=power.night if night else None,
        multiple=demand,
    )
    return _decide(case)


def _decide(case: _Case) -> PowerDecision:
    if case.multiple is None:
        found = _wake_for_need(case) or _wake_for_morning(case) or _save(case)
    else:
        found = _wake_for_need(case) or PowerDecision(action="none", why=(_enough(case),))
    return found if case.failed else replace(found, look=case.look)


def _wake_for_need(case: _Case) -> PowerDecision | None:
    """Return whom to wake for VMs that have no place, or too little CPU; ``None`` where nobody is to be woken."""
    unplaced = short_of_place(case.present, case.need)
    why = unplaced or short_of_cpu(case.present, case.need, case.power.wake_above)
    asleep = wakeable(case.present, case.power, case.now, at_once=bool(unplaced or case.multiple))
    if not why or not asleep:
        return None
    hosts = hosts_to_wake(case.present, case.power, case.need, asleep)
    if case.failed:
        why = [f"{', '.join(case.failed)} failed.", *why]
    return PowerDecision(action="wake", hosts=hosts, then="balance", why=tuple(why))


def _enough(case: _Case) -> str:
    asleep = any(host.is_asleep for host in case.problem.snapshot.hosts.values())
    return (
        "The hosts that are on are enough."
        if asleep
        else "No host sleeps that Drover put to sleep."
    )


def _wake_for_morning(case: _Case) -> PowerDecision | None:
    """Return the hosts that the night put to sleep, when it is over or they need the rest of it to come up."""
    if case.night is None:
        return None
    asleep = [
        name
        for name, host in case.problem.snapshot.hosts.items()
        if host.is_asleep and host.power.reason == NIGHT
    ]
    if not asleep or open_s(case.night.windows, case.now) > _lead_s(case, asleep):
        return None
    why = ("The night ends.",)
    return PowerDecision(action="wake", hosts=tuple(asleep), then="balance", reason=NIGHT, why=why)


def _save(case: _Case) -> PowerDecision:
    """Return whom to wake for hosts that are full, whom to put to sleep, or whom to relieve.

    Emptying hosts relieves the full ones as well, so those that fill up one after the other keep nobody from sleeping.
    """
    relieving = _relieve(case)
    if relieving and relieving.action == "wake":
        return relieving
    sleeping = _sleep(case)
    return sleeping if relieving is None or sleeping.hosts else relieving


def _relieve(case: _Case) -> PowerDecision | None:
    """Return how hosts whose VMs keep more CPU busy than they may give out are relieved; ``None`` where none is, or
    nothing helps.

    Where the other hosts that are on do not have the room, others are woken for it.
    """
    found = relief(case.problem, rank_to_wake(case.problem, case.power, _rested(case)))
    if found is None:
        return None
    crowded = tuple(found.crowded)
    why = [
        f"{name} gives out {busy:.1f} CPUs, more than the {limit:g} that it may."
        for name, (busy, limit) in found.crowded.items()
    ]
    if not found.woken:
        return PowerDecision(
            action="relieve", hosts=crowded, then="repair", why=tuple(why), plan=found.plan
        )
    why.append("The other hosts that are on do not have that room.")
    return PowerDecision(action="wake", hosts=found.woken, then="repair", why=tuple(why))


def _rested(case: _Case) -> list[str]:
    return wakeable(case.problem, case.power, case.now, at_once=False)


def _lead_s(case: _Case, names: list[str]) -> float:
    """Return how long before the end of the night these hosts are woken: half as long again as they last took."""
    assert case.night is not None
    hosts = case.problem.snapshot.hosts
    boot_s = max((hosts[name].power.boot_s or BOOT_S for name in names), default=0.0)
    return 1.5 * boot_s + case.power.stagger_s * max(0, len(names) - 1) + case.night.ready_s


def _sleep(case: _Case) -> PowerDecision:
    why = [*unrest(case.problem, case.now), *_not_at_night(case)]
    busy = _evidence(case)
    if busy is None:
        why.append(
            f"The load has not been watched for {case.power.sleep_evidence_s:g} s yet (power.sleep_evidence_s): "
            "run this regularly, at least once in that time."
        )
    if why or busy is None:
        return PowerDecision(action="none", why=tuple(why), reason=_reason(case))
    up = {name: host for name, host in case.problem.snapshot.hosts.items() if host.is_up}
    refusals = {name: refusal(host, case.power, case.now) for name, host in up.items()}
    refused = {name: reason for name, reason in refusals.items() if reason}
    candidates = [name for name in up if name not in refused]
    choice = choose(case.problem, case.power, candidates, _asked(case, busy))
    is_due = bool(choice.hosts)
    return PowerDecision(
        action="sleep" if is_due else "none",
        hosts=choice.hosts,
        then="sleep" if is_due else "nothing",
        reason=_reason(case),
        why=(_low(case, choice.hosts, busy) if is_due else "No host can be spared.",),
        refused=dict(sorted({**refused, **choice.refused}.items())),
        plan=choice.plan,
    )


def _not_at_night(case: _Case) -> list[str]:
    """Say why the night puts no host to sleep now."""
    if case.night is None:
        return []
    left_s = open_s(case.night.windows, case.now)
    if not left_s:
        return [f"The next night begins on {told(next_opening(case.night.windows, case.now))}."]
    hosts = case.problem.snapshot.hosts.items()
    if left_s <= _lead_s(case, [name for name, host in hosts if host.power.proven]):
        return [
            "The night ends soon, and a host that went to sleep now would have to be woken at once."
        ]
    return []


def _evidence(case: _Case) -> float | None:
    """Return the most busy CPUs over the time of evidence; in the night the present look is enough."""
    known = (*case.looks, case.look)
    return most_busy(known, case.now, 0.0 if case.night else case.power.sleep_evidence_s)


def _asked(case: _Case, busy: float) -> Asked:
    if case.night is None:
        return Asked(case.look.demand, busy, case.power.sleep_below, case.power.off_at_once)
    below = case.night.sleep_below or case.power.sleep_below
    return Asked(case.look.demand, busy, below, case.night.off_at_once)


def _low(case: _Case, chosen: Sequence[str], busy: float) -> str:
    stay = sum(host.is_up for host in case.problem.snapshot.hosts.values()) - len(chosen)
    return f"{busy:.1f} CPUs were busy at most, which {stay} {'host carries' if stay == 1 else 'hosts carry'}."


def _reason(case: _Case) -> str:
    return NIGHT if case.night else SAVING
