# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follows an execution to its end: shows its lines, keeps it alive, and puts up with a coordinator
that is out of reach for a while.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
import typing as t

from ._journal_reader import JournalReader, Look
from ._live import tell
from ._progress_lines import ProgressLines

# How often the journal is looked at, at least while nothing is written into it, and at most.
POLL_S = 1.0
GAP_S = 0.2
# How long a coordinator may be out of reach before this side gives up; the executor goes on with
# what it has begun all the while, and starts nothing more after the same silence.
OUT_OF_REACH_S = 60.0
# How often the silence is spoken of.
SILENCE_S = 10.0


class OutOfReach(Exception):
    """The coordinator has not answered for too long."""


class Following:
    """One execution, looked at again and again.

    Parameters
    ----------
    follower : JournalReader
    lines : ProgressLines or None
        Makes lines of events; None shows nothing.
    display : callable
        Shows a line.
    clock, sleep : callable
        Time, in seconds.
    """

    def __init__(
        self,
        follower: JournalReader,
        lines: ProgressLines | None,
        display: t.Callable[[str], None],
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self._follower = follower
        self._lines = lines
        self._display = display
        self._clock = clock
        self._sleep = sleep
        self._started_s = clock()

    def until(self, enough: t.Callable[[Look, float], bool]) -> Look:
        """Look until C(enough) says so of a look and the seconds since the start.

        A look waits for something new by itself; the next one follows at once where there was something.

        Returns
        -------
        Look
            The last one.

        Raises
        ------
        OutOfReach
            The coordinator does not answer.
        """
        heard_s = spoken_s = self._clock()
        while True:
            began_s, pause_s = self._clock(), POLL_S
            try:
                look = self._follower.look()
            except ConnectionError as error:
                silence_s = self._clock() - heard_s
                if silence_s > OUT_OF_REACH_S:
                    raise OutOfReach(
                        f"The coordinator has been out of reach for {silence_s:.0f} s "
                        f"({error}). "
                        "Running migrations end by themselves and no further one is started. "
                        "Run the same playbook again when it is back. If it is off, run it with "
                        "-e drover_fenced=HOST."
                    ) from error
                if self._clock() - spoken_s >= SILENCE_S:
                    spoken_s = self._clock()
                    self._display(f"The coordinator has not answered for {silence_s:.0f} s.")
            else:
                heard_s = self._clock()
                self._show(look)
                if enough(look, heard_s - self._started_s):
                    return look
                pause_s = GAP_S if look.events else POLL_S
            self._sleep(max(0.0, began_s + pause_s - self._clock()))

    def _show(self, look: Look) -> None:
        for event in look.events:
            tell(event)
            line = self._lines.line(event) if self._lines else ""
            if line:
                self._display(line)


@contextlib.contextmanager
def graceful_stop() -> t.Iterator[t.Callable[[], bool]]:
    """Catch the first Ctrl-C or SIGTERM: by default Ansible's worker would die at once and leave
    the executor to find out by silence.

    A playbook that was killed wants the same. Its worker lives on, without anybody who reads what it shows, and would
    keep the executor going to the end.
    """
    wanted = []
    playbook = os.getppid()

    def remember(_signal: int, _frame: t.Any) -> None:
        wanted.append(True)

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(wanted) or os.getppid() != playbook
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
