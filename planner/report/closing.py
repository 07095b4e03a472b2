# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run ends, in words: what is true now, what was changed, how to go back or on.

Pure functions of what a playbook's tasks returned; a check run says first that nothing was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..cluster.parse import parse_cluster
from ..outcome import OVERTAKEN, WORDS
from ..visible import visible
from .table import counted, duration

JsonObject = Mapping[str, Any]

NOTHING = "Nothing was changed."
DO_IT = "The same command without --check does it."
MOST_NAMES = 6
"""How many VMs are named; of more the rest is counted."""


@dataclass(frozen=True)
class Closing:
    """The end of a run.

    Parameters
    ----------
    now
        What is true now; of a check run, what would be.
    changes
        What was changed.
    next
        How to go back or on; empty where there is nothing to say.
    is_check
        Whether it was only looked.
    """

    now: str
    changes: str
    next: str = ""
    is_check: bool = False

    @property
    def text(self) -> str:
        """All of it in one line; what a check run has not done comes first."""
        parts = (self.changes, self.now) if self.is_check else (self.now, self.changes)
        return visible(" ".join(filter(None, (*parts, self.next))))

    def to_document(self) -> dict[str, Any]:
        """Return it as a JSON object, with the text.

        It has no key C(changed): with one, Ansible would take a run for one that changed something.
        """
        return {**asdict(self), "text": self.text}


def close_plan(plan: JsonObject, outcomes: Sequence[JsonObject], *, is_check: bool) -> Closing:
    """Return the end of a run that made a plan and carried it out, or would have.

    Parameters
    ----------
    plan
        The plan document.
    outcomes
        What became of its steps, as ``plan_apply`` returns them; what was asked for holds.
    is_check
        Whether it was only planned.
    """
    kind = plan["goal"]
    if is_check:
        return Closing(_would(plan), NOTHING, DO_IT if _is_work(plan) else "", is_check=True)
    moved = [outcome for outcome in outcomes if outcome["outcome"] == "moved"]
    now, then = _ENDS.get(kind, _plain_end)(plan)
    return Closing(now, " ".join([_moves(moved), *_changes(outcomes)]), then)


def _changes(outcomes: Sequence[JsonObject]) -> Iterator[str]:
    """Say what others did meanwhile with VMs that were to move."""
    found = [outcome for outcome in outcomes if outcome["outcome"] in OVERTAKEN]
    if found:
        yield "Changed by others: " + _some([_word(outcome) for outcome in found]) + "."


def _word(outcome: JsonObject) -> str:
    return f"{outcome['domain']} is {WORDS[outcome['outcome']]}"


def _is_work(plan: JsonObject) -> bool:
    return bool(plan["steps"]) or plan["goal"] in ("evacuate", "restore")


def _would(plan: JsonObject) -> str:
    steps = plan["steps"]
    hosts = ", ".join(plan["goal_hosts"])
    if steps:
        verb = "is" if len(steps) == 1 else "are"
        return f"{counted(len(steps), 'migration')} {verb} planned, predicted to take {duration(plan['makespan_s'])}."
    if plan["goal"] == "evacuate":
        return f"{hosts}: no VM is to be moved; the mark for maintenance would be set."
    if plan["goal"] == "restore":
        return f"{hosts}: no VM is to be moved; the mark for maintenance would be taken away."
    return "Nothing would be moved."


def _moves(moved: Sequence[JsonObject]) -> str:
    if not moved:
        return "No VM was moved."
    ways = [f"{outcome['domain']} to {outcome['destination']}" for outcome in moved]
    return f"{counted(len(moved), 'VM')} moved: {_some(ways)}."


def _some(names: Sequence[str]) -> str:
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: MOST_NAMES - 1])} and {len(names) - MOST_NAMES + 1} more"


def _are(hosts: Sequence[str]) -> str:
    return "is" if len(hosts) == 1 else "are"


def _evacuated(plan: JsonObject) -> tuple[str, str]:
    hosts = plan["goal_hosts"]
    return (
        f"{', '.join(hosts)} {_are(hosts)} empty and in maintenance.",
        f"Bring the VMs back with drover.libvirt.restore -e drover_hosts={','.join(hosts)}.",
    )


def _restored(plan: JsonObject) -> tuple[str, str]:
    hosts = plan["goal_hosts"]
    return in_service(hosts), ""


def in_service(hosts: Sequence[str]) -> str:
    """Say that the maintenance of hosts is over."""
    return f"{', '.join(hosts)} {_are(hosts)} in service again."


def _migrated(plan: JsonObject) -> tuple[str, str]:
    domain = str(plan["asked"].get("domain", ""))
    step = next((step for step in reversed(plan["steps"]) if step["domain"] == domain), None)
    back = (
        f"Back: drover.libvirt.migrate -e drover_vm={domain} -e drover_destination={step['source']}."
        if step
        else ""
    )
    return f"{domain} runs on {plan['placement'].get(domain, '?')}.", back


