# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one migration inside a lab host, as Drover's executor does, and tells what happens.

Started as ``/usr/bin/python3 drive.py JSON`` with the keys of a migration request. Each line of
the output is one JSON object: {"event": "begin" | "progress" | "hold" | "result", ...}. With "hold"
set to "begin" it waits there for a line on its standard input; set to one of the steps below it tells
"hold" at that step and waits then. With "left", what an earlier run told at its beginning, it settles
what that run left, as is done after a dead executor.
"""

from __future__ import annotations

import functools
import json
import sys
from dataclasses import asdict, replace
from typing import Any

from ansible_collections.drover.libvirt.plugins.module_utils._ends import repair
from ansible_collections.drover.libvirt.plugins.module_utils._ends.ends import Ends
from ansible_collections.drover.libvirt.plugins.module_utils._ends.repair import Repairs
from ansible_collections.drover.libvirt.plugins.module_utils._execution.records import (
    StartedMigration,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.settling import (
    SettlingSettings,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.unattended import (
    settle_migration,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import (
    EndState,
    mark_before,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.handover import (
    read_mark_document,
)
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt import connection
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._live import live_move as live
from ansible_collections.drover.libvirt.plugins.module_utils._live.progress import Progress
from ansible_collections.drover.libvirt.plugins.module_utils._live.transfer import Transfer
from ansible_collections.drover.libvirt.plugins.module_utils._migration.migrate import migrate
from ansible_collections.drover.libvirt.plugins.module_utils._migration.offline import OfflineMove
from ansible_collections.drover.libvirt.plugins.module_utils._quick import quick_move as quick
from ansible_collections.drover.libvirt.plugins.module_utils._quick.quick_move import QuickMove
from ansible_collections.drover.libvirt.plugins.module_utils._quick.saved_image import SavedImage
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

# How long libvirt may go on with a migration whose process died.
_LIBVIRT_WORKS_S = 60.0
# Steps between two deeds: before or after which function they are there.
_STEPS: dict[str, tuple[Any, str, bool]] = {
    "marked": (Transfer, "_begin_handover", True),
    "decided": (repair, "end_redundant", True),
    "ended": (repair, "end_redundant", False),
    "arrived": (live, "finish", True),
    "looked_after": (Repairs, "clear_marks", True),
    "quick_marked": (quick, "save", True),
    "written": (SavedImage, "complete", True),
    "saved": (SavedImage, "complete", False),
    "prepared": (SavedImage, "claim", True),
    "claimed": (SavedImage, "claim", False),
    "restored": (QuickMove, "let_run_there", True),
    "undefined": (SavedImage, "use", True),
    "used": (SavedImage, "use", False),
    "running": (quick, "clear_mark", True),
    "resumed": (SavedImage, "remove", True),
    "turned_back": (QuickMove, "restore_here", True),
    "defined": (OfflineMove, "forget_here", True),
}


def _hold_at(step: str) -> None:
    """Let the process wait at a step, the first time, for somebody who makes a fault there."""
    owner, name, before = _STEPS[step]
    method = getattr(owner, name)

    @functools.wraps(method)
    def held(*arguments: Any) -> Any:
        setattr(owner, name, method)
        result = None if before else method(*arguments)
        _tell("hold")
        sys.stdin.readline()
        return method(*arguments) if before else result

    setattr(owner, name, held)


def _tell(event: str, **what: Any) -> None:
    print(json.dumps({"event": event, **what}), flush=True)


def _begin(hold: str, facts: DomainFacts, destination: EndState, options: MigrationOptions) -> None:
    mark = mark_before(facts.state, destination, options.resumes_destination)
    _tell("begin", uuid=facts.uuid, mark=mark.as_document(), options=asdict(options))
    if hold == "begin":
        sys.stdin.readline()


def _progress(reading: Progress) -> None:
    _tell("progress", mib=reading.memory_processed_mib, remaining_mib=reading.memory_remaining_mib)


def main() -> None:
    """Migrate and tell."""
    wanted = json.loads(sys.argv[1])
    hold = wanted.pop("hold")
    if hold in _STEPS:
        _hold_at(hold)
    # The same meaning in less time: the lab's daemons were given this interval, too.
    connection.KEEPALIVE_INTERVAL_S = wanted.pop("keepalive_interval_s")
    left = wanted.pop("left", None)
    options = _options(wanted.pop("options"))
    request = MigrationRequest(**wanted, options=options)
    if left is None:
        begin = functools.partial(_begin, hold)
        result = migrate(request, on_progress=_progress, on_begin=begin).to_dict()
    else:
        result = _settle(request, left)
    _tell("result", result=result)


def _options(document: dict[str, Any]) -> MigrationOptions:
    return MigrationOptions(**{**document, "migrate_disks": ()})


def _settle(request: MigrationRequest, left: dict[str, Any]) -> dict[str, Any]:
    """Settle what a dead run left, by what it would have written into its journal."""
    migration = StartedMigration(
        "step",
        request.domain,
        left["uuid"],
        request.source,
        request.destination,
        read_mark_document(left["mark"]),
        options=_options(left["options"]),
    )
    settings = SettlingSettings("", "", _LIBVIRT_WORKS_S, fenced=tuple(left["fenced"]))
    ends = Ends(
        settings.end(request.source, request.source_uri, sees_jobs=True),
        settings.end(request.destination, request.destination_uri),
    )
    asked = replace(request, options=migration.options)
    settled = settle_migration(migration, asked, ends, _LIBVIRT_WORKS_S)
    return settled.document()


if __name__ == "__main__":
    main()
