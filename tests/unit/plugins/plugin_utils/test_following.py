# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a controller puts up with a coordinator that does not answer."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.plugin_utils._following import (
    GAP_S,
    POLL_S,
    Following,
    OutOfReach,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._journal_reader import Look


class Coordinator:
    """A coordinator that is out of reach for so many looks."""

    def __init__(self, silent: float) -> None:
        self._looks = 0
        self._silent = silent

    def look(self) -> Look:
        """Answer, or not."""
        self._looks += 1
        if self._looks <= self._silent:
            raise ConnectionError("no route to host")
        return Look("alive", [])


def follow(silent: float) -> tuple[Look, list[str]]:
    """Follow until the first answer; return it and the lines that were shown."""
    lines: list[str] = []
    follower: Any = Coordinator(silent)
    ticks = itertools.count()
    following = Following(
        follower, None, lines.append, clock=lambda: next(ticks) / 3, sleep=lambda _s: None
    )
    return following.until(lambda _look, _s: True), lines


def test_a_short_silence_is_put_up_with() -> None:
    """Nobody needs to know."""
    assert follow(silent=3)[1] == []


def test_a_longer_silence_is_spoken_of() -> None:
    """Now and then, for as long as it lasts."""
    look, lines = follow(silent=40)
    assert look.executor == "alive"
    assert len(lines) >= 2
    assert all(line.startswith("The coordinator has not answered for ") for line in lines)


def test_a_coordinator_that_stays_silent_is_given_up() -> None:
    """With what to do when it is back, and when it is not."""
    with pytest.raises(OutOfReach, match=r"for 6\d s \(no route to host\).*drover_fenced=HOST"):
        follow(silent=float("inf"))


def test_news_is_followed_at_once_and_silence_once_a_second() -> None:
    """A coordinator whose looks cannot wait is not asked all the time."""
    news = Look("alive", [{"event": "progress"}])
    looks = iter([news, Look("alive", []), news])
    follower: Any = type("Talkative", (), {"look": lambda _self: next(looks)})()
    pauses: list[float] = []
    following = Following(follower, None, print, clock=lambda: 0.0, sleep=pauses.append)
    seen = itertools.count(1)
    following.until(lambda _look, _s: next(seen) == 3)
    assert pauses == [GAP_S, POLL_S]
