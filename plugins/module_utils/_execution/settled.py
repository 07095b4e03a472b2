# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of a migration that nobody looked after, and what a person must know of it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._ends.account import Account
from .._ends.outcome import Outcome
from .records import StartedMigration


@dataclasses.dataclass(frozen=True)
class SettledMigration:
    """What became of a migration that nobody looked after.

    Parameters
    ----------
    migration : StartedMigration
    account : Account
        What it came to; its reason says what was found.
    uncleaned : str
        The host that does not answer, where something of the VM may be left.
    """

    migration: StartedMigration
    account: Account
    uncleaned: str = ""

    @property
    def tells_more(self) -> bool:
        """Whether this was not known before."""
        before = self.migration
        return (self.account.outcome, self.uncleaned) != (before.outcome, before.uncleaned)

    def document(self) -> dict[str, t.Any]:
        """Return it as plain JSON, in the form of the outcome of a step."""
        item = self.migration
        return {
            "id": item.id,
            "domain": item.domain,
            "source": item.source,
            "destination": item.destination,
            "outcome": self.account.outcome.value,
            "reason": self.account.reason,
            "actions": list(self.account.actions),
            "leftovers": list(self.account.leftovers),
            "uncleaned": self.uncleaned,
        }


def unsolved(settled: t.Sequence[SettledMigration]) -> list[str]:
    """Return a sentence for each VM that a person must see to."""
    return [
        "{0.domain} ({0.source} → {0.destination}): {1}".format(item.migration, item.account.reason)
        for item in settled
        if item.account.outcome in (Outcome.UNKNOWN, Outcome.QUARANTINED)
    ] + [
        "{0.domain} is on {0.destination} now. {0.source} may still define it with autostart: see that it "
        "does not start there when the host is switched on.".format(item.migration)
        for item in settled
        if item.account.outcome.moved and item.uncleaned and item.tells_more
    ]
