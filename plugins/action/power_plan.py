# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of power_plan: what hosts answered and a policy in, whom to wake or put to sleep out."""

from __future__ import annotations

import typing as t

from ..plugin_utils._answers import POWER_GUARD_INFO, POWER_LOOK, Answers
from ..plugin_utils._clock import time_here
from ..plugin_utils._cluster_facts import FactsMissing, cluster_facts
from ..plugin_utils._controller_action import CLUSTER_OPTIONS, ControllerAction
from ..plugin_utils._documents import DocumentUnreadable, read_document
from ..plugin_utils._finds_files import FindsFiles
from ..plugin_utils._planner import (
    PlanningError,
    decide,
    parse_power,
    power_diff,
    render_decision,
)
from ..plugin_utils._power_guards import place_off_vms


class ActionModule(FindsFiles, ControllerAction):
    """Decides on the controller; nothing is changed anywhere."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **CLUSTER_OPTIONS,
        "policy": {"type": "raw"},
        "night": {"type": "bool", "default": False},
        "demand": {"type": "float"},
    }
    REFUSALS = (FactsMissing, DocumentUnreadable, PlanningError)

    def _result(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        policy = read_document(options["policy"], "policy", self._find)
        # A host that has failed is a reason to wake others, not to do nothing.
        facts = cluster_facts(answers, options["group"], "ignore")
        self._keep_metrics(answers, options["group"], facts)
        facts = self._monitored(facts, policy, answers, options["group"])
        leave_off_vms = parse_power(policy).leave_off_vms
        for host in facts["hosts"]:
            _add_needs(host, facts, answers.of(POWER_GUARD_INFO, host["name"]), leave_off_vms)
        decision = decide(
            facts,
            policy,
            now=time_here(),
            looks=_looks(answers, options["group"]),
            night=options["night"],
            demand=options["demand"],
        )
        text = render_decision(decision)
        self._display.display(text)
        return {
            "decision": decision,
            "text": text,
            "changed": decision["action"] != "none",
            "diff": power_diff(decision, facts["hosts"]),
        }


def _add_needs(
    host: dict[str, t.Any], facts: dict[str, t.Any], found: dict[str, t.Any], leave_off_vms: bool
) -> None:
    """Add to a host's facts why it must not be switched off, whatever becomes of the VMs that run there."""
    needs = [*found.get("serves", []), *found.get("waits", [])]
    if found and not leave_off_vms:
        needs += place_off_vms(host["name"], facts, found["off_vms"]).stuck
    if needs:
        host.setdefault("power", {})["needed_by"] = needs


def _looks(answers: Answers, group: str) -> list[dict[str, t.Any]]:
    """Return the looks that any host remembers, each once."""
    found = {
        look["at"]: look
        for host in answers.members(group)
        for look in answers.of(POWER_LOOK, host).get("looks", [])
    }
    return list(found.values())
