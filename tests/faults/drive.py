# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one migration inside a lab host, as Drover's executor does, and tells what happens.

Started as ``/usr/bin/python3 drive.py JSON`` with the keys of a migration request. Each line of
the output is one JSON object: {"event": "begin" | "progress" | "hold" | "result", ...}. With "hold"
set to "begin" it waits there for a line on its standard input; set to a step of a quick or an offline move it tells
"hold" at that step and waits then.
"""

from __future__ import annotations

import functools
import json
import sys
from typing import Any

from ansible_collections.drover.libvirt.plugins.module_utils._libvirt import connection
from ansible_collections.drover.libvirt.plugins.module_utils._migration.migrate import migrate
from ansible_collections.drover.libvirt.plugins.module_utils._migration.offline import OfflineMove
from ansible_collections.drover.libvirt.plugins.module_utils._migration.options import (
    MigrationOptions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._migration.progress import Progress
from ansible_collections.drover.libvirt.plugins.module_utils._migration.quick import QuickMove
from ansible_collections.drover.libvirt.plugins.module_utils._migration.request import (
    MigrationRequest,
)
from ansible_collections.drover.libvirt.plugins.module_utils._migration.saved_image import (
    SavedImage,
)

# Steps of a quick move: before or after which method it is there.
_STEPS: dict[str, tuple[type, str, bool]] = {
    "saved": (SavedImage, "complete", False),
    "claimed": (SavedImage, "claim", False),
    "restored": (QuickMove, "let_run_there", True),
    "used": (SavedImage, "use", False),
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


def _begin(hold: str) -> None:
    _tell("begin")
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
    options = MigrationOptions(**wanted.pop("options"))
    result = migrate(
        MigrationRequest(**wanted, options=options),
        on_progress=_progress,
        on_begin=lambda *_told: _begin(hold),
    )
    _tell("result", result=result.to_dict())


if __name__ == "__main__":
    main()
