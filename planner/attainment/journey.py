# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of one VM through a plan, and where it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..outcome import ARRIVED, PLACELESS
from .sight import SeenVm, Sight


@dataclass(frozen=True, kw_only=True)
class Journey:
    """All steps of a plan for one VM: one, or more where it is parked on its way.

    Attributes
    ----------
    outcomes
        Those of the steps.
    seen
        Where it was seen afterwards; ``None`` where nobody can tell.
    """

    steps: tuple[Mapping[str, Any], ...]
    outcomes: tuple[str, ...]
    seen: SeenVm | None

    @property
    def domain(self) -> str:
        """Name of the VM."""
        return str(self.steps[0]["domain"])

    @property
    def uuid(self) -> str:
        """Its UUID; empty where the plan knows none."""
        return self.steps[0]["uuid"] or ""

    @property
    def destination(self) -> str:
        """Where the plan has it at last."""
        return str(self.steps[-1]["destination"])

    @property
    def is_unknown(self) -> bool:
        """Whether nobody can tell where it is, by a migration's own word or because a host is silent."""
        return not set(PLACELESS).isdisjoint(self.outcomes) or self.seen is None

    @property
    def is_left(self) -> bool:
        """Whether it runs where the plan found it or parked it, and not where the plan wanted it."""
        return self._runs_on({step["source"] for step in self.steps} - {self.destination})

    @property
    def is_there(self) -> bool:
        """Whether it runs where the plan wanted it."""
        return self._runs_on({self.destination})

    @property
    def is_elsewhere(self) -> bool:
        """Whether it runs where the plan wanted it at no time: somebody else moved it."""
        ends = {step[end] for step in self.steps for end in ("source", "destination")}
        return self.is_active and not self._runs_on(ends)

    @property
    def is_active(self) -> bool:
        """Whether it was seen running, or paused."""
        return not self.is_unknown and self.seen is not None and self.seen.active

    def _runs_on(self, hosts: set[str]) -> bool:
        return self.is_active and self.seen is not None and self.seen.host in hosts


def journeys(
    plan: Mapping[str, Any], outcomes: Sequence[Mapping[str, Any]], sight: Sight
) -> tuple[Journey, ...]:
    """Return the ways of all VMs that the plan moves.

    A VM that moved, by the word of its migration, is where it went, unless it was seen elsewhere; hosts that a goal
    is not about are not looked at for it.
    """
    by_step = {outcome["id"]: outcome["outcome"] for outcome in outcomes}
    names = dict.fromkeys(step["domain"] for step in plan["steps"])
    return tuple(_journey(plan, name, by_step, sight) for name in names)


def _journey(
    plan: Mapping[str, Any], name: str, by_step: Mapping[str, str], sight: Sight
) -> Journey:
    steps = tuple(step for step in plan["steps"] if step["domain"] == name)
    outcomes = tuple(by_step.get(step["id"], "unknown") for step in steps)
    last = steps[-1]
    seen = sight.find(last)
    arrived = set(outcomes) <= set(ARRIVED) and sight.vms.get(last["destination"]) is None
    if arrived and not (seen and seen.active):
        seen = SeenVm(
            name=name,
            uuid=last["uuid"] or "",
            host=last["destination"],
            active=True,
            state="running",
        )
    return Journey(steps=steps, outcomes=outcomes, seen=seen)


def was_overtaken(
    plan: Mapping[str, Any], outcomes: Sequence[Mapping[str, Any]], ways: Sequence[Journey]
) -> bool:
    """Tell whether all that did not move stayed because the cluster has changed, and not because a migration failed.

    A VM that is not where its step began needs no migration from there. A step that was skipped for such a VM's sake is
    no failure either.
    """
    left = {way.domain for way in ways if way.is_left or way.is_unknown}
    by_step = {outcome["id"]: outcome["outcome"] for outcome in outcomes}
    excused: set[str] = set()
    for step in plan["steps"]:
        is_moved = by_step.get(step["id"]) in ARRIVED
        waited_in_vain = by_step.get(step["id"]) == "skipped" and any(
            other in excused and by_step.get(other) not in ARRIVED for other in step["after"]
        )
        if is_moved or step["domain"] not in left or waited_in_vain:
            excused.add(step["id"])
    return len(excused) == len(plan["steps"])
