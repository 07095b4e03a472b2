# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the end of a step down where the VM is now, for plans to come.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._ends.outcome import Outcome
from .._errors import DroverError
from .._libvirt.kept import KeptConnections
from .._libvirt.migration_record import record_migration
from .._patience import PatientCall
from .executor import StepOutcome

# The VM is where it is; nobody waits long for a note about that.
PATIENCE_S = 10.0


def remember(
    outcome: StepOutcome, uri_of: t.Callable[[str], str], kept: KeptConnections
) -> StepOutcome:
    """Write down when a VM moved, or failed to; return the outcome, with a warning where that fails.

    A VM that was there already, that is off or gone, or of which nobody knows where it is, is left alone.

    Parameters
    ----------
    outcome : StepOutcome
        What became of the step.
    uri_of : callable
        How the libvirt of a host is reached.
    kept : KeptConnections
        Where connections are taken from, and left to.
    """
    step = outcome.step
    moved = outcome.outcome.moved
    if moved is None or outcome.outcome is Outcome.ALREADY_THERE:
        return outcome
    host = step.destination if moved else step.source
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    writing = PatientCall(lambda: _written(kept, uri_of(host), step.domain, now, failed=not moved))
    problem = writing.result_or(PATIENCE_S, "{0} does not answer.".format(host))
    what = "When it moved" if moved else "That it stayed"
    return _warned(outcome, f"{what} is not on record: {problem}") if problem else outcome


def _written(kept: KeptConnections, uri: str, domain: str, at: str, failed: bool) -> str:
    """Write; return what went wrong, as a sentence."""
    try:
        record_migration(kept, uri, domain, at, failed)
    except DroverError as error:
        return str(error)
    return ""


def _warned(outcome: StepOutcome, warning: str) -> StepOutcome:
    warnings = [*outcome.details.get("warnings", []), warning]
    return dataclasses.replace(outcome, details=dict(outcome.details, warnings=warnings))
