# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of rolling_plan: hostvars and a policy in, the batches of a maintenance out."""

from __future__ import annotations

import typing as t

from ..plugin_utils._clock import time_here
from ..plugin_utils._cluster_facts import FactsMissing, cluster_facts
from ..plugin_utils._documents import DocumentUnreadable, read_document
from ..plugin_utils._finds_files import FindsFiles
from ..plugin_utils._planner import PlanningError, make_rolling_plan, render_rolling

ARGUMENT_SPEC = {
    "hosts": {"type": "list", "elements": "str", "default": []},
    "at_once": {"type": "int", "default": 1},
    "begun": {"type": "list", "elements": "str", "default": []},
    "done": {"type": "list", "elements": "str", "default": []},
    "policy": {"type": "raw"},
    "group": {"type": "str", "default": "kvm"},
    "show": {"type": "bool", "default": True},
}


class ActionModule(FindsFiles):
    """Plans on the controller; nothing is changed anywhere."""

    _requires_connection = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        try:
            facts = cluster_facts(task_vars, options["group"])
            policy = read_document(options["policy"], "policy", self._find)
            plan = make_rolling_plan(
                facts,
                policy,
                options["hosts"],
                options["at_once"],
                time_here(),
                begun=options["begun"],
                done=options["done"],
            )
        except (FactsMissing, DocumentUnreadable, PlanningError) as error:
            return {**result, "failed": True, "msg": str(error)}
        text = render_rolling(plan)
        if options["show"]:
            self._display.display(text)
        return {
            **result,
            "changed": False,
            "batches": _batches(plan, options["done"]),
            "plan": plan,
            "text": text,
        }


def _batches(plan: dict[str, t.Any], done: list[str]) -> list[dict[str, t.Any]]:
    """Return the hosts of each batch with those whose turn was before, and comes after."""
    turns = [list(batch["goal_hosts"]) for batch in plan["batches"]]
    return [
        {
            "number": number,
            "hosts": hosts,
            "done": [*done, *(name for turn in turns[: number - 1] for name in turn)],
            "waiting": [name for turn in turns[number:] for name in turn],
        }
        for number, hosts in enumerate(turns, start=1)
    ]
