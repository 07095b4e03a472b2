# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one check found.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import dataclasses
import typing as t
from dataclasses import dataclass

Severity = t.Literal["block", "warn", "info"]


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    id : str
        Stable name of the check.
    severity : str
        What it means when it does not pass: C(block), C(warn) or C(info).
    passed : bool
        Whether what is checked holds.
    evidence : str
        One sentence: what was seen.
    remedy : str
        One sentence: what to do when it did not pass.
    """

    id: str
    severity: Severity
    passed: bool
    evidence: str
    remedy: str = ""

    @property
    def blocks(self) -> bool:
        """Whether the migration must not begin."""
        return not self.passed and self.severity == "block"

    def to_dict(self) -> dict[str, t.Any]:
        """Return it as plain JSON data."""
        return dataclasses.asdict(self)


def holds(identifier: str, evidence: str) -> Finding:
    """Return the finding of a check that passed."""
    return Finding(identifier, "info", True, evidence)


def blocks(identifier: str, evidence: str, remedy: str) -> Finding:
    """Return the finding of a check without which the migration must not begin."""
    return Finding(identifier, "block", False, evidence, remedy)


def warns(identifier: str, evidence: str, remedy: str) -> Finding:
    """Return a finding that the operator should know."""
    return Finding(identifier, "warn", False, evidence, remedy)


def untold(identifier: str, evidence: str, remedy: str = "") -> Finding:
    """Return the finding of a check that libvirt cannot make here; migrating will show."""
    return Finding(identifier, "info", False, evidence, remedy)
