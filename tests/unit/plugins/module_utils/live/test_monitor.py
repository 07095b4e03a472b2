# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop that watches a copy, with a scripted job and a clock that the job moves."""

from __future__ import annotations

import threading
from typing import Any

from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._live.convergence import CopyLimits
from ansible_collections.drover.libvirt.plugins.module_utils._live.monitor import Monitor, Watched
from ansible_collections.drover.libvirt.plugins.module_utils._live.progress import Progress

_MIB = 1 << 20


class ScriptedJob:
    """A migration that copies at a constant rate and ends after so many polls, or when aborted."""

    def __init__(self, polls: int, mib_per_poll: float = 10.0, obeys: bool = True) -> None:
        self.now_s = 0.0
        self.downtimes: list[int] = []
        self.switched = 0
        self.aborted = threading.Event()
        self._polls = polls
        self._mib_per_poll = mib_per_poll
        self._obeys = obeys
        self._waited = 0

    def clock(self) -> float:
        """Return the job's time."""
        return self.now_s

    def wait(self, seconds: float) -> bool:
        """Let time pass."""
        self._waited += 1
        self.now_s += seconds
        if self.aborted.is_set():
            return self._obeys
        return self._waited > self._polls

    def statistics(self) -> dict[str, Any]:
        """Return what libvirt would."""
        return {
            "memory_total": 1024 * _MIB,
            "memory_processed": int(self._waited * self._mib_per_poll * _MIB),
            "memory_remaining": 500 * _MIB,
            "memory_iteration": 1 + self._waited // 4,
            "auto_converge_throttle": 20,
        }

    def set_max_downtime(self, downtime_ms: int) -> None:
        """Note the pause."""
        self.downtimes.append(downtime_ms)

    def start_post_copy(self) -> None:
        """Note the switch."""
        self.switched += 1

    def abort(self) -> None:
        """Note the cancellation."""
        self.aborted.set()


def watch(
    job: ScriptedJob, stop: threading.Event | None = None, **limits: Any
) -> tuple[Watched, list[Progress]]:
    """Watch a job to its end and return what came of it, and the readings."""
    readings: list[Progress] = []
    patience = CopyLimits(**{"budget_s": 300.0, **limits})
    monitor = Monitor(job, patience, 10.0, job.clock, readings.append, stop)
    return monitor.watch(), readings


def test_reports_every_reading() -> None:
    """Each poll gives one reading, with the loop's own time."""
    watched, readings = watch(ScriptedJob(polls=3))
    assert watched.returned
    assert [reading.elapsed_s for reading in readings] == [0.5, 1.0, 1.5]
    assert watched.peak_throttle_percent == 20


def test_tells_how_long_nothing_was_sent() -> None:
    """Also while QEMU or libvirt does not answer any more."""

    class Silent(ScriptedJob):
        def statistics(self) -> dict[str, Any]:
            if self.now_s > 1.0:
                raise LibvirtFailed("Cannot read the progress.")
            return super().statistics()

    _watched, readings = watch(Silent(polls=4))
    assert [reading.silent_s for reading in readings] == [0.0, 0.0, 0.5, 1.0]
    _watched, readings = watch(ScriptedJob(polls=3, mib_per_poll=0.0))
    assert [reading.silent_s for reading in readings] == [0.0, 0.5, 1.0]


def test_allows_more_downtime_step_by_step() -> None:
    """QEMU is told of each longer pause once."""
    job = ScriptedJob(polls=12)
    watch(job)
    assert job.downtimes == [100, 144, 188, 233]


def test_cancels_on_request() -> None:
    """A stop request cancels the copy, and the result says so."""
    stop = threading.Event()
    stop.set()
    job = ScriptedJob(polls=1000)
    watched, _readings = watch(job, stop)
    assert job.aborted.wait(5)
    assert watched.returned
    assert watched.ended is not None
    assert (watched.cancelled, watched.ended.error_code) == (True, "cancelled")


def test_cancels_a_dead_copy() -> None:
    """A copy that moves nothing is cancelled after its limit."""
    watched, readings = watch(ScriptedJob(polls=1000, mib_per_poll=0.0), no_progress_timeout_s=5.0)
    assert watched.ended is not None
    assert watched.ended.error_code == "no_progress"
    assert readings[-1].elapsed_s == 5.5


def test_does_not_wait_for_ever_for_a_cancelled_copy() -> None:
    """When the call does not return after a cancellation, the loop gives up and says so."""
    watched, _readings = watch(ScriptedJob(polls=1000, obeys=False), budget_s=2.0)
    assert not watched.returned
    assert watched.ended is not None
    assert watched.ended.error_code == "timeout"


def test_post_copy_is_begun_once_and_left_alone() -> None:
    """After the switch neither the budget nor a stop request touches the copy any more."""
    stop = threading.Event()
    job = ScriptedJob(polls=30)
    watched, readings = watch(job, stop, budget_s=2.0, post_copy=True)
    stop.set()
    assert (job.switched, watched.returned, watched.cancelled) == (1, True, False)
    assert readings[-1].post_copy
    assert not job.aborted.is_set()


def test_survives_readings_that_fail() -> None:
    """A reading that libvirt refuses is skipped; the time budget still holds."""

    class Refusing(ScriptedJob):
        def statistics(self) -> dict[str, Any]:
            raise LibvirtFailed("Cannot read the progress.")

    watched, readings = watch(Refusing(polls=1000), budget_s=3.0)
    assert readings == []
    assert watched.ended is not None
    assert watched.ended.error_code == "timeout"
