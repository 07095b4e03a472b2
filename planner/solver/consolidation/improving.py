# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Better consolidations from one that is known: one host fewer, then fewer migrations with as many hosts.

Large neighbourhood search: a few hosts at a time are packed again, each by a small exact model (`search.repack`). How
much is tried is limited in tries and nodes, never in time, so that the same input gives the same plan.
"""

from __future__ import annotations

from collections import Counter

from ...patience import patience
from ..milp.backend import Effort
from ..search.neighbours import PARTNERS, partners
from ..search.repack import Neighbourhood, repack
from .emptying import Emptying, by_load

FIRST_ANSWER = Effort(gap=0.3, max_nodes=100, time_limit_s=5.0)
"""To empty a host, the first answer that is not wasteful will do."""

NEAR_BEST = Effort(gap=0.02, max_nodes=20, time_limit_s=5.0)
"""To save migrations, much of the gain is in the first nodes."""

ROOM = (1.15, 1.6)
"""How much room the partners of a host must have, for what it carries: little keeps the model small."""

FAILURES = 4
"""This many hosts that cannot be emptied end the search for one host less."""

EXCHANGES, IN_VAIN = 40, 10
"""How many exchanges of hosts are tried at most, and how many in a row without success."""

RIVALS = 3
"""Hosts in use that are candidates to be emptied instead of another one."""


def empty_more(emptying: Emptying, least: int) -> None:
    """Empty further hosts, until no more than the least number that is possible are in use, or it does not work.

    Parameters
    ----------
    least
        A bound: there is no use in trying for fewer hosts.
    """
    failed: set[int] = set()
    most = patience().much(FAILURES)
    while len(emptying.used) > least and len(failed) < most and not patience().is_over:
        host = min(
            (h for h in emptying.used if h not in failed and emptying.may_close(h)),
            key=lambda h: (by_load(emptying, h), h),
            default=None,
        )
        if host is None:
            return
        if not _empty_with_partners(emptying, host):
            failed.add(host)


def _empty_with_partners(emptying: Emptying, host: int) -> bool:
    """Empty one host by packing it and the hosts with the most room again."""
    packing = emptying.packing
    for more in ROOM:
        near = partners(packing, emptying.used, [host], more)
        if near is None:
            continue
        mark = packing.mark()
        hood = Neighbourhood((*near, host), closed=frozenset((host,)))
        if repack(packing, hood, FIRST_ANSWER):
            if emptying.within_budget() and not packing.items_on[host]:
                packing.close(host)
                return True
            packing.take_back(mark)
    return False


def exchange_hosts(emptying: Emptying) -> None:
    """Use a host again whose emptying was dear, and empty a cheaper one instead, as long as that saves migrations."""
    vain = tries = 0
    tried: set[int] = set()
    exchanges, in_vain = patience().much(EXCHANGES), patience().much(IN_VAIN)
    while tries < exchanges and vain < in_vain and not patience().is_over:
        host = _dearest(emptying, tried)
        if host is None:
            return
        tries += 1
        tried.add(host)
        if _exchange(emptying, host):
            vain, tried = 0, set()
        else:
            vain += 1


def _dearest(emptying: Emptying, tried: set[int]) -> int | None:
    """Return the emptied host whose items cost the most to move, of those not tried yet."""
    costs: Counter[int] = Counter()
    items, used = emptying.indexed.items, set(emptying.used)
    for item in emptying.packing.state.moves():
        if items[item].home not in used | tried:
            costs[items[item].home] += items[item].cost_s  # type: ignore[assignment]
    return min(costs, key=lambda h: (-costs[h], h), default=None)


def _exchange(emptying: Emptying, host: int) -> bool:
    """Pack an emptied host, its rivals, and the hosts that have its items again, with as many in use as before."""
    packing, items = emptying.packing, emptying.indexed.items
    before, mark = emptying.objective_s(), packing.mark()
    rivals = [
        h
        for h in sorted(emptying.used, key=lambda h: (emptying.leaving_s(h), h))
        if emptying.may_close(h)
    ][:RIVALS]
    shelters = Counter(at for item, at in packing.state.moves().items() if items[item].home == host)
    near = [h for h, _count in shelters.most_common(PARTNERS) if h not in rivals]
    packing.reopen(host)
    hood = Neighbourhood(
        (host, *rivals, *sorted(near)),
        optional=frozenset((host, *rivals)),
        at_most=len(rivals),
    )
    if repack(packing, hood, NEAR_BEST):
        for h in (host, *rivals):
            if not packing.items_on[h] and emptying.may_close(h):
                packing.close(h)
        if emptying.objective_s() < before - 1e-6 and emptying.within_budget():
            return True
    packing.take_back(mark)
    return False
