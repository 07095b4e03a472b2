# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps of a plan as migrations of libvirt.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import dataclasses
import time
import typing as t

from .._ends.account import Account
from .._ends.outcome import Outcome
from .._errors import DomainNotFound
from .._facts.end_state import FENCED, EndState, Evidence, mark_before
from .._libvirt.domain import DomainFacts
from .._libvirt.kept import KeptConnections
from .._live.progress import Progress
from .._migration.migrate import migrate
from .._migration.result import MigrationResult
from .._prerequisites.port_proof import Way
from .._request.options import MigrationOptions
from .executor import Record, StepOutcome
from .remembering import remember
from .requests import Moving, read_ways
from .steps import Step, read_work

# How often, at most, the progress of a migration is written down.
PROGRESS_S = 1.0

# What of a migration's result goes into the journal and the report.
MEASUREMENTS = (
    "downtime_ms",
    "downtime_reported_ms",
    "duration_s",
    "iterations",
    "memory_processed_mib",
    "memory_total_mib",
    "phases",
    "evidence",
    "actions",
    "leftovers",
    "warnings",
    "error_code",
)


class StepRunner:
    """Runs a step as one live migration, driven from the coordinator.

    Parameters
    ----------
    plan : dict
        The plan document.
    coordinator : str or None
        Name of the host that this process runs on, if it is one of the plan's.
    local_uri : str
        How this process reaches the libvirt of that host.
    options : MigrationOptions
        How to migrate. The plan's bandwidth limit applies where no other is given.
    """

    def __init__(
        self,
        plan: t.Mapping[str, t.Any],
        coordinator: str | None,
        local_uri: str,
        options: MigrationOptions,
    ) -> None:
        self._ways = read_ways(plan, coordinator, local_uri)
        bandwidth_mib_s = read_work(plan).limits.bandwidth_mib_s
        if options.bandwidth_mib_s is None and bandwidth_mib_s:
            options = dataclasses.replace(options, bandwidth_mib_s=int(bandwidth_mib_s))
        self._options = options
        self._proven_ways: set[Way] = set()
        self._kept = KeptConnections()

    @property
    def uris(self) -> dict[str, str]:
        """How this process reaches each host of the plan."""
        return {name: self._ways.uri(name) for name in self._ways.uris}

    def close(self) -> None:
        """Close the connections that migrations left to each other."""
        self._kept.close()

    def __call__(self, step: Step, record: Record) -> StepOutcome:
        def begin(facts: DomainFacts, destination: EndState, options: MigrationOptions) -> None:
            mark = mark_before(facts.state, destination, options.resumes_destination)
            begun = {
                "uuid": facts.uuid,
                "options": dataclasses.asdict(options),
                "mark": mark.as_document(),
            }
            record("migration_begun", True, begun)

        report = _Thinned(lambda progress: record("progress", False, _progress_document(progress)))
        result = migrate(
            self._ways.request(step, self._options),
            on_progress=report,
            on_begin=begin,
            proven_ways=self._proven_ways,
            kept=self._kept,
        )
        outcome = step_outcome(step, result, self._options.mode)
        return remember(outcome, self._ways.uri, self._kept)


class _Thinned:
    """Passes on a reading of the progress now and then: journals are read as a whole."""

    def __init__(self, pass_on: t.Callable[[Progress], None]) -> None:
        self._pass_on = pass_on
        self._passed_at_s = 0.0

    def __call__(self, progress: Progress) -> None:
        now_s = time.monotonic()
        if now_s - self._passed_at_s >= PROGRESS_S:
            self._passed_at_s = now_s
            self._pass_on(progress)


def uncleaned(moving: Moving, outcome: Outcome, evidence: Evidence) -> str:
    """Return the host that does not answer and on which the VM is not, but may have left something; or nothing."""
    if outcome.moved is None:
        return ""
    host, state = (
        (moving.source, evidence.source)
        if outcome.moved
        else (moving.destination, evidence.destination)
    )
    return host if not state.readable or state.reason == FENCED else ""


def step_outcome(step: Step, result: MigrationResult, mode: str = "live") -> StepOutcome:
    """Return a migration's result as the outcome of its step."""
    document = result.to_dict()
    details = {key: document[key] for key in MEASUREMENTS if key in document}
    details["uncleaned"] = uncleaned(step, result.outcome, result.evidence)
    # An offline move is for VMs that are off.
    overtaken = None if mode == "offline" else _overtaken(result)
    if overtaken is None:
        return StepOutcome(step, result, details)
    return StepOutcome(step, Account(overtaken, _REASONS[overtaken].format(step)), details)


# What there is to say where nothing was left to migrate.
_REASONS = {
    Outcome.GONE: "Neither {0.source} nor {0.destination} has it any more.",
    Outcome.OFF: "It is off on {0.source}.",
}


def _overtaken(result: MigrationResult) -> Outcome | None:
    """Return what somebody else did with a VM that was to move; None where it is there to be moved."""
    source, destination = result.evidence.source, result.evidence.destination
    if result.outcome.moved is not False or destination.active:
        return None
    if result.error_code == DomainNotFound.code:
        return Outcome.GONE
    return Outcome.OFF if source.readable and source.state == "shutoff" else None


def _progress_document(progress: Progress) -> dict[str, t.Any]:
    return {
        "percent": round(progress.percent, 1),
        "iteration": progress.iteration,
        "bandwidth_mib_s": progress.bandwidth_mib_s,
        "dirty_rate_mib_s": progress.dirty_rate_mib_s,
        "remaining_mib": progress.memory_remaining_mib,
        "total_mib": progress.memory_total_mib,
        "silent_s": round(progress.silent_s, 1),
    }
