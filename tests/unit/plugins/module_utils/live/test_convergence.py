# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decisions about a running copy."""

from __future__ import annotations

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._live.convergence import (
    Action,
    CopyLimits,
    History,
    best_before,
    copy_limits,
    decide,
    estimated_downtime_ms,
    ramped_downtime_ms,
)
from ansible_collections.drover.libvirt.plugins.module_utils._live.progress import Progress
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)

LIMITS = CopyLimits(budget_s=300.0)


def reading(
    elapsed_s: float,
    iteration: int,
    remaining_mib: float,
    processed_mib: float,
    throttle_percent: int = 0,
) -> Progress:
    """Return one reading of a VM with 1 GiB of memory."""
    return Progress(
        elapsed_s=elapsed_s,
        iteration=iteration,
        memory_total_mib=1024.0,
        memory_processed_mib=processed_mib,
        memory_remaining_mib=remaining_mib,
        bandwidth_mib_s=100.0,
        dirty_rate_mib_s=200.0,
        throttle_percent=throttle_percent,
    )


def history(*readings: Progress, downtime_ms: int = 500) -> History:
    """Return the history of some readings, with the allowed pause at its maximum already."""
    result = History(downtime_ms=downtime_ms)
    for one in readings:
        result = result.after(one)
    return result


def stalling(throttle_percent: int = 0) -> History:
    """Return the history of a copy at 100 MiB/s whose remainder is 200 MiB again after 60 s."""
    return history(
        reading(0.0, 1, 1024, 0),
        reading(10.0, 2, 200, 1000),
        reading(35.0, 3, 205, 3500),
        reading(60.0, 4, 200, 6000, throttle_percent),
    )


def test_nothing_is_decided_without_a_reading() -> None:
    """Before libvirt has figures the copy goes on."""
    assert decide(History(), LIMITS).action is Action.CONTINUE


def test_a_shrinking_remainder_goes_on() -> None:
    """A copy whose remainder halves with each pass is left alone."""
    copy = history(
        reading(0.0, 1, 1024, 0), reading(50.0, 2, 400, 1000), reading(100.0, 3, 200, 1400)
    )
    assert decide(copy, LIMITS).action is Action.CONTINUE


def test_a_dead_path_is_given_up() -> None:
    """When not one byte moved for the limit, the copy ends, whatever else holds."""
    copy = history(reading(10.0, 1, 800, 224), reading(70.0, 1, 800, 224))
    decision = decide(copy, LIMITS)
    assert (decision.action, decision.error_code) == (Action.ABORT, "no_progress")
    assert decision.reason == "Not one byte was copied for 60 s."


def test_a_dead_path_is_not_continued_by_post_copy() -> None:
    """Post-copy over a path that carries nothing would lose the VM's memory."""
    copy = history(reading(10.0, 1, 800, 224), reading(70.0, 1, 800, 224))
    assert decide(copy, CopyLimits(budget_s=30.0, post_copy=True)).action is Action.ABORT


def test_the_budget_ends_the_copy() -> None:
    """A copy that still runs when its time is up is ended with the figures that explain it."""
    copy = history(reading(0.0, 1, 1024, 0), reading(301.0, 9, 200, 9000))
    decision = decide(copy, LIMITS)
    assert (decision.action, decision.error_code) == (Action.ABORT, "timeout")
    assert "200 MiB remain, the VM rewrites 200.0 MiB/s and 100.0 MiB/s" in decision.reason


def test_the_budget_may_end_in_post_copy() -> None:
    """Where post-copy is allowed it finishes what pre-copy could not."""
    copy = history(reading(0.0, 1, 1024, 0), reading(301.0, 9, 200, 9000))
    assert decide(copy, CopyLimits(budget_s=300.0, post_copy=True)).action is Action.POST_COPY


def test_a_stall_is_given_up_before_the_budget() -> None:
    """No smaller remainder than 40 s ago, and too large for the allowed pause: it ends."""
    decision = decide(stalling(), CopyLimits(budget_s=300.0, auto_converge=False))
    assert (decision.action, decision.error_code) == (Action.ABORT, "stalled")
    assert "200 MiB remain, no less than 40 s ago" in decision.reason


