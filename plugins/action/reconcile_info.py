# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of reconcile_info: what hosts answered in, the VMs to look at out."""

from __future__ import annotations

import typing as t

from ..plugin_utils._answers import Answers
from ..plugin_utils._cluster_facts import FactsMissing, cluster_facts
from ..plugin_utils._controller_action import CLUSTER_OPTIONS, ControllerAction
from ..plugin_utils._suspects import journalled, suspects


class ActionModule(ControllerAction):
    """Compares what host_info found on the hosts; asks no host."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **CLUSTER_OPTIONS,
        "trust_marks": {"type": "bool", "default": False},
    }
    REFUSALS = (FactsMissing,)

    def _result(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        pairs, unclear = suspects(
            cluster_facts(answers, options["group"]),
            journalled(answers, options["group"]),
            trust_marks=options["trust_marks"],
        )
        return {"domains": pairs, "unclear": unclear}
