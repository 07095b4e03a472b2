# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of power_guard: what was found on the host and in the cluster in, a verdict out."""

from __future__ import annotations

import typing as t

from ..plugin_utils._answers import Answers
from ..plugin_utils._clock import time_here
from ..plugin_utils._cluster_facts import FactsMissing, cluster_facts, marked_hosts
from ..plugin_utils._controller_action import CLUSTER_OPTIONS, ControllerAction
from ..plugin_utils._documents import DocumentUnreadable, read_document
from ..plugin_utils._finds_files import FindsFiles
from ..plugin_utils._planner import PlanningError, make_plan, spare_lost
from ..plugin_utils._power_guards import asleep_in, place_off_vms, refusals

ARGUMENT_SPEC = {
    **CLUSTER_OPTIONS,
    "host": {"type": "str", "required": True},
    "found": {"type": "dict", "required": True},
    "min_on": {"type": "int", "default": 1},
    "by_plan": {"type": "bool", "default": False},
    "leave_off_vms": {"type": "bool", "default": False},
    "policy": {"type": "raw"},
}


class Needed(Exception):
    """The host must stay on; the text says all reasons."""


class ActionModule(FindsFiles, ControllerAction):
    """Judges on the controller; nothing is changed anywhere."""

    OPTIONS = ARGUMENT_SPEC
    REFUSALS = (FactsMissing, DocumentUnreadable, PlanningError, Needed)

    def _result(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        facts = cluster_facts(answers, options["group"])
        policy = read_document(options["policy"], "policy", self._find)
        for warning in options["found"].get("warnings_of_users", []):
            self._warn(warning)
        refused, moves = _verdict(options, facts, policy)
        if refused:
            raise Needed(" ".join(refused))
        return {"moves": moves}


def _verdict(
    options: dict[str, t.Any], facts: dict[str, t.Any], policy: t.Any
) -> tuple[list[str], list[dict[str, str]]]:
    host, found = options["host"], options["found"]
    power = next(one.get("power", {}) for one in facts["hosts"] if one["name"] == host)
    refused = [
        *found["needed_by"],
        *refusals(host, facts, min_on=options["min_on"], by_plan=options["by_plan"], power=power),
        *found["waits"],
    ]
    off = place_off_vms(host, facts, [] if options["leave_off_vms"] else found["off_vms"])
    if not found["needed_by"]:
        refused += _broken_policies(host, facts, policy, options["by_plan"])
    return refused + off.stuck, off.moves


def _broken_policies(host: str, facts: dict[str, t.Any], policy: t.Any, by_plan: bool) -> list[str]:
    """Return why the policy would not hold without an empty host: its rules, and the failures that it provides for."""
    goal = {"goal": "repair", "now": time_here()}
    if host in marked_hosts(facts):
        # It gives no room now, so nothing gets worse.
        return []
    without = asleep_in(facts, host)
    try:
        now = make_plan(facts, policy, goal)
        then = make_plan(without, policy, goal)
        # A plan has compared that with what was before it emptied the host.
        lost = None if by_plan else spare_lost(facts, without, policy, goal["now"])
    except PlanningError as error:
        return [f"Without {host} the policy could not be kept: {error}"]
    if len(then["steps"]) > len(now["steps"]):
        return [f"Without {host} the policy would be broken: {then['message']}"]
    if lost:
        return [
            f"Without {host} too little room is left for a failure: {lost} Free room on the other hosts, or lower "
            "spare_hosts."
        ]
    return []
