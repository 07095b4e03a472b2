# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all ways have in common: the VM, the hosts, the time, and what was done before."""

from __future__ import annotations

import itertools

from ansible_collections.drover.libvirt.plugins.module_utils._ends.account import Account
from ansible_collections.drover.libvirt.plugins.module_utils._ends.outcome import Outcome
from ansible_collections.drover.libvirt.plugins.module_utils._errors import DroverError
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import (
    EndState,
    Evidence,
)
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import DomainFacts
from ansible_collections.drover.libvirt.plugins.module_utils._migration.report import (
    Report,
    refused,
)
from ansible_collections.drover.libvirt.plugins.module_utils._migration.result import PhaseTimes
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

REQUEST = MigrationRequest("vm1", "h1", "h2")
RUNS = EndState(state="running", reason="booted", persistent=True)
SILENT = EndState(readable=False, state="unknown", error="no answer")
STAYED = Evidence(RUNS, EndState())
FACTS = DomainFacts("vm1", "u", RUNS, 96, "<domain/>", None, 0)


def test_a_refusal_says_whether_the_source_has_the_vm() -> None:
    """Where it does not answer nobody knows."""
    error = DroverError("It does not answer.", "Look.")
    assert refused(error, Evidence(RUNS, SILENT)).outcome is Outcome.NOT_MOVED
    assert refused(error, Evidence(SILENT, RUNS)).outcome is Outcome.UNKNOWN


def test_a_result_says_all_that_its_account_says() -> None:
    """Every field of it; what was done before comes first, and the account's own evidence counts."""
    account = Account(Outcome.ROLLED_BACK, "It broke.", actions=("Then.",), evidence=STAYED)
    told = Report(REQUEST, lambda: 1.0).result(
        account, FACTS, Evidence(SILENT, SILENT), actions_before=("First.",)
    )
    assert {name: getattr(told, name) for name in vars(account)} == {
        **vars(account),
        "actions": ("First.", "Then."),
    }
    assert (told.domain, told.uuid, told.source, told.destination) == ("vm1", "u", "h1", "h2")


def test_the_phases_are_counted_from_the_request_to_the_result() -> None:
    """A way that was not taken took no time, and moments of our own clock are of no use in the answer."""
    times = itertools.count(0.0, 10.0)
    report = Report(REQUEST, lambda: next(times))
    told = report.result(Account(began_s=1.0, left_s=3.0, arrived_s=4.0), FACTS, STAYED)
    assert told.phases == PhaseTimes(1.0, 2.0, 1.0, 16.0)
    assert report.result(Account(), FACTS, STAYED).phases == PhaseTimes()
    assert not {"began_s", "left_s", "arrived_s"} & set(told.to_dict())
