# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the hosts of the inventory answered to modules earlier in a play.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field

from ._answer_gate import admitted
from ._plain import plain

# The modules whose results actions on the controller put together. POWER_MARK_FACTS is that of
# power_mark_info with the facts that were kept of sleeping hosts.
HOST_INFO = "host_info"
EXECUTION_INFO = "execution_info"
POWER_GUARD_INFO = "power_guard_info"
POWER_LOOK = "power_look"
POWER_MARK_INFO = "power_mark_info"
POWER_MARK_FACTS = "power_mark_facts"
PREFLIGHT_INFO = "preflight_info"
PREFLIGHT_LISTENER = "preflight_listener"
ROLLING_RECORD = "rolling_record"
MODULES = (
    EXECUTION_INFO,
    HOST_INFO,
    POWER_GUARD_INFO,
    POWER_LOOK,
    POWER_MARK_FACTS,
    POWER_MARK_INFO,
    PREFLIGHT_INFO,
    PREFLIGHT_LISTENER,
    ROLLING_RECORD,
)


class UnknownModule(Exception):
    """The option C(registered) names something that no action puts together."""


@dataclass(frozen=True)
class Answers:
    """The variables of all hosts, and where in them the results of modules are.

    Parameters
    ----------
    task_vars : dict
        Variables of the task, of which C(groups), C(hostvars) and C(ansible_limit) are read.
    registered : dict
        The variable in which each host registered the result of a module, by the name of the module.

    Attributes
    ----------
    refusals : dict
        A sentence for each host whose answer was asked for here and could not be used.

    Raises
    ------
    UnknownModule
        One of these names is not in C(MODULES).
    """

    task_vars: Mapping[str, t.Any]
    registered: Mapping[str, str] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.registered) - set(MODULES))
        if unknown:
            raise UnknownModule(
                f"registered names {', '.join(unknown)}, but takes only results of these modules: {', '.join(MODULES)}."
            )

    def members(self, group: str) -> list[str]:
        """Return the hosts of an inventory group in the order of names; none where there is no such group."""
        return sorted(str(name) for name in self.task_vars["groups"].get(group, []))

    def of(self, module: str, host: str) -> dict[str, t.Any]:
        """Return what a module answered on a host; an empty dict where it did not run there.

        What is not an answer of that module is taken for a failure of the host, see C(_answer_gate); it is among the
        C(refusals) then.
        """
        variable = self.registered.get(module)
        if not variable:
            return {}
        answer = admitted(module, host, self.variable(host, variable))
        if answer.get("refused"):
            self.refusals.setdefault(host, answer["msg"])
        return answer

    def failure(self, host: str) -> str:
        """Return why a host has no answer, in the words of the first module that failed there; empty where none did.

        What fails first is the reason: for what comes later the host has left the play.
        """
        first = (EXECUTION_INFO, POWER_MARK_INFO, HOST_INFO)
        words = (self.of(module, host).get("msg") for module in (*first, *self.registered))
        return next((text for text in words if text), "")

    def variable(self, host: str, name: str) -> t.Any:
        """Return a variable of a host as plain JSON, None where it has none."""
        return plain(self.task_vars["hostvars"][host].get(name))

    @property
    def limit(self) -> str | None:
        """What C(--limit) left of the inventory, None without it."""
        limit: str | None = plain(self.task_vars.get("ansible_limit"))
        return limit
