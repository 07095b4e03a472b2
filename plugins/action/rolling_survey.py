# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of rolling_survey: what hosts answered in, how far a rolling maintenance came or a refusal out."""

from __future__ import annotations

import dataclasses
import secrets
import typing as t

from ..plugin_utils._answers import ROLLING_RECORD, Answers
from ..plugin_utils._clock import time_here
from ..plugin_utils._cluster_facts import FactsMissing, cluster_facts, marked_hosts
from ..plugin_utils._controller import lives, this_operator, this_playbook
from ..plugin_utils._controller_action import CLUSTER_OPTIONS, ControllerAction
from ..plugin_utils._planner import visible
from ..plugin_utils._rolling import CONTINUE, FORGET, Refused, Run, Survey, newest, survey


class ActionModule(ControllerAction):
    """Decides on the controller; nothing is changed anywhere."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **CLUSTER_OPTIONS,
        "tasks": {"type": "path", "required": True},
        "unfinished": {"type": "str", "choices": ["", CONTINUE, FORGET], "default": ""},
    }
    REFUSALS = (FactsMissing, Refused)

    def _result(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        facts = cluster_facts(answers, options["group"])
        names = [host["name"] for host in facts["hosts"]]
        records = [answers.of(ROLLING_RECORD, name).get("record") for name in names]
        found = self._survey(records, marked_hosts(facts) & set(names), _run(options))
        if found.text:
            self._display.display(visible(found.text))
        return dataclasses.asdict(found)

    def _survey(self, records: list[t.Any], marked: set[str], run: Run) -> Survey:
        """Decide; in check mode nothing is going to be done, so nobody is kept out."""
        last = newest(records)
        is_alive = lives(last["process"]) if last else None
        try:
            return survey(records, marked, run, is_alive)
        except Refused as error:
            if not self._task.check_mode:
                raise
            self._warn(str(error))
        unfinished = run.unfinished or CONTINUE
        return survey(records, marked, dataclasses.replace(run, unfinished=unfinished), False)


def _run(options: dict[str, t.Any]) -> Run:
    return Run(
        run=secrets.token_hex(8),
        by=this_operator(),
        since=time_here(),
        process=this_playbook(),
        tasks=options["tasks"],
        unfinished=options["unfinished"],
    )
