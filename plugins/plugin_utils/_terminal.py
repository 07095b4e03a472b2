# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The last lines of a terminal, drawn again and again, below everything else that is written there.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import os
import sys
import typing as t


class Region:
    """Lines at the end of a terminal; other output there makes them vanish first.

    The cursor stays where it is seen, and nothing is to be put right when the process is killed.

    Parameters
    ----------
    out : file
        The terminal.
    lock : lock
        Held while something is written; also by Ansible while it forks.
    """

    def __init__(self, out: t.TextIO, lock: t.ContextManager[t.Any]) -> None:
        self._out = out
        self._lock = lock
        self._owner = os.getpid()
        self._height = 0
        self._is_free = True

    def draw(self, lines: t.Sequence[str]) -> None:
        """Show these lines instead of the last ones; not while somebody has begun a line of his own."""
        with self._lock, contextlib.suppress(OSError):
            if self._is_free:
                self._out.write(self._back() + "\n".join(lines))
                self._height = len(lines)
                self._out.flush()

    def clear(self) -> None:
        """Leave nothing of them."""
        with self._lock, contextlib.suppress(OSError):
            self._out.write(self._back())
            self._out.flush()

    def make_way(self, text: str) -> None:
        """Somebody else is about to write this text."""
        if text and os.getpid() == self._owner:
            self.clear()
            self._is_free = text.endswith("\n")

    def _back(self) -> str:
        """Return what takes the cursor to where the lines began and clears from there."""
        height, self._height = self._height, 0
        up = f"\x1b[{height - 1}A" if height > 1 else ""
        return f"\r{up}\x1b[J" if height else ""


class _Beside:
    """A stream of the process that makes way for a region before each write."""

    def __init__(self, stream: t.Any, region: Region, lock: t.ContextManager[t.Any]) -> None:
        self._stream = stream
        self._region = region
        self._lock = lock

    def write(self, text: str) -> int:
        with self._lock:
            self._region.make_way(text)
            return int(self._stream.write(text))

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def beside(region: Region, lock: t.ContextManager[t.Any]) -> t.Iterator[None]:
    """Let standard output and error make way for a region."""
    before = sys.stdout, sys.stderr
    sys.stdout = t.cast("t.TextIO", _Beside(sys.stdout, region, lock))
    sys.stderr = t.cast("t.TextIO", _Beside(sys.stderr, region, lock))
    try:
        yield
    finally:
        region.clear()
        sys.stdout, sys.stderr = before
