# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a running copy should go on, be given more downtime, or be ended.

Pure: readings in, a decision with its reason out. The rules are those that survived in the field:

* Progress is judged by the smallest remainder seen before a sliding window, at the borders of
iterations only, for the
  remainder inside an iteration rises and falls by nature (KubeVirt's stall detector; nova bug
  1644248 tells how a naive timeout ends good migrations).
* The allowed downtime grows step by step, so that a quiet VM gets a short pause and a busy one is
not refused (nova and
  vdsm do so).
* A path over which not a byte moves is dead and ends the copy at once; so does the end of a time
budget that is scaled by
  the size of the memory.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from .._request.options import MigrationOptions
from .progress import Progress

# Weight of the newest bandwidth sample in the moving average.
_EWMA_ALPHA = 0.4
# First allowed downtime. QEMU's own default of 300 ms would give every quiet VM a longer pause than
# it needs.
_FIRST_DOWNTIME_MS = 100
# From this throttle on auto-converge has nothing more to give (QEMU's max-cpu-throttle is 99).
_FULL_THROTTLE_PERCENT = 99


class Action(enum.Enum):
    """What to do with a running copy."""

    CONTINUE = "continue"
    SET_DOWNTIME = "set_downtime"
    POST_COPY = "post_copy"
    ABORT = "abort"


@dataclass(frozen=True)
class CopyDecision:
    """What to do next, and why in a sentence."""

    action: Action
    reason: str = ""
    downtime_ms: int = 0
    error_code: str = ""


@dataclass(frozen=True)
class History:
    """What the decisions need of the readings so far.

    Parameters
    ----------
    latest : Progress or None
        The newest reading.
    borders : tuple of Progress
        The first reading of every iteration.
    moved_at_s : float
        When the amount of data sent last grew.
    bandwidth_mib_s : float
        Exponentially weighted mean of the measured rate.
    downtime_ms : int
        The allowed downtime that was last told to QEMU.
    """

    latest: Progress | None = None
    borders: tuple[Progress, ...] = ()
    moved_at_s: float = 0.0
    bandwidth_mib_s: float = 0.0
    downtime_ms: int = 0

    def after(self, reading: Progress) -> History:
        """Return the history with one more reading."""
        previous = self.latest
        moved = previous is None or reading.processed_mib > previous.processed_mib
        new_iteration = previous is None or reading.iteration != previous.iteration
        return replace(
            self,
            latest=reading,
            borders=self.borders + ((reading,) if new_iteration else ()),
            moved_at_s=reading.elapsed_s if moved else self.moved_at_s,
            bandwidth_mib_s=self._bandwidth_after(reading),
        )

    def allowing(self, downtime_ms: int) -> History:
        """Return the history after QEMU was told of an allowed downtime."""
        return replace(self, downtime_ms=downtime_ms)

    def _bandwidth_after(self, reading: Progress) -> float:
        if self.latest is None or reading.elapsed_s <= self.latest.elapsed_s:
            return self.bandwidth_mib_s
        sent_mib = max(0.0, reading.memory_processed_mib - self.latest.memory_processed_mib)
        sample = sent_mib / (reading.elapsed_s - self.latest.elapsed_s)
        if not self.bandwidth_mib_s:
            return sample
        return _EWMA_ALPHA * sample + (1 - _EWMA_ALPHA) * self.bandwidth_mib_s


@dataclass(frozen=True)
class CopyLimits:
    """How patient the decisions are; see C(MigrationOptions) for the meaning.

    Parameters
    ----------
    budget_s : float
        Time that the whole copy may take.
    """

    budget_s: float
    max_downtime_ms: int = 500
    downtime_steps: int = 10
    stall_window_s: float = 40.0
    stall_margin: float = 0.04
    no_progress_timeout_s: float = 60.0
    auto_converge: bool = True
    post_copy: bool = False


def copy_limits(options: MigrationOptions, size_mib: float) -> CopyLimits:
    """Return the limits that the options set for a VM with so much memory and disks to copy."""
    return CopyLimits(
        budget_s=options.timeout_s(size_mib),
        max_downtime_ms=options.max_downtime_ms,
        downtime_steps=options.downtime_steps,
        stall_window_s=options.stall_window_s,
        stall_margin=options.stall_margin,
        no_progress_timeout_s=options.no_progress_timeout_s,
        auto_converge=options.auto_converge,
        post_copy=options.post_copy != "never",
    )


