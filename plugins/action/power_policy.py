# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of power_policy, which has no other side."""

from __future__ import annotations

import typing as t

from ..plugin_utils._answers import Answers
from ..plugin_utils._controller_action import ControllerAction
from ..plugin_utils._documents import DocumentUnreadable, read_document
from ..plugin_utils._finds_files import FindsFiles
from ..plugin_utils._planner import PlanningError, parse_power

OVERRIDES: dict[str, t.Any] = {
    "min_on": {"type": "int"},
    "stagger_s": {"type": "float"},
    "force_off": {"type": "bool"},
    "leave_off_vms": {"type": "bool"},
    "services": {"type": "dict"},
}


class ActionModule(FindsFiles, ControllerAction):
    """Reads on the controller; nothing is changed anywhere."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {"policy": {"type": "raw"}, **OVERRIDES}
    REFUSALS = (DocumentUnreadable, PlanningError)

    def _result(self, options: dict[str, t.Any], _answers: Answers) -> dict[str, t.Any]:
        power = parse_power(read_document(options["policy"], "policy", self._find))
        stated = {key: getattr(power, key) for key in OVERRIDES}
        given = {key: options[key] for key in OVERRIDES if options[key] is not None}
        return {
            "power": {
                **stated,
                **given,
                "services": {**power.services, **given.get("services", {})},
            }
        }
