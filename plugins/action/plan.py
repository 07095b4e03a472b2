# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of plan: what hosts answered and a policy in, a verified plan document out."""

from __future__ import annotations

import typing as t

from ..plugin_utils._answers import Answers
from ..plugin_utils._approval import APPROVED_OPTIONS, NotApproved, approved_document
from ..plugin_utils._artifacts import artifacts, pack, shortened
from ..plugin_utils._clock import time_here
from ..plugin_utils._cluster_facts import FactsMissing, cluster_facts, marked_hosts
from ..plugin_utils._controller_action import CLUSTER_OPTIONS, ControllerAction
from ..plugin_utils._documents import DocumentUnreadable, read_document, write_document
from ..plugin_utils._finds_files import FindsFiles
from ..plugin_utils._monitoring import monitored
from ..plugin_utils._planner import (
    PlanningError,
    check_plan,
    kept_figures,
    make_plan,
    plan_page,
    render,
    write_text,
)

# What of the options goes into the goal, for each kind.
GOALS = {
    "evacuate": ("hosts", "prefer", "avoid", "maintenance"),
    "restore": ("hosts",),
    "migrate": ("domain", "destination"),
    "balance": ("aggressiveness", "curve"),
    "consolidate": ("curve",),
    "repair": (),
}

ARGUMENT_SPEC = {
    **CLUSTER_OPTIONS,
    "goal": {"type": "str", "required": True, "choices": [*GOALS]},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "prefer": {"type": "list", "elements": "str"},
    "avoid": {"type": "list", "elements": "str"},
    "maintenance": {"type": "bool", "default": True},
    "domain": {"type": "str"},
    "destination": {"type": "str"},
    "aggressiveness": {"type": "int", "choices": [1, 2, 3, 4, 5]},
    "curve": {"type": "bool", "default": False},
    "effort": {"type": "int", "choices": [1, 2, 3, 4, 5], "default": 3},
    "planning_time_limit": {"type": "float", "default": 0},
    "deadline": {"type": "str"},
    "policy": {"type": "raw"},
    "facts": {"type": "raw"},
    "unreachable": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
    "dest": {"type": "path"},
    "page": {"type": "path"},
    "approved": {"type": "dict", "options": APPROVED_OPTIONS},
    "show": {"type": "bool", "default": True},
}


class ActionModule(FindsFiles, ControllerAction):
    """Plans on the controller; nothing is changed anywhere but the plan's file."""

    OPTIONS = ARGUMENT_SPEC
    REQUIRED_IF: t.ClassVar[list[t.Any]] = [
        ("goal", "evacuate", ["hosts"]),
        ("goal", "restore", ["hosts"]),
        ("goal", "migrate", ["domain", "destination"]),
    ]
    REFUSALS = (FactsMissing, DocumentUnreadable, NotApproved, PlanningError)

    def _result(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        policy = read_document(options["policy"], "policy", self._find)
        facts = self._facts(options, answers)
        if options["approved"] is not None:
            return self._approved(facts, policy, options, answers)
        if options["facts"] is None:
            self._keep_metrics(answers, options["group"], facts)
        facts = self._monitored(facts, policy, answers, options["group"])
        return self._deliver(make_plan(facts, policy, _goal(options)), facts, options)

    def _approved(
        self,
        facts: dict[str, t.Any],
        policy: dict[str, t.Any],
        options: dict[str, t.Any],
        answers: Answers,
    ) -> dict[str, t.Any]:
        """Return the plan that was approved as if it had just been made, if it still fits; no other one is made."""
        approved = options["approved"]
        plan, figures = approved_document(approved, _goal(options), self._find)
        facts, _told_already = monitored(facts, policy, answers, options["group"], figures)
        plan = check_plan(
            plan,
            facts,
            policy,
            time_here(),
            max_age_s=approved["max_age"],
            approved=approved["digest"],
        )
        return self._deliver(plan, facts, options)

    def _facts(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        if options["facts"] is not None:
            return read_document(options["facts"], "facts document", self._find)
        return cluster_facts(answers, options["group"], options["unreachable"])

    def _deliver(
        self, plan: dict[str, t.Any], facts: dict[str, t.Any], options: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        text = render(plan)
        changed = False
        if options["dest"]:
            changed = write_document(options["dest"], plan, check_mode=self._task.check_mode)
        if options["page"]:
            write_text(options["page"], plan_page(plan))
        if options["show"]:
            self._display.display(text)
        figures = kept_figures(facts)
        return {
            "changed": changed,
            **artifacts(
                {
                    "drover_plan": pack({"plan": plan, "figures": figures}),
                    "drover_plan_digest": plan["plan_digest"],
                    "drover_plan_summary": shortened(text),
                    "drover_plan_migrations": len(plan["steps"]),
                }
            ),
            "plan": plan,
            "text": text,
            "coordinator": choose_coordinator(plan, facts),
            "figures": figures,
            "leaving": {host: _leaving(plan, host) for host in plan["goal_hosts"]},
        }


def _goal(options: dict[str, t.Any]) -> dict[str, t.Any]:
    kind = options["goal"]
    names = (*GOALS[kind], "deadline", "effort")
    given = {name: options[name] for name in names if options[name] not in (None, "")}
    if options["planning_time_limit"] > 0:
        given["time_limit_s"] = options["planning_time_limit"]
    return {"goal": kind, "now": time_here(), **given}


def _leaving(plan: dict[str, t.Any], host: str) -> list[dict[str, t.Any]]:
    """Return the VMs that the plan takes away from a host, for its mark."""
    return [
        {"name": step["domain"], "uuid": step["uuid"]}
        for step in plan["steps"]
        if step["source"] == host
    ]


def choose_coordinator(plan: dict[str, t.Any], facts: dict[str, t.Any]) -> str:
    """Return the host that should drive the migrations.

    It is a host that stays up whatever the plan is for: one that is neither emptied nor in
    maintenance, and of these the first by name, so that two operators mostly meet at the same lock.
    """
    maintained = set(plan["goal_hosts"]) | marked_hosts(facts)
    up = [host["name"] for host in facts["hosts"] if host.get("state", "up") == "up"]
    return str(min(up, key=lambda name: (name in maintained, name)))
