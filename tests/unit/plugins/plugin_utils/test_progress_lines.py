# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of a journal as lines for people."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.drover.libvirt.plugins.module_utils._execution.events import read_event
from ansible_collections.drover.libvirt.plugins.plugin_utils._progress_lines import ProgressLines

from tests.unit.plugins.journals import strange_journals

STEP = {"id": "m1", "domain": "web1", "source": "kvm1", "destination": "kvm2"}


def words(lines: ProgressLines, **event: Any) -> str:
    """Return the line without the time in front of it."""
    return lines.line({"at": 1000.0, **event}).partition("  ")[2]


def progress(at: float) -> dict[str, Any]:
    return {
        **STEP,
        "event": "progress",
        "at": at,
        "percent": 40,
        "total_mib": 2048,
        "bandwidth_mib_s": 110,
        "iteration": 1,
        "silent_s": 0.5,
    }


def test_a_success_says_how_long_it_took_and_how_long_the_vm_stood_still() -> None:
    """The counter counts what has ended."""
    line = words(
        ProgressLines(3),
        event="migration_ended",
        outcome="moved",
        reason="",
        duration_s=3.42,
        downtime_ms=81.6,
        **STEP,
    )
    assert line == "web1: kvm1 → kvm2 done [1/3], 3.4 s, downtime 82 ms"


def test_a_failure_gives_its_reason() -> None:
    """The reason stands at the end of the line."""
    line = words(
        ProgressLines(1),
        event="migration_ended",
        outcome="not_moved",
        reason="The link is down.",
        **STEP,
    )
    assert line == "web1: kvm1 → kvm2 STAYED [1/1]: The link is down."


def test_progress_is_shown_at_most_every_ten_seconds() -> None:
    """A reading soon after the last line says nothing; a later one does."""
    lines = ProgressLines(1)
    assert words(lines, event="migration_started", **STEP) == "web1: kvm1 → kvm2 started"
    assert lines.line(progress(1009.0)) == ""
    assert "web1: 40 % of 2048 MiB, 110 MiB/s, pass 1" in lines.line(progress(1010.0))
    assert lines.line(progress(1011.0)) == ""


def test_a_copy_that_stands_still_is_called_so() -> None:
    """The last percentage alone would look like a slow copy."""
    line = words(ProgressLines(1), **{**progress(1010.0), "silent_s": 12.2})
    assert line == "web1: nothing has been copied for 12 s, at 40 % of 2048 MiB"


def test_an_event_that_is_not_for_people_has_no_line() -> None:
    """Unknown and internal events are passed over."""
    assert words(ProgressLines(1), event="execution_ended", duration_s=3.0) == ""


def test_no_journal_is_too_strange_to_be_shown() -> None:
    """What a host answers is read before it is shown; a damaged journal ended followers."""
    for journal in strange_journals():
        shown = ProgressLines(1)
        for event in filter(None, map(read_event, map(json.dumps, journal))):
            shown.line(event)
