# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of cluster_info: what hosts answered in, facts document and table out."""

from __future__ import annotations

import typing as t

from ..plugin_utils._answers import Answers
from ..plugin_utils._clock import time_here
from ..plugin_utils._cluster_facts import FactsMissing, cluster_facts
from ..plugin_utils._controller_action import CLUSTER_OPTIONS, ControllerAction
from ..plugin_utils._documents import write_document
from ..plugin_utils._executions import documents, found_by
from ..plugin_utils._planner import PlanningError, render_status, status_page, write_text


class ActionModule(ControllerAction):
    """Puts together what host_info found and shows it."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **CLUSTER_OPTIONS,
        "unreachable": {"type": "str", "choices": ["fail", "ignore"], "default": "ignore"},
        "dest": {"type": "path"},
        "page": {"type": "path"},
        "show": {"type": "bool", "default": True},
    }
    REFUSALS = (FactsMissing, PlanningError)

    def _result(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        facts = cluster_facts(answers, options["group"], options["unreachable"])
        table = render_status(facts)
        self._keep_metrics(answers, options["group"], facts)
        changed = False
        if options["dest"]:
            changed = write_document(options["dest"], facts, check_mode=self._task.check_mode)
        executions = documents(found_by(answers, options["group"]))
        if options["page"]:
            page = status_page(facts, executions, time_here(), f"Cluster {options['group']}")
            write_text(options["page"], page)
        if options["show"]:
            self._display.display(table)
        return {"changed": changed, "facts": facts, "executions": executions, "table": table}