def decide(history: History, limits: CopyLimits) -> CopyDecision:
    """Say what to do with the copy now.

    Parameters
    ----------
    history : History
        The readings so far.
    limits : CopyLimits
        How patient to be.

    Returns
    -------
    CopyDecision
        The first rule that has something to say, in the order: post-copy is left alone, dead path,
        time budget, stall, downtime ramp.
    """
    reading = history.latest
    if reading is None or reading.post_copy:
        return CopyDecision(Action.CONTINUE)
    for rule in (_dead_path, _over_budget, _stalled, _ramp):
        decision = rule(history, reading, limits)
        if decision is not None:
            return decision
    return CopyDecision(Action.CONTINUE)


def _dead_path(history: History, reading: Progress, limits: CopyLimits) -> CopyDecision | None:
    silent_s = reading.elapsed_s - history.moved_at_s
    if silent_s < limits.no_progress_timeout_s:
        return None
    # Never post-copy over a path that carries nothing: the VM would lose its memory.
    return CopyDecision(
        Action.ABORT,
        "Not one byte was copied for {:.0f} s.".format(silent_s),
        error_code="no_progress",
    )


def _over_budget(_history: History, reading: Progress, limits: CopyLimits) -> CopyDecision | None:
    if reading.elapsed_s < limits.budget_s:
        return None
    return _give_up(
        limits,
        "The copy did not end within its time budget of {:.0f} s: {:.0f} MiB remain, "
        "the VM rewrites {:.1f} MiB/s and {:.1f} MiB/s are copied.".format(
            limits.budget_s,
            reading.memory_remaining_mib,
            reading.dirty_rate_mib_s,
            reading.bandwidth_mib_s,
        ),
        "timeout",
    )


def _stalled(history: History, reading: Progress, limits: CopyLimits) -> CopyDecision | None:
    best_mib = best_before(history, reading.elapsed_s - limits.stall_window_s)
    at_border = history.borders[-1] is reading
    if not at_border or best_mib is None:
        return None
    if reading.memory_remaining_mib < (1 - limits.stall_margin) * best_mib:
        return None
    if estimated_downtime_ms(history) <= limits.max_downtime_ms:
        return _allow(history, limits.max_downtime_ms)
    if limits.auto_converge and reading.throttle_percent < _FULL_THROTTLE_PERCENT:
        return None
    return _give_up(
        limits,
        "The copy has stalled: {:.0f} MiB remain, no less than {:.0f} s ago, "
        "and sending them at {:.1f} MiB/s would pause the VM for {:.0f} ms where {} ms are allowed.".format(
            reading.memory_remaining_mib,
            limits.stall_window_s,
            history.bandwidth_mib_s,
            estimated_downtime_ms(history),
            limits.max_downtime_ms,
        ),
        "stalled",
    )


def _ramp(history: History, reading: Progress, limits: CopyLimits) -> CopyDecision | None:
    return _allow(history, ramped_downtime_ms(reading, limits))


def _allow(history: History, downtime_ms: int) -> CopyDecision | None:
    if downtime_ms <= history.downtime_ms:
        return None
    return CopyDecision(
        Action.SET_DOWNTIME,
        "A pause of {} ms is allowed now.".format(downtime_ms),
        downtime_ms=downtime_ms,
    )


def _give_up(limits: CopyLimits, reason: str, error_code: str) -> CopyDecision:
    action = Action.POST_COPY if limits.post_copy else Action.ABORT
    return CopyDecision(action, reason, error_code=error_code)


def best_before(history: History, moment_s: float) -> float | None:
    """Return the smallest remainder at an iteration's border up to that moment, in MiB.

    None when there was none; the first pass does not count, it starts with all of the memory.
    """
    remainders = [
        border.memory_remaining_mib
        for border in history.borders
        if border.iteration > 1 and border.elapsed_s <= moment_s
    ]
    return min(remainders, default=None)


def estimated_downtime_ms(history: History) -> float:
    """Return how long sending what remains would take at the mean rate, in milliseconds."""
    if history.latest is None or not history.bandwidth_mib_s:
        return float("inf")
    return 1000 * history.latest.memory_remaining_mib / history.bandwidth_mib_s


def ramped_downtime_ms(reading: Progress, limits: CopyLimits) -> int:
    """Return the pause that may be allowed at this point of the copy, in milliseconds.

    It grows from 100 ms to the maximum in equal steps, one for each iteration, or with the first
    half of the time budget where iterations are long. Example: 500 ms in 10 steps over a budget of
    300 s allow 100, 144, 188... ms in iterations 1, 2, 3..., and 500 ms from iteration 10 or from
    150 s on.
    """
    first = min(_FIRST_DOWNTIME_MS, limits.max_downtime_ms)
    steps = max(1, limits.downtime_steps - 1)
    by_iteration = max(0, reading.iteration - 1)
    by_time = int(steps * reading.elapsed_s / (limits.budget_s / 2))
    step = min(steps, max(by_iteration, by_time))
    return first + (limits.max_downtime_ms - first) * step // steps
