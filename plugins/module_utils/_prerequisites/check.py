# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All checks that must hold before one VM is moved, made with connections to both hosts open.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._errors import PrerequisiteFailed
from .._libvirt.domain import DomainFacts
from .._migration.request import MigrationRequest
from .._migration.result import EndState
from .finding import Finding


def check_prerequisites(
    request: MigrationRequest,
    facts: DomainFacts,
    destination_before: EndState,
    source: t.Any,
    destination: t.Any,
) -> tuple[Finding, ...]:
    return ()


def refuse_failed(findings: t.Iterable[Finding]) -> None:
    failed = [f for f in findings if f.blocks]
    if failed:
        raise PrerequisiteFailed(" ".join(f.evidence for f in failed), " ".join(f.remedy for f in failed))
