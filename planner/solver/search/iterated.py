# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Iterated local search for balance: send a few VMs home again, see what else comes of it, keep what is better.

Now and then it is all VMs that came to or from a few hosts, or some others go anywhere as well: what is sent home one
by one mostly comes back.

References
----------
H. R. Lourenco, O. C. Martin, T. Stutzle, "Iterated local search", 2003, https://doi.org/10.1007/0-306-48056-5_11.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from .even import LEAST_S, Evening

FEWEST, MOST = 2, 8
"""How many VMs are sent home at a time."""

OFTEN = 0.3
"""How often those of a few hosts are sent home, and how often others go anywhere."""

FEW_HOSTS, FEW_ITEMS = 3, 3
"""How many hosts and how many others these are at most."""

CHANGES = 1000
"""The most that follow from it, as a safety."""


def iterate(evening: Evening, rounds: int) -> None:
    """Leave the evening at the best placement of so many rounds; chance is seeded, so that it is always the same."""
    state = evening.state
    chance = Random(len(state.where))
    best_s, best = evening.cost_s(), list(state.where)
    for _round in range(rounds):
        moved = sorted(state.moves())
        if not moved:
            break
        changed = _send_home(evening, _some(evening, moved, chance))
        if chance.random() < OFTEN:
            changed |= _send_anywhere(evening, chance)
        evening.improve(CHANGES, changed)
        evening.take_back()
        cost_s = evening.cost_s()
        if cost_s < best_s - LEAST_S:
            best_s, best = cost_s, list(state.where)
        elif cost_s > best_s:
            _return_to(evening, best)
    _return_to(evening, best)


def _some(evening: Evening, moved: list[int], chance: Random) -> list[int]:
    """Choose items that moved: any, or those of a few hosts."""
    number = chance.randint(FEWEST, MOST)
    if chance.random() < OFTEN:
        members = evening.scale.members
        hosts = set(chance.sample(members, min(FEW_HOSTS, len(members))))
        items, where = evening.state.indexed.items, evening.state.where
        moved = [item for item in moved if where[item] in hosts or items[item].home in hosts]
    return chance.sample(moved, min(number, len(moved)))


def _send_anywhere(evening: Evening, chance: Random) -> set[int]:
    """Send some items to some hosts, where there is room and the rules let them; return the hosts that this changes."""
    changed: set[int] = set()
    for _item in range(chance.randint(1, FEW_ITEMS)):
        item, host = (
            chance.randrange(len(evening.state.where)),
            chance.choice(evening.scale.members),
        )
        if evening.may_move(item, host):
            changed |= {evening.state.where[item], host}
            evening.move(item, host)
    return changed


def _send_home(evening: Evening, items: Iterable[int]) -> set[int]:
    """Send items home, where there is room and the rules let them; return the hosts that this changes."""
    state = evening.state
    changed: set[int] = set()
    for item in items:
        host, home = state.where[item], state.indexed.items[item].home
        if evening.may_move(item, home):
            changed |= {host, home}
            evening.move(item, home)
    return changed


def _return_to(evening: Evening, where: list[int]) -> None:
    for item, host in enumerate(where):
        if evening.state.where[item] != host:
            evening.move(item, host)
