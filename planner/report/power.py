# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was decided about the power of hosts, for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..visible import text_of

_BECOMES = {"wake": "on", "sleep": "asleep"}
_TITLES = {
    "wake": "Wake {0}.",
    "relieve": "Take VMs off {0}.",
    "sleep": "Put {0} to sleep.",
    "none": "Nothing to do.",
}


def render_decision(decision: Mapping[str, Any]) -> str:
    """Say what is done, why, and why other hosts do not go to sleep."""
    lines = [_TITLES[decision["action"]].format(" and ".join(decision["hosts"])), *decision["why"]]
    refused = [f"  {host}: {reason}" for host, reason in decision["refused"].items()]
    return text_of([*lines, *(["These stay on:", *refused] if refused else [])])


def power_diff(decision: Mapping[str, Any], hosts: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the state of each host before and after, as Ansible shows differences."""
    before = {
        host["name"]: "on" if host.get("state", "up") == "up" else host["state"] for host in hosts
    }
    then = _BECOMES.get(decision["action"], "")
    after = {name: then if name in decision["hosts"] else state for name, state in before.items()}
    return {"before": _lines(before), "after": _lines(after)}


def _lines(states: Mapping[str, str]) -> str:
    return "".join(f"{name}: {state}\n" for name, state in sorted(states.items()))
