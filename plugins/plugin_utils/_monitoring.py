# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Prometheus knows of the cluster, where the inventory says that there is one.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from ._answers import Answers
from ._planner import figures_for, with_kept


def monitored(
    facts: dict[str, t.Any],
    policy: dict[str, t.Any],
    answers: Answers,
    group: str,
    kept: dict[str, t.Any] | None = None,
) -> tuple[dict[str, t.Any], list[str]]:
    """Return the facts with what Prometheus knows, and warnings.

    Parameters
    ----------
    facts, policy : dict
        The documents of a plan.
    answers : Answers
        The variables of hosts; C(drover_prometheus) is taken from the first one that has it.
    group : str
        The inventory group that is the cluster.
    kept : dict or None
        What it told when the plan was made; then it is not asked again.

    Raises
    ------
    InputError
        The policy or C(drover_prometheus) is none.
    """
    if kept is not None:
        return with_kept(facts, kept), []
    names = answers.members(group) if group in answers.task_vars["groups"] else []
    found = (answers.variable(name, "drover_prometheus") for name in names)
    entry = next((one for one in found if one), None)
    if entry is None:
        return facts, []
    return figures_for(facts, policy, entry)
