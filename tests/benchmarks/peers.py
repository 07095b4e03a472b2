# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other planners on the same cases, where they are installed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import ganeti
from tests.benchmarks.cases import Case
from tests.benchmarks.measure import Measurement

Facts = Mapping[str, Any]
Result = tuple[Measurement, dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another program, and the goals it is asked for."""

    name: str
    goal: str
    largest: int
    run: Callable[[Case, Facts, Path, float], Result]


def _balance(case: Case, facts: Facts, folder: Path, limit_s: float) -> Result:
    return ganeti.hbal(facts, folder, limit_s)


def _evacuate(case: Case, facts: Facts, folder: Path, limit_s: float) -> Result:
    return ganeti.hbal_evacuation(facts, case.hosts(facts), folder, limit_s)


def _consolidate(case: Case, facts: Facts, folder: Path, limit_s: float) -> Result:
    return ganeti.hsqueeze(facts, folder, limit_s)


GANETI = (
    Peer(name="hbal", goal="balance", largest=20, run=_balance),
    Peer(name="hbal -E", goal="evacuate", largest=100, run=_evacuate),
    Peer(name="hsqueeze", goal="consolidate", largest=20, run=_consolidate),
)
"""``largest`` is the number of hosts beyond which a run takes many minutes (measured)."""


def installed() -> tuple[Peer, ...]:
    """Return the peers that can run here."""
    return GANETI if ganeti.available() else ()


def ask(peer: Peer, case: Case, facts: Facts, limit_s: float) -> Result | None:
    """Run a peer on a case; ``None`` where it is for another goal or for smaller clusters."""
    if peer.goal != case.goal or len(facts["hosts"]) > peer.largest:
        return None
    with tempfile.TemporaryDirectory() as folder:
        return peer.run(case, facts, Path(folder), limit_s)
