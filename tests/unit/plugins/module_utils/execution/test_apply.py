# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plan_apply answers: outcomes, who has moved, and what the last look saw."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.account import Account
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._execution import apply
from ansible_collections.drover.libvirt.plugins.module_utils._execution.apply import apply_plan
from ansible_collections.drover.libvirt.plugins.module_utils._execution.execution import (
    ExecutionSettings,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.executor import StepOutcome
from ansible_collections.drover.libvirt.plugins.module_utils._execution.names import NameRejected
from ansible_collections.drover.libvirt.plugins.module_utils._execution.steps import Step
from ansible_collections.drover.libvirt.plugins.module_utils._request.argspec import InvalidOption

PLAN: dict[str, Any] = {
    "goal": "evacuation",
    "digest": "d" * 64,
    "limits": {"per_host": 1, "cluster": 1, "bandwidth_mib_s": 100},
    "steps": [],
    "hosts": [
        {
            "name": name,
            "uri": f"qemu+ssh://{name}/system",
            "before": {"memory_mib": 0},
        }
        for name in ("h1", "h2", "h3")
    ],
}
PARAMS: dict[str, Any] = {
    "migration": None,
    "coordinator": "h1",
    "uri": "qemu:///system",
    "execution": "e1",
    "directory": "/var/lib/drover/executions",
    "owner": None,
    "heartbeat_timeout": 180.0,
    "time_limit": None,
    "purpose": None,
    "locked": True,
    "keep": 20,
    "look_at": ["h1"],
}


def outcome(domain: str, became: Outcome) -> StepOutcome:
    """Return what became of a step from h1 to h2."""
    step = Step(domain, domain, "u-" + domain, "h1", "h2", (), 64, 0.0, 1.0, None)
    return StepOutcome(step, Account(became))


class Played:
    """An execution that is played, with what it was asked for."""

    def __init__(self) -> None:
        self.outcomes: list[StepOutcome] = []
        self.settings: ExecutionSettings | None = None
        self.runner: Any = None
        self.seen: dict[str, Any] = {}
        self.looked_at: Any = None

    def execute(self, _plan: Any, settings: ExecutionSettings, runner: Any, _clock: Any) -> Any:
        """Play it."""
        self.settings, self.runner = settings, runner
        return self.outcomes

    def look_last(self, hosts: Any, _outcomes: Any, _uris: Any) -> dict[str, Any]:
        """Look."""
        self.looked_at = hosts
        return self.seen


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    """Script the execution and the last look."""
    found = Played()
    monkeypatch.setattr(apply, "execute", found.execute)
    monkeypatch.setattr(apply, "look_last", found.look_last)
    return found


def test_the_answer_says_what_moved_and_what_became_of_the_rest(played: Played) -> None:
    """One that was there already moved none the less, but changes nothing."""
    played.outcomes = [
        outcome("a", Outcome.MOVED),
        outcome("b", Outcome.ALREADY_THERE),
        outcome("c", Outcome.SKIPPED),
    ]
    found = apply_plan(PLAN, PARAMS)
    assert (found["changed"], found["moved"]) == (True, ["a", "b"])
    assert [each["outcome"] for each in found["outcomes"]] == ["moved", "already_there", "skipped"]
    assert found["folder"] == "/var/lib/drover/executions/e1"
    assert played.looked_at == ["h1"]


def test_a_plan_that_moved_nothing_is_no_change(played: Played) -> None:
    """Whatever was found out."""
    played.outcomes = [outcome("b", Outcome.ALREADY_THERE)]
    assert apply_plan(PLAN, PARAMS)["changed"] is False


def test_a_vm_that_somebody_moved_on_is_found_by_the_last_look(played: Played) -> None:
    """It is told where it is."""
    played.outcomes = [outcome("a", Outcome.GONE)]
    played.seen = {"h3": [{"uuid": "u-a", "name": "a", "active": True, "state": "running"}]}
    found = apply_plan(PLAN, PARAMS)
    assert found["outcomes"][0]["outcome"] == "elsewhere"
    assert "It runs on h3" in found["outcomes"][0]["reason"]


def test_what_is_not_said_has_a_name(played: Played) -> None:
    """The purpose is the plan's goal, and every execution has a folder of its own."""
    apply_plan(PLAN, {**PARAMS, "execution": None})
    settings = played.settings
    assert settings is not None
    assert (settings.owner, settings.purpose) == ("unknown", "evacuation")
    assert len(settings.folder) > len("/var/lib/drover/executions/")


def test_this_host_is_reached_by_its_own_uri_and_the_others_by_the_plans(played: Played) -> None:
    """Root on the coordinator may have no key for itself."""
    apply_plan(PLAN, PARAMS)
    assert played.runner.uris == {
        "h1": "qemu:///system",
        "h2": "qemu+ssh://h2/system",
        "h3": "qemu+ssh://h3/system",
    }


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"execution": "../elsewhere"}, NameRejected),
        ({"migration": {"max_downtime_ms": -1}}, InvalidOption),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_starts(
    played: Played, wrong: dict[str, Any], error: type[Exception]
) -> None:
    """Nothing was executed."""
    with pytest.raises(error):
        apply_plan(PLAN, {**PARAMS, **wrong})
    assert played.settings is None
