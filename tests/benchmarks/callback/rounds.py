# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Ansible callback that writes down when each task of a playbook began, and which hosts it ran on.

The file that ``ROUNDS_FILE`` names gets one JSON object a task: ``name``, ``action``, ``began_s``
(seconds since the epoch) and ``hosts``, those that were not skipped.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: rounds
type: aggregate
short_description: Write down which tasks ran on which hosts
description: For tests/benchmarks/test_run_cost.py.
"""


class CallbackModule(CallbackBase):
    """Keeps the tasks, and writes them down at the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "rounds"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._tasks: list[dict[str, Any]] = []

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._tasks.append(
            {
                "name": task.get_name(),
                "action": str(task.action),
                "began_s": time.time(),
                "hosts": [],
            }
        )

    def v2_runner_on_ok(self, result: Any) -> None:
        self._tasks[-1]["hosts"].append(result._host.get_name())

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._tasks[-1]["hosts"].append(result._host.get_name())

    def v2_playbook_on_stats(self, stats: Any) -> None:
        with open(os.environ["ROUNDS_FILE"], "w", encoding="utf-8") as file:
            file.writelines(json.dumps(task) + "\n" for task in self._tasks)
