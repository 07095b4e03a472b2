# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions that run on the controller alone: options and what hosts answered before in, a result out.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ._answers import Answers, UnknownModule
from ._metrics import keep_metrics
from ._monitoring import monitored
from ._plain import plain
from ._planner import visible

Result = dict[str, t.Any]

# The options of the doc fragment drover.libvirt.cluster.
CLUSTER_OPTIONS: dict[str, t.Any] = {
    "group": {"type": "str", "default": "kvm"},
    "registered": {"type": "dict", "default": {}},
}


class ControllerAction(ActionBase):
    """Validates the options and turns refusals into failed results; the rest is in C(_result).

    Attributes
    ----------
    OPTIONS : dict
        The argument spec.
    REQUIRED_IF, REQUIRED_ONE_OF, MUTUALLY_EXCLUSIVE : list
        As in Ansible's argument specs.
    REFUSALS : tuple of type
        Exceptions whose text is the sentence for the operator.
    """

    _requires_connection = False

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {}
    REQUIRED_IF: t.ClassVar[list[t.Any]] = []
    REQUIRED_ONE_OF: t.ClassVar[list[t.Any]] = []
    MUTUALLY_EXCLUSIVE: t.ClassVar[list[t.Any]] = []
    REFUSALS: t.ClassVar[tuple[type[Exception], ...]] = ()

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        result: Result = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(
            argument_spec=self.OPTIONS,
            required_if=self.REQUIRED_IF,
            required_one_of=self.REQUIRED_ONE_OF,
            mutually_exclusive=self.MUTUALLY_EXCLUSIVE,
        )
        options = plain(options)
        try:
            answers = Answers(task_vars or {}, options.get("registered", {}))
            found = self._result(options, answers)
            for sentence in answers.refusals.values():
                self._warn(sentence)
            return {**result, "changed": False, **found}
        except self._refusals() as error:
            return {**result, "failed": True, "msg": visible(str(error))}

    def _result(self, options: dict[str, t.Any], answers: Answers) -> Result:
        """Return what the task returns beside C(changed), which is false unless it is in there."""
        raise NotImplementedError

    def _keep_metrics(self, answers: Answers, group: str, facts: dict[str, t.Any]) -> None:
        """Write what the cluster is like to the file of metrics, if the inventory names one."""
        if not self._task.check_mode:
            for warning in keep_metrics(answers, group, facts=facts):
                self._warn(warning)

    def _monitored(
        self, facts: dict[str, t.Any], policy: dict[str, t.Any], answers: Answers, group: str
    ) -> dict[str, t.Any]:
        """Return the facts with what Prometheus knows for the policy, and warn of what it does not."""
        facts, warnings = monitored(facts, policy, answers, group)
        for warning in warnings:
            self._warn(warning)
        return facts

    def _warn(self, sentence: str) -> None:
        """Show a warning, in which names of VMs and words of hosts may stand."""
        self._display.warning(visible(sentence))

    def _refusals(self) -> tuple[type[Exception], ...]:
        return (UnknownModule, *self.REFUSALS)
