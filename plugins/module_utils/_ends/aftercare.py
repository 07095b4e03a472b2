# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks after a VM that runs on its destination. Whatever fails here is a warning, for the VM has
moved all the same.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
import typing as t

from .._errors import DroverError
from .._libvirt.arrival import announce, has_agent, set_time
from .._libvirt.domain import DomainFacts
from .ends import End

# The guest agent answers again a moment after its VM has come to life.
_AGENT_LIMIT_S = 10.0
_ASK_AGAIN_S = 0.5


def announced(end: End, uuid: str) -> tuple[str, ...]:
    """Announce the VM in its networks; return what went wrong."""
    return _attempted(end, uuid, announce)


def clock_set(
    end: End,
    facts: DomainFacts,
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
) -> tuple[str, ...]:
    """Set the clock of a VM that stood still; return what went wrong.

    A VM in which no agent answered before is left alone.

    Parameters
    ----------
    end : End
        The host that runs it.
    facts : DomainFacts
        The VM before it stood still.
    clock, sleep : callable, optional
        Time, in seconds.
    """
    if not has_agent(facts.live_xml):
        return ()
    give_up_at_s = clock() + _AGENT_LIMIT_S
    while True:
        warnings = _attempted(end, facts.uuid, set_time)
        if not warnings or clock() >= give_up_at_s:
            return warnings
        sleep(_ASK_AGAIN_S)


def _attempted(end: End, uuid: str, act: t.Callable[[t.Any], None]) -> tuple[str, ...]:
    try:
        end.ask_domain(uuid, act, "look after the VM")
    except DroverError as error:
        return (error.message,)
    return ()
