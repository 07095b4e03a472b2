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

from ...patience import patience
from .even import LEAST_S, BalanceSearch

FEWEST, MOST = 2, 8
"""How many VMs are sent home at a time."""

OFTEN = 0.3
"""How often those of a few hosts are sent home, and how often others go anywhere."""

FEW_HOSTS, FEW_ITEMS = 3, 3
"""How many hosts and how many others these are at most."""

CHANGES = 1000
"""The most that follow from it, as a safety."""


def iterate(search: BalanceSearch, rounds: int) -> None:
    """Leave the search at the best placement of this many rounds; chance is seeded, so that it is always the same."""
    state = search.state
    chance = Random(len(state.where))
    best_s, best = search.cost_s(), list(state.where)
    for _round in range(patience().much(rounds)):
        if patience().is_over:
            break
        moved = sorted(state.moves())
        if not moved:
            break
        changed = _send_home(search, _some(search, moved, chance))
        if chance.random() < OFTEN:
            changed |= _send_anywhere(search, chance)
        search.improve(CHANGES, changed)
        search.take_back()
        cost_s = search.cost_s()
        if cost_s < best_s - LEAST_S:
            best_s, best = cost_s, list(state.where)
        elif cost_s > best_s:
            _return_to(search, best)
    _return_to(search, best)


def _some(search: BalanceSearch, moved: list[int], chance: Random) -> list[int]:
    """Choose items that moved: any, or those of a few hosts."""
    number = chance.randint(FEWEST, MOST)
    if chance.random() < OFTEN:
        members = search.scale.members
        hosts = set(chance.sample(members, min(FEW_HOSTS, len(members))))
        items, where = search.state.indexed.items, search.state.where
        moved = [item for item in moved if where[item] in hosts or items[item].home in hosts]
    return chance.sample(moved, min(number, len(moved)))


def _send_anywhere(search: BalanceSearch, chance: Random) -> set[int]:
    """Send some items to some hosts, where there is room and the rules let them; return the hosts that this changes."""
    changed: set[int] = set()
    for _item in range(chance.randint(1, FEW_ITEMS)):
        item, host = (
            chance.randrange(len(search.state.where)),
            chance.choice(search.scale.members),
        )
        if search.may_move(item, host):
            changed |= {search.state.where[item], host}
            search.move(item, host)
    return changed


def _send_home(search: BalanceSearch, items: Iterable[int]) -> set[int]:
    """Send items home, where there is room and the rules let them; return the hosts that this changes."""
    state = search.state
    changed: set[int] = set()
    for item in items:
        host, home = state.where[item], state.indexed.items[item].home
        if search.may_move(item, home):
            changed |= {host, home}
            search.move(item, home)
    return changed


def _return_to(search: BalanceSearch, where: list[int]) -> None:
    for item, host in enumerate(where):
        if search.state.where[item] != host:
            search.move(item, host)
