# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of one VM on one peer: those of a migration, and those that need the facts of both hosts.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from .._libvirt.domain import DomainFacts, read_end_state
from .._prerequisites import devices, domain, machine, surroundings
from .._prerequisites.check import Check, findings
from .._prerequisites.context import Context, Pair
from .._prerequisites.finding import Finding
from .._request.request import MigrationRequest
from . import fitting
from .checked import Facts

# What these find depends only on the machine and the CPU, which most VMs have in common.
_SHARED: tuple[Check, ...] = (machine.machine, machine.processor)
_OWN: tuple[Check, ...] = (
    domain.free_name,
    machine.memory,
    *devices.CHECKS,
    surroundings.networks,
)


class Candidate(t.NamedTuple):
    """A VM that is looked at: its facts, and what a migration wants to know of it.

    C(known) is None where libvirt did not answer about the VM.
    """

    facts: Facts
    known: DomainFacts | None

    @property
    def name(self) -> str:
        """Name of the VM."""
        return str(self.facts["name"])


class PeerSurvey:
    """Looks at VM after VM on one peer, and remembers what many of them have in common.

    Parameters
    ----------
    pair : Pair or None
        Connections to both hosts; None when the peer cannot be reached.
    peer : str
        Name of the peer.
    here, there : dict
        Facts of both hosts; what is missing in C(there) is asked over the connection.
    """

    def __init__(self, pair: Pair | None, peer: str, here: Facts, there: Facts) -> None:
        self._pair = pair
        self._peer = peer
        self._here = here
        self._there = there
        self._remembered: dict[tuple[str, ...], list[Finding]] = {}

    def check(self, candidate: Candidate) -> list[Finding]:
        """Return everything that was found for one VM."""
        found = [] if candidate.known is None else self._ask(candidate.known)
        return found + [
            finding
            for check in self._fitting_checks()
            for finding in check(candidate.facts, self._here, self._peer, self._there)
        ]

    def _fitting_checks(self) -> list[t.Callable[..., t.Iterator[Finding]]]:
        checks = [fitting.huge_pages, fitting.numa_layout]
        if "bridges" in self._there:
            checks.append(fitting.bridges)
        if "interfaces" in self._there:
            checks.append(fitting.interfaces)
        if "storage" in self._there:
            checks.append(fitting.storage)
        return checks

    def _ask(self, known: DomainFacts) -> list[Finding]:
        """Return what the checks of a migration find over the connections."""
        if self._pair is None:
            return []
        context = _context(self._pair, known)
        checks = list(_OWN)
        if "bridges" not in self._there:
            checks.append(surroundings.bridges)
        if "interfaces" not in self._there:
            checks.append(surroundings.interfaces)
        if "storage" not in self._there:
            checks.append(surroundings.storage)
        own = [finding for check in checks for finding in findings(check, context)]
        return self._ask_once(context) + own

    def _ask_once(self, context: Context) -> list[Finding]:
        key = _machine_key(context)
        if key not in self._remembered:
            self._remembered[key] = [
                finding for check in _SHARED for finding in findings(check, context)
            ]
        return self._remembered[key]


def _context(pair: Pair, known: DomainFacts) -> Context:
    before = read_end_state(pair.destination, known.uuid)
    definition = ET.fromstring(known.live_xml)
    return Context(pair.request, pair.source, pair.destination, known, definition, before)


def _machine_key(context: Context) -> tuple[str, ...]:
    cpu = context.definition.find("cpu")
    text = "" if cpu is None else ET.tostring(cpu, encoding="unicode")
    return (context.domain_type, context.emulator, context.arch, context.machine, text)


def pair_request(
    host: str, uri: str, peer: str, peer_uri: str, address: str | None
) -> MigrationRequest:
    """Return a request that names the two hosts and no VM, for the checks of a pair."""
    return MigrationRequest(
        domain="",
        source_uri=uri,
        destination_uri=peer_uri,
        source=host,
        destination=peer,
        migration_address=address,
    )
