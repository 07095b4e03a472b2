# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was found, and what it is about.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._prerequisites.finding import Finding

Facts = t.Mapping[str, t.Any]


class Subject(t.NamedTuple):
    """What a check is about: a host, a host and a peer, a VM, or a VM and a peer.

    C(host) is where the VM is, or from where the peer was looked at.
    """

    host: str
    peer: str | None = None
    domain: str | None = None

    def to_dict(self) -> dict[str, str | None]:
        """Return it as plain JSON data."""
        return {"host": self.host, "peer": self.peer, "domain": self.domain}


class Checked(t.NamedTuple):
    """One finding with its subject."""

    subject: Subject
    finding: Finding

    def to_dict(self) -> dict[str, t.Any]:
        """Return it as plain JSON data."""
        return dict(self.finding.to_dict(), subject=self.subject.to_dict())


def about(subject: Subject, found: t.Iterable[Finding]) -> list[Checked]:
    """Return findings with the subject that all of them share."""
    return [Checked(subject, finding) for finding in found]
