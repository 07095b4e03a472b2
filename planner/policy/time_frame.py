# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Until when migrations may run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..errors import InputError
from .windows import Window, minutes, next_opening, open_s, told

YEARS = range(1970, 9000)
"""In others no cluster runs, and there may be no day before or after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFrame:
    """The time there is for migrations: from now to the deadline or the end of the window, whichever is earlier.

    Attributes
    ----------
    ends
        When all migrations have to be done; now, if none may start.
    cause
        What it is that ends it.
    """

    now: datetime
    ends: datetime
    cause: str

    @property
    def seconds(self) -> float:
        """How long it is."""
        return max(0.0, (self.ends - self.now).total_seconds())

    @property
    def refusal(self) -> str | None:
        """Say why no migration may start; ``None`` if one may."""
        return None if self.seconds else f"No migration may start now: {self.cause}."


def parse_now(text: str | None) -> datetime | None:
    """Read what time it is; nothing, if that is not told.

    Raises
    ------
    InputError
        It is not a moment, or does not say its distance from UTC.
    """
    return None if text is None else parse_moment(text, "goal.now")


def parse_moment(text: str, path: str) -> datetime:
    """Read a moment with its distance from UTC.

    Raises
    ------
    InputError
        It is none, or does not tell the distance.
    """
    moment = _moment(text, path)
    if moment.tzinfo is None:
        raise InputError(
            f"{text!r} does not tell its distance from UTC; write it like 2026-11-24T22:30:00+01:00.",
            path=path,
        )
    return moment


def _moment(text: str, path: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.year in YEARS:
            return moment
        raise ValueError(f"year {moment.year}")
    except ValueError as error:
        raise InputError(
            f"{text!r} is not a moment; write it like 2026-11-24T22:30:00+01:00.", path=path
        ) from error


def time_frame(
    now: datetime | None, deadline: str | None, windows: Sequence[Window]
) -> TimeFrame | None:
    """Return the time there is; ``None`` if neither a deadline nor windows limit it.

    Parameters
    ----------
    deadline
        A moment, or a time of day that comes next.

    Raises
    ------
    InputError
        The time is not told, or the deadline is none that can be kept.
    """
    if deadline is None and not windows:
        return None
    if now is None:
        raise needs_now("policy.limits.windows" if windows else "goal.deadline")
    frames = []
    if deadline is not None:
        ends = _deadline(now, deadline)
        frames.append(TimeFrame(now=now, ends=ends, cause=f"the deadline is {told(ends)}"))
    if windows:
        frames.append(_window_frame(now, windows))
    return min(frames, key=lambda frame: frame.ends)


def needs_now(subject: str) -> InputError:
    """Return the error that what time it is has not been told."""
    return InputError(f"{subject} depends on the time; tell what time it is.", path="goal.now")


def _deadline(now: datetime, text: str) -> datetime:
    """Return the moment of a deadline: a time of day is the next one."""
    if len(text) > 5:
        moment = _moment(text, "goal.deadline")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
        if moment <= now:
            raise InputError(f"{told(moment)} has passed; name a later time.", path="goal.deadline")
        return moment
    of_day = minutes(text, "goal.deadline")
    today = now.replace(hour=of_day // 60, minute=of_day % 60, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def _window_frame(now: datetime, windows: Sequence[Window]) -> TimeFrame:
    seconds = open_s(windows, now)
    ends = now + timedelta(seconds=seconds)
    cause = (
        f"the window of limits.windows closes on {told(ends)}"
        if seconds
        else f"the next window of limits.windows opens on {told(next_opening(windows, now))}"
    )
    return TimeFrame(now=now, ends=ends, cause=cause)
