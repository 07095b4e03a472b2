# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line of a journal is an event that keeps its promises, or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._execution.events import read_event
from ansible_collections.drover.libvirt.plugins.module_utils._execution.records import (
    read_execution,
)

from tests.unit.plugins.journals import SOUND, strange_journals


def test_what_an_executor_writes_is_read() -> None:
    """Every kind of event."""
    for event in SOUND:
        assert read_event(json.dumps({**event, "at": 5.0})) == {**event, "at": 5.0}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "null",
        "[]",
        "7",
        "{}",
        '{"event": "x"}',
        '{"at": 1}',
        '{"event": ["x"], "at": 1}',
        '{"event": "x", "at": NaN}',
        '{"event": "x", "at": 1e300}',
        '{"event": "x", "at": ' + "9" * 5000 + "}",
        '{"event": "execu',
        "[" * 100_000,
        '{"event": "x", "at": 1, "y": "' + "z" * (1 << 20) + '"}',
    ],
)
def test_what_is_no_event_is_nothing(line: str) -> None:
    """Whatever stands there."""
    assert read_event(line) is None


def test_no_journal_is_too_strange_to_be_read(tmp_path: Path) -> None:
    """Every field of every event with every kind of garbage: a damaged journal gave tracebacks."""
    for journal in strange_journals():
        lines = [json.dumps(one) for one in journal]
        (tmp_path / "journal.jsonl").write_text("\n".join(lines) + "\n")
        assert read_execution(str(tmp_path)).document(9.0)["steps"] == 1
