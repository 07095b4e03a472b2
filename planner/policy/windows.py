# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times of day at which migrations are allowed. What time it is, is always told, never looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..errors import InputError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 1440


@dataclass(frozen=True, slots=True)
class Window:
    """A time of day, on some days of the week; one that passes midnight belongs to the day on which it opens.

    Attributes
    ----------
    opens_min, length_min
        Minutes from midnight to its opening, and from there to its end.
    days
        Of its opening: 0 is Monday.
    """

    opens_min: int
    length_min: int
    days: frozenset[int]

    def open_s(self, now: datetime) -> float:
        """Return for how many seconds it is still open; 0 if it is closed."""
        for day in (0, -1):
            opens = _midnight(now, day) + timedelta(minutes=self.opens_min)
            closes = opens + timedelta(minutes=self.length_min)
            if opens.weekday() in self.days and opens <= now < closes:
                return (closes - now).total_seconds()
        return 0.0

    def next_opening(self, now: datetime) -> datetime:
        """Return when it opens next."""
        openings = [_midnight(now, d) + timedelta(minutes=self.opens_min) for d in range(8)]
        return next(o for o in openings if o > now and o.weekday() in self.days)


def _midnight(now: datetime, days: int) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)


def open_s(windows: Sequence[Window], now: datetime) -> float:
    """Return for how many seconds the longest open one of some windows is still open; 0 if all are closed."""
    return max((window.open_s(now) for window in windows), default=0.0)


def next_opening(windows: Sequence[Window], now: datetime) -> datetime:
    """Return when the first of some windows opens."""
    return min(window.next_opening(now) for window in windows)


def parse_windows(entries: Sequence[Mapping[str, Any]], path: str) -> tuple[Window, ...]:
    """Turn the windows of a policy document into windows.

    Raises
    ------
    InputError
        A time that no clock shows.
    """
    return tuple(_window(entry, f"{path}[{number}]") for number, entry in enumerate(entries))


def _window(entry: Mapping[str, Any], path: str) -> Window:
    start = minutes(entry["start"], f"{path}.start")
    length = (minutes(entry["end"], f"{path}.end") - start) % MINUTES_A_DAY
    days = frozenset(DAYS.index(day) for day in entry.get("days", DAYS))
    return Window(start, length or MINUTES_A_DAY, days)


def minutes(text: str, path: str) -> int:
    """Return the minutes since midnight of a time such as 22:30.

    Raises
    ------
    InputError
        It is none.
    """
    hour, _colon, minute = text.partition(":")
    if hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60:
        return 60 * int(hour) + int(minute)
    raise InputError(
        f"{text!r} is not a time of day; write it like 22:30, and midnight as 00:00.", path=path
    )


def told(moment: datetime) -> str:
    """Return a moment for people, the same in every language of the machine."""
    return f"{DAYS[moment.weekday()].capitalize()} {moment:%Y-%m-%d %H:%M}"
