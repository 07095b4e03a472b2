# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of preflight_info: tells each host its peers."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..plugin_utils._answers import Answers, UnknownModule
from ..plugin_utils._cluster_facts import FactsMissing
from ..plugin_utils._plain import plain
from ..plugin_utils._preflight_peers import host_and_peers, looked_at

MODULE = "drover.libvirt.preflight_info"


class ActionModule(ActionBase):
    """Fills in the peers from the inventory group, and runs the module of the same name."""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        arguments = plain(self._task.args)
        registered = arguments.get("registered") or {}
        if arguments.get("peers") is None:
            name = arguments.setdefault("name", plain(task_vars["inventory_hostname"]))
            try:
                answers = Answers(task_vars, registered)
                found = host_and_peers(answers, str(arguments.get("group", "kvm")), name)
            except (FactsMissing, UnknownModule) as error:
                return {**result, "failed": True, "msg": str(error)}
            arguments.update(looked_at(name, found.peers, arguments))
            arguments.setdefault("migration_address", found.migration_address)
        answer = self._execute_module(
            module_name=MODULE, module_args=arguments, task_vars=task_vars
        )
        return {**result, **answer}
