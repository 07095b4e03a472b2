# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All checks that must hold before one VM is moved, made with connections to both hosts open.

Every check is made and every failure reported, not only the first.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from .._errors import LibvirtFailed, PrerequisiteFailed
from .._facts.end_state import EndState
from .._libvirt.connection import translated
from .._libvirt.domain import DomainFacts
from .._request.request import MigrationRequest
from . import copied_disks, devices, domain, hosts, machine, surroundings
from .context import Context, Pair
from .finding import Finding, untold

Subject = t.TypeVar("Subject", bound=Pair)
Check = t.Callable[[Context], t.Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    *hosts.CHECKS,
    *domain.CHECKS,
    *machine.CHECKS,
    *devices.CHECKS,
    *surroundings.CHECKS,
    *copied_disks.CHECKS,
)


def check_prerequisites(
    request: MigrationRequest,
    facts: DomainFacts,
    destination_before: EndState,
    source: t.Any,
    destination: t.Any,
) -> tuple[Finding, ...]:
    """Make all checks and return what they found.

    Parameters
    ----------
    request : MigrationRequest
        What was asked for.
    facts : DomainFacts
        The VM on its source.
    destination_before : EndState
        What the destination knows of it.
    source, destination : libvirt.virConnect
        Open connections.
    """
    definition = ET.fromstring(facts.live_xml)
    context = Context(request, source, destination, facts, definition, destination_before)
    return tuple(finding for check in CHECKS for finding in findings(check, context))


def findings(check: t.Callable[[Subject], t.Iterator[Finding]], context: Subject) -> list[Finding]:
    """Return what a check found; one that libvirt cannot answer here does not stop the others."""
    name = check.__name__
    try:
        with translated("check {}".format(name.replace("_", " "))):
            return list(check(context))
    except LibvirtFailed as error:
        return [untold(name, error.message)]


def refuse_failed(found: t.Iterable[Finding]) -> None:
    """Refuse a migration that must not begin.

    Raises
    ------
    PrerequisiteFailed
        With what all blocking checks found, and all remedies.
    """
    failed = [finding for finding in found if finding.blocks]
    if failed:
        raise PrerequisiteFailed(
            " ".join(finding.evidence for finding in failed),
            " ".join(dict.fromkeys(finding.remedy for finding in failed)),
        )
