# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the events of both hosts tell."""

from __future__ import annotations

from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.events import DomainEvent
from ansible_collections.drover.libvirt.plugins.module_utils._live import timeline


def events(*lines: str) -> tuple[DomainEvent, ...]:
    """Return events from lines like "1.5 source suspended migrated"."""
    fields = [line.split() for line in lines]
    return tuple(DomainEvent(float(at), end, kind, detail) for at, end, kind, detail in fields)


# Recorded from a migration of an idle VM with our own handover, its source watched.
RECORDED = events(
    "3.4763 destination started migrated",
    "3.4838 source iteration 1",
    "3.4935 source suspended migrated",
    "3.4974 source iteration 2",
    "3.5046 destination defined added",
    "3.5058 destination suspended paused",
    "3.5150 source gone seen",
    "3.5180 destination resumed unpaused",
    "3.7165 source stopped migrated",
)


def test_the_pause_is_measured_between_both_hosts() -> None:
    """It lasts from the source's suspension to the destination's resumption."""
    assert timeline.downtime_ms(RECORDED) == 24.5


def test_no_pause_is_measured_without_both_ends() -> None:
    """Neither half a pause nor that of a migration that failed is a downtime."""
    assert timeline.downtime_ms(RECORDED[:6]) is None
    late = events("4.0 destination resumed unpaused", "4.1 source suspended paused")
    assert timeline.downtime_ms(late) is None
    failed = (*RECORDED[:4], *events("9.0 source resumed migration_canceled"))
    assert timeline.downtime_ms(failed) is None


def test_the_end_of_the_copy_is_no_users_pause() -> None:
    """One pass follows the pause at the end of the copy: QEMU's last."""
    assert not timeline.suspended_by_user(RECORDED)


def test_a_users_pause_is_followed_by_more_passes() -> None:
    """After a user's pause the pass that was due comes before QEMU's last one."""
    paused = events(
        "1.0 source iteration 1",
        "2.0 source suspended migrated",
        "3.0 source iteration 2",
        "3.1 source iteration 3",
    )
    assert timeline.suspended_by_user(paused)
    assert timeline.downtime_ms((*paused, *events("4.0 destination resumed unpaused"))) is None


def test_a_pause_that_the_user_ended_does_not_count() -> None:
    """A VM that was paused and resumed while it was copied arrives running."""
    resumed = events(
        "1.0 source suspended migrated",
        "2.0 source iteration 2",
        "2.1 source iteration 3",
        "3.0 source resumed unpaused",
        "4.0 source suspended migrated",
        "4.1 source iteration 4",
    )
    assert not timeline.suspended_by_user(resumed)
    assert timeline.switchover_s(resumed) == 4.0


def test_the_sources_word_allows_the_resume() -> None:
    """When the source says that the VM migrated, the destination has all and nobody else has it."""
    assert timeline.may_resume(events("1.0 source stopped migrated"))


def test_a_process_that_ended_is_not_enough() -> None:
    """The end of the source's QEMU alone might be a crash in mid-copy."""
    gone = events("1.0 source gone seen")
    assert not timeline.may_resume(gone)
    assert not timeline.may_resume((*gone, *events("1.1 source stopped crashed")))
    assert timeline.may_resume((*gone, *events("1.1 destination suspended paused")))


def test_an_arrival_is_not_enough() -> None:
    """While the source's QEMU lives the destination must not run, whatever has arrived there."""
    assert not timeline.may_resume(RECORDED[:6])


def test_the_passes_are_counted() -> None:
    """The number of the last pass is the number of passes."""
    assert timeline.iterations(RECORDED) == 2
    assert timeline.iterations(()) == 0
