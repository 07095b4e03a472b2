# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long, and how hard, an answer is looked for: one patience per plan, which every way of the solver asks.

What is tried depends on the effort, in tries and nodes; so the same input gives the same plan. Time only ends it where
a limit was asked for, or where somebody waiting for the answer wants what there is by now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic

DEFAULT_EFFORT = 3

FACTORS = {1: 0.2, 2: 0.5, 3: 1.0, 4: 3.0, 5: 10.0}
"""How many times the usual tries and nodes, by effort."""


class Patience:
    """What a search may take.

    Parameters
    ----------
    effort
        From 1 (hasty) to 5 (thorough).
    limit_s
        Seconds after which the best answer so far is taken.
    clock
        Tells the seconds since some moment.
    show
        Is told the gap of the best answer so far (a fraction of its objective; ``None`` before there is one), often.
    """

    def __init__(
        self,
        effort: int = DEFAULT_EFFORT,
        limit_s: float | None = None,
        *,
        clock: Callable[[], float] = monotonic,
        show: Callable[[float | None], None] | None = None,
    ) -> None:
        self._factor = FACTORS[effort]
        self._clock = clock
        self._end_s = inf if limit_s is None else clock() + limit_s
        self._show = show
        self._is_lost = False
        self._objective = inf
        self._bound = -inf

    @property
    def left_s(self) -> float:
        """The seconds that are left."""
        if self._is_lost:
            return 0.0
        return inf if self._end_s == inf else max(0.0, self._end_s - self._clock())

    @property
    def is_over(self) -> bool:
        """Tell whether the best answer so far has to do."""
        return self.left_s <= 0

    @property
    def is_shown(self) -> bool:
        """Tell whether somebody is waiting who may lose patience."""
        return self._show is not None

    @property
    def is_hasty(self) -> bool:
        """Tell whether an answer that is good enough will do."""
        return self._factor < FACTORS[2]

    def lose(self) -> None:
        """Take the best answer so far."""
        self._is_lost = True

    def much(self, usual: int) -> int:
        """Return how many tries or nodes there are instead of the usual number."""
        return max(1, round(usual * self._factor))

    def begin(self) -> None:
        """Forget the answers so far: another problem is solved now."""
        self._objective, self._bound = inf, -inf

    def learn(self, objective: float, bound: float) -> None:
        """Take note of an answer and of a bound."""
        self._objective, self._bound = min(objective, self._objective), max(bound, self._bound)
        self.show()

    def show(self) -> None:
        """Show how far it is."""
        if self._show:
            known = self._objective < inf
            gap = max(0.0, self._objective - self._bound) / max(1e-9, abs(self._objective))
            self._show(gap if known else None)


_PATIENCE: ContextVar[Patience] = ContextVar("patience", default=Patience())  # noqa: B039 (never changed)


def patience() -> Patience:
    """Return the patience of the plan that is being made; without one, it is endless and of the usual effort."""
    return _PATIENCE.get()


@contextmanager
def having(wanted: Patience) -> Iterator[Patience]:
    """Make a plan with a patience."""
    token = _PATIENCE.set(wanted)
    try:
        yield wanted
    finally:
        _PATIENCE.reset(token)
