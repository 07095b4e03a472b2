# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop that watches a copy and steers it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._errors import DroverError
from .._patience import PatientCall
from .convergence import Action, CopyDecision, CopyLimits, History, decide
from .progress import Progress, read_progress

POLL_S = 0.5


class Job(t.Protocol):
    """What the loop needs of a migration under way (C(_libvirt.migration.MigrationJob) is one)."""

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the migration call; true when it has returned."""

    def statistics(self) -> dict[str, t.Any] | None:
        """Return libvirt's statistics, or None when there are none. May hang."""

    def set_max_downtime(self, downtime_ms: int) -> None:
        """Allow QEMU a longer pause. May hang."""

    def start_post_copy(self) -> None:
        """Switch to post-copy. May hang."""

    def abort(self) -> None:
        """Cancel the migration. May hang."""


class StopSignal(t.Protocol):
    """Something like C(threading.Event) by which a caller asks to cancel."""

    def is_set(self) -> bool:
        """Whether the migration is to be cancelled."""


@dataclass(frozen=True)
class Watched:
    """How the copy went.

    Parameters
    ----------
    returned : bool
        Whether the migration call came back. When it did not, even a cancelled one, the outcome is
        unknown.
    latest : Progress or None
        The last reading.
    peak_throttle_percent : int
        Strongest throttle that was seen.
    ended : CopyDecision or None
        Why this process cancelled it or switched to post-copy, None when it did neither.
    warnings : tuple of str
        Calls of the loop that failed.
    """

    returned: bool
    latest: Progress | None = None
    peak_throttle_percent: int = 0
    ended: CopyDecision | None = None
    warnings: tuple[str, ...] = ()

    @property
    def cancelled(self) -> bool:
        """Whether this process cancelled it."""
        return self.ended is not None and self.ended.action is Action.ABORT

    @property
    def in_post_copy(self) -> bool:
        """Whether this process let post-copy finish it."""
        return self.ended is not None and not self.cancelled


class Monitor:
    """Watches one copy until its call has returned.

    Parameters
    ----------
    job : Job
        The migration.
    limits : CopyLimits
        When to do what.
    abort_timeout_s : float
        How long a cancelled migration may take to return.
    clock : callable
        Returns seconds; only differences matter.
    on_progress : callable
        Gets every reading.
    stop : StopSignal or None
        Asks to cancel.
    """

    def __init__(
        self,
        job: Job,
        limits: CopyLimits,
        abort_timeout_s: float,
        clock: t.Callable[[], float],
        on_progress: t.Callable[[Progress], None],
        stop: StopSignal | None,
    ) -> None:
        self._job = job
        self._limits = limits
        self._abort_timeout_s = abort_timeout_s
        self._clock = clock
        self._on_progress = on_progress
        self._stop = stop
        self._started_s = clock()
        self._history = History()
        self._call: PatientCall[t.Any] | None = None
        self._peak_throttle = 0
        self._ended: CopyDecision | None = None
        self._post_copy = False
        self._cancelled_at_s: float | None = None
        self._warnings: list[str] = []

    def watch(self) -> Watched:
        """Watch until the migration call returns, or does not return although it was cancelled."""
        while not self._job.wait(POLL_S):
            if self._cancelled_at_s is None:
                self._step()
                if self._post_copy and self._silent():
                    return self._summary(returned=False)
            elif self._clock() - self._cancelled_at_s > self._abort_timeout_s:
                return self._summary(returned=False)
        return self._summary(returned=True)

    def _tell(self) -> None:
        """Pass the newest reading on, also an old one where there is no answer: silence is news, too."""
        if self._history.latest is not None:
            self._on_progress(replace(self._history.latest, silent_s=self._silence_s()))

    def _silent(self) -> bool:
        """Whether nothing was copied for so long that the path must be broken."""
        return self._silence_s() > self._limits.no_progress_timeout_s

    def _silence_s(self) -> float:
        return self._clock() - self._started_s - self._history.moved_at_s

    def _step(self) -> None:
        reading = self._read()
        if reading is not None:
            self._history = self._history.after(reading)
            self._peak_throttle = max(self._peak_throttle, reading.throttle_percent)
        self._tell()
        self._act(self._decide(reading))

    def _decide(self, reading: Progress | None) -> CopyDecision:
        if self._post_copy:
            # The VM's memory is on both hosts now: whatever is cancelled here loses it.
            return CopyDecision(Action.CONTINUE)
        if self._stop is not None and self._stop.is_set():
            return CopyDecision(
                Action.ABORT, "The migration was cancelled on request.", error_code="cancelled"
            )
        if reading is not None:
            return decide(self._history, self._limits)
        return self._decide_blindly()

    def _decide_blindly(self) -> CopyDecision:
        """Decide without a reading: only the time budget counts."""
        elapsed_s = self._clock() - self._started_s
        if elapsed_s < self._limits.budget_s:
            return CopyDecision(Action.CONTINUE)
        return CopyDecision(
            Action.ABORT,
            "The copy did not end within its time budget of {:.0f} s.".format(
                self._limits.budget_s
            ),
            error_code="timeout",
        )

    def _read(self) -> Progress | None:
        statistics = self._attempt(self._job.statistics, "read the progress")
        if statistics is None:
            return None
        progress = read_progress(statistics, self._clock() - self._started_s)
        return replace(progress, post_copy=self._post_copy)

    def _act(self, decision: CopyDecision) -> None:
        if decision.action is Action.SET_DOWNTIME:
            self._history = self._history.allowing(decision.downtime_ms)
            self._attempt(
                lambda: self._job.set_max_downtime(decision.downtime_ms), "set the downtime"
            )
        elif decision.action is Action.POST_COPY:
            self._switch_to_post_copy(decision)
        elif decision.action is Action.ABORT:
            self._cancel(decision)

    def _switch_to_post_copy(self, decision: CopyDecision) -> None:
        """Switch, and from then on only look. What is refused for long ends in the time budget."""
        self._ended = decision
        try:
            self._job.start_post_copy()
        except DroverError as error:
            self._warnings.append(error.message)
            self._cancel(replace(decision, action=Action.ABORT))
        else:
            self._post_copy = True

    def _cancel(self, decision: CopyDecision) -> None:
        self._ended = decision
        self._cancelled_at_s = self._clock()
        # It may hang as long as libvirt waits for the busy VM; the loop goes on and counts the
        # time.
        PatientCall(self._abort, "cancel the migration")

    def _abort(self) -> None:
        try:
            self._job.abort()
        except DroverError as error:
            self._warnings.append(error.message)

    def _attempt(self, function: t.Callable[[], t.Any], doing: str) -> t.Any:
        """Call something that may hang; None when it hangs, fails, or an earlier one still hangs.

        One call at a time: libvirt answers a busy VM's questions after 30 s, and asking again
        meanwhile would only fill the connection.
        """
        if self._call is not None and not self._call.done:
            return None
        self._call = PatientCall(function, doing)
        try:
            return self._call.result(POLL_S)
        except DroverError:
            return None

    def _summary(self, returned: bool) -> Watched:
        return Watched(
            returned=returned,
            latest=self._history.latest,
            peak_throttle_percent=self._peak_throttle,
            ended=self._ended,
            warnings=tuple(self._warnings),
        )
