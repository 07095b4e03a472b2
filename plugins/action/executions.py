# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of executions: hostvars in, a decision or a refusal out."""

from __future__ import annotations

import dataclasses
import secrets
import time
import typing as t

from ansible.plugins.action import ActionBase

from ..plugin_utils._controller import this_operator
from ..plugin_utils._executions import Decision, Found, Refused, decide, render
from ..plugin_utils._plain import plain

# The variable in which the role drover.libvirt.resume registers the result of execution_info.
INFO_VARIABLE = "resume_found"


class ActionModule(ActionBase):
    """Puts together what execution_info found and says what that means."""

    _requires_connection = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(
            argument_spec={
                "group": {"type": "str", "default": "kvm"},
                "purpose": {"type": "str"},
                "break_lock": {"type": "bool", "default": False},
                "show": {"type": "bool", "default": True},
            }
        )
        found = _found(task_vars, options["group"])
        text = render(found)
        if options["show"] and text:
            self._display.display(text)
        result.update(changed=False, text=text, executions=_documents(found))
        if options["purpose"] is None:
            return result
        try:
            return {**result, **self._decision(found, options)}
        except Refused as error:
            return {**result, "failed": True, "msg": str(error)}

    def _decision(self, found: Found, options: dict[str, t.Any]) -> dict[str, t.Any]:
        decision = self._decide(found, options)
        for warning in decision.warnings:
            self._display.warning(warning)
        return {
            **dataclasses.asdict(decision),
            "execution": f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(4)}",
            "owner": this_operator(),
            "purpose": options["purpose"],
        }

    def _decide(self, found: Found, options: dict[str, t.Any]) -> Decision:
        """Decide; in check mode nothing is going to be done, so nobody is kept out."""
        try:
            return decide(found, options["purpose"], options["break_lock"])
        except Refused as error:
            if not self._task.check_mode:
                raise
            return Decision(warnings=[str(error)])


def _found(task_vars: dict[str, t.Any], group: str) -> Found:
    names = sorted(str(name) for name in task_vars["groups"].get(group, []))
    results = {name: plain(task_vars["hostvars"][name].get(INFO_VARIABLE) or {}) for name in names}
    answers = {name: result for name, result in results.items() if "executions" in result}
    return Found(answers, tuple(name for name in names if name not in answers))


def _documents(found: Found) -> list[dict[str, t.Any]]:
    return [{**record, "coordinator": host} for host, record in found.executions]
