# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of power_ready: reads a host that was switched on and tells what is missing yet."""

from __future__ import annotations

import time
import typing as t

from ansible.plugins.action import ActionBase

from ..plugin_utils._answer_gate import admitted
from ..plugin_utils._answers import HOST_INFO, Answers
from ..plugin_utils._cluster_facts import power_answers
from ..plugin_utils._controller_action import CLUSTER_OPTIONS
from ..plugin_utils._plain import plain
from ..plugin_utils._sleeping import newest_power_marks, not_ready

ARGUMENT_SPEC = {
    **CLUSTER_OPTIONS,
    "host": {"type": "str", "required": True},
    "uri": {"type": "str", "default": "qemu:///system"},
    "migration_network": {"type": "str"},
    "clock_tolerance_s": {"type": "float", "default": 10.0},
}


class ActionModule(ActionBase):
    """Runs host_info on the host, and judges on the controller what it found."""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        options = plain(options)
        name = options["host"]
        before = time.time()
        answer = self._answer(name, "power_mark_info", {}, task_vars)
        after = time.time()
        wanted = {key: options[key] for key in ("uri", "migration_network") if options[key]}
        info = self._answer(name, "host_info", {**wanted, "name": name, "sample_s": 0.1}, task_vars)
        missing = [
            *([] if "host" in info else [f"libvirt on {name} does not answer: {info.get('msg')}"]),
            *_wrong_clock(name, answer, before, after, options["clock_tolerance_s"]),
        ]
        if "host" in info:
            missing += _missing(
                Answers(task_vars, options["registered"]),
                options["group"],
                name,
                answer,
                info["host"],
            )
        result.update(changed=False, found=answer, info=info, missing=missing)
        if missing:
            return {**result, "failed": True, "msg": " ".join(missing)}
        return result

    def _answer(
        self, host: str, module: str, arguments: dict[str, t.Any], task_vars: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        done = self._execute_module(
            module_name=f"drover.libvirt.{module}", module_args=arguments, task_vars=task_vars
        )
        return admitted(module, host, plain(done))


def _wrong_clock(
    name: str, answer: dict[str, t.Any], before: float, after: float, tolerance_s: float
) -> list[str]:
    clock = answer.get("clock_epoch_s")
    if clock is None or before - tolerance_s <= clock <= after + tolerance_s:
        return []
    off = max(before - clock, clock - after)
    return [f"The clock of {name} is {off:.0f} s off the controller's: start its time service."]


def _missing(
    answers: Answers, group: str, name: str, answer: dict[str, t.Any], host: dict[str, t.Any]
) -> list[str]:
    """Return what the host had before it went to sleep and has not yet."""
    names = answers.members(group)
    known = newest_power_marks(power_answers(answers, names).values())
    # It was told to be on, whatever was on record before.
    mark = {**known.get(name, {}), "state": "waking"}
    gathered = {one: answers.of(HOST_INFO, one) for one in names}
    hosts = {one: info["host"] for one, info in gathered.items() if "host" in info}
    return not_ready(name, mark, answer, {**hosts, name: host})
