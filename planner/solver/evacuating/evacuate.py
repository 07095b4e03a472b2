# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emptying hosts for maintenance: the quickest way whose answer is proved, and the exact model where none is.

No plan costs less than one in which only the VMs of these hosts move. Where they find no place like that, others make
room: first by ejections, then by packing a few hosts again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...errors import TimeLimit
from ...goal.evacuation import Evacuation
from ...problem.problem import Problem
from ..budget import Budget
from ..exact import solve_among
from ..indexed import Indexed
from ..milp.backend import Effort
from ..milp.model import is_small, movers_within
from ..milp.program import Ending
from ..refusal.explanation import explain_evacuation
from ..search.neighbours import partners
from ..search.pack import FULLNESS, Packing
from ..search.place import place_spreading, spread_moved
from ..search.repack import Neighbourhood, Repacked, Repacking, follow
from ..search.state import Preferences, State, manners
from ..solution import Solution, SolveStatus, proved_solution

EXACT_NODES = 200
"""How hard the model of single VMs is tried, in nodes, so that a busy machine plans the same."""

COUNTED = Effort(gap=1e-6, max_nodes=200)
"""How hard the model that counts VMs of one size is tried."""

COUNTED_HOSTS = 400
"""In a cluster of more hosts only those with the most room are in that model."""

ROOM = (1.6, 3.0)
"""How much room these have together, for what has to find a place."""


def solve_evacuation(goal: Evacuation, problem: Problem, effort: Effort) -> Solution:
    """Find the cheapest placement in which no VM is left on the hosts to empty.

    Raises
    ------
    Infeasible
        There is none, or none was found; the message says which.
    TimeLimit
        None was found in time.
    """
    return _Search(goal, Indexed(problem)).solve(effort)


class _Search:
    """One evacuation, with the best answer and bound so far."""

    def __init__(self, goal: Evacuation, indexed: Indexed) -> None:
        self._goal = goal
        self._indexed = indexed
        self._problem = indexed.problem
        self._budget = Budget(indexed)
        self._best: Solution | None = None
        self._least_s = sum(indexed.items[item].cost_s for item in indexed.leavers)
        self._bound_s = self._least_s
        self._is_impossible = False

    def solve(self, effort: Effort) -> Solution:
        """Try the ways one after the other, until an answer is proved."""
        if not self._problem.required_broken(self._problem.snapshot.placement):
            for state in self._answers(effort):
                self._learn(state)
                if self._best and self._best.status is SolveStatus.OPTIMAL:
                    return self._best
        if self._best and not is_small(self._indexed):
            return self._best
        return self._exactly(effort)

    def _learn(self, state: State) -> None:
        """Keep the better of a placement and the best one so far, with what is proved by now."""
        found = [self._best.placement] if self._best else []
        if self._budget.allows(state.moves()):
            found.append(self._indexed.placement(state.moves()))
        if found:
            best = min(found, key=self._problem.objective.value_s)
            self._best = proved_solution(best, self._problem.objective.value_s(best), self._bound_s)

    def _answers(self, effort: Effort) -> Iterator[State]:
        """Yield placements that reach the goal: those first in which only who has to leave moves, the evenest first."""
        for way in (self._spread, self._pack_tightly):
            for manner in reversed(manners(self._problem)):
                yield from way(manner)
        counted = replace(effort, gap=COUNTED.gap, max_nodes=COUNTED.max_nodes)
        for manner in manners(self._problem):
            yield from self._count(manner, counted)

    def _spread(self, manner: Preferences) -> Iterator[State]:
        """Place the leavers on preferred hosts, then on any but those to avoid, then on any."""
        state, unplaced = State(self._indexed, manner), list(self._indexed.leavers)
        for tier in self._tiers():
            unplaced = place_spreading(state, unplaced, tier)
        if not unplaced:
            yield state

    def _tiers(self) -> list[set[int] | None]:
        """Return the hosts that take VMs first, second, ...; ``None`` is any."""
        names = self._indexed.hosts
        hosts = range(len(names))
        preferred = {h for h in hosts if names[h] in self._goal.prefer}
        welcome = {h for h in hosts if names[h] not in self._goal.avoid}
        return [*(tier for tier in (preferred, welcome) if 0 < len(tier) < len(hosts)), None]

    def _pack_tightly(self, manner: Preferences) -> Iterator[State]:
        """Fill the leavers in where they fit best; what is left over finds room by ejections."""
        for fullness in FULLNESS:
            packing = Packing(State(self._indexed, manner), self._staying(), fullness)
            if not packing.squeeze(packing.fill(self._indexed.leavers)):
                spread_moved(packing.state)
                yield packing.state

    def _count(self, manner: Preferences, effort: Effort) -> Iterator[State]:
        """Pack the hosts again by their VMs' sizes: all of them, which proves a bound, or those with the most room."""
        staying = self._staying()
        if len(staying) <= COUNTED_HOSTS:
            hood = self._hood(staying)
            yield from self._counted(manner, hood, effort, relaxed=True)
            yield from self._counted(manner, hood, effort, relaxed=False)
            return
        for more in ROOM:
            packing = Packing(State(self._indexed, manner), staying)
            if near := partners(packing, staying, sorted(self._indexed.leaving), more):
                yield from self._counted(manner, self._hood(near), effort, relaxed=False)

    def _counted(
        self, manner: Preferences, hood: Neighbourhood, effort: Effort, *, relaxed: bool
    ) -> Iterator[State]:
        packing = Packing(State(self._indexed, manner), sorted(hood.hosts))
        model = Repacking(packing, hood, relaxed=relaxed)
        answer = model.solve(effort)
        if relaxed:
            self._is_impossible = model.ending is Ending.INFEASIBLE
            self._prove(answer)
        if not answer or not follow(packing, hood, answer):
            return
        if self._problem.keeps_rules(self._indexed.placement(packing.state.moves())):
            spread_moved(packing.state)
            yield packing.state

    def _prove(self, answer: Repacked | None) -> None:
        """Raise the bound by what other VMs cost at least that make room."""
        if answer and answer.bound_s:
            self._bound_s = max(self._bound_s, self._least_s + answer.bound_s)

    def _hood(self, hosts: Sequence[int]) -> Neighbourhood:
        leaving = self._indexed.leaving
        return Neighbourhood((*hosts, *sorted(leaving)), closed=leaving)

    def _staying(self) -> list[int]:
        """Return the hosts that are up and take VMs."""
        return [host for host in self._indexed.up if host not in self._indexed.leaving]

    def _exactly(self, effort: Effort) -> Solution:
        """Return the answer of the model of single VMs, or the best so far where that is as good."""
        problem, indexed, best = self._problem, self._indexed, self._best
        movers = movers_within(indexed, indexed.leavers)
        proved = is_small(indexed) or self._is_impossible
        try:
            found = solve_among(
                problem,
                indexed,
                replace(effort, max_nodes=EXACT_NODES) if best else effort,
                lambda: explain_evacuation(problem, indexed, effort, proved=proved),
                movers,
                bound=self._bound_s,
            )
        except TimeLimit:
            if best is None:
                raise
            return best
        if best is None or found.objective < best.objective:
            return found
        return proved_solution(best.placement, best.objective, found.bound)
