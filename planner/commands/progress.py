# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a plan at a terminal: how far it is, and Ctrl-C for the best plan so far."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType

from ..goal.base import Goal
from ..patience import Patience

FIRST_S, EVERY_S = 1.0, 0.2
"""Seconds before anything is shown, and between two looks."""


class _Line:
    """One line on a terminal that is written again and again; nothing elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._began = monotonic()
        self._next = self._began + FIRST_S
        self._width = 0

    def show(self, gap: float | None) -> None:
        """Say how far it is."""
        now = monotonic()
        if not self._is_terminal or now < self._next:
            return
        self._next = now + EVERY_S
        known = (
            "no plan yet"
            if gap is None
            else f"a better plan could save {gap:.1%} at most; Ctrl-C takes this one"
        )
        self._write(f"Planning for {now - self._began:.0f} s: {known}")

    def clear(self) -> None:
        """Leave nothing on the line."""
        if self._width:
            self._write("")
            print("\r", end="", file=sys.stderr, flush=True)

    def _write(self, text: str) -> None:
        print(f"\r{text.ljust(self._width)}", end="", file=sys.stderr, flush=True)
        self._width = len(text)


@contextmanager
def waiting(goal: Goal) -> Iterator[Patience]:
    """Return the patience for a goal; the first Ctrl-C takes the best plan so far, the second ends the command."""
    line = _Line()
    patient = Patience(goal.effort, goal.time_limit_s, show=line.show)

    def _lose(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        line.clear()
        print("drover: taking the best plan so far; Ctrl-C again ends.", file=sys.stderr)
        patient.lose()

    before = signal.signal(signal.SIGINT, _lose)
    try:
        yield patient
    finally:
        signal.signal(signal.SIGINT, before)
        line.clear()
