# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the cluster can spare a host, and where the definitions of its VMs that are off go.

Pure: facts and what C(power_guard_info) found go in, sentences and moves come out.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import collections
import typing as t
from collections.abc import Mapping, Sequence

Facts = Mapping[str, t.Any]


class OffVms(t.NamedTuple):
    """What becomes of VMs that are off: moves with C(name), C(uuid), C(destination) and C(destination_uri), and a
    sentence for each VM that must stay.
    """

    moves: list[dict[str, str]]
    stuck: list[str]


def refusals(
    name: str, facts: Facts, *, min_on: int, by_plan: bool, power: Mapping[str, t.Any]
) -> list[str]:
    """Return why the cluster cannot spare a host, a sentence each.

    Parameters
    ----------
    name : str
        The host.
    facts : dict
        The facts document.
    min_on : int
        How many hosts stay on at least.
    by_plan : bool
        Whether a plan wants this, not a person: then the wake must be proven and nothing be doubtful.
    power : dict
        The C(power) of its host entry.
    """
    found = []
    if not power.get("method"):
        found.append(
            f"{name} has no drover_power in the inventory, so nobody could wake it: say there how it is switched on."
        )
    if power.get("keep_on"):
        found.append(f"{name} stays on by its drover_power (keep_on).")
    others = _up(name, facts)
    if len(others) < min_on:
        found.append(
            f"Without {name} {len(others)} {'host' if len(others) == 1 else 'hosts'} would be on, and at least "
            f"{min_on} must be (min_on)."
        )
    if by_plan and not power.get("proven"):
        found.append(f"{name} has never been woken by Drover: run drover.libvirt.power_test first.")
    if by_plan and power.get("doubtful"):
        found.append(
            f"{name} is doubtful since {power['doubtful']['since']} ({power['doubtful']['reason'].rstrip('.')}): look "
            "at it, then run drover.libvirt.power_test."
        )
    return found


def place_off_vms(name: str, facts: Facts, off: Sequence[Mapping[str, str]]) -> OffVms:
    """Return where the definitions of VMs that are off go, evenly.

    A VM can go to a host that sees the same storage for each of its disks.
    """
    known = {domain["name"]: domain for domain in facts["domains"] if domain["host"] == name}
    moves: list[dict[str, str]] = []
    stuck = []
    taken: collections.Counter[str] = collections.Counter()
    here = next(host for host in facts["hosts"] if host["name"] == name)
    for vm in off:
        suitable = [
            host for host in _up(name, facts) if _sees(host, here, known.get(vm["name"], {}))
        ]
        if not suitable:
            stuck.append(
                f"The VM {vm['name']} is off, and no other host sees its disks: leave it with "
                "-e drover_leave_off_vms=true (it cannot be started while the host sleeps), or move its disks."
            )
            continue
        host = min(suitable, key=lambda one: (taken[one["name"]], one["name"]))
        taken[host["name"]] += 1
        moves.append(
            {
                "name": vm["name"],
                "uuid": vm["uuid"],
                "destination": host["name"],
                "destination_uri": host["connection"]["uri"],
            }
        )
    return OffVms(moves, stuck)


def _up(name: str, facts: Facts) -> list[Mapping[str, t.Any]]:
    """Return the other hosts that are up and take VMs."""
    return [
        host
        for host in facts["hosts"]
        if host["name"] != name and host.get("state", "up") == "up" and not host.get("maintenance")
    ]


def _sees(host: Mapping[str, t.Any], here: Mapping[str, t.Any], vm: Mapping[str, t.Any]) -> bool:
    if "disks" not in vm:
        return False
    identity = {one["path"]: one.get("identity") for one in here.get("storage") or ()}
    there = {one["path"]: one.get("identity") for one in host.get("storage") or ()}
    paths = {disk.get("storage") for disk in vm["disks"] or () if disk.get("path")}
    return all(identity.get(path) and there.get(path) == identity[path] for path in paths)


def asleep_in(facts: Facts, name: str) -> dict[str, t.Any]:
    """Return the facts as they are when a host sleeps."""
    hosts = [
        {**host, "state": "asleep"} if host["name"] == name else host for host in facts["hosts"]
    ]
    return {**facts, "hosts": hosts}
