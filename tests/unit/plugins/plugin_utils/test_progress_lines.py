# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of a journal as lines for people."""

from __future__ import annotations

from typing import Any

from ansible_collections.drover.libvirt.plugins.plugin_utils._progress_lines import ProgressLines

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
    assert line == "web1: kvm1 → kvm2 stayed [1/1]: The link is down."


def test_progress_is_shown_at_most_every_ten_seconds() -> None:
    """A reading soon after the last line says nothing; a later one does."""
    lines = ProgressLines(1)
    assert words(lines, event="migration_started", **STEP) == "web1: kvm1 → kvm2 started"
    assert lines.line(progress(1009.0)) == ""
    assert "web1: 40 % of 2048 MiB, 110 MiB/s, pass 1" in lines.line(progress(1010.0))
    assert lines.line(progress(1011.0)) == ""


def test_an_event_that_is_not_for_people_has_no_line() -> None:
    """Unknown and internal events are passed over."""
    assert words(ProgressLines(1), event="execution_ended", duration_s=3.0) == ""
