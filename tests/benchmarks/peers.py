# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other planners on the same cases, where they are installed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import ganeti, greedy
from tests.benchmarks.apart import PROXLB, WATCHER
from tests.benchmarks.cases import Case
from tests.benchmarks.measure import Measurement

Facts = Mapping[str, Any]
Result = tuple[Measurement, dict[str, str]]

PROXLB_S = 60.0
"""Its solver takes all the time that it is given."""


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


def _balance_by_proxlb(case: Case, facts: Facts, folder: Path, limit_s: float) -> Result:
    return PROXLB.ask(facts, folder, limit_s, str(min(PROXLB_S, limit_s / 2)))


def _by_watcher(case: Case, facts: Facts, folder: Path, limit_s: float) -> Result:
    return WATCHER.ask(facts, folder, limit_s, case.goal)


def _greedy_by_load(case: Case, facts: Facts, folder: Path, limit_s: float) -> Result:
    return greedy.ask(facts, "load", folder, limit_s)


def _greedy_by_count(case: Case, facts: Facts, folder: Path, limit_s: float) -> Result:
    return greedy.ask(facts, "count", folder, limit_s)


GREEDY = (
    Peer(name="by load", goal="consolidate", largest=1000, run=_greedy_by_load),
    Peer(name="by VMs", goal="consolidate", largest=1000, run=_greedy_by_count),
)
"""The simple way, with hosts by their load and by the number of their VMs."""

SOLVERS = (Peer(name="proxlb", goal="balance", largest=100, run=_balance_by_proxlb),)

STRATEGIES = (
    Peer(name="watcher", goal="consolidate", largest=200, run=_by_watcher),
    Peer(name="watcher", goal="balance", largest=200, run=_by_watcher),
)

GANETI = (
    Peer(name="hbal", goal="balance", largest=20, run=_balance),
    Peer(name="hbal -E", goal="evacuate", largest=100, run=_evacuate),
    Peer(name="hsqueeze", goal="consolidate", largest=20, run=_consolidate),
)
"""``largest`` is the number of hosts beyond which a run takes many minutes (measured)."""


def installed() -> tuple[Peer, ...]:
    """Return the peers that can run here."""
    return (
        *GREEDY,
        *(GANETI if ganeti.available() else ()),
        *(SOLVERS if PROXLB.available() else ()),
        *(STRATEGIES if WATCHER.available() else ()),
    )


def missing() -> list[str]:
    """Name the peers that are not installed."""
    found = {
        "ganeti-htools": ganeti.available(),
        **{peer.package: peer.available() for peer in (PROXLB, WATCHER)},
    }
    return [name for name, is_there in found.items() if not is_there]


def ask(peer: Peer, case: Case, facts: Facts, limit_s: float) -> Result | None:
    """Run a peer on a case; ``None`` where it is for another goal or for smaller clusters."""
    if peer.goal != case.goal or len(facts["hosts"]) > peer.largest:
        return None
    with tempfile.TemporaryDirectory() as folder:
        return peer.run(case, facts, Path(folder), limit_s)
