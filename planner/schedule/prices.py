# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a time is too short for jobs on identical machines, although it is long enough for their work: prices.

Give every job a price. If no set of jobs that one machine can do in the time costs more than 1, all machines
together can do jobs for no more than their number: jobs that cost more need longer. (Prices are a solution of the dual
of Gilmore and Gomory's model of cutting stock; with the durations as prices, this is the bound of the work.)

Good prices are whole: how many units of some length a job takes at least. What slack they leave is given to the jobs,
one length after the other.

References
----------
J. Carlier, F. Clautiaux, A. Moukrim, "New reduction procedures and lower bounds for the two-dimensional bin
packing problem with fixed orientation", 2007, https://doi.org/10.1016/j.cor.2005.08.012 (whole prices).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

MOST_LENGTHS, MOST_LOADS = 10, 1000
"""This many different durations, and ways to fill a machine with them, are looked at; for more, work bounds well."""

HIGHEST, STEPS = 0.1, 8
"""How far above what is proved already a bound is sought, as a part of it, and in how many steps. If the work is
farther below than that, there is nothing to find."""

Load = tuple[int, ...]
"""How many jobs of each length a machine does, in the order of the lengths."""


def priced_makespan(durations: Sequence[int], machines: int, proved: int) -> int:
    """Return a time in which these jobs cannot be done sooner by identical machines.

    Parameters
    ----------
    proved
        Such a time that is known already.
    """
    lengths = Counter(durations)
    is_far = sum(durations) * (1 + HIGHEST) < machines * proved
    if not lengths or len(lengths) > MOST_LENGTHS or is_far:
        return proved
    low, high = proved, proved + int(HIGHEST * proved)
    for _step in range(STEPS):
        middle = (low + high) // 2
        if is_too_short(middle, lengths, machines):
            low = middle + 1
        else:
            high = middle
    return low


def is_too_short(time: int, lengths: Mapping[int, int], machines: int) -> bool:
    """Tell whether some prices prove that jobs (length: how many) take longer than a time."""
    longest_first = dict(sorted(lengths.items(), reverse=True))
    loads: list[Load] = []
    for load in _full_loads(list(longest_first.items()), time):
        loads.append(load)
        if len(loads) > MOST_LOADS:
            return False
    for unit in lengths:
        prices = _lifted([_units(length, time, unit) for length in longest_first], loads)
        worth = sum(n * price for n, price in zip(longest_first.values(), prices, strict=True))
        if worth > machines * (1 + 1e-9):
            return True
    return False


def _full_loads(lengths: Sequence[tuple[int, int]], time: int) -> Iterator[Load]:
    """Return the ways to fill a machine; of the shortest jobs it always does as many as it can."""
    (length, count), others = lengths[0], lengths[1:]
    most = min(count, time // length)
    if not others:
        yield (most,)
        return
    for number in range(most, -1, -1):
        for rest in _full_loads(others, time - number * length):
            yield (number, *rest)


def _units(length: int, time: int, unit: int) -> float:
    """Return the price of a job: the units in it, rounded down; if it is longer than half the time, all units but
    those in what it leaves."""
    whole = time // unit
    units = 2 * (whole - (time - length) // unit) if 2 * length > time else 2 * (length // unit)
    return float(units)


def _lifted(prices: Sequence[float], loads: Sequence[Load]) -> list[float]:
    """Scale prices so that the dearest load costs 1, and raise them as long as none costs more."""
    dearest = max(_cost(load, prices) for load in loads)
    lifted = [price / dearest for price in prices] if dearest else list(prices)
    for number in range(len(lifted)):
        slacks = [(1 - _cost(load, lifted)) / load[number] for load in loads if load[number]]
        lifted[number] += max(0.0, min(slacks, default=0.0))
    return lifted


def _cost(load: Load, prices: Sequence[float]) -> float:
    return sum(number * price for number, price in zip(load, prices, strict=True))
