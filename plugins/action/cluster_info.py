# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of cluster_info: hostvars in, facts document and table out."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..plugin_utils._cluster_facts import FactsMissing, cluster_facts
from ..plugin_utils._documents import write_document
from ..plugin_utils._planner import PlanningError, render_status


class ActionModule(ActionBase):
    """Puts together what host_info found and shows it."""

    _requires_connection = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(
            argument_spec={
                "group": {"type": "str", "default": "kvm"},
                "unreachable": {"type": "str", "choices": ["fail", "ignore"], "default": "ignore"},
                "dest": {"type": "path"},
                "show": {"type": "bool", "default": True},
            }
        )
        try:
            facts = cluster_facts(task_vars, options["group"], options["unreachable"])
            table = render_status(facts)
        except (FactsMissing, PlanningError) as error:
            return {**result, "failed": True, "msg": str(error)}
        changed = False
        if options["dest"]:
            changed = write_document(options["dest"], facts, check_mode=self._task.check_mode)
        if options["show"]:
            self._display.display(table)
        return {**result, "changed": changed, "facts": facts, "table": table}
