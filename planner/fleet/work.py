# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one worker does: plan one cluster, and return what became of it. Nothing else travels to a worker."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Infeasible, InputError, PlanningError
from ..pipeline import make_plan

JsonObject = Mapping[str, Any]

PLANNED, INFEASIBLE, INPUT, FAULT = "planned", "infeasible", "bad input", "fault"
"""What can become of a cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTask:
    """A cluster to be planned: documents only, so that it can be sent anywhere."""

    name: str
    facts: JsonObject
    policy: JsonObject | None
    goal: JsonObject

    @property
    def size(self) -> int:
        """The number of VMs, after which the long tasks are told from the short."""
        domains = self.facts.get("domains") if isinstance(self.facts, Mapping) else None
        return len(domains) if isinstance(domains, list) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterOutcome:
    """What became of a cluster.

    Attributes
    ----------
    message
        The plan's sentence, or the error's.
    """

    name: str
    state: str
    message: str
    plan: JsonObject | None = None


ONE_AT_A_TIME = threading.Lock()
"""Workers with threads (Dask's) plan one cluster at a time: HiGHS's threads and its output belong to the process."""


def plan_cluster(task: ClusterTask) -> ClusterOutcome:
    """Plan one cluster; an error becomes an outcome, because it must not hide the others' plans."""
    try:
        with ONE_AT_A_TIME:
            plan = make_plan(task.facts, task.policy, task.goal)
    except PlanningError as error:
        return ClusterOutcome(name=task.name, state=_state(error), message=error.message)
    except Exception as error:
        return failed(
            task.name,
            f"planning failed, which is a fault of Drover: {type(error).__name__}: {error}",
        )
    return ClusterOutcome(name=task.name, state=PLANNED, message=plan["message"], plan=plan)


def failed(name: str, message: str) -> ClusterOutcome:
    """Return the outcome of a cluster whose planning broke."""
    return ClusterOutcome(name=name, state=FAULT, message=" ".join(message.split()))


def _state(error: PlanningError) -> str:
    if isinstance(error, Infeasible):
        return INFEASIBLE
    return INPUT if isinstance(error, InputError) else FAULT
