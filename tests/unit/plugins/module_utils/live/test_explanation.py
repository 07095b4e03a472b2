# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of several causes a result names, and what it warns of."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._ends.account import Account, Phase
from ansible_collections.drover.libvirt.plugins.module_utils._ends.ends import Ends
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._ends.repair import Repairs
from ansible_collections.drover.libvirt.plugins.module_utils._ends.verdict import Verdict
from ansible_collections.drover.libvirt.plugins.module_utils._errors import (
    LibvirtFailed,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import (
    EndState,
    Evidence,
)
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.events import DomainEvent
from ansible_collections.drover.libvirt.plugins.module_utils._live.convergence import (
    Action,
    CopyDecision,
)
from ansible_collections.drover.libvirt.plugins.module_utils._live.explanation import account_of
from ansible_collections.drover.libvirt.plugins.module_utils._live.monitor import Watched
from ansible_collections.drover.libvirt.plugins.module_utils._live.progress import Progress
from ansible_collections.drover.libvirt.plugins.module_utils._live.transfer import Copied
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)

RUNS = EndState(state="running", reason="booted", persistent=True)
FACTS = DomainFacts("vm1", "u", RUNS, 96, "<domain/>", None, 0)
STAYED = Evidence(RUNS, EndState())
BUSY = Evidence(EndState(state="running", persistent=True, busy=True), EndState())
CLOSED = LibvirtFailed("Cannot migrate the VM vm1: internal error: client socket is closed.")
CANCELLED = LibvirtFailed("Cannot migrate the VM vm1: operation aborted: canceled by client.")


def event(end: str, kind: str, detail: str = "", at_s: float = 2.0) -> DomainEvent:
    """Return what a host said during the copy."""
    return DomainEvent(at_s, end, kind, detail)


def finished(
    verdict: Verdict,
    evidence: Evidence = STAYED,
    *,
    error: LibvirtFailed | None = None,
    watched: Watched | None = None,
    events: tuple[DomainEvent, ...] = (),
    clue: str = "",
    tls: bool = False,
) -> Account:
    """Return the account of a live migration that came to this."""
    copied = Copied(1.0, 5.0, watched or Watched(True, Progress(1.0)), events, error, "", clue)
    ends: Any = Ends(None, None)  # type: ignore[arg-type]
    options = MigrationOptions(tls=tls)
    return account_of(verdict, evidence, Repairs(ends, "u"), copied, {}, options)


def ended(code: str, returned: bool = True) -> Watched:
    """Return a copy that this process cancelled."""
    decision = CopyDecision(Action.ABORT, "Our own reason.", error_code=code)
    return Watched(returned, Progress(1.0), ended=decision)


def test_a_success_has_no_reason_and_keeps_libvirts_complaint_as_a_warning() -> None:
    """It moved, whatever the call said."""
    result = finished(Verdict(Outcome.MOVED), error=CLOSED)
    assert (result.reason, result.error_code, result.phase) == ("", "", Phase.CLEANUP)
    assert "The VM moved although libvirt said" in result.warnings[0]


def test_our_own_decision_explains_a_cancelled_copy() -> None:
    """Better than libvirt's "canceled by client"."""
    result = finished(Verdict(Outcome.NOT_MOVED), error=CANCELLED, watched=ended("timeout"))
    assert (result.reason, result.error_code, result.retriable) == (
        "Our own reason.",
        "timeout",
        True,
    )
    assert result.remedy


def test_a_source_that_hangs_is_told_apart() -> None:
    """The cancelled call did not return, and libvirt still works on the VM."""
    result = finished(Verdict(Outcome.NOT_MOVED), BUSY, watched=ended("timeout", returned=False))
    assert result.error_code == "source_hangs"
    assert "did not return" in result.reason


def test_a_broken_connection_is_explained_by_the_qemu_that_ended() -> None:
    """libvirt complains of what broke, not of what broke it."""
    died = (event("destination", "stopped", "crashed"),)
    result = finished(Verdict(Outcome.NOT_MOVED), error=CLOSED, events=died)
    assert result.error_code == "qemu_died"
    assert "QEMU ended on the destination (crashed)" in result.reason
    assert finished(Verdict(Outcome.NOT_MOVED), error=CLOSED).error_code == "daemon_lost"


def test_what_was_found_afterwards_explains_more_than_hearsay() -> None:
    """A full file system ends the QEMU that writes to it."""
    clue = "No space left on device: /x on h2 is full."
    result = finished(Verdict(Outcome.NOT_MOVED), error=CLOSED, clue=clue)
    assert clue in result.reason
    assert result.error_code == "disk_full"


def test_an_encrypted_copy_that_broke_points_to_the_certificates() -> None:
    """They are a likely cause that libvirt does not name."""
    result = finished(Verdict(Outcome.NOT_MOVED), error=CLOSED, tls=True)
    assert "certificates" in result.remedy


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.LOST, Outcome.QUARANTINED])
def test_a_vm_in_doubt_is_named_by_its_outcome(outcome: Outcome) -> None:
    """What libvirt said stays in the reason."""
    result = finished(Verdict(outcome, reason="Found so."), error=CLOSED)
    assert (result.outcome, result.error_code) == (outcome, outcome.value)
    assert "client socket is closed" in result.reason
    assert result.reason.endswith("Found so.")
    assert result.remedy


def test_a_broken_post_copy_has_its_own_remedy() -> None:
    """Neither QEMU may be stopped."""
    verdict = Verdict(Outcome.UNKNOWN, reason="It broke.", error_code="post_copy_broken")
    assert finished(verdict).remedy.startswith("Stop neither host's QEMU")


def test_a_vm_that_ran_on_both_for_a_moment_is_warned_of() -> None:
    """Its disks may be damaged."""
    ran = (event("destination", "resumed", "unpaused"),)
    assert "check its disks" in finished(Verdict(Outcome.ROLLED_BACK), events=ran).warnings[0]
