# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one door between the plugins and the planner.

The planner is the top-level folder C(planner/) of this collection. Should it ever move, this file
is the one to change.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from ansible_collections.drover.libvirt.planner.attainment.attained import Attained
from ansible_collections.drover.libvirt.planner.attainment.goals import attained, hosts_to_see
from ansible_collections.drover.libvirt.planner.cluster.parse import newest_marks
from ansible_collections.drover.libvirt.planner.cluster.tenant import with_sensible_values
from ansible_collections.drover.libvirt.planner.commands.files import (
    as_text,
    read_document,
    write_document,
    write_text,
)
from ansible_collections.drover.libvirt.planner.commands.playbooks import headline
from ansible_collections.drover.libvirt.planner.commands.prometheus import figures_for
from ansible_collections.drover.libvirt.planner.documents import (
    check_document,
    compile_schema,
    validate_part,
)
from ansible_collections.drover.libvirt.planner.errors import InputError, PlanningError
from ansible_collections.drover.libvirt.planner.monitoring.figures import kept_figures, with_kept
from ansible_collections.drover.libvirt.planner.outcome import WORDS as OUTCOME_WORDS
from ansible_collections.drover.libvirt.planner.outcome import has_arrived
from ansible_collections.drover.libvirt.planner.page.plan import plan_page
from ansible_collections.drover.libvirt.planner.page.rolling import rolling_page
from ansible_collections.drover.libvirt.planner.page.status import status_page
from ansible_collections.drover.libvirt.planner.pipeline import make_plan
from ansible_collections.drover.libvirt.planner.power.absence import spare_lost
from ansible_collections.drover.libvirt.planner.power.decide import decide
from ansible_collections.drover.libvirt.planner.power.policy import PowerPolicy, parse_power
from ansible_collections.drover.libvirt.planner.report.closing import (
    Closing,
    close_plan,
    close_power,
    close_rolling,
    close_status,
    close_words,
)
from ansible_collections.drover.libvirt.planner.report.diff import placement_diff
from ansible_collections.drover.libvirt.planner.report.metrics import metrics
from ansible_collections.drover.libvirt.planner.report.outcomes import render_outcomes
from ansible_collections.drover.libvirt.planner.report.power import power_diff, render_decision
from ansible_collections.drover.libvirt.planner.report.status import render_status
from ansible_collections.drover.libvirt.planner.report.table import (
    counted,
    duration,
    render_table,
)
from ansible_collections.drover.libvirt.planner.report.text import render
from ansible_collections.drover.libvirt.planner.rolling import make_rolling_plan, render_rolling
from ansible_collections.drover.libvirt.planner.validity import check_plan
from ansible_collections.drover.libvirt.planner.visible import text_of, visible

__all__ = [
    "OUTCOME_WORDS",
    "Attained",
    "Closing",
    "InputError",
    "PlanningError",
    "PowerPolicy",
    "as_text",
    "attained",
    "check_document",
    "check_plan",
    "close_plan",
    "close_power",
    "close_rolling",
    "close_status",
    "close_words",
    "compile_schema",
    "counted",
    "decide",
    "duration",
    "figures_for",
    "has_arrived",
    "headline",
    "hosts_to_see",
    "kept_figures",
    "make_plan",
    "make_rolling_plan",
    "metrics",
    "newest_marks",
    "parse_power",
    "placement_diff",
    "plan_page",
    "power_diff",
    "read_document",
    "render",
    "render_decision",
    "render_outcomes",
    "render_rolling",
    "render_status",
    "render_table",
    "rolling_page",
    "spare_lost",
    "status_page",
    "text_of",
    "validate_part",
    "visible",
    "with_kept",
    "with_sensible_values",
    "write_document",
    "write_text",
]
