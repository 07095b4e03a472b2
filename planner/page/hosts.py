# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a plan, before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .bars import Bar, bars_of
from .words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRow:
    """A host as a row: what it carries before and after.

    ``fullest`` is its fullest resource afterwards, in per cent of the limit.
    """

    name: str
    badges: tuple[tuple[str, str], ...]
    vms_before: int
    vms_after: int
    bars: tuple[Bar, Bar, Bar]
    fullest: float
    is_changed: bool
    watts: str


def host_rows(plan: Mapping[str, Any]) -> list[HostRow]:
    """Return a row per host, in the plan's order."""
    return [_row(plan, host) for host in plan["hosts"]]


def _row(plan: Mapping[str, Any], host: Mapping[str, Any]) -> HostRow:
    before, after, bars = host["before"], host["after"], bars_of(host)
    return HostRow(
        name=host["name"],
        badges=tuple(_badges(plan, host)),
        vms_before=len(before["domains"]),
        vms_after=len(after["domains"]),
        bars=bars,
        fullest=max(each.share or 0.0 for each in bars),
        is_changed=before["domains"] != after["domains"],
        watts=_watts(before, after),
    )


def _badges(plan: Mapping[str, Any], host: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Return what is remarkable about a host, each with its tone."""
    name, found = host["name"], []
    if host["state"] != "up":
        found.append((host["state"], "sleep" if host["state"] in ("asleep", "waking") else "bad"))
    if host["maintenance"]:
        found.append(("maintenance", "warn"))
    if plan["goal"] == "evacuate" and name in plan["goal_hosts"]:
        found.append(("to be emptied", "warn"))
    if name in plan.get("power_on", ()):
        found.append(("to be woken", "good"))
    if name in plan.get("power_off", ()):
        found.append(("may sleep", "sleep"))
    return found


def _watts(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if "watts" not in after:
        return ""
    told = f"{after['watts']:.0f} W"
    return told if before["watts"] == after["watts"] else f"{before['watts']:.0f} \u2192 {told}"


def comings_and_goings(plan: Mapping[str, Any], words: Words) -> dict[int, list[list[int]]]:
    """Return for each host, by numbers: the VMs that leave it, that come, and that stay."""
    found = {}
    for host in plan["hosts"]:
        before, after = set(host["before"]["domains"]), set(host["after"]["domains"])
        lists = (before - after, after - before, before & after)
        found[words.number(host["name"])] = [words.numbers(sorted(names)) for names in lists]
    return found


def predicted_watts(plan: Mapping[str, Any]) -> str:
    """Say what the hosts draw before and after; nothing where nobody knows."""
    known = [host for host in plan["hosts"] if "watts" in host["after"]]
    if not known:
        return ""
    before, after = (sum(host[side]["watts"] for host in known) for side in ("before", "after"))
    whose = (
        ""
        if len(known) == len(plan["hosts"])
        else f" ({len(known)} of {len(plan['hosts'])} hosts, whose watts are known)"
    )
    saved = round(before - after)
    change = f", {saved} W less" if saved > 0 else ""
    return f"Predicted draw: {before:.0f} W before, {after:.0f} W after{change}{whose}."
