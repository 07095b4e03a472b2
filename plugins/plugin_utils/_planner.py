# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one door between the plugins and the planner.

The planner is the top-level folder C(planner/) of this collection. Should it ever move, this file
is the one to change.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from ansible_collections.drover.libvirt.planner.cluster.parse import newest_marks
from ansible_collections.drover.libvirt.planner.errors import PlanningError
from ansible_collections.drover.libvirt.planner.pipeline import make_plan
from ansible_collections.drover.libvirt.planner.report.diff import placement_diff
from ansible_collections.drover.libvirt.planner.report.outcomes import render_outcomes
from ansible_collections.drover.libvirt.planner.report.status import render_status
from ansible_collections.drover.libvirt.planner.report.table import render_table
from ansible_collections.drover.libvirt.planner.report.text import render
from ansible_collections.drover.libvirt.planner.rolling import make_rolling_plan, render_rolling

__all__ = [
    "PlanningError",
    "make_plan",
    "make_rolling_plan",
    "newest_marks",
    "placement_diff",
    "render",
    "render_outcomes",
    "render_rolling",
    "render_status",
    "render_table",
]
