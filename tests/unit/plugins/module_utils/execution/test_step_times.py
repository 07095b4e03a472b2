# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When steps ran, as outcomes and the journal tell it."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.drover.libvirt.plugins.module_utils._ends.account import Account
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._execution.executor import (
    Executor,
    StepOutcome,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.journal import Journal
from ansible_collections.drover.libvirt.plugins.module_utils._execution.steps import read_work

from tests.unit.plugins.module_utils.execution.test_execution import plan_of


def test_outcomes_tell_when_steps_ran(tmp_path: Path) -> None:
    """As the journal has it; a step that was not begun has no times."""
    ticks = iter(range(100, 200))
    path = tmp_path / "journal.jsonl"
    plan = plan_of(("a", "h1", "h2"), ("b", "h1", "h2"))
    plan["steps"][1]["after"] = ["a"]
    executor = Executor(
        read_work(plan),
        lambda step, _r: StepOutcome(step, Account(Outcome.UNKNOWN)),
        Journal(str(path), lambda: float(next(ticks))),
        lambda: "",
    )
    first, second = executor.run()
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert first.started_at == events[1]["started_at"] == events[0]["at"]
    assert events[0]["at"] < first.ended_at == events[1]["ended_at"] < events[1]["at"]
    assert (second.started_at, second.ended_at) == (None, None)
