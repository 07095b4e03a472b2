# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody does who comes while executions are on record."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.plugin_utils._executions import (
    Found,
    Refused,
    awaited,
    decide,
    duration,
    render,
)

WANTED = "evacuate kvm2"


def record(state: str, execution: str = "e1", **changes: Any) -> dict[str, Any]:
    """Return an execution as a host tells of it."""
    return {
        "execution": execution,
        "folder": f"/x/{execution}",
        "state": state,
        "finished": state == "ended",
        "owner": "ann@desk",
        "purpose": WANTED,
        "since_s": 1795511523.0,
        "age_s": 240.0,
        "silent_s": 1.0,
        "steps": 8,
        "moved": 3,
        "not_moved": 0,
        "under_way": [],
        "unsettled": [],
        **changes,
    }


def lock(
    execution: str = "e1", coordinator: str = "kvm1", age_s: float = 300.0, holds_s: float = 120.0
) -> dict[str, Any]:
    """Return a lock as a host tells of it."""
    return {
        "execution": execution,
        "coordinator": coordinator,
        "owner": "ann@desk",
        "purpose": WANTED,
        "since_s": 1795511523.0,
        "holds_s": holds_s,
        "age_s": age_s,
    }


def found(*silent: str, **answers: tuple[list[dict[str, Any]], dict[str, Any] | None]) -> Found:
    """Return what hosts said: executions and lock of each."""
    return Found(
        {
            name: {"executions": executions, "lock": held}
            for name, (executions, held) in answers.items()
        },
        silent,
    )


def test_a_cluster_at_rest_lets_everybody_begin() -> None:
    """Finished executions are nobody's concern."""
    decision = decide(found(kvm1=([record("ended")], None), kvm2=([], None)), WANTED, False)
    assert decision.follow is None
    assert decision.settle == []
    assert decision.instead_of == []


def test_what_runs_for_the_same_purpose_is_followed() -> None:
    """Its lock is taken over when it has ended."""
    held = lock()
    decision = decide(found(kvm1=([record("running")], held), kvm2=([], held)), WANTED, False)
    assert decision.follow is not None
    assert (decision.follow["coordinator"], decision.follow["execution"]) == ("kvm1", "e1")
    assert decision.settle == []


def test_what_runs_for_another_purpose_keeps_out() -> None:
    """The refusal says what, who, since when, where, and how far it is."""
    going = [
        {"domain": "vm4", "source": "kvm2", "destination": "kvm3", "percent": 42.4},
    ]
    with pytest.raises(Refused) as refusal:
        decide(found(kvm1=([record("running", under_way=going)], lock())), "evacuate kvm3", False)
    for words in (
        "evacuate kvm2, started by ann@desk 4 min ago (2026-11-24 09:12:03 UTC) on kvm1",
        "3 of 8 migrations done",
        "vm4: kvm2 → kvm3, 42 %",
    ):
        assert words in str(refusal.value)


def test_a_dead_execution_is_settled_first_whatever_its_purpose() -> None:
    """On its coordinator; then its locks are void."""
    held = lock(coordinator="kvm2")
    decision = decide(found(kvm1=([], held), kvm2=([record("unfinished")], held)), "balance", False)
    assert decision.settle == [{"coordinator": "kvm2", "execution": "e1"}]
    assert decision.instead_of == ["e1"]


def test_an_ended_execution_that_is_still_locked_for_is_released() -> None:
    """Its controller died before it could."""
    decision = decide(found(kvm1=([record("ended")], None), kvm2=([], lock())), WANTED, False)
    assert decision.settle == [{"coordinator": "kvm1", "execution": "e1"}]
    assert decision.instead_of == ["e1"]


def test_a_fresh_lock_without_execution_keeps_out_for_two_minutes() -> None:
    """Its controller may be about to start."""
    with pytest.raises(Refused, match=r"about to start.* in 2 min"):
        decide(found(kvm1=([], lock(age_s=10.0))), WANTED, False)
    decision = decide(found(kvm1=([], lock(age_s=130.0))), WANTED, False)
    assert decision.instead_of == ["e1"]


def test_a_lock_holds_as_long_as_its_controller_waits_for_a_host() -> None:
    """A host may take many minutes to boot; the operator's word for a dead controller is enough."""
    waiting = found(kvm1=([], lock(age_s=130.0, holds_s=1560.0)))
    with pytest.raises(Refused, match=r"in 24 min: .*drover_break_lock=true"):
        decide(waiting, WANTED, False)
    decision = decide(waiting, WANTED, True)
    assert (decision.instead_of, decision.settle[0]["coordinator"]) == (["e1"], "kvm1")


