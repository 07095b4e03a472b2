# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of reconcile_info: hostvars in, the VMs to look at out."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..plugin_utils._cluster_facts import FactsMissing, cluster_facts
from ..plugin_utils._suspects import suspects


class ActionModule(ActionBase):
    """Compares what host_info found on the hosts; asks no host."""

    _requires_connection = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(
            argument_spec={"group": {"type": "str", "default": "kvm"}}
        )
        try:
            pairs, unclear = suspects(cluster_facts(task_vars, options["group"]))
        except FactsMissing as error:
            return {**result, "failed": True, "msg": str(error)}
        return {**result, "changed": False, "domains": pairs, "unclear": unclear}
