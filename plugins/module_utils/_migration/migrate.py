# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves one VM to another host and says what became of it.

Four phases: preparation (both hosts are asked, nothing is changed), transfer (memory is copied
while the VM runs), handover (the VM changes hands), cleanup (both hosts are read, whatever the
migration call said, and settled).

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import time
import typing as t

from .._libvirt.events import start_event_loop
from .._libvirt.kept import KeptConnections
from .._live.monitor import StopSignal
from .._live.progress import Progress
from .._prerequisites.port_proof import Way
from .._request.request import MigrationRequest
from .attempt import Attempt, Beginning
from .cancellation import Cancellation
from .result import MigrationResult


def migrate(
    request: MigrationRequest,
    *,
    on_progress: t.Callable[[Progress], None] | None = None,
    on_begin: Beginning | None = None,
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
    stop: StopSignal | None = None,
    proven_ways: set[Way] | None = None,
    kept: KeptConnections | None = None,
) -> MigrationResult:
    """Move one VM to another host.

    May be called from several threads, one for each VM.

    Parameters
    ----------
    request : MigrationRequest
        What is to move, and how.
    on_progress : callable, optional
        Gets a C(Progress) about twice a second while memory is copied. It must not raise.
    on_begin : callable, optional
        Gets the facts of the VM, the destination's state, and the options with the handover that is
        made, before anything is changed, so that they can be written down for settling
        the VM should this process die.
    clock, sleep : callable, optional
        Time, in seconds.
    stop : StopSignal, optional
        Cancels the migration when set; the VM then stays where it is.
    proven_ways : set of tuple, optional
        Ways between hosts whose migration ports were proved already; new ones are added. Pass
        the same set for many VMs.
    kept : KeptConnections, optional
        Where connections are taken from, and left to after a plain success. Pass the same ones for many VMs.

    Returns
    -------
    MigrationResult
        Also for a failure: it is judged from the states of both hosts. Nothing is raised for a
        migration that failed.

    Side Effects
    ------------
    Starts libvirt's event loop in this process. Opens one connection to each host and closes it
    again, or leaves it to C(kept).
    """
    start_event_loop()
    attempt = Attempt(
        request, clock=clock, sleep=sleep, stop=stop, proven_ways=proven_ways, kept=kept
    )
    attempt.on_begin = on_begin
    if on_progress is not None:
        attempt.on_progress = on_progress
    with contextlib.closing(attempt):
        return attempt.told(attempt.run)


def examine(
    request: MigrationRequest, *, clock: t.Callable[[], float] = time.monotonic
) -> MigrationResult:
    """Say whether a VM could be moved now, changing nothing.

    Parameters
    ----------
    request : MigrationRequest
        What is to move, and how.
    clock : callable, optional
        Time, in seconds.

    Returns
    -------
    MigrationResult
        C(ALREADY_THERE), or C(NOT_MOVED) with the prerequisites; its error code is empty when
        nothing is in the way.
    """
    start_event_loop()
    with contextlib.closing(Attempt(request, clock=clock)) as attempt:
        return attempt.told(attempt.examine)


def reconcile(
    request: MigrationRequest,
    *,
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
) -> MigrationResult:
    """Bring a VM that may be on both hosts to one definition and at most one QEMU.

    Nothing is copied and nothing is started that does not wait for its handover. When the VM runs
    on both hosts it is paused on both, and the result says so.

    Parameters
    ----------
    request : MigrationRequest
        The VM and the two hosts; which of them is the source decides nothing but the words.
    clock, sleep : callable, optional
        Time, in seconds.

    Returns
    -------
    MigrationResult
        C(ALREADY_THERE) when the destination has it, C(NOT_MOVED) or C(ROLLED_BACK) when the source
        has it; its error code is empty when nothing is left to clean up.
    """
    start_event_loop()
    with contextlib.closing(Attempt(request, clock=clock, sleep=sleep)) as attempt:
        return attempt.told(attempt.reconcile)


def foresee(
    request: MigrationRequest, *, clock: t.Callable[[], float] = time.monotonic
) -> MigrationResult:
    """Say what C(reconcile) would do, changing nothing; the actions begin with "Would"."""
    start_event_loop()
    with contextlib.closing(Attempt(request, clock=clock)) as attempt:
        return attempt.told(attempt.foresee)


def abort(
    request: MigrationRequest,
    *,
    look_only: bool = False,
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
) -> MigrationResult:
    """Abort the running migration of a VM, no matter who began it; the VM keeps running where it is.

    Parameters
    ----------
    request : MigrationRequest
        The VM and its source; the destination need not be named.
    look_only : bool
        Whether to change nothing and say what would be done.
    clock, sleep : callable, optional
        Time, in seconds.

    Returns
    -------
    MigrationResult
        C(NOT_MOVED); without an action when no migration was running.
    """
    start_event_loop()
    with contextlib.closing(Cancellation(request, clock=clock, sleep=sleep)) as cancellation:
        return cancellation.run(look_only)
