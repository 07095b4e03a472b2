# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the hosts of a dead execution are reached when its VMs are settled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.account import Account
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._execution import settling
from ansible_collections.drover.libvirt.plugins.module_utils._execution.process import this_process
from ansible_collections.drover.libvirt.plugins.module_utils._execution.records import (
    StartedMigration,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.settled import (
    SettledMigration,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.settling import (
    SettlingSettings,
    settle_execution,
)

PLAN = {
    "hosts": [
        {"name": "h1", "uri": "qemu+ssh://h1/system"},
        {"name": "h2", "uri": "qemu+ssh://h2/system", "migration_address": "10.0.0.2"},
    ]
}
EVENTS: list[dict[str, Any]] = [
    {"event": "execution_started", "owner": "ann@desk", "purpose": "evacuate h1", "steps": 1},
    {
        "event": "migration_started",
        "id": "1",
        "domain": "vm1",
        "uuid": "u",
        "source": "h1",
        "destination": "h2",
    },
    {"event": "migration_begun", "id": "1", "uuid": "u", "mark": {"autostart": True}},
]


class Asked:
    """What is asked for each VM."""

    def __init__(self) -> None:
        self.request: Any = None
        self.ends: Any = None
        self.patience_s = 0.0

    def settle(
        self, migration: StartedMigration, request: Any, ends: Any, patience_s: float
    ) -> SettledMigration:
        """Leave everything as it is."""
        self.request, self.ends, self.patience_s = request, ends, patience_s
        return SettledMigration(migration, Account(Outcome.UNKNOWN, "Nobody looked."))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Let no host be asked."""
    told = Asked()
    monkeypatch.setattr(settling, "settle_migration", told.settle)
    return told


def settle(tmp_path: Path, plan: str | None, **more: Any) -> list[SettledMigration]:
    """Settle an execution that died while a VM was on its way."""
    folder = tmp_path / "e1"
    folder.mkdir()
    lines = [json.dumps({**event, "at": 1.0}) + "\n" for event in EVENTS]
    (folder / "journal.jsonl").write_text("".join(lines))
    (folder / "process").write_text(this_process()._replace(started=1).as_text())
    if plan is not None:
        (folder / "plan.json").write_text(plan)
    settings = SettlingSettings("h1", "qemu:///system", 60.0, **more)
    return settle_execution(str(folder), settings, lambda: 9.0)


def test_hosts_are_reached_as_the_plan_says(tmp_path: Path, asked: Asked) -> None:
    """This host without the network."""
    [settled] = settle(tmp_path, json.dumps(PLAN))
    assert (asked.request.source_uri, asked.request.destination_uri) == (
        "qemu:///system",
        "qemu+ssh://h2/system",
    )
    assert asked.request.migration_address == "10.0.0.2"
    assert (asked.ends.source.name, asked.ends.destination.name) == ("h1", "h2")
    assert (asked.patience_s, settled.account.reason) == (60.0, "Nobody looked.")


def test_the_inventory_counts_more_than_an_old_plan(tmp_path: Path, asked: Asked) -> None:
    """The host may have another address since, or the plan may be gone."""
    settle(tmp_path, None, uris={"h2": "qemu+ssh://new/system"})
    assert asked.request.destination_uri == "qemu+ssh://new/system"


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (None, "is damaged or gone"),
        ("{", "is damaged or gone"),
        (json.dumps({"hosts": PLAN["hosts"][:1]}), "does not say it"),
    ],
)
def test_a_host_that_nobody_knows_how_to_reach_is_named(
    tmp_path: Path, asked: Asked, plan: str | None, words: str
) -> None:
    """The VM's place stays unknown, and the reason says what to do."""
    [settled] = settle(tmp_path, plan)
    assert asked.request is None
    assert settled.account.outcome == "unknown"
    assert "It is not known how to reach h2" in settled.account.reason
    assert words in settled.account.reason
    assert "inventory group" in settled.account.reason
