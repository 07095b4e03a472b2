# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of power_change: the mark on record and what happened in, the next mark out."""

from __future__ import annotations

import datetime
import typing as t

from ..module_utils._facts.power_marks import STATES
from ..plugin_utils._answers import HOST_INFO, POWER_MARK_INFO, Answers
from ..plugin_utils._cluster_facts import power_answers
from ..plugin_utils._controller import this_operator
from ..plugin_utils._controller_action import CLUSTER_OPTIONS, ControllerAction
from ..plugin_utils._power_changes import Change, changed
from ..plugin_utils._sleeping import newest_power_marks

ARGUMENT_SPEC = {
    **CLUSTER_OPTIONS,
    "host": {"type": "str", "required": True},
    "state": {"type": "str", "choices": [*STATES]},
    "reason": {"type": "str", "default": ""},
    "proven": {"type": "dict"},
    "doubtful": {"type": "str"},
    "mark": {"type": "dict"},
}


class ActionModule(ControllerAction):
    """Works out a mark on the controller; nothing is changed anywhere."""

    OPTIONS = ARGUMENT_SPEC

    def _result(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        present = options["mark"] or _on_record(answers, options["group"], options["host"])
        return {"mark": changed(present, _change(options, present, answers))}


def _on_record(answers: Answers, group: str, host: str) -> dict[str, t.Any] | None:
    known = power_answers(answers, answers.members(group))
    return newest_power_marks(known.values()).get(host)


def _change(
    options: dict[str, t.Any], present: dict[str, t.Any] | None, answers: Answers
) -> Change:
    host = options["host"]
    state = options["state"] or (present or {}).get("state", "on")
    going_down = state == "going_down"
    return Change(
        state=state,
        now=datetime.datetime.now(datetime.UTC),
        by=this_operator(),
        reason=options["reason"],
        wake=answers.variable(host, "drover_power") or {} if going_down else None,
        facts=answers.of(HOST_INFO, host).get("host") if going_down else None,
        boot_id=answers.of(POWER_MARK_INFO, host).get("boot_id") if going_down else None,
        proven=options["proven"],
        doubtful=options["doubtful"],
    )
