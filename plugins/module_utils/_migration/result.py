# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of a migration, with the evidence from both hosts.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import dataclasses
import typing as t
from dataclasses import dataclass

from .._ends.account import Account
from .._ends.outcome import Outcome
from .._facts.end_state import EndState, Evidence

_NOT_ASKED = Evidence(EndState(), EndState())
# When what happened is of no use to anybody who was not there.
_MOMENTS = ("began_s", "left_s", "arrived_s")


@dataclass(frozen=True)
class PhaseTimes:
    """Seconds spent in each of the four phases of a migration."""

    preparation_s: float = 0.0
    transfer_s: float = 0.0
    handover_s: float = 0.0
    cleanup_s: float = 0.0


@dataclass(frozen=True)
class MigrationResult(Account):
    """What became of one migration: the account of the way it went, and what all ways have in common.

    Parameters
    ----------
    evidence : Evidence
        What both hosts said after the last action.
    domain, uuid : str
        The VM; no UUID where it was not found.
    source, destination : str
        The hosts' names.
    duration_s : float
        From the call to the verdict.
    phases : PhaseTimes
        How long each phase took; what was not reached took no time.
    prerequisites : tuple of dict
        What the checks found.
    """

    evidence: Evidence = _NOT_ASKED
    domain: str = ""
    uuid: str | None = None
    source: str = ""
    destination: str = ""
    duration_s: float = 0.0
    phases: PhaseTimes = PhaseTimes()
    prerequisites: tuple[dict[str, t.Any], ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything was done to either host."""
        return self.outcome is Outcome.MOVED or bool(self.actions)

    def to_dict(self) -> dict[str, t.Any]:
        """Return the result as plain JSON data."""
        data = dataclasses.asdict(self)
        for name in _MOMENTS:
            del data[name]
        data.update(outcome=self.outcome.value, phase=self.phase.value, changed=self.changed)
        for name in ("actions", "leftovers", "warnings", "prerequisites"):
            data[name] = list(data[name])
        return data
