# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of rolling_survey: hostvars in, how far a rolling maintenance came or a refusal out."""

from __future__ import annotations

import dataclasses
import secrets
import typing as t

from ansible.plugins.action import ActionBase

from ..plugin_utils._clock import time_here
from ..plugin_utils._cluster_facts import FactsMissing, cluster_facts, marked_hosts
from ..plugin_utils._controller import lives, this_operator, this_playbook
from ..plugin_utils._plain import plain
from ..plugin_utils._rolling import CONTINUE, FORGET, Refused, Run, Survey, newest, survey

# The variable in which the role drover.libvirt.rolling registers the result of rolling_record.
RECORD_VARIABLE = "rolling_kept"

ARGUMENT_SPEC = {
    "tasks": {"type": "path", "required": True},
    "unfinished": {"type": "str", "choices": ["", CONTINUE, FORGET], "default": ""},
    "group": {"type": "str", "default": "kvm"},
}


class ActionModule(ActionBase):
    """Decides on the controller; nothing is changed anywhere."""

    _requires_connection = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        try:
            facts = cluster_facts(task_vars, options["group"])
            marked = marked_hosts(facts) & {host["name"] for host in facts["hosts"]}
            found = self._survey(_records(task_vars, facts), marked, _run(options))
        except (FactsMissing, Refused) as error:
            return {**result, "failed": True, "msg": str(error)}
        if found.text:
            self._display.display(found.text)
        return {**result, "changed": False, **dataclasses.asdict(found)}

    def _survey(self, records: list[t.Any], marked: set[str], run: Run) -> Survey:
        """Decide; in check mode nothing is going to be done, so nobody is kept out."""
        last = newest(records)
        is_alive = lives(last["process"]) if last else None
        try:
            return survey(records, marked, run, is_alive)
        except Refused as error:
            if not self._task.check_mode:
                raise
            self._display.warning(str(error))
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


def _records(task_vars: dict[str, t.Any], facts: dict[str, t.Any]) -> list[t.Any]:
    """Return the record that each host keeps."""
    names = [host["name"] for host in facts["hosts"]]
    kept = (plain(task_vars["hostvars"][name].get(RECORD_VARIABLE) or {}) for name in names)
    return [found.get("record") for found in kept]