def test_a_coordinator_that_does_not_answer_keeps_out() -> None:
    """Nothing can be proved; the refusal says what to check and the option for it."""
    silent = found("kvm1", kvm2=([], lock()))
    with pytest.raises(Refused, match=r"Host kvm1 does not answer.*drover_break_lock=true"):
        decide(silent, WANTED, False)
    decision = decide(silent, WANTED, True)
    assert decision.settle == []
    assert decision.instead_of == ["e1"]
    assert "broken on the operator's word" in decision.warnings[0]


def test_a_coordinator_that_is_off_keeps_nobody_out() -> None:
    """The operator's word for the host is enough; the lock needs none of its own."""
    silent = found("kvm1", kvm2=([], lock()))
    with pytest.raises(Refused, match="drover_fenced=kvm1"):
        decide(silent, WANTED)
    decision = decide(silent, WANTED, fenced=["kvm1"])
    assert (decision.instead_of, decision.silent) == (["e1"], ["kvm1"])


@pytest.mark.parametrize(
    ("host", "words"), [("kvm2", "kvm2 answers"), ("kvm9", "kvm9 is not a host of the cluster")]
)
def test_a_wrong_word_about_a_host_is_refused(host: str, words: str) -> None:
    """A VM of a host that is on might be started twice."""
    with pytest.raises(Refused, match=words):
        decide(found("kvm1", kvm2=([], None)), WANTED, fenced=[host])


def test_silent_hosts_are_asked_for_only_where_something_waits() -> None:
    """A coordinator by a lock, and both ends of a VM that is not settled."""
    item = {"source": "kvm2", "destination": "kvm4"}
    unsettled = record("ended", finished=False, unsettled=[item])
    seen = found("kvm1", "kvm4", "kvm5", kvm2=([unsettled], lock()))
    assert awaited(seen) == ["kvm1", "kvm4"]


def test_a_host_that_left_the_cluster_can_be_vouched_for_and_is_not_waited_for() -> None:
    """A VM may be there for good."""
    item = {"domain": "vm1", "source": "kvm2", "destination": "kvm9", "percent": None}
    seen = found(kvm2=([record("ended", finished=False, unsettled=[item])], None))
    assert decide(seen, WANTED, fenced=["kvm9"]).silent == ["kvm9"]


def test_what_is_open_of_an_ended_execution_is_told() -> None:
    """Which VM, on which hosts, and the way out; and what waits for a host to come back."""
    item = {
        "domain": "vm1",
        "source": "kvm2",
        "destination": "kvm4",
        "percent": None,
        "reason": "It does not answer.",
    }
    unsettled = [
        {**item, "unknown": True, "uncleaned": ""},
        {**item, "domain": "vm2", "unknown": False, "uncleaned": "kvm4"},
    ]
    text = render(found(kvm1=([record("ended", finished=False, unsettled=unsettled)], None)))
    assert "Unknown: vm1 may be on kvm2 or on kvm4. It does not answer." in text
    assert "drover_fenced=HOST" in text
    assert "To be cleaned up: what vm2 may have left on kvm4" in text


def test_a_running_execution_is_never_broken() -> None:
    """The operator's word is only for what cannot be proved."""
    running = found(kvm1=([record("running")], lock()))
    with pytest.raises(Refused):
        decide(running, "evacuate kvm3", True)


def test_only_what_is_not_finished_is_shown() -> None:
    """One line each for running, unfinished, and locks without an execution."""
    text = render(
        found(
            kvm1=([record("ended", "e0"), record("running", "e1")], lock("e1")),
            kvm2=([record("unfinished", "e2")], lock("e3", coordinator="kvm9")),
        )
    )
    assert [line.split(":")[0] for line in text.splitlines()] == [
        "Running",
        "Unfinished",
        "Locked",
    ]
    assert "Its executor is gone." in text


@pytest.mark.parametrize(
    ("seconds", "words"), [(42.0, "42 s"), (240.0, "4 min"), (12000.0, "3 h 20 min")]
)
def test_spans_of_time_read_well(seconds: float, words: str) -> None:
    """Seconds, minutes, or hours and minutes."""
    assert duration(seconds) == words


def test_what_was_interrupted_is_said() -> None:
    """Before it is settled: whose, what for, and how far it came."""
    dead = record("unfinished", purpose="evacuate kvm3")
    [warning] = decide(found(kvm1=([dead], None), kvm2=([], None)), WANTED, False).warnings
    assert warning.startswith("Interrupted: evacuate kvm3, started by ann@desk")
    assert "3 of 8 migrations done" in warning
