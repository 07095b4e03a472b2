# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of plan: hostvars and a policy in, a verified plan document out."""

from __future__ import annotations

import typing as t

from ..plugin_utils._clock import time_here
from ..plugin_utils._cluster_facts import FactsMissing, cluster_facts, marked_hosts
from ..plugin_utils._documents import DocumentUnreadable, read_document, write_document
from ..plugin_utils._finds_files import FindsFiles
from ..plugin_utils._planner import PlanningError, make_plan, render

# What of the options goes into the goal, for each kind.
GOALS = {
    "evacuate": ("hosts", "prefer", "avoid"),
    "restore": ("hosts",),
    "migrate": ("domain", "destination"),
    "balance": ("aggressiveness", "curve"),
    "consolidate": (),
    "repair": (),
}

ARGUMENT_SPEC = {
    "goal": {"type": "str", "required": True, "choices": [*GOALS]},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "prefer": {"type": "list", "elements": "str"},
    "avoid": {"type": "list", "elements": "str"},
    "domain": {"type": "str"},
    "destination": {"type": "str"},
    "aggressiveness": {"type": "int", "choices": [1, 2, 3, 4, 5]},
    "curve": {"type": "bool", "default": False},
    "deadline": {"type": "str"},
    "policy": {"type": "raw"},
    "facts": {"type": "raw"},
    "group": {"type": "str", "default": "kvm"},
    "unreachable": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
    "dest": {"type": "path"},
    "show": {"type": "bool", "default": True},
}


class ActionModule(FindsFiles):
    """Plans on the controller; nothing is changed anywhere but the plan's file."""

    _requires_connection = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(
            argument_spec=ARGUMENT_SPEC,
            required_if=[
                ("goal", "evacuate", ["hosts"]),
                ("goal", "restore", ["hosts"]),
                ("goal", "migrate", ["domain", "destination"]),
            ],
        )
        try:
            facts = self._facts(options, task_vars)
            policy = read_document(options["policy"], "policy", self._find)
            plan = make_plan(facts, policy, _goal(options))
        except (FactsMissing, DocumentUnreadable, PlanningError) as error:
            return {**result, "failed": True, "msg": str(error)}
        return {**result, **self._deliver(plan, facts, options)}

    def _facts(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        if options["facts"] is not None:
            return read_document(options["facts"], "facts document", self._find)
        return cluster_facts(task_vars, options["group"], options["unreachable"])

    def _deliver(
        self, plan: dict[str, t.Any], facts: dict[str, t.Any], options: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        text = render(plan)
        changed = False
        if options["dest"]:
            changed = write_document(options["dest"], plan, check_mode=self._task.check_mode)
        if options["show"]:
            self._display.display(text)
        return {
            "changed": changed,
            "plan": plan,
            "text": text,
            "coordinator": choose_coordinator(plan, facts),
            "leaving": {host: _leaving(plan, host) for host in plan["goal_hosts"]},
        }


def _goal(options: dict[str, t.Any]) -> dict[str, t.Any]:
    kind = options["goal"]
    names = (*GOALS[kind], "deadline")
    given = {name: options[name] for name in names if options[name] not in (None, "")}
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