def _balanced(plan: JsonObject) -> tuple[str, str]:
    spread = {term["name"]: term["value"] for term in plan["terms"]}
    return (
        f"Memory deviates by {spread['deviation of memory']:g} % of the hosts' limits, "
        f"vCPUs by {spread['deviation of vCPUs']:g} %.",
        "",
    )


def _consolidated(plan: JsonObject) -> tuple[str, str]:
    empty = plan.get("power_off") or []
    if not empty:
        return "Every host is in use.", ""
    return (
        f"{', '.join(empty)} {_are(empty)} empty and may be switched off.",
        f"Switch off with drover.libvirt.power -e drover_hosts={','.join(empty)} -e drover_power_state=off; "
        "spread the VMs again with drover.libvirt.balance.",
    )


def _repaired(plan: JsonObject) -> tuple[str, str]:
    if plan["warnings"]:
        return "Not everything holds: the notes say what, and what would help.", ""
    return "All rules and limits are kept.", ""


def _plain_end(plan: JsonObject) -> tuple[str, str]:
    return str(plan["message"]), ""


_ENDS: Mapping[str, Callable[[JsonObject], tuple[str, str]]] = {
    "evacuate": _evacuated,
    "restore": _restored,
    "migrate": _migrated,
    "balance": _balanced,
    "consolidate": _consolidated,
    "repair": _repaired,
}


def close_status(facts: JsonObject, executions: str) -> Closing:
    """Return the end of a look at the cluster: who does not answer, what runs, what is to be ended.

    Parameters
    ----------
    facts
        The facts document.
    executions
        What runs or is not finished, in words.
    """
    hosts = parse_cluster(facts).hosts.values()
    others: dict[str, list[str]] = {}
    for host in hosts:
        if not host.is_up:
            others.setdefault(host.state, []).append(host.name)
    up = len(hosts) - sum(map(len, others.values()))
    told = "".join(f"; {state}: {_some(names)}" for state, names in sorted(others.items()))
    now = f"{up} of {counted(len(hosts), 'host')} {'is' if up == 1 else 'are'} up{told}."
    maintained = sorted(host.name for host in hosts if host.maintenance)
    quiet = "" if executions else "No execution runs or is unfinished."
    return Closing(" ".join(filter(None, (now, quiet))), "", _in_maintenance(maintained))


def _in_maintenance(hosts: Sequence[str]) -> str:
    if not hosts:
        return ""
    names = ",".join(hosts)
    return (
        f"In maintenance: {_some(hosts)}; drover.libvirt.restore -e drover_hosts={names} ends that."
    )


def close_power(
    hosts: Sequence[str], marks: Mapping[str, JsonObject], action: str, *, is_check: bool
) -> Closing:
    """Return the end of a run that switched hosts.

    Parameters
    ----------
    hosts
        The hosts that were to be switched; none where nothing was.
    marks
        What is on record about the power of hosts now, by name.
    action
        ``wake`` or ``sleep``.
    is_check
        Whether it was only looked.
    """
    if not hosts:
        return Closing("No host is to be switched.", NOTHING, is_check=is_check)
    if is_check:
        would = {"wake": "woken", "sleep": "put to sleep"}[action]
        return Closing(f"{_some(hosts)} would be {would}.", NOTHING, DO_IT, is_check=True)
    states: dict[str, list[str]] = {}
    for host in hosts:
        states.setdefault(str(marks.get(host, {}).get("state", "on")), []).append(host)
    asleep = ",".join(states.get("asleep", []))
    now = " ".join(
        f"{_some(names)} {_STATES.get(state, state).format(_are(names))}."
        for state, names in states.items()
    )
    return Closing(
        now, "", f"Wake with drover.libvirt.wake -e drover_hosts={asleep}." if asleep else ""
    )


_STATES = {
    "on": "{} on and in service",
    "asleep": "{} asleep",
    "going_down": "{} going down and not off yet",
    "unconfirmed": "{} silent, and nobody has confirmed that the power is off",
    "waking": "{} being woken and not ready yet",
}


def close_rolling(hosts: Sequence[str], tasks: str, *, is_check: bool) -> Closing:
    """Return the end of a rolling maintenance.

    Parameters
    ----------
    hosts
        The hosts of this run.
    tasks
        The file with the operator's tasks.
    is_check
        Whether it was only planned.
    """
    if not hosts:
        return Closing("All hosts are done already.", "No host was maintained.")
    if is_check:
        now = f"{counted(len(hosts), 'host')} would be maintained with {tasks}: {_some(hosts)}."
        return Closing(now, NOTHING, DO_IT, is_check=True)
    return Closing(in_service(hosts), f"{counted(len(hosts), 'host')} maintained with {tasks}.")


def close_words(now: str, changes: str, *, is_check: bool) -> Closing:
    """Return the end of a run whose tasks found the words; what would be changed is not a change yet."""
    return Closing(now, NOTHING, DO_IT, is_check=True) if is_check else Closing(now, changes)
