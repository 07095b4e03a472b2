# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of execution_follow: shows an execution that somebody else started."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ..module_utils._execution.names import NameRejected, checked_folder
from ..plugin_utils._following import Following, OutOfReach, graceful_stop
from ..plugin_utils._journal_reader import JournalReader, Look
from ..plugin_utils._planner import visible
from ..plugin_utils._progress_lines import ProgressLines


class ActionModule(ActionBase):
    """Follows a running execution on the coordinator that the task is delegated to."""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars or {})
        _validation, options = self.validate_argument_spec(
            argument_spec={
                "folder": {"type": "str", "required": True},
                "steps": {"type": "int", "default": 0},
                "words": {"type": "str", "default": ""},
                "progress": {"type": "str", "choices": ["lines", "none"], "default": "lines"},
                "keep_alive": {"type": "bool", "default": True},
            }
        )
        try:
            checked_folder(options["folder"])
        except NameRejected as error:
            return {**result, "failed": True, "msg": str(error)}
        if self._task.check_mode:
            return {**result, "changed": False, "ended": False}
        return {**result, **self._follow(options)}

    def _follow(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        lines = ProgressLines(options["steps"]) if options["progress"] == "lines" else None
        if lines and options["words"]:
            self._display.display(visible(f"Following: {options['words']}"))
        follower = JournalReader(options["folder"], self._run_command, options["keep_alive"])
        with graceful_stop() as stop_wanted:

            def enough(look: Look, _waited_s: float) -> bool:
                return look.ended or look.executor != "alive" or stop_wanted()

            try:
                last = Following(follower, lines, self._display.display).until(enough)
            except OutOfReach as error:
                return {"failed": True, "msg": str(error)}
            if stop_wanted():
                return {
                    "failed": True,
                    "msg": "Not followed any more. The execution goes on while its own controller "
                    "lives; without one it ends what runs and starts nothing more.",
                }
        return {"changed": False, "ended": last.ended, "executor": last.executor}

    def _run_command(self, command: str) -> tuple[int, str]:
        try:
            answer = self._low_level_execute_command(command)
        except AnsibleConnectionFailure as error:
            raise ConnectionError(str(error)) from error
        return answer["rc"], answer["stdout"]
