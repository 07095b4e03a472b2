# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one migration inside a lab host, as Drover's executor does, and tells what happens.

Started as ``/usr/bin/python3 drive.py JSON`` with the keys of a migration request. Each line of
the output is one JSON object: {"event": "begin" | "progress" | "result", ...}. With "hold" set it
waits at "begin" for a line on its standard input.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ansible_collections.drover.libvirt.plugins.module_utils._libvirt import connection
from ansible_collections.drover.libvirt.plugins.module_utils._migration.migrate import migrate
from ansible_collections.drover.libvirt.plugins.module_utils._migration.options import (
    MigrationOptions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._migration.progress import Progress
from ansible_collections.drover.libvirt.plugins.module_utils._migration.request import (
    MigrationRequest,
)


def _tell(event: str, **what: Any) -> None:
    print(json.dumps({"event": event, **what}), flush=True)


def _begin(hold: bool) -> None:
    _tell("begin")
    if hold:
        sys.stdin.readline()


def _progress(reading: Progress) -> None:
    _tell("progress", mib=reading.memory_processed_mib, remaining_mib=reading.memory_remaining_mib)


def main() -> None:
    """Migrate and tell."""
    wanted = json.loads(sys.argv[1])
    hold = wanted.pop("hold")
    # The same meaning in less time: the lab's daemons were given this interval, too.
    connection.KEEPALIVE_INTERVAL_S = wanted.pop("keepalive_interval_s")
    options = MigrationOptions(**wanted.pop("options"))
    result = migrate(
        MigrationRequest(**wanted, options=options),
        on_progress=_progress,
        on_begin=lambda *_facts: _begin(hold),
    )
    _tell("result", result=result.to_dict())


if __name__ == "__main__":
    main()
