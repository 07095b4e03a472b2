# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an execution comes to: whether what was asked for holds, and whether to plan once more.

Pure: the plan and the executor's answer go in, the result of C(plan_apply) comes out.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ._planner import Attained, attained, has_arrived, render_outcomes, visible

Document = dict[str, t.Any]


@dataclass(frozen=True)
class Allowance:
    """What further plans for the same goal may take.

    Parameters
    ----------
    tries : int
        How many plans there may be, the present one included.
    time_limit_s : float
        Seconds after which no migration is started; 0 means no limit.
    stopped : bool
        Whether the operator has asked to stop.
    """

    tries: int = 1
    time_limit_s: float = 0.0
    stopped: bool = False

    def after(self, duration_s: float) -> Document | None:
        """Return what is left for the next plan, as options of C(plan_apply); None when nothing is."""
        left_s = max(0, int(self.time_limit_s - duration_s))
        if self.stopped or self.tries <= 1 or (self.time_limit_s and not left_s):
            return None
        return {"tries": self.tries - 1, "time_limit": left_s}


def conclude(plan: Document, answer: Document, allowance: Allowance) -> Document:
    """Return the result of C(plan_apply) for what its executor answered.

    Parameters
    ----------
    plan : dict
        The plan document.
    answer : dict
        With C(outcomes), C(seen) and C(duration_s).
    allowance : Allowance
    """
    goal = attained(plan, answer["outcomes"], answer["seen"])
    again = allowance.after(answer["duration_s"]) if goal.worth_another_plan else None
    failed = not goal.holds and again is None
    report = render_outcomes(plan, answer["outcomes"], answer["duration_s"])
    return {
        **answer,
        "goal": goal.to_document(),
        "again": again,
        "report": "\n".join(filter(None, (report, _closing(goal, again is not None)))),
        **(
            {"failed": True, "msg": visible(_complaint(goal, answer["outcomes"]))} if failed else {}
        ),
    }


def nothing_done() -> Document:
    """Return the result for a plan without migrations: the facts that it was made from said that the goal holds."""
    return {"outcomes": [], "moved": [], "goal": Attained().to_document(), "again": None}


def _closing(goal: Attained, again: bool) -> str:
    if goal.holds:
        return ""
    return visible(goal.message + (" This is planned once more." if again else ""))


def _complaint(goal: Attained, outcomes: t.Sequence[Document]) -> str:
    """Say what does not hold, and what became of the migrations on which that depends."""
    lacking = {lack.domain for lack in goal.lacks}
    stayed = [
        f"{item['domain']} ({item['source']} → {item['destination']}): {item['reason']}"
        for item in outcomes
        if not has_arrived(item) and item["domain"] in lacking
    ]
    return " ".join([goal.message, *stayed])
