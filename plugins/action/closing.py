# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of closing, which has no other side: what tasks returned in, how the run ended out."""

from __future__ import annotations

import typing as t

from ..plugin_utils._answers import Answers
from ..plugin_utils._artifacts import artifacts
from ..plugin_utils._controller_action import ControllerAction
from ..plugin_utils._live import is_heard
from ..plugin_utils._planner import (
    Closing,
    PlanningError,
    close_plan,
    close_power,
    close_rolling,
    close_status,
    close_words,
)

HOSTS: dict[str, t.Any] = {"type": "list", "elements": "str", "required": True}

KINDS: dict[str, dict[str, t.Any]] = {
    "plan": {
        "document": {"type": "dict", "required": True},
        "outcomes": {"type": "list", "elements": "dict", "required": True},
    },
    "power": {
        "hosts": HOSTS,
        "marks": {"type": "dict", "required": True},
        "action": {"type": "str", "choices": ["wake", "sleep"], "required": True},
    },
    "rolling": {"hosts": HOSTS, "tasks": {"type": "str", "required": True}},
    "status": {
        "facts": {"type": "dict", "required": True},
        "executions": {"type": "str", "required": True},
    },
    "words": {
        "now": {"type": "str", "required": True},
        "changes": {"type": "str", "default": ""},
    },
}


class ActionModule(ControllerAction):
    """Says how a run ended; asks no host."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        kind: {"type": "dict", "options": options} for kind, options in KINDS.items()
    }
    REQUIRED_ONE_OF: t.ClassVar[list[t.Any]] = [[*KINDS]]
    MUTUALLY_EXCLUSIVE: t.ClassVar[list[t.Any]] = [[*KINDS]]
    REFUSALS = (PlanningError,)

    def _result(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        closing = _closing(options, is_check=bool(self._task.check_mode))
        # The callback brief shows it last of all.
        if not is_heard():
            self._display.display(f"\n{closing.text}")
        return {**closing.to_document(), **artifacts({"drover_closing": closing.text})}


def _closing(options: dict[str, t.Any], *, is_check: bool) -> Closing:
    [(kind, told)] = [(kind, options[kind]) for kind in KINDS if options[kind] is not None]
    if kind == "plan":
        return close_plan(told["document"], told["outcomes"], is_check=is_check)
    if kind == "status":
        return close_status(told["facts"], told["executions"])
    by_kind: dict[str, t.Callable[..., Closing]] = {
        "power": close_power,
        "rolling": close_rolling,
        "words": close_words,
    }
    return by_kind[kind](**told, is_check=is_check)
