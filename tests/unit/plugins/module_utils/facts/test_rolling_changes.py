# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the record of a rolling maintenance says after each event."""

from __future__ import annotations

from typing import Any

from ansible_collections.drover.libvirt.plugins.module_utils._facts import rolling_changes


def record(**changes: Any) -> dict[str, Any]:
    """Return the record of a run that takes up kvm2, after kvm1 was done."""
    return {
        "hosts": ["kvm1", "kvm2", "kvm9"],
        "batch": ["kvm2"],
        "maintained": ["kvm1"],
        "running": True,
        "finished": False,
        **changes,
    }


def test_a_run_adds_its_hosts_and_forgets_those_that_left_the_cluster() -> None:
    """Hosts that were asked for before and are not now stay."""
    begun = rolling_changes.begun(record(), ["kvm3", "kvm2"], ["kvm1", "kvm2", "kvm3"])
    assert begun["hosts"] == ["kvm1", "kvm2", "kvm3"]


def test_a_batch_that_is_over_makes_room_for_the_next() -> None:
    """One that was interrupted before and has not had its turn stays."""
    emptying = rolling_changes.emptying(record(batch=["kvm2", "kvm4"]), ["kvm3"], ["kvm1", "kvm4"])
    assert emptying["batch"] == ["kvm2", "kvm3"]


def test_tasks_that_came_to_their_end_count_once() -> None:
    """Also where a batch is taken up whose tasks were done."""
    assert rolling_changes.maintained(record(), ["kvm1", "kvm2"])["maintained"] == ["kvm1", "kvm2"]


def test_a_run_that_leaves_hosts_has_not_finished() -> None:
    """Whether they had no turn or were not asked for; the sentence names both."""
    ended = rolling_changes.ended(record(), ["kvm1"])
    assert (ended["batch"], ended["running"], ended["finished"]) == (["kvm2"], False, False)
    assert rolling_changes.rest(ended) == (
        "Still to be maintained, but not in this run: kvm2, kvm9. "
        "Still in maintenance, because their turn was interrupted: kvm2."
    )


def test_with_nothing_left_it_is_finished() -> None:
    """Nothing is said then."""
    all_done = record(maintained=["kvm9", "kvm2", "kvm1"])
    ended = rolling_changes.ended(all_done, ["kvm2"])
    assert (ended["batch"], ended["finished"]) == ([], True)
    assert rolling_changes.rest(ended) == ""
