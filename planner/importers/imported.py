# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an importer gathers: hosts and VMs, each with the line it came from, and notes about what was left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..errors import InputError
from .source import Line


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import.

    Attributes
    ----------
    facts
        A facts document.
    notes
        Sentences about what the input did not say or what was not taken over.
    """

    facts: dict[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Gathering:
    """Facts that grow line by line; names are checked as they come."""

    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    domains: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: dict[tuple[str, str], Line] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add_host(self, line: Line, host: dict[str, Any]) -> None:
        """Add a host.

        Raises
        ------
        InputError
            Its name is empty or taken.
        """
        self._check_name(line, "host", host["name"])
        self.hosts[host["name"]] = host

    def add_domain(self, line: Line, domain: dict[str, Any]) -> None:
        """Add a VM.

        Raises
        ------
        InputError
            Its name is empty or taken, or its host is unknown.
        """
        self._check_name(line, "VM", domain["name"])
        if domain["host"] not in self.hosts:
            known = ", ".join(list(self.hosts)[:8]) + (", ..." if len(self.hosts) > 8 else "")
            known = known or "there are none"
            raise line.fault(
                f"VM {domain['name']} is on '{domain['host']}', which is not one of the hosts ({known})."
            )
        self.domains[domain["name"]] = domain

    def _check_name(self, line: Line, kind: str, name: str) -> None:
        if not name:
            raise line.fault(f"this {kind} has no name.")
        if before := self.seen.get((kind, name)):
            raise line.fault(
                f"there is a {kind} {name} already, in {before.file}, line {before.number}."
            )
        self.seen[kind, name] = line

    def finish(self, file: str, notes: Iterable[str] = ()) -> Imported:
        """Return the facts.

        Raises
        ------
        InputError
            There is no host at all.
        """
        if not self.hosts:
            raise InputError("there is no host in it.", path=file)
        facts = {"hosts": list(self.hosts.values()), "domains": list(self.domains.values())}
        return Imported(facts, (*self.notes, *notes))


def given(**entries: Any) -> dict[str, Any]:
    """Return the entries that say something: not ``None``, not empty."""
    return {key: value for key, value in entries.items() if value not in (None, "", (), [], {})}
