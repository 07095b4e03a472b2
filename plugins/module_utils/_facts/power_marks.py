# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Power marks: what is on record about a host that Drover switched off, or is about to.

Like the maintenance mark of a host its power mark is kept on every host of the cluster, so that it
can be read while the marked host is off. Of several copies the one with the newest C(at) holds.
A host that is on again keeps its mark, because the proof of its wake and its history stand there.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import typing as t

from .marks import format_moment, parse_moment

PowerMark = dict[str, t.Any]

# C(going_down) is written before the shutdown begins; C(unconfirmed) is a host that went silent
# without a word of its BMC.
STATES = ("on", "going_down", "asleep", "unconfirmed", "waking")
# The states in which the silence of a host is not an error.
SILENT_STATES = tuple(state for state in STATES if state != "on")

# What is kept beside the state, with what it is when it is missing.
_DEFAULTS: PowerMark = {
    "by": "",
    "reason": "",
    "wake": None,
    "boot_id": None,
    "facts": None,
    "proven": None,
    "doubtful": None,
    "times_off": 0,
    "off_s": 0,
    "last_on": None,
    "last_off": None,
}


def parse_power_mark(text: str) -> PowerMark:
    """Read the text of a power mark.

    Raises
    ------
    ValueError
        It is not a power mark.
    """
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("it must be a mapping")
    return checked_power_mark(document)


def checked_power_mark(document: t.Mapping[str, t.Any]) -> PowerMark:
    """Return a power mark with all of its keys, and nothing else.

    Raises
    ------
    ValueError
        The state or a moment is missing or unknown.
    """
    state = document.get("state")
    if state not in STATES:
        raise ValueError("its state is {0!r}, not one of {1}".format(state, ", ".join(STATES)))
    return {
        "state": state,
        "at": format_moment(parse_moment(str(document.get("at", "")))),
        "since": format_moment(parse_moment(str(document.get("since", "")))),
        **{key: document.get(key, default) for key, default in _DEFAULTS.items()},
    }


def without_facts(mark: PowerMark) -> PowerMark:
    """Return a mark without the kept facts, which are most of its size."""
    return {key: value for key, value in mark.items() if key != "facts"}
