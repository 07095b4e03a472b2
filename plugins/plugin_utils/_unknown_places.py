# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VMs of which nobody can tell on which of two hosts they are, in the facts: counted on both, moved by nobody.

Pure: what C(execution_info) found on the hosts goes in.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping

Entry = dict[str, t.Any]

KIND = "place unknown"


def unknown_places(found: Iterable[Mapping[str, t.Any]]) -> dict[str, Mapping[str, t.Any]]:
    """Return the migrations of which nobody can tell where the VM is, by its UUID or else its name.

    Parameters
    ----------
    found : iterable of dict
        What C(execution_info) found on each host.
    """
    unsettled = (
        migration
        for answer in found
        for record in answer.get("executions", ())
        for migration in record["unsettled"]
    )
    return {
        str(migration["uuid"] or migration["domain"]): migration
        for migration in unsettled
        if not migration["uncleaned"]
    }


def counted_on_both(entry: Entry, unknown: Mapping[str, Mapping[str, t.Any]]) -> Entry:
    """Return a VM's entry in the facts, with the host that may have it as well where its place is unknown."""
    migration = unknown.get(str(entry.get("uuid"))) or unknown.get(entry["name"])
    if migration is None:
        return entry
    source, destination = migration["source"], migration["destination"]
    blocker = {
        "code": "place_unknown",
        "message": f"It is not known whether it is on {source} or on {destination}",
        "remedy": "bring the host that does not answer back and run any playbook; if it is off, run it "
        "with -e drover_fenced=HOST",
    }
    job = {"kind": KIND, "destination": destination}
    if entry["host"] == destination:
        # With the source's entry beside it, this is the other end of one VM.
        job = {"kind": "migration_in", "destination": source}
    return {**entry, "job": job, "blockers": [blocker, *(entry.get("blockers") or ())]}
