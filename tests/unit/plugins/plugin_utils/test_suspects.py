# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs are to be reconciled, between which hosts."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.plugin_utils._answers import Answers
from ansible_collections.drover.libvirt.plugins.plugin_utils._suspects import journalled, suspects

RUNNING, PAUSED_BY_USER = ("running", "booted"), ("paused", "user")
PAUSED_FOR_MIGRATION, MIGRATED = ("paused", "migration"), ("shutoff", "migrated")
OFF = ("shutoff", "unknown")


def cluster(*copies: tuple[str, tuple[str, str]], name: str = "web1") -> dict[str, Any]:
    """Return the facts of three hosts that know one VM."""
    return {
        "hosts": [
            {"name": host, "connection": {"uri": f"qemu+ssh://root@{host}/system"}}
            for host in ("kvm1", "kvm2", "kvm3")
        ],
        "domains": [
            {"name": name, "uuid": "u1", "host": host, "state": state, "state_reason": reason}
            for host, (state, reason) in copies
        ],
    }


def ways(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return source and destination of each pair."""
    return [(pair["source"], pair["destination"]) for pair in suspects(facts)[0]]


@pytest.mark.parametrize("state", [RUNNING, OFF, ("paused", "ioerror")])
def test_a_vm_that_one_host_knows_is_in_order_unless_it_is_paused(state: tuple[str, str]) -> None:
    """Only a paused VM may wait for somebody to end its migration."""
    expected = [("kvm1", "kvm2")] if state[0] == "paused" else []
    assert ways(cluster(("kvm2", state))) == expected


def test_a_running_vm_with_the_handover_mark_is_to_be_looked_after() -> None:
    """libvirt has let it run; what it had besides (autostart) nobody has brought it."""
    facts = cluster(("kvm2", RUNNING))
    facts["domains"][0]["handover_mark"] = True
    assert ways(facts) == [("kvm1", "kvm2")]


@pytest.mark.parametrize(
    ("source", "destination"),
    [
        (MIGRATED, RUNNING),
        (MIGRATED, PAUSED_BY_USER),
        (MIGRATED, PAUSED_FOR_MIGRATION),
        (RUNNING, PAUSED_BY_USER),
        (OFF, PAUSED_BY_USER),
        (PAUSED_FOR_MIGRATION, RUNNING),
        (("paused", "api_error"), RUNNING),
        (PAUSED_FOR_MIGRATION, PAUSED_BY_USER),
        (("paused", "postcopy_failed"), ("running", "postcopy_failed")),
        (("paused", "postcopy"), ("shutoff", "crashed")),
    ],
)
def test_the_copy_that_waits_is_the_destination(
    source: tuple[str, str], destination: tuple[str, str]
) -> None:
    """Whichever host comes first by name, the states tell which of them ran the VM before."""
    assert ways(cluster(("kvm1", source), ("kvm2", destination))) == [("kvm1", "kvm2")]
    assert ways(cluster(("kvm1", destination), ("kvm2", source))) == [("kvm2", "kvm1")]


def test_each_further_copy_is_compared_with_the_one_that_runs() -> None:
    """A VM that three hosts know is reconciled twice."""
    facts = cluster(("kvm1", OFF), ("kvm2", RUNNING), ("kvm3", OFF))
    assert ways(facts) == [("kvm2", "kvm1"), ("kvm2", "kvm3")]


def test_what_only_a_journal_could_tell_is_left_to_a_person() -> None:
    """A copy that libvirt holds paused beside one that is off may be a source, or half arrived."""
    pairs, unclear = suspects(cluster(("kvm1", OFF), ("kvm3", PAUSED_FOR_MIGRATION)))
    assert pairs == []
    [sentence] = unclear
    assert sentence.startswith(
        "VM web1 is shutoff (unknown) on kvm1 and paused (migration) on kvm3"
    )


def test_vms_of_one_name_are_told_apart_by_their_uuid() -> None:
    """Two VMs that happen to have one name are no leftover of a migration."""
    facts = cluster(("kvm1", RUNNING))
    facts["domains"] += [{**facts["domains"][0], "uuid": "u2", "host": "kvm2"}]
    assert ways(facts) == []


def test_a_pair_says_how_to_reach_the_destination() -> None:
    """The address comes from the inventory, as for a migration."""
    [pair] = suspects(cluster(("kvm1", RUNNING), ("kvm2", OFF)))[0]
    assert pair == {
        "name": "web1",
        "uuid": "u1",
        "source": "kvm1",
        "destination": "kvm2",
        "destination_uri": "qemu+ssh://root@kvm2/system",
        "believe_mark": False,
    }


def test_a_host_that_is_off_for_certain_is_no_partner() -> None:
    """Nothing can be asked of it."""
    facts = cluster(("kvm2", PAUSED_BY_USER))
    facts["hosts"][0] = {"name": "kvm1", "state": "unreachable"}
    assert ways(facts) == [("kvm3", "kvm2")]


@pytest.mark.parametrize(
    ("known", "trusted", "believed"),
    [
        ([], False, False),
        ([("u1", "kvm2")], False, True),
        ([("u1", "kvm3")], False, False),
        ([("u2", "kvm2")], False, False),
        ([], True, True),
    ],
)
def test_a_mark_counts_where_a_journal_or_the_operator_confirms_it(
    known: list[tuple[str, str]], trusted: bool, believed: bool
) -> None:
    """A tenant can write one; a journal of another VM, or another host, confirms nothing."""
    facts = cluster(("kvm2", PAUSED_BY_USER))
    [pair] = suspects(facts, known, trust_marks=trusted)[0]
    assert pair["believe_mark"] is believed


def test_journals_confirm_what_is_unsettled_or_quarantined() -> None:
    """On both of its hosts; what ended well carries no mark any more."""

    def record(execution: str, **more: Any) -> dict[str, Any]:
        return {
            "execution": execution,
            "folder": f"/x/{execution}",
            "state": "ended",
            "finished": True,
            "owner": "ann",
            "purpose": "evacuate kvm2",
            "since_s": 1.0,
            "age_s": 1.0,
            "steps": 1,
            "moved": 1,
            "under_way": [],
            "unsettled": [],
            **more,
        }

    def migration(uuid: str, source: str, destination: str) -> dict[str, Any]:
        ends = {"source": source, "destination": destination}
        words = {"percent": None, "unknown": False, "reason": "", "uncleaned": ""}
        return {"domain": uuid, "uuid": uuid, **ends, **words}

    records = [
        record("e1"),
        record("e2", unsettled=[migration("u1", "kvm1", "kvm2")]),
        record("e3", quarantined=[migration("u2", "kvm2", "kvm3")]),
    ]
    said = {"kvm1": {"found": {"executions": records, "lock": None}}, "kvm2": {}}
    answers = Answers(
        {"groups": {"kvm": ["kvm1", "kvm2"]}, "hostvars": said}, {"execution_info": "found"}
    )
    assert journalled(answers, "kvm") == {
        ("u1", "kvm1"),
        ("u1", "kvm2"),
        ("u2", "kvm2"),
        ("u2", "kvm3"),
    }