def test_a_stall_waits_for_auto_converge() -> None:
    """While QEMU can still slow the VM down, a stall is no reason to end the copy."""
    assert decide(stalling(throttle_percent=50), LIMITS).action is Action.CONTINUE
    assert decide(stalling(throttle_percent=99), LIMITS).action is Action.ABORT


def test_a_stall_within_the_pause_gets_all_of_it() -> None:
    """When the rest fits into the longest pause, that is allowed at once and ends the copy."""
    copy = history(
        reading(0.0, 1, 1024, 0, 0),
        reading(10.0, 2, 30, 1000),
        reading(35.0, 3, 31, 3500),
        reading(60.0, 4, 30, 6000),
        downtime_ms=233,
    )
    decision = decide(copy, LIMITS)
    assert (decision.action, decision.downtime_ms) == (Action.SET_DOWNTIME, 500)


def test_a_stall_is_judged_at_the_border_of_a_pass_only() -> None:
    """Inside a pass the remainder rises and falls, which means nothing."""
    copy = stalling().after(reading(61.0, 4, 210, 6100))
    assert decide(copy, CopyLimits(budget_s=300.0, auto_converge=False)).action is Action.CONTINUE


def test_the_first_pass_is_no_measure() -> None:
    """The remainder at the beginning is the size of the memory and not counted as a minimum."""
    copy = history(reading(0.0, 1, 1024, 0), reading(50.0, 2, 900, 1000))
    assert best_before(copy, 50.0) == 900
    assert best_before(copy, 49.0) is None


def test_post_copy_is_left_alone() -> None:
    """Once the VM runs on the destination nothing may disturb the rest of the copy."""
    copy = history(Progress(elapsed_s=900.0, post_copy=True))
    assert decide(copy, LIMITS).action is Action.CONTINUE


@pytest.mark.parametrize(
    ("elapsed_s", "iteration", "allowed_ms"),
    [(0.0, 0, 100), (1.0, 1, 100), (2.0, 2, 144), (3.0, 3, 188), (9.0, 10, 500), (150.0, 1, 500)],
)
def test_the_pause_grows_step_by_step(elapsed_s: float, iteration: int, allowed_ms: int) -> None:
    """The allowed pause grows with the passes, or with time where passes are long."""
    assert ramped_downtime_ms(reading(elapsed_s, iteration, 500, 500), LIMITS) == allowed_ms


def test_a_small_maximum_is_never_exceeded() -> None:
    """A maximum below the usual first step is the first step."""
    limits = CopyLimits(budget_s=300.0, max_downtime_ms=50)
    assert ramped_downtime_ms(reading(200.0, 20, 500, 500), limits) == 50


def test_the_pause_is_not_told_twice() -> None:
    """QEMU is told only of a longer pause than before."""
    copy = history(reading(2.0, 2, 500, 1000), downtime_ms=0)
    decision = decide(copy, LIMITS)
    assert (decision.action, decision.downtime_ms) == (Action.SET_DOWNTIME, 144)
    assert decide(copy.allowing(144), LIMITS).action is Action.CONTINUE


def test_the_bandwidth_is_a_moving_average() -> None:
    """The newest sample counts four tenths."""
    copy = history(reading(0.0, 1, 1024, 0), reading(1.0, 1, 924, 100), reading(2.0, 1, 724, 300))
    assert copy.bandwidth_mib_s == pytest.approx(0.4 * 200 + 0.6 * 100)
    assert estimated_downtime_ms(copy) == pytest.approx(1000 * 724 / 140)


def test_no_bandwidth_means_an_endless_pause() -> None:
    """Before anything was measured no pause is estimated to be short enough."""
    assert estimated_downtime_ms(history(reading(0.0, 1, 1024, 0))) == float("inf")


def test_the_budget_follows_the_memory() -> None:
    """The time budget is 150 s for each GiB and 300 s at least."""
    assert copy_limits(MigrationOptions(), 8192).budget_s == 1200
    assert copy_limits(MigrationOptions(), 64).budget_s == 300
