# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The admission of a plan to its execution. A plan is a program for the coordinator, so it runs only if Drover has
written it and it fits the cluster as it is.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ._answers import HOST_INFO, Answers
from ._clock import time_here
from ._cluster_facts import cluster_facts
from ._controller_action import CLUSTER_OPTIONS
from ._documents import read_document
from ._monitoring import monitored
from ._planner import check_plan

# The options of plan_apply with which the action judges a plan; the module never sees them.
ADMISSION_OPTIONS: dict[str, t.Any] = {
    **CLUSTER_OPTIONS,
    "policy": {"type": "raw"},
    "unreachable": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
    "max_age": {"type": "int", "default": 3600},
    "digest": {"type": "str"},
    "figures": {
        "type": "dict",
        "options": {
            "hosts": {"type": "dict", "default": {}},
            "domains": {"type": "dict", "default": {}},
        },
    },
}


class NotAdmitted(Exception):
    """The plan cannot be judged, or not be carried out from there; nothing was started."""


def admitted_plan(
    given: t.Any,
    options: dict[str, t.Any],
    answers: Answers,
    coordinator: str,
    find: Callable[[str], str],
) -> dict[str, t.Any]:
    """Return the plan that may be carried out, with the addresses of the inventory.

    Parameters
    ----------
    given : dict or str
        The plan document or the path of its file.
    options : dict
        Of C(ADMISSION_OPTIONS).
    answers : Answers
        What all hosts answered.
    coordinator : str
        The host on which the executor is going to run.
    find : callable
        Turns the path of a file as given into the path to open.

    Raises
    ------
    NotAdmitted, FactsMissing, DocumentUnreadable, PlanningError
        With one sentence.
    """
    plan = read_document(given, "plan", find)
    if HOST_INFO not in answers.registered:
        raise NotAdmitted(
            "A plan is carried out only on a cluster that it still fits: gather the facts of all hosts "
            "(drover.libvirt.gather) and name the variable in the option registered."
        )
    facts = cluster_facts(answers, options["group"], options["unreachable"])
    up = [host["name"] for host in facts["hosts"] if host.get("state", "up") == "up"]
    if coordinator not in up:
        raise NotAdmitted(
            f"{coordinator} cannot coordinate the migrations: delegate the task to one of {', '.join(up)}, the hosts "
            f"of the group {options['group']} that are up."
        )
    policy = read_document(options["policy"], "policy", find)
    # A plan is judged by the load that it was made for, and what monitoring lacked then it lacks now.
    facts, _told_already = monitored(facts, policy, answers, options["group"], options["figures"])
    return check_plan(
        plan,
        facts,
        policy,
        time_here(),
        max_age_s=options["max_age"],
        approved=options["digest"] or "",
    )
