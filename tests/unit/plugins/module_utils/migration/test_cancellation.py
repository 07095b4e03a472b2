# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may be cancelled and who may not, with a scripted source."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._migration import cancellation
from ansible_collections.drover.libvirt.plugins.module_utils._migration.cancellation import (
    Cancellation,
)
from ansible_collections.drover.libvirt.plugins.module_utils._migration.result import (
    MigrationResult,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

LEAVING = EndState(state="running", reason="booted", persistent=True, busy=True)


@dataclass
class Source:
    """The host that a VM leaves, and what becomes of the VM when its job is cancelled."""

    now: EndState
    after: EndState
    name: str = "h1"
    job: str | None = "migration_out"
    receives: bool = False
    refuses: bool = False
    deeds: list[str] = field(default_factory=list)

    def ask(self, question: Callable[[Any], Any], *_doing: Any) -> Any:
        """Let a question be asked of the connection."""
        return question(self)

    def domain(self, _uuid: str) -> Source:
        """Return the VM, which this is as well."""
        return self

    def state(self, _uuid: str) -> EndState:
        """Return the VM's state."""
        return self.now

    known_state = state

    def cancel(self) -> None:
        """End the job."""
        self.deeds.append("cancel")
        self.now = self.after
        if self.refuses:
            raise LibvirtFailed("There is no job.")


Cancel = Callable[..., tuple[MigrationResult, Source]]


@pytest.fixture
def cancel(monkeypatch: pytest.MonkeyPatch) -> Cancel:
    """Return what cancels the migration of a VM on a scripted source."""
    monkeypatch.setattr(cancellation, "cancel_job", Source.cancel)
    monkeypatch.setattr(cancellation, "clear_mark", lambda source: source.deeds.append("clear"))
    monkeypatch.setattr(cancellation, "is_receiving", lambda source, _name: source.receives)
    monkeypatch.setattr(
        cancellation,
        "read_facts",
        lambda source, name, _uuid, _host: DomainFacts(
            name, "u", source.now, 96, "<domain/>", source.job, 0
        ),
    )

    def act(
        now: EndState = LEAVING, after: EndState | None = None, look_only: bool = False, **more: Any
    ) -> tuple[MigrationResult, Source]:
        source = Source(now, replace(now, busy=False) if after is None else after, **more)
        monkeypatch.setattr(cancellation, "End", lambda *_told, **_more: source)
        ticks = itertools.count()
        request = MigrationRequest("vm1", "h1", "")
        doing = Cancellation(request, clock=lambda: float(next(ticks)), sleep=lambda _s: None)
        return doing.run(look_only), source

    return act


def test_a_migration_is_cancelled_and_its_mark_goes(cancel: Cancel) -> None:
    """The VM goes on where it is."""
    result, source = cancel()
    assert (result.outcome, result.error_code) == (Outcome.NOT_MOVED, "")
    assert result.actions == ("Cancelled the migration.",)
    assert source.deeds == ["cancel", "clear"]


def test_looking_changes_nothing(cancel: Cancel) -> None:
    """It says what would be done."""
    result, source = cancel(look_only=True)
    assert (result.actions, source.deeds) == (("Would cancel the migration.",), [])


@pytest.mark.parametrize("job", [None, "backup"])
def test_a_vm_that_does_not_leave_is_left_alone(cancel: Cancel, job: str | None) -> None:
    """Another job is none of ours."""
    result, source = cancel(job=job)
    assert (result.error_code, result.actions, source.deeds) == ("", (), [])


@pytest.mark.parametrize(
    ("state", "reason", "code"),
    [
        ("paused", "postcopy", "in_post_copy"),
        ("paused", "postcopy_failed", "in_post_copy"),
        ("paused", "migration", "changing_hands"),
    ],
)
def test_what_would_cost_the_vm_is_refused(
    cancel: Cancel, state: str, reason: str, code: str
) -> None:
    """Its memory is on the destination already."""
    result, source = cancel(replace(LEAVING, state=state, reason=reason))
    assert (result.error_code, source.deeds) == (code, [])


def test_the_receiving_host_is_the_wrong_one_to_ask(cancel: Cancel) -> None:
    """It would not tell of its job."""
    result, source = cancel(receives=True)
    assert (result.error_code, source.deeds) == ("arriving", [])


def test_a_vm_that_left_before_is_told(cancel: Cancel) -> None:
    """Whatever libvirt answered."""
    result, _source = cancel(after=EndState(), refuses=True)
    assert result.error_code == "too_late"


def test_a_job_that_does_not_end_is_told(cancel: Cancel) -> None:
    """QEMU or the link hangs; the mark stays, for it may still move."""
    result, source = cancel(after=LEAVING)
    assert (result.error_code, source.deeds) == ("not_ended", ["cancel"])
