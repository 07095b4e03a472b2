# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines of a journal as events. Every reader of a journal reads it here, on its own host and on the
controller, and finds in an event what its kind promises.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import typing as t

from .._ends.outcome import Outcome

Event = dict[str, t.Any]

# What became of a step, as journals have it.
OUTCOMES = tuple(outcome.value for outcome in Outcome)

# The end of the calendar; a moment after it cannot be shown.
_LAST_S = 253402300799.0
# What no amount comes near to; what is not a number is not below it either.
_MOST = 1e15
# A journal's lines are short; one that is longer than this was not written by an executor.
_LONGEST = 1 << 20

Is = t.Callable[[t.Any], bool]


def _is_text(value: t.Any) -> bool:
    return isinstance(value, str)


def _is_number(value: t.Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _MOST


def _is_moment(value: t.Any) -> bool:
    return _is_number(value) and 0 <= value <= _LAST_S


def _is_count(value: t.Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST


def _is_texts(value: t.Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_mapping(value: t.Any) -> bool:
    return isinstance(value, dict)


def _or_none(check: Is) -> Is:
    return lambda value: value is None or check(value)


_STEP: dict[str, Is] = {"id": _is_text, "domain": _is_text}
_MOVE: dict[str, Is] = {**_STEP, "source": _is_text, "destination": _is_text}
_PROGRESS = ("percent", "total_mib", "bandwidth_mib_s", "iteration", "silent_s")

# What an event of a kind must have.
_PROMISED: dict[str, dict[str, Is]] = {
    "execution_started": {"steps": _is_count},
    "executor_failed": {"reason": _is_text},
    "stopping": {"reason": _is_text, "running": _is_texts},
    "migration_started": _MOVE,
    "migration_begun": {"id": _is_text},
    "progress": {**_STEP, **dict.fromkeys(_PROGRESS, _is_number)},
    "migration_ended": {**_MOVE, "outcome": lambda value: value in OUTCOMES, "reason": _is_text},
}
# What any event may have, and then like this.
_POSSIBLE: dict[str, Is] = {
    "owner": _is_text,
    "purpose": _is_text,
    "uuid": _or_none(_is_text),
    "mark": _is_mapping,
    "options": _is_mapping,
    "uncleaned": _is_text,
    "duration_s": _or_none(_is_number),
    "downtime_ms": _or_none(_is_number),
}


def read_event(line: str) -> Event | None:
    """Return the event of a line; None for a line that a crash cut short and for all that is not an event."""
    if len(line) > _LONGEST:
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and _keeps_its_promises(event) else None


def _keeps_its_promises(event: Event) -> bool:
    kind = event.get("event")
    if not isinstance(kind, str) or not _is_moment(event.get("at")):
        return False
    promised = _PROMISED.get(kind, {})
    return all(check(event.get(name)) for name, check in promised.items()) and all(
        check(event[name]) for name, check in _POSSIBLE.items() if name in event
    )
