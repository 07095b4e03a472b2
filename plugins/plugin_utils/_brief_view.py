# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows what is under way: on a terminal as lines that are drawn again and again, elsewhere as a line now and then.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
import typing as t

from ._bars import Bars
from ._live import Channel
from ._planner import duration, visible
from ._running import Running
from ._terminal import Region, beside

# How often a terminal is drawn again.
_DRAW_S = 0.25
# Where there is no terminal, long work is heard of at least this often.
QUIET_S = 60.0


class View:
    """What is under way, shown by a thread of its own until it is closed.

    Parameters
    ----------
    channel : Channel
        What actions tell.
    show : callable
        Writes a line for good.
    lock : lock
        Held while something is drawn; Ansible holds it while it forks.
    terminal : file or None
        Where bars are drawn; None where there are only lines.
    bars : Bars or None
        Draws them.
    clock : callable
        Seconds since the epoch.
    """

    def __init__(
        self,
        channel: Channel,
        show: t.Callable[[str], None],
        lock: t.ContextManager[t.Any],
        terminal: t.TextIO | None = None,
        bars: Bars | None = None,
        clock: t.Callable[[], float] = time.time,
    ) -> None:
        self.running = Running()
        self._channel = channel
        self._show = show
        self._lock = lock
        self._bars = bars
        self._clock = clock
        self._began_s = self._heard_s = clock()
        self._region = Region(terminal, lock) if terminal and bars else None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drover-brief", daemon=True)
        self._stack = contextlib.ExitStack()

    def open(self) -> None:
        """Begin to show."""
        if self._region:
            self._stack.enter_context(beside(self._region, self._lock))
        self._thread.start()

    def close(self) -> None:
        """Show nothing any more; leave the terminal as if nothing had been drawn."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(2.0)
        self._stack.close()

    def begin_task(self, name: str) -> None:
        """A task begins."""
        with self._lock:
            self.running.begin_task(name, self._clock())

    def wait_for(self, host: str) -> None:
        """The task begins on a host."""
        with self._lock:
            self.running.hosts[host] = None

    def has_ended(self, host: str) -> None:
        """The task has ended on a host."""
        with self._lock:
            self.running.hosts.pop(host, None)

    def try_again(self, attempt: str) -> None:
        """The task is tried again."""
        with self._lock:
            self.running.attempt = attempt

    def heard(self) -> None:
        """Something was shown just now."""
        self._heard_s = self._clock()

    def _run(self) -> None:
        while not self._ended.is_set():
            self.tick(_DRAW_S)

    def tick(self, wait_s: float) -> None:
        """Take in what was told, and show what there is to be seen now."""
        events = self._channel.receive(wait_s)
        if not events:
            self._ended.wait(wait_s / 10)
        with self._lock:
            for event in events:
                self.running.take(event)
                self.heard()
            if self._ended.is_set():
                return
            if self._region and self._bars:
                width = shutil.get_terminal_size().columns
                lines = self._bars.lines(self.running, self._clock(), width)
                self._region.draw(lines)
            else:
                self._say_that_it_goes_on()

    def _say_that_it_goes_on(self) -> None:
        now = self._clock()
        if self.running.task and now - self._heard_s >= QUIET_S:
            self.heard()
            waits = f", on {', '.join(self.running.hosts)}" if self.running.hosts else ""
            at = time.strftime("%H:%M:%S", time.localtime(now))
            took = duration(now - self._began_s)
            text = f"{at}  still at work after {took}: {self.running.task}{waits}"
            self._show(visible(text))
