# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of rolling_plan: what hosts answered and a policy in, the batches of a maintenance out."""

from __future__ import annotations

import typing as t

from ..plugin_utils._answers import Answers
from ..plugin_utils._clock import time_here
from ..plugin_utils._cluster_facts import FactsMissing, cluster_facts
from ..plugin_utils._controller_action import CLUSTER_OPTIONS, ControllerAction
from ..plugin_utils._documents import DocumentUnreadable, read_document
from ..plugin_utils._finds_files import FindsFiles
from ..plugin_utils._planner import (
    PlanningError,
    make_rolling_plan,
    render_rolling,
    rolling_page,
    write_text,
)
from ..plugin_utils._rolling import turns


class ActionModule(FindsFiles, ControllerAction):
    """Plans on the controller; nothing is changed anywhere."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **CLUSTER_OPTIONS,
        "hosts": {"type": "list", "elements": "str", "default": []},
        "at_once": {"type": "int", "default": 1},
        "begun": {"type": "list", "elements": "str", "default": []},
        "done": {"type": "list", "elements": "str", "default": []},
        "maintained": {"type": "list", "elements": "str", "default": []},
        "policy": {"type": "raw"},
        "page": {"type": "path"},
        "show": {"type": "bool", "default": True},
    }
    REFUSALS = (FactsMissing, DocumentUnreadable, PlanningError)

    def _result(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        group, policy = options["group"], read_document(options["policy"], "policy", self._find)
        plan = make_rolling_plan(
            self._monitored(cluster_facts(answers, group), policy, answers, group),
            policy,
            options["hosts"],
            options["at_once"],
            time_here(),
            begun=options["begun"],
            done=options["done"],
        )
        text = render_rolling(plan)
        if options["page"]:
            write_text(options["page"], rolling_page(plan))
        if options["show"]:
            self._display.display(text)
        batches = [list(batch["goal_hosts"]) for batch in plan["batches"]]
        return {
            "hosts": [name for hosts in batches for name in hosts],
            "batches": turns(batches, options["done"], options["maintained"]),
            "plan": plan,
            "text": text,
        }
