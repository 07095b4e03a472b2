# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of executions: what hosts answered in, a decision or a refusal out."""

from __future__ import annotations

import dataclasses
import secrets
import time
import typing as t

from ..plugin_utils._answers import Answers
from ..plugin_utils._cluster_facts import FactsMissing, peer_uri
from ..plugin_utils._controller import this_operator
from ..plugin_utils._controller_action import CLUSTER_OPTIONS, ControllerAction
from ..plugin_utils._executions import (
    ExecutionsDecision,
    Found,
    Refused,
    awaited,
    decide,
    documents,
    found_by,
    render,
)
from ..plugin_utils._in_use import in_use


class ActionModule(ControllerAction):
    """Puts together what execution_info found and says what that means."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **CLUSTER_OPTIONS,
        "purpose": {"type": "str"},
        "break_lock": {"type": "bool", "default": False},
        "fenced": {"type": "list", "elements": "str", "default": []},
        "show": {"type": "bool", "default": True},
    }
    REFUSALS = (FactsMissing, Refused)

    def _result(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        found = found_by(answers, options["group"])
        text = render(found)
        if options["show"] and text:
            self._display.display(text)
        decision = {} if options["purpose"] is None else self._decision(found, options, answers)
        return {
            "text": text,
            "executions": documents(found),
            "awaited": awaited(found),
            "in_use": [use.words for use in in_use(found)],
            **decision,
        }

    def _decision(
        self, found: Found, options: dict[str, t.Any], answers: Answers
    ) -> dict[str, t.Any]:
        decision = self._decide(found, options)
        for warning in decision.warnings:
            self._warn(warning)
        return {
            **dataclasses.asdict(decision),
            "execution": f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(4)}",
            "owner": this_operator(),
            "purpose": options["purpose"],
            "uris": {name: peer_uri(name, answers) for name in answers.members(options["group"])},
        }

    def _decide(self, found: Found, options: dict[str, t.Any]) -> ExecutionsDecision:
        """Decide; in check mode nothing is going to be done, so nobody is kept out."""
        try:
            return decide(found, options["purpose"], options["break_lock"], options["fenced"])
        except Refused as error:
            if not self._task.check_mode:
                raise
            return ExecutionsDecision(warnings=[str(error)])
