# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts of a cluster are asleep, and whether one that answers may take VMs.

Pure: what the role C(drover.libvirt.reach) found on the hosts goes in.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping

from ..module_utils._facts.power_marks import SILENT_STATES

Mark = Mapping[str, t.Any]

# What a host needs to know of storage is that the marker which proved it is there again.
_WAKE = "run drover.libvirt.power -e drover_hosts={0} -e drover_power_state=on"


def newest_power_marks(found: Iterable[Mapping[str, t.Any]]) -> dict[str, dict[str, t.Any]]:
    """Return the newest mark of each host out of several answers of C(power_mark_info).

    Of copies of the same moment the one with facts is taken.
    """
    newest: dict[str, dict[str, t.Any]] = {}
    for answer in found:
        for name, mark in (answer.get("marks") or {}).items():
            present = newest.get(name)
            if present is None or _age(mark) > _age(present):
                newest[name] = dict(mark)
    return newest


def _age(mark: Mark) -> tuple[str, bool]:
    return mark["at"], "facts" in mark


def is_on_record(mark: Mark | None) -> bool:
    """Tell whether a host may be silent: Drover put it to sleep, or was about to."""
    return mark is not None and mark["state"] in SILENT_STATES


def holders(
    answers: Mapping[str, Mapping[str, t.Any]], newest: Mapping[str, Mark]
) -> dict[str, list[str]]:
    """Return for each answering host the hosts whose kept facts are to be read there."""
    found: dict[str, list[str]] = {}
    for name, mark in newest.items():
        if not is_on_record(mark):
            continue
        for host, answer in sorted(answers.items()):
            if (answer.get("marks") or {}).get(name, {}).get("at") == mark["at"]:
                found.setdefault(host, []).append(name)
                break
    return found


def sleeping_host(name: str, mark: Mark) -> dict[str, t.Any]:
    """Return the host entry of the facts for a silent host that is on record."""
    facts = dict(mark.get("facts") or {"vcpus": 1, "memory_mib": 1})
    state = "waking" if mark["state"] == "waking" else "asleep"
    return {**facts, "name": name, "state": state}


def power_facts(mark: Mark | None, inventory: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return what the facts say of a host's power: what the inventory knows, and what is on record."""
    mark = mark or {}
    proven = mark.get("proven") or {}
    facts = {
        "method": inventory.get("method"),
        "keep_on": bool(inventory.get("keep_on", False)),
        "proven": bool(proven),
        "doubtful": mark.get("doubtful"),
        "boot_s": _number(proven.get("boot_s")),
        "shutdown_s": _number(proven.get("shutdown_s")),
        "since": mark.get("since"),
        "times_off": mark.get("times_off", 0),
        "off_s": mark.get("off_s", 0),
        "by": mark.get("by"),
        "reason": mark.get("reason"),
        "unconfirmed": mark.get("state") in ("unconfirmed", "going_down"),
        "wake": mark.get("wake"),
    }
    measured = proven.get("watts") or {}
    watts = {"idle_w": measured.get("on"), "asleep_w": measured.get("asleep")}
    stated = {key: inventory[key] for key in ("idle_w", "busy_w", "asleep_w") if key in inventory}
    numbers = {key: _number(value) for key, value in {**watts, **stated}.items()}
    return {**facts, **{key: value for key, value in numbers.items() if value is not None}}


def _number(value: t.Any) -> float | None:
    """Return a number as roles hand it on: before ansible-core 2.19 as a text, and nothing as an empty one."""
    return None if value in (None, "") else float(value)


def not_ready(
    name: str, mark: Mark, answer: Mapping[str, t.Any], hosts: Mapping[str, Mapping[str, t.Any]]
) -> list[str]:
    """Return why a host that is on record but answers takes no VMs yet, a sentence each.

    Parameters
    ----------
    name : str
        The host.
    mark : dict
        Its newest power mark.
    answer : dict
        What C(power_mark_info) found on it.
    hosts : dict
        The host entries of all hosts that answer, by name; also that of the host itself.
    """
    if answer.get("shutting_down"):
        return [f"{name} is shutting down."]
    if mark["state"] == "going_down" and answer.get("boot_id") == mark.get("boot_id"):
        return [
            f"{name} was told to shut down at {mark['at']} and is still on: either that goes on, or the "
            f"command was interrupted. Switch it off (drover.libvirt.power), or keep it on: "
            + _WAKE.format(name)
            + "."
        ]
    kept = mark.get("facts") or {}
    return [*_missing_storage(name, kept, hosts), *_missing_network(name, kept, hosts[name])]


def _missing_storage(
    name: str, kept: Mapping[str, t.Any], hosts: Mapping[str, Mapping[str, t.Any]]
) -> Iterable[str]:
    """Yield the shared storages that the host had and other hosts still have."""
    here = _identities(hosts[name])
    others = set().union(*(_identities(host) for other, host in hosts.items() if other != name))
    for storage in kept.get("storage") or ():
        identity = storage.get("identity")
        if identity and storage.get("shared") and identity not in here and identity in others:
            yield (
                f"{name} is up without its storage {storage['path']} (nothing there proves that it is the same as on "
                f"the other hosts): mount it, then {_WAKE.format(name)}."
            )


def _identities(host: Mapping[str, t.Any]) -> set[str]:
    return {one["identity"] for one in host.get("storage") or () if one.get("identity")}


def _missing_network(
    name: str, kept: Mapping[str, t.Any], host: Mapping[str, t.Any]
) -> Iterable[str]:
    had = (kept.get("migration") or {}).get("address")
    if had and not (host.get("migration") or {}).get("address"):
        yield (
            f"{name} is up without its address {had} on the migration network: bring the network up, then "
            f"{_WAKE.format(name)}."
        )
