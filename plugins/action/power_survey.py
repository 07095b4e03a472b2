# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of power_survey: what the hosts answered in, who is asleep or back out."""

from __future__ import annotations

import typing as t

from ..plugin_utils._answers import HOST_INFO, Answers
from ..plugin_utils._cluster_facts import (
    FactsMissing,
    cluster_facts,
    power_answers,
    sleeping_hosts,
)
from ..plugin_utils._controller_action import CLUSTER_OPTIONS, ControllerAction
from ..plugin_utils._sleeping import holders, is_on_record, newest_power_marks


class ActionModule(ControllerAction):
    """Judges on the controller; nothing is changed anywhere."""

    OPTIONS = CLUSTER_OPTIONS

    def _result(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        names = answers.members(options["group"])
        known = power_answers(answers, names)
        marks = newest_power_marks(known.values())
        on_record = [name for name in names if is_on_record(marks.get(name))]
        returned, closed = _judged(answers, options["group"])
        for sentence in [*_back(returned, marks), *closed]:
            self._warn(sentence)
        return {
            "on_record": on_record,
            "asleep": sleeping_hosts(answers, names),
            "holders": holders(known, marks),
            "returned": returned,
            "closed": closed,
            "marks": {name: marks[name] for name in names if name in marks},
        }


def _judged(answers: Answers, group: str) -> tuple[list[str], list[str]]:
    """Return the hosts that are back, and why others that answer are not, once facts were gathered."""
    if not any("host" in answers.of(HOST_INFO, name) for name in answers.members(group)):
        return [], []
    try:
        hosts = cluster_facts(answers, group, "ignore")["hosts"]
    except FactsMissing:
        # The plan made with these facts says so.
        return [], []
    power = {host["name"]: host.get("power") or {} for host in hosts}
    returned = [name for name, found in power.items() if found.get("returned")]
    return returned, [sentence for found in power.values() for sentence in found.get("closed", [])]


def _back(returned: list[str], marks: dict[str, dict[str, t.Any]]) -> list[str]:
    return [
        f"{name} was put to sleep at {marks[name]['since']} and answers: somebody has switched it on. It is back "
        "in service."
        for name in returned
    ]
