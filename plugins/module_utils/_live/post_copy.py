# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets a broken post-copy migration go on once the way between the hosts is there again.

The VM runs on the destination, and stands still as soon as it needs memory that is still on the
source. Neither QEMU may end before all of it has followed. The two hosts need not notice the break
at the same time: the one that still believes in the old connection is told to give it up first.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import typing as t

from .._ends.ends import Ends
from .._errors import DroverError
from .._facts.end_state import Evidence
from .._libvirt.migration import (
    MigrationJob,
    job_statistics,
    migration_parameters,
    pause_post_copy,
    post_copy_resume_flags,
)
from .._request.request import MigrationRequest

T = t.TypeVar("T")

_LOOK_AGAIN_S = 0.5
# A connection over a link that is back may come to life again within this many seconds.
_MAY_RECOVER_S = 5.0


class PostCopyBroken(DroverError):
    """A broken post-copy migration could not be resumed; both QEMUs still hold the VM."""

    code = "post_copy_broken"


def in_post_copy(evidence: Evidence) -> bool:
    """Whether the VM's memory is on both hosts, and both still hold it."""
    source, destination = evidence.source, evidence.destination
    both = source.active and destination.active
    return both and "postcopy" in source.reason + destination.reason


def is_broken(evidence: Evidence) -> bool:
    """Whether a host has noticed that post-copy does not go on."""
    failed = "postcopy_failed" in (evidence.source.reason, evidence.destination.reason)
    return failed and in_post_copy(evidence)


class PostCopyRecovery:
    """Resumes the post-copy migration of one VM.

    Parameters
    ----------
    request : MigrationRequest
        The VM and the hosts.
    uuid : str
        The VM.
    persistent : bool
        Whether it had a definition on the source.
    ends : Ends
        The hosts, and time.
    """

    def __init__(
        self,
        request: MigrationRequest,
        uuid: str,
        persistent: bool,
        ends: Ends,
    ) -> None:
        self._request = request
        self._uuid = uuid
        self._persistent = persistent
        self._ends = ends
        self._resumed = False

    def run(self) -> bool:
        """Resume it, or see it go on by itself, and wait for its end.

        Returns
        -------
        bool
            Whether it was resumed.

        Raises
        ------
        PostCopyBroken
            It cannot be resumed, or nothing is copied although it was.
        """
        give_up_at_s = self._ends.clock() + self._request.options.settle_timeout_s
        error = self._end_or_error()
        while error is not None:
            if self._ends.clock() >= give_up_at_s:
                raise PostCopyBroken(error, _REMEDY)
            self._give_the_old_connection_up()
            error = self._end_or_error()
        return self._resumed

    def _end_or_error(self) -> str | None:
        """Bring it forward as far as it goes; None when the VM has left the source."""
        domain = self._ends.source.domain(self._uuid)
        state = self._ends.source.state(self._uuid)
        if domain is None or not state.active:
            return None
        if state.reason != "postcopy_failed":
            return self._watched_by_libvirt()
        job = MigrationJob(
            domain,
            self._request.peer,
            migration_parameters(self._request),
            post_copy_resume_flags(self._request, self._persistent),
        )
        job.start()
        self._resumed = True
        patience_s = self._request.options.no_progress_timeout_s
        if self._goes_on(lambda: job.wait(_LOOK_AGAIN_S), patience_s):
            return job.error.message if job.error is not None else None
        return "Post-copy was resumed, and nothing is copied."

    def _watched_by_libvirt(self) -> str | None:
        """Wait while libvirt still believes in the connection and memory is copied."""

        def ended() -> bool:
            self._ends.sleep(_LOOK_AGAIN_S)
            return self._ends.source.state(self._uuid).reason != "postcopy"

        self._goes_on(ended, _MAY_RECOVER_S)
        state = self._ends.source.state(self._uuid)
        return "Nothing is copied." if state.active else None

    def _goes_on(self, ended: t.Callable[[], bool], patience_s: float) -> bool:
        """Wait for the end as long as memory is copied; false when none was for so long."""
        remaining, moved_at_s = None, self._ends.clock()
        while not ended():
            now = self._remaining()
            if now != remaining:
                remaining, moved_at_s = now, self._ends.clock()
            elif self._ends.clock() - moved_at_s > patience_s:
                return False
        return True

    def _remaining(self) -> int | None:
        """Return how much memory is still on the source, in bytes, as far as it tells."""
        statistics = self._of_the_vm(job_statistics, "read the progress")
        return None if statistics is None else statistics.get("memory_remaining")

    def _give_the_old_connection_up(self) -> None:
        self._of_the_vm(pause_post_copy, "pause post-copy")
        self._ends.sleep(_LOOK_AGAIN_S)

    def _of_the_vm(self, question: t.Callable[[t.Any], T], doing: str) -> T | None:
        """Ask something of the VM on the source; None where it has left or does not answer."""
        with contextlib.suppress(DroverError):
            return self._ends.source.ask_domain(self._uuid, question, doing)
        return None


_REMEDY = "Stop neither host's QEMU; restore the link between them, then reconcile the VM."
