# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the migrations of a plan: each one as soon as what it waits for is there.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import queue
import typing as t

from .._ends.account import Account
from .._ends.outcome import Outcome
from .._linux.state_directory import StateUnusable
from .journal import Journal
from .ledger import Ledger
from .steps import Step, Work

# How often, at the latest, the executor looks at the controller's wishes.
TICK_S = 1.0


@dataclasses.dataclass(frozen=True)
class StepOutcome:
    """What happened to one step.

    Parameters
    ----------
    step : Step
    account : Account
        What it came to.
    details : dict
        The migration's measurements, as plain JSON.
    started_at, ended_at : float or None
        When it ran, in seconds since the epoch; None for a step that was not begun.
    """

    step: Step
    account: Account
    details: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    started_at: float | None = None
    ended_at: float | None = None

    @property
    def outcome(self) -> Outcome:
        """The step's outcome in one word."""
        return self.account.outcome

    @property
    def reason(self) -> str:
        """Sentence for people, with what can be done about a failure; empty for a plain success."""
        return " ".join(filter(None, (self.account.reason, self.account.remedy)))

    def document(self) -> dict[str, t.Any]:
        """Return it as plain JSON, one flat object."""
        return dict(
            self.details,
            id=self.step.id,
            domain=self.step.domain,
            source=self.step.source,
            destination=self.step.destination,
            outcome=self.outcome.value,
            reason=self.reason,
            started_at=self.started_at,
            ended_at=self.ended_at,
        )


# Writes one event of a step: its name, whether it must be on the disk before the call returns, and
# its fields.
Record = t.Callable[[str, bool, dict[str, t.Any]], None]

# Runs one migration and says what became of it; called in a thread of its own. Never raises for a
# failed migration.
RunStep = t.Callable[[Step, Record], StepOutcome]


class Executor:
    """Event-driven: whenever a migration ends, all others are looked at again, earliest planned
    first.

    No barrier stands between waves (measured: barriers cost 1.7 to 2 times the time), and a step
    that cannot start holds nobody up.

    Parameters
    ----------
    work : Work
    run_step : callable
        Does one migration.
    journal : Journal
    reason_to_stop : callable
        Says why nothing more may start; empty to go on.
    lateness : callable
        Says why it is too late to start a step; empty when it is not.
    """

    def __init__(
        self,
        work: Work,
        run_step: RunStep,
        journal: Journal,
        reason_to_stop: t.Callable[[], str],
        lateness: t.Callable[[Step], str] = lambda step: "",
    ) -> None:
        self._work = work
        self._run_step = run_step
        self._journal = journal
        self._reason_to_stop = reason_to_stop
        self._lateness = lateness
        self._ledger = Ledger(work)
        self._pending = sorted(work.steps, key=lambda step: (step.start_s, step.id))
        self._running: dict[str, Step] = {}
        self._started_at: dict[str, float] = {}
        self._outcomes: dict[str, StepOutcome] = {}
        self._ended: queue.Queue[StepOutcome] = queue.Queue()

    def run(self) -> list[StepOutcome]:
        """Run until every step has an outcome; return them in the plan's order."""
        stopped = ""
        with concurrent.futures.ThreadPoolExecutor(max_workers=self._work.limits.cluster) as pool:
            while self._pending or self._running:
                stopped = stopped or self._stop()
                if not stopped:
                    self._start_what_can(pool)
                if not self._running:
                    self._skip_the_rest(stopped or self._journal.trouble)
                    break
                self._wait()
        return [self._outcomes[step.id] for step in self._work.steps]

    def _stop(self) -> str:
        reason = self._journal.trouble or self._reason_to_stop()
        if reason:
            self._note("stopping", reason=reason, running=sorted(self._running))
        return reason

    def _note(self, event: str, **fields: t.Any) -> None:
        """Write down what has happened already; where that cannot be, the executor's result tells it."""
        with contextlib.suppress(StateUnusable):
            self._journal.record(event, **fields)

    def _start_what_can(self, pool: concurrent.futures.Executor) -> None:
        self._skip_the_late()
        self._skip_dependants()
        for step in list(self._pending):
            if self._journal.trouble:
                return
            if self._has_what_it_needs(step):
                self._pending.remove(step)
                self._start(step, pool)

    def _has_what_it_needs(self, step: Step) -> bool:
        return all(self._has_left(other) for other in step.after) and not self._ledger.obstacle(
            step
        )

    def _has_left(self, step_id: str) -> bool:
        """Whether a step's VM takes no room on its source any more, which is what others wait for."""
        found = self._outcomes.get(step_id)
        return found is not None and (found.outcome.moved is True or found.outcome.overtaken)

    def _skip_the_late(self) -> None:
        for step in list(self._pending):
            reason = self._lateness(step)
            if reason:
                self._skip(step, reason)

    def _skip_dependants(self) -> None:
        for step in list(self._pending):
            failed = [
                other
                for other in step.after
                if other in self._outcomes and not self._has_left(other)
            ]
            if failed:
                self._skip(step, "It waits for {0}, which did not succeed.".format(failed[0]))
                self._skip_dependants()
                return

    def _skip(self, step: Step, reason: str) -> None:
        self._pending.remove(step)
        self._settle(StepOutcome(step, Account(Outcome.SKIPPED, reason)))

    def _skip_the_rest(self, stopped: str) -> None:
        for step in list(self._pending):
            obstacle = self._ledger.obstacle(step)
            self._skip(
                step,
                stopped
                or "It cannot start: {0}.".format(obstacle or "what it waits for did not succeed"),
            )

    def _start(self, step: Step, pool: concurrent.futures.Executor) -> None:
        # The intent is on the disk before anything is asked of libvirt: settling after a crash
        # knows where to look.
        try:
            self._started_at[step.id] = self._journal.record(
                "migration_started",
                id=step.id,
                domain=step.domain,
                uuid=step.uuid,
                source=step.source,
                destination=step.destination,
                memory_mib=step.memory_mib,
            )
        except StateUnusable as error:
            self._settle(StepOutcome(step, Account(Outcome.SKIPPED, str(error))))
            return
        self._ledger.take(step)
        self._running[step.id] = step
        pool.submit(self._run, step)

    def _run(self, step: Step) -> None:
        def record(event: str, durable: bool, fields: dict[str, t.Any]) -> None:
            self._journal.record(event, durable, **dict(fields, id=step.id, domain=step.domain))

        try:
            outcome = self._run_step(step, record)
        except Exception as error:  # whatever it was, the VM's place is unknown; the others go on
            outcome = StepOutcome(
                step, Account(Outcome.UNKNOWN, "The executor failed: {0!r}.".format(error))
            )
        self._ended.put(outcome)

    def _wait(self) -> None:
        try:
            outcome = self._ended.get(timeout=TICK_S)
        except queue.Empty:
            return
        del self._running[outcome.step.id]
        self._ledger.give_back(outcome.step, outcome.outcome.moved, outcome.outcome.overtaken)
        self._settle(outcome)

    def _settle(self, outcome: StepOutcome) -> None:
        told = self._timed(outcome)
        self._outcomes[outcome.step.id] = told
        self._note("migration_ended", **told.document())

    def _timed(self, outcome: StepOutcome) -> StepOutcome:
        """Return the outcome of a step that was begun with its times."""
        if outcome.step.id not in self._started_at:
            return outcome
        began = self._started_at[outcome.step.id]
        return dataclasses.replace(outcome, started_at=began, ended_at=self._journal.now())
