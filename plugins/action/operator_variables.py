# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of operator_variables, which has no other side."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ..plugin_utils._answers import Answers
from ..plugin_utils._controller_action import CLUSTER_OPTIONS, ControllerAction
from ..plugin_utils._operator_variables import PREFIX, known_variables, refused_variables

COLLECTION = Path(__file__).parents[2]


class ActionModule(ControllerAction):
    """Looks at names only; no value is read and nothing is changed."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "group": CLUSTER_OPTIONS["group"],
        "own": {"type": "list", "elements": "str", "default": []},
    }

    def _result(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        known = known_variables(COLLECTION)
        hosts = answers.members(options["group"])
        present = _present(answers.task_vars, hosts)
        refusal = refused_variables(present, known, options["own"], hosts)
        answer: dict[str, t.Any] = {"failed": True, "msg": refusal} if refusal else {}
        return {"known": sorted(known), **answer}


def _present(task_vars: t.Mapping[str, t.Any], hosts: list[str]) -> dict[str, set[str]]:
    """Return who has each variable; what the task itself knows, as extra variables, all have."""
    present = {str(name): set(hosts) for name in task_vars if str(name).startswith(PREFIX)}
    for host in hosts:
        for name in task_vars["hostvars"][host]:
            if str(name).startswith(PREFIX):
                present.setdefault(str(name), set()).add(host)
    return present
