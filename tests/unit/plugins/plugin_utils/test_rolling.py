# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody does who comes while a rolling maintenance is on record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.plugin_utils._rolling import (
    CONTINUE,
    FORGET,
    Refused,
    Run,
    newest,
    survey,
    turns,
)

BOB = Run("r2", "bob@desk", "2026-11-24T10:00:00+00:00", ["2 2 boot", "pid:[1]"], "/ops/update.yml")


def record(**changes: Any) -> dict[str, Any]:
    """Return the record of ann's run, which died in its second batch."""
    return {
        "run": "r1",
        "number": 4,
        "by": "ann@desk",
        "since": "2026-11-24T09:00:00+00:00",
        "process": ["1 1 boot", "pid:[1]"],
        "running": True,
        "tasks": "/ops/update.yml",
        "hosts": ["kvm3", "kvm1", "kvm2"],
        "batch": ["kvm2"],
        "maintained": ["kvm1"],
        "finished": False,
        **changes,
    }


def test_without_a_record_a_maintenance_begins() -> None:
    """Also where hosts are in maintenance: somebody else put them there."""
    found = survey([None, None], {"kvm2"}, BOB, None)
    assert (found.begun, found.done, found.seen, found.text) == ([], [], [], "")
    assert found.record == {
        "run": "r2",
        "number": 0,
        "by": "bob@desk",
        "since": "2026-11-24T10:00:00+00:00",
        "process": ["2 2 boot", "pid:[1]"],
        "running": True,
        "tasks": "/ops/update.yml",
        "hosts": [],
        "batch": [],
        "maintained": [],
        "finished": False,
    }


def test_after_one_that_is_finished_another_begins() -> None:
    """Nothing of it counts, but its number, so that no old copy holds later; its records may be replaced."""
    found = survey([record(finished=True, number=9), record()], set(), BOB, None)
    assert (found.done, found.record["maintained"]) == ([], [])
    assert (found.record["number"], found.seen) == (9, ["r1"])


def test_one_whose_playbook_died_is_taken_up() -> None:
    """What is done is skipped, the batch that was interrupted comes first, and that is said."""
    found = survey([record(), None], {"kvm2"}, BOB, is_alive=False)
    assert (found.begun, found.done) == (["kvm2"], ["kvm1"])
    assert (found.record["run"], found.record["maintained"]) == ("r2", ["kvm1"])
    assert "ann@desk ran since 2026-11-24T09:00" in found.text
    assert "(tasks done on kvm1; left: kvm2, kvm3)" in found.text


def test_the_copy_with_the_highest_number_holds() -> None:
    """A host that was away has an older one."""
    found = survey([record(number=3, maintained=[]), record()], {"kvm2"}, BOB, is_alive=False)
    assert found.done == ["kvm1"]
    assert newest([None]) is None


def test_a_host_that_had_its_tasks_but_is_still_in_maintenance_is_put_back() -> None:
    """It is part of the interrupted batch, not done, and its tasks stay on record."""
    found = survey([record(maintained=["kvm1", "kvm2"])], {"kvm2"}, BOB, is_alive=False)
    assert (found.begun, found.done) == (["kvm2"], ["kvm1"])
    assert found.record["maintained"] == ["kvm1", "kvm2"]


def test_a_host_that_somebody_else_maintains_is_not_part_of_it() -> None:
    """Neither one that waits nor one that is done is taken out of somebody's maintenance."""
    found = survey([record()], {"kvm1", "kvm3"}, BOB, is_alive=False)
    assert (found.begun, found.done) == ([], ["kvm1"])


def test_one_that_runs_keeps_everybody_out() -> None:
    """Whatever the operator says; he is told who it is, since when and how far."""
    for unfinished in ("", CONTINUE, FORGET):
        with pytest.raises(Refused, match=r"ann@desk is at a rolling .* tasks done on kvm1; left"):
            survey([record()], set(), replace(BOB, unfinished=unfinished), is_alive=True)


@pytest.mark.parametrize(
    ("changes", "is_alive", "words"),
    [
        ({}, None, "it cannot be told from here whether it still runs"),
        ({"tasks": "/ops/bios.yml"}, False, "those of /ops/bios.yml, not of /ops/update.yml"),
        ({"since": "2026-11-17T09:59:59+00:00"}, False, "more than 7 days ago"),
    ],
)
def test_in_doubt_the_operator_decides(
    changes: dict[str, Any], is_alive: bool | None, words: str
) -> None:
    """The refusal says what the doubt is and both answers, and either answer is taken."""
    with pytest.raises(
        Refused, match=r"drover_unfinished=continue;.*drover_unfinished=forget"
    ) as no:
        survey([record(**changes)], {"kvm2"}, BOB, is_alive)
    assert words in str(no.value)
    going_on = survey([record(**changes)], {"kvm2"}, replace(BOB, unfinished=CONTINUE), is_alive)
    assert going_on.done == ["kvm1"]
    again = survey([record(**changes)], {"kvm2"}, replace(BOB, unfinished=FORGET), is_alive)
    assert (again.done, again.record["maintained"], again.record["hosts"]) == ([], [], [])
    assert again.begun == ["kvm2"]
    assert again.text.startswith("Forgotten: ")


def test_one_that_stopped_by_itself_needs_no_proof() -> None:
    """Its record says that it does not run, so its process is not asked for: it may have run in a container."""
    found = survey([record(running=False)], {"kvm2"}, BOB, is_alive=None)
    assert found.begun == ["kvm2"]


def test_each_batch_knows_whose_turn_was_before_and_comes_after() -> None:
    """A host whose tasks are done already does not get them again."""
    first, second = turns([["kvm2", "kvm3"], ["kvm4"]], done=["kvm1"], maintained=["kvm1", "kvm3"])
    assert first == {
        "number": 1,
        "hosts": ["kvm2", "kvm3"],
        "done": ["kvm1"],
        "waiting": ["kvm4"],
        "due": ["kvm2"],
        "text": "Now: kvm2, kvm3. Done: kvm1. Waiting: kvm4. Tasks done already: kvm3.",
    }
    assert (second["done"], second["waiting"]) == (["kvm1", "kvm2", "kvm3"], [])
