# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of power_settings, which has no other side."""

from __future__ import annotations

import importlib.util
import os
import typing as t

from ansible.plugins.loader import module_loader

from ..plugin_utils._answers import Answers
from ..plugin_utils._controller_action import CLUSTER_OPTIONS, ControllerAction
from ..plugin_utils._power_settings import METHODS, faults, task_files


class NotSwitchable(Exception):
    """Some host cannot be switched as the inventory says; the text says all reasons."""


class ActionModule(ControllerAction):
    """Checks on the controller; nothing is changed anywhere, and no secret is returned."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **CLUSTER_OPTIONS,
        "hosts": {"type": "list", "elements": "str", "default": []},
    }
    REFUSALS = (NotSwitchable,)

    def _result(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        hosts = options["hosts"] or answers.members(options["group"])
        settings = {host: answers.variable(host, "drover_power") for host in hosts}
        known = {host: setting for host, setting in settings.items() if setting is not None}
        wrong = [
            sentence
            for host, setting in known.items()
            for sentence in faults(host, setting, _folder(answers, host))
        ]
        # Only who is about to switch hosts needs what it takes.
        for host in options["hosts"] if not wrong else ():
            wrong += _missing(host, settings[host])
        if wrong:
            raise NotSwitchable(" ".join(wrong))
        return {
            "files": {
                host: task_files(setting, _folder(answers, host))
                for host, setting in known.items()
                if setting["method"] == "tasks"
            }
        }


def _folder(answers: Answers, host: str) -> str:
    return str(answers.variable(host, "inventory_dir") or os.getcwd())


def _missing(host: str, setting: dict[str, t.Any] | None) -> t.Iterator[str]:
    """Yield what is not there to switch a host with."""
    if setting is None:
        yield f"{host} has no drover_power in the inventory: say there how it is switched ({', '.join(METHODS)})."
        return
    method = METHODS[setting["method"]]
    if method.module and not module_loader.find_plugin_with_context(method.module).resolved:
        yield (
            f"{host} is switched by {method.module}, which is not installed on the controller: run ansible-galaxy "
            "collection install community.general."
        )
    elif method.library and importlib.util.find_spec(method.library) is None:
        yield (
            f"{host} is switched by {method.module}, which needs the Python library {method.library} beside Ansible on "
            f"the controller: run pip install {method.library} there."
        )
