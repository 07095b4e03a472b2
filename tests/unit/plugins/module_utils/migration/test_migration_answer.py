# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What vm_migrate answers for each state and in check mode, by what became of the VM."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._errors import ConnectionFailed
from ansible_collections.drover.libvirt.plugins.module_utils._migration import answer as answers
from ansible_collections.drover.libvirt.plugins.module_utils._migration.answer import (
    answer,
    read_request,
)
from ansible_collections.drover.libvirt.plugins.module_utils._migration.result import (
    MigrationResult,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.argspec import InvalidOption
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

REQUEST = MigrationRequest("vm1", "h1", "h2")
PARAMS: dict[str, Any] = {
    "name": "vm1",
    "uuid": None,
    "source": None,
    "source_uri": "qemu:///system",
    "destination": "h2",
    "destination_uri": "qemu+ssh://h2/system",
    "peer_uri": None,
    "migration_address": None,
    "believe_mark": False,
}


class Deeds:
    """What was called, each with the result that is scripted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.called: list[str] = []
        self.result = MigrationResult()
        for name in ("migrate", "examine", "reconcile", "foresee"):
            monkeypatch.setattr(answers, name, self._deed(name))
        monkeypatch.setattr(
            answers, "abort", lambda _request, look_only: self._deed(f"abort {look_only}")(_request)
        )

    def _deed(self, name: str) -> Any:
        def act(_request: MigrationRequest) -> MigrationResult:
            self.called.append(name)
            return self.result

        return act


@pytest.fixture
def deeds(monkeypatch: pytest.MonkeyPatch) -> Deeds:
    """Script the deeds."""
    return Deeds(monkeypatch)


@pytest.mark.parametrize(
    ("state", "check_mode", "called"),
    [
        ("migrated", False, "migrate"),
        ("migrated", True, "examine"),
        ("reconciled", False, "reconcile"),
        ("reconciled", True, "foresee"),
        ("aborted", False, "abort False"),
        ("aborted", True, "abort True"),
    ],
)
def test_each_state_has_its_deed_and_its_look(
    deeds: Deeds, state: str, check_mode: bool, called: str
) -> None:
    """Check mode changes nothing."""
    answer(REQUEST, state, check_mode)
    assert deeds.called == [called]


def test_a_vm_that_moved_is_a_change_from_host_to_host(deeds: Deeds) -> None:
    """With the repairs that were made on the way."""
    deeds.result = MigrationResult(Outcome.MOVED, actions=("Resumed the VM.",))
    found = answer(REQUEST, "migrated", check_mode=False)
    assert found["changed"]
    assert found["diff"] == {
        "before": {"host": "h1", "repairs": []},
        "after": {"host": "h2", "repairs": ["Resumed the VM."]},
    }


def test_a_vm_that_would_move_is_shown_as_moved_in_check_mode(deeds: Deeds) -> None:
    """Only where it was asked to move."""
    deeds.result = MigrationResult(Outcome.NOT_MOVED)
    assert answer(REQUEST, "migrated", check_mode=True)["diff"]["after"]["host"] == "h2"
    stays = answer(REQUEST, "reconciled", check_mode=True)
    assert (stays["changed"], stays["diff"]["after"]["host"]) == (False, "h1")


def test_a_vm_that_is_there_is_no_change(deeds: Deeds) -> None:
    """Before and after it is on the destination."""
    deeds.result = MigrationResult(Outcome.ALREADY_THERE)
    found = answer(REQUEST, "migrated", check_mode=False)
    assert (found["changed"], found["diff"]["before"]["host"]) == (False, "h2")


def test_what_was_cleaned_up_is_a_change_where_nothing_moved(deeds: Deeds) -> None:
    """The VM stays on its host."""
    deeds.result = MigrationResult(Outcome.ROLLED_BACK, actions=("Stopped the copy.",))
    found = answer(REQUEST, "reconciled", check_mode=False)
    assert (found["changed"], found["diff"]["after"]["host"]) == (True, "h1")


def test_a_failure_says_what_to_do_about_it(deeds: Deeds) -> None:
    """One sentence after the other; a difference would claim too much."""
    deeds.result = MigrationResult(
        Outcome.NOT_MOVED, "The link broke.", "link_broken", "Look at the cables."
    )
    found = answer(REQUEST, "migrated", check_mode=False)
    assert found["msg"] == "The link broke. Look at the cables."
    assert "diff" not in found


def test_a_request_has_empty_names_where_nothing_was_given() -> None:
    """Ansible gives None for what was left out."""
    request = read_request(PARAMS)
    assert (request.source, request.peer_uri, request.uuid) == ("", "", None)
    assert request.options.mode == "live"
    assert not request.believe_mark


def test_a_password_in_a_uri_is_refused_before_anything_is_opened() -> None:
    """Also in the URI that only the source's daemon uses."""
    with pytest.raises(ConnectionFailed):
        read_request({**PARAMS, "peer_uri": "qemu+ssh://root:secret@h2/system"})


def test_an_option_outside_of_its_range_is_refused() -> None:
    """With its name."""
    with pytest.raises(InvalidOption, match="max_downtime_ms"):
        read_request({**PARAMS, "max_downtime_ms": -1})
