# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that is looked at before one VM is moved: the checks, and the proofs that take a while.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from .._ends.ends import Ends
from .._facts.end_state import EndState
from .._libvirt.domain import DomainFacts
from .._request.request import MigrationRequest
from .check import check_prerequisites, refuse_failed
from .finding import Finding
from .lock_proof import LockProof
from .port_proof import PortProof, Way
from .quick_storage import refuse_unshared


class Prechecks:
    """The prechecks of one VM; what needs a command on a host begins when this is made.

    Parameters
    ----------
    request : MigrationRequest
        What was asked for.
    proven_ways : set of tuple
        Ways between hosts whose migration ports were proved already; new ones are added.

    Attributes
    ----------
    findings : tuple of Finding
        What was found, once it was looked.
    locks_bind : bool
        Whether the locks on the VM's images keep it from running on both hosts.
    """

    def __init__(self, request: MigrationRequest, proven_ways: set[Way]) -> None:
        self._request = request
        self._ports = PortProof(request, proven_ways)
        self._locks = LockProof(request)
        self.findings: tuple[Finding, ...] = ()
        self.locks_bind = False

    def refuse_unmet(self, facts: DomainFacts, destination_before: EndState, ends: Ends) -> None:
        """Look at everything, and refuse the migration where something speaks against it.

        Raises
        ------
        PrerequisiteFailed
            With what all blocking checks found.
        ImageUnusable
            A quick move is asked for, and a disk is not where its image would be.
        """
        self.findings = check_prerequisites(
            self._request,
            facts,
            destination_before,
            ends.source.connection(),
            ends.destination.connection(),
        )
        self.findings += tuple(self._ports.findings())
        locks = self._locks.finding(facts)
        if locks is not None:
            self.findings += (locks,)
            self.locks_bind = locks.passed
        refuse_failed(self.findings)
        refuse_unshared(self._request.options, facts)

    def close(self) -> None:
        """Look no more."""
        self._locks.close()
