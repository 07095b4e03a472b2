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

from .._libvirt.domain import DomainFacts
from .._migration.migrate import migrate
from .._migration.options import MigrationOptions
from .._migration.port_proof import Way
from .._migration.progress import Progress
from .._migration.request import MigrationRequest
from .._migration.result import EndState, MigrationResult, Outcome
from .executor import MOVED, NOT_MOVED, UNKNOWN, Record, StepOutcome
from .remembering import remember
from .steps import Step, Work, read_work

# How often, at most, the progress of a migration is written down.
PROGRESS_S = 1.0

# Whether a VM that came out of a migration like this is known to be on the destination, known to be
# on the source, or neither.
VERDICTS = {
    Outcome.MOVED: MOVED,
    Outcome.ALREADY_THERE: MOVED,
    Outcome.NOT_MOVED: NOT_MOVED,
    Outcome.ROLLED_BACK: NOT_MOVED,
}

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
        self._work: Work = read_work(plan)
        self._coordinator = coordinator
        self._local_uri = local_uri
        if options.bandwidth_mib_s is None and self._work.limits.bandwidth_mib_s:
            options = dataclasses.replace(
                options, bandwidth_mib_s=int(self._work.limits.bandwidth_mib_s)
            )
        self._options = options
        self._proven_ways: set[Way] = set()

    def __call__(self, step: Step, record: Record) -> StepOutcome:
        def begin(facts: DomainFacts, destination: EndState, options: MigrationOptions) -> None:
            circumstances = circumstances_document(facts, destination, options.resumes_destination)
            begun = {
                "uuid": facts.uuid,
                "mode": self._options.mode,
                "save_directory": self._options.save_directory,
                "circumstances": circumstances,
            }
            record("migration_begun", True, begun)

        report = _Thinned(lambda progress: record("progress", False, _progress_document(progress)))
        result = migrate(
            self._request(step),
            on_progress=report,
            on_begin=begin,
            proven_ways=self._proven_ways,
        )
        return remember(step_outcome(step, result), self._uri)

    def _request(self, step: Step) -> MigrationRequest:
        destination = self._work.hosts[step.destination]
        return MigrationRequest(
            domain=step.domain,
            uuid=step.uuid or None,
            source=step.source,
            source_uri=self._uri(step.source),
            destination=step.destination,
            destination_uri=self._uri(step.destination),
            peer_uri=destination.uri,
            migration_address=destination.migration_address or None,
            options=self._options,
        )

    def _uri(self, host: str) -> str:
        return self._local_uri if host == self._coordinator else self._work.hosts[host].uri


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


def circumstances_document(
    facts: DomainFacts, destination: EndState, resumes_destination: bool
) -> dict[str, t.Any]:
    """Return what must be known to settle a VM whose migration nobody looks after any more."""
    return {
        "wanted_state": "paused" if facts.state.state == "paused" else "running",
        "persistent": facts.state.persistent,
        "autostart": facts.state.autostart,
        "defined_on_destination": destination.persistent,
        "resumes_destination": resumes_destination,
    }


def step_outcome(step: Step, result: MigrationResult) -> StepOutcome:
    """Return a migration's result as the outcome of its step."""
    document = result.to_dict()
    details = {key: document[key] for key in MEASUREMENTS if key in document}
    details["verdict"] = result.outcome.value
    details["already_there"] = result.outcome is Outcome.ALREADY_THERE
    return StepOutcome(
        step=step,
        outcome=VERDICTS.get(result.outcome, UNKNOWN),
        reason=result.reason,
        details=details,
    )


def _progress_document(progress: Progress) -> dict[str, t.Any]:
    return {
        "percent": round(progress.percent, 1),
        "iteration": progress.iteration,
        "bandwidth_mib_s": progress.bandwidth_mib_s,
        "remaining_mib": progress.memory_remaining_mib,
        "total_mib": progress.memory_total_mib,
    }
