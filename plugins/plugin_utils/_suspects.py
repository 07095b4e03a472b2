# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which VMs an interrupted migration may have left in disorder, told from the facts of all hosts:
those that several hosts know, those that stand paused, and those that carry the handover mark.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Iterable, Mapping

from ._answers import EXECUTION_INFO, Answers

Entry = Mapping[str, t.Any]


def journalled(answers: Answers, group: str) -> frozenset[tuple[str, str]]:
    """Return the VMs, by UUID, and hosts of which a journal says that the VM may stand there with the handover mark."""
    records = (
        record
        for host in answers.members(group)
        for record in answers.of(EXECUTION_INFO, host).get("executions", ())
    )
    return frozenset(
        (migration["uuid"], migration[end])
        for record in records
        for migration in (*record["unsettled"], *record.get("quarantined", ()))
        for end in ("source", "destination")
    )


def suspects(
    facts: Mapping[str, t.Any],
    known: Collection[tuple[str, str]] = (),
    *,
    trust_marks: bool = False,
) -> tuple[list[dict[str, t.Any]], list[str]]:
    """Return the pairs of hosts between which a VM is to be reconciled, and what cannot be paired.

    The pair names as destination the host whose copy may wait for its handover, as far as the facts
    tell: the mark that says so is read there.

    Parameters
    ----------
    facts : dict
        The facts document of the whole cluster; every host must have answered, or be off for certain.
    known : collection of (str, str)
        VMs and hosts whose handover marks a journal confirms. The others may be written by the VM's tenant.
    trust_marks : bool
        Whether the operator vouches for all marks.

    Returns
    -------
    list of dict
        C(name), C(uuid), C(source), C(destination), C(destination_uri) and C(believe_mark), ordered by name.
    list of str
        One sentence for each VM of which the facts do not tell the source.
    """
    uris = {
        host["name"]: host["connection"]["uri"] for host in facts["hosts"] if "connection" in host
    }
    pairs, unclear = [], []
    for entries in _by_uuid(facts["domains"]):
        for source, destination in _pairs(entries, uris):
            if source is None:
                unclear.append(_sentence(entries))
            else:
                pairs.append(
                    {
                        "name": str(entries[0]["name"]),
                        "uuid": str(entries[0]["uuid"]),
                        "source": source,
                        "destination": destination,
                        "destination_uri": uris[destination],
                        "believe_mark": trust_marks
                        or (str(entries[0]["uuid"]), destination) in known,
                    }
                )
    return pairs, unclear


def _by_uuid(domains: Iterable[Entry]) -> list[list[Entry]]:
    known: dict[str, list[Entry]] = {}
    for entry in sorted(domains, key=lambda entry: (entry["name"], entry["host"])):
        known.setdefault(entry["uuid"], []).append(entry)
    return [*known.values()]


def _pairs(entries: list[Entry], hosts: Iterable[str]) -> Iterable[tuple[str | None, str]]:
    """Pair the copy that matters most with each of the others; one alone, with any other host."""
    if len(entries) == 1:
        [entry] = entries
        others = sorted(name for name in hosts if name != entry["host"])
        if others and (entry["state"] == "paused" or entry.get("handover_mark")):
            yield others[0], entry["host"]
        return
    first, *others_known = sorted(entries, key=_rank)
    for other in others_known:
        yield _oriented(first, other)


def _rank(entry: Entry) -> tuple[bool, bool, str]:
    return not _is_active(entry), entry["state"] != "running", entry["host"]


def _oriented(one: Entry, other: Entry) -> tuple[str | None, str]:
    """Return source and destination; no source where only a journal could tell which it was.

    A copy that libvirt paused for a migration may be a source at its handover or a destination that
    still receives. The other copy tells which, unless that is off and does not say that it migrated.
    """
    both = (one, other)
    for source, destination in (both, both[::-1]):
        if _left(source) or _in_post_copy(source):
            return source["host"], destination["host"]
    for source, destination in (both, both[::-1]):
        if _paused_for_migration(source):
            return source["host"] if _is_active(destination) else None, destination["host"]
    destination = one if _paused_by_user(one) else other
    return (other if destination is one else one)["host"], destination["host"]


def _is_active(entry: Entry) -> bool:
    return bool(entry["state"] != "shutoff")


def _left(entry: Entry) -> bool:
    return (entry["state"], entry.get("state_reason")) == ("shutoff", "migrated")


def _in_post_copy(entry: Entry) -> bool:
    """Whether this is the source of a post-copy; the destination counts as running."""
    return entry["state"] == "paused" and str(entry.get("state_reason")).startswith("postcopy")


# The last is newer libvirt's word for a source that a lock on an image kept from running again.
_FOR_MIGRATION = ("migration", "starting_up", "api_error")


def _paused_for_migration(entry: Entry) -> bool:
    return entry["state"] == "paused" and entry.get("state_reason") in _FOR_MIGRATION


def _paused_by_user(entry: Entry) -> bool:
    return (entry["state"], entry.get("state_reason")) == ("paused", "user")


def _sentence(entries: list[Entry]) -> str:
    copies = " and ".join(
        f"{entry['state']} ({entry.get('state_reason', 'unknown')}) on {entry['host']}"
        for entry in entries
    )
    return (
        f"VM {entries[0]['name']} is {copies}, which does not tell where it came from. Run vm_migrate with "
        "state=reconciled and name as source the host that ran it before."
    )
