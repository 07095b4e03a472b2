# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is under way, from recorded events to the lines of a terminal."""

from __future__ import annotations

import io
import multiprocessing
import threading
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.plugin_utils import _live
from ansible_collections.drover.libvirt.plugins.plugin_utils._bars import MOST_BARS, Bars
from ansible_collections.drover.libvirt.plugins.plugin_utils._brief_view import QUIET_S, View
from ansible_collections.drover.libvirt.plugins.plugin_utils._brief_words import (
    counts,
    failure,
    message,
    recap,
    status,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._live import Channel
from ansible_collections.drover.libvirt.plugins.plugin_utils._running import (
    Running,
    predicted_left_s,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._terminal import Region

STEP = {"id": "m001-web1", "domain": "web1", "source": "kvm2", "destination": "kvm3"}


def progress(**more: Any) -> dict[str, Any]:
    """Return an event as an executor writes it."""
    reading = {
        "percent": 50.0,
        "total_mib": 1024.0,
        "remaining_mib": 512.0,
        "bandwidth_mib_s": 100.0,
        "dirty_rate_mib_s": 36.0,
        "iteration": 2,
        "silent_s": 0.0,
    }
    return {"event": "progress", "at": 10.0, **STEP, **reading, **more}


def started(total: int = 1, **more: Any) -> Running:
    """Return what is under way when a migration has begun."""
    running = Running()
    running.begin_task("Migrate the VMs", 0.0)
    running.take({"event": "execution_started", "at": 0.0, "steps": total})
    running.take({"event": "migration_started", "at": 1.0, **STEP, **more})
    return running


def test_the_end_is_predicted_from_what_remains_and_what_is_rewritten() -> None:
    """512 MiB at 100 MiB/s, of which 36 are rewritten meanwhile, take 8 s."""
    assert predicted_left_s(progress()) == 8.0
    assert predicted_left_s(progress(dirty_rate_mib_s=100.0)) is None


def test_a_journal_of_before_has_no_dirty_rate() -> None:
    """Then it is taken as none; what remains follows from the per cent."""
    event = progress()
    del event["dirty_rate_mib_s"], event["remaining_mib"]
    assert predicted_left_s(event) == 5.12


def test_a_migration_from_its_start_to_its_end() -> None:
    """It is a bar with per cent, rate, pass and predicted end, and then it is counted."""
    running = started()
    assert running.bars["m001-web1"].words(1.0) == "starting"
    running.take(progress())
    assert running.bars["m001-web1"].words(13.0) == "100 MiB/s, pass 2, about 5 s left"
    running.take(progress(dirty_rate_mib_s=200.0))
    assert running.bars["m001-web1"].words(13.0).endswith("rewritten as fast as copied")
    running.take(progress(silent_s=9.0))
    assert running.bars["m001-web1"].words(13.0) == "nothing copied for 9 s"
    running.take({"event": "migration_ended", "at": 20.0, **STEP, "outcome": "moved", "reason": ""})
    assert running.bars == {}
    assert running.ended == 1


def test_events_of_migrations_that_nobody_saw_begin() -> None:
    """A late follower sees nothing wrong; what is not an event of a journal is left alone."""
    running = Running()
    for event in (progress(), {"event": "migration_ended", **STEP}, {"event": "begin_task"}, {}):
        running.take(event)
    assert running.bars == {}
    assert running.ended == 0


def drawn(running: Running, width: int = 100) -> list[str]:
    """Return the lines of a terminal."""
    pytest.importorskip("rich")
    return Bars(colour=False).lines(running, 12.0, width)


def test_bars() -> None:
    """A line for the task with its counter, one for each migration."""
    running = started(total=3)
    running.take(progress())
    first, second = drawn(running)
    assert "Migrate the VMs  0 of 3 done, 1 running  12 s" in first
    assert "web1" in second
    assert "kvm2 → kvm3" in second
    assert "50 %" in second
    assert "100 MiB/s, pass 2, about 6 s left" in second
    assert "━" in second


def test_a_terminal_of_80_columns() -> None:
    """The bar gives way before the words do."""
    running = started()
    running.take(progress())
    assert drawn(running, width=80)[1].endswith("  50 %  100 MiB/s, pass 2, about 6 s left")


def test_lines_fit_the_terminal() -> None:
    """Whatever things are called, and however many there are, no line is wider than the terminal."""
    running = started(domain="long" * 50, source="s" * 90)
    for number in range(40):
        running.take({"event": "migration_started", "at": 1.0, **STEP, "id": str(number)})
    lines = drawn(running, width=60)
    assert max(map(len, lines)) < 60
    assert len(lines) == MOST_BARS + 2
    assert f"and {41 - MOST_BARS} more" in lines[-1]


def test_hostile_names_are_drawn_as_their_escapes() -> None:
    """Neither control characters nor the library's own markup."""
    running = started(domain="\x1b[2J", source="[red]x")
    running.begin_task("[bold]\x07task", 0.0)
    running.take({"event": "migration_started", "at": 1.0, **STEP, "domain": "\x1b[2J[red]"})
    text = "\n".join(drawn(running))
    assert "\x1b" not in text
    assert "\\x1b[2J[red]" in text
    assert "[bold]\\x07task" in text


def test_no_task_no_lines() -> None:
    """Before the first task and while somebody is asked."""
    assert drawn(Running()) == []


def test_a_region_vanishes_before_others_write() -> None:
    """What it drew is gone; a line that others have only begun is not drawn over."""
    out = io.StringIO()
    region = Region(out, threading.RLock())
    region.draw(["one", "two"])
    region.make_way("half a line")
    assert out.getvalue() == "one\ntwo\r\x1b[1A\x1b[J"
    region.draw(["three"])
    region.make_way(" ended\n")
    region.draw(["three"])
    region.clear()
    assert out.getvalue().endswith("\x1b[Jthree\r\x1b[J")


def test_the_channel_reaches_from_a_fork_to_the_callback() -> None:
    """Events come whole and in order; without a channel nobody is told, and nothing happens."""
    _live.tell(progress())
    assert not _live.is_heard()
    channel = _live.open_channel()
    try:
        worker = multiprocessing.get_context("fork").Process(target=_live.tell, args=(progress(),))
        worker.start()
        assert channel.receive(20.0) == [progress()]
        worker.join()
    finally:
        _live.close_channel()
    assert channel.receive(0.0) == []


def test_progress_that_nobody_reads_is_dropped() -> None:
    """An executor is never held up by somebody who does not look."""
    channel = Channel()
    for _number in range(2000):
        channel.send(progress())
    assert 0 < len(channel.receive(0.0)) < 2000


def test_without_a_terminal_long_work_is_heard_of() -> None:
    """At least once a minute, with the task, its hosts and how long it takes; not while others speak."""
    said: list[str] = []
    now = [0.0]
    view = View(Channel(), said.append, threading.RLock(), clock=lambda: now[0])
    view.begin_task("Gather")
    view.wait_for("kvm1")
    view.wait_for("kvm2")
    view.has_ended("kvm1")
    for now[0] in (QUIET_S - 1, QUIET_S, QUIET_S + 1):
        view.tick(0.0)
    assert len(said) == 1
    assert said[0].endswith("still at work after 1 min 0 s: Gather, on kvm2")
    view.heard()
    now[0] += QUIET_S - 1
    view.tick(0.0)
    assert len(said) == 1


def test_why_a_task_failed() -> None:
    """The message, then what a command printed, each once; nothing that is hidden."""
    assert failure({"msg": "no such file"}) == "no such file"
    told = {"msg": "non-zero return code", "rc": 3, "stderr": "boom", "stdout": ""}
    assert failure(told) == "non-zero return code (exit code 3)\nstderr: boom"
    assert failure({"msg": ["a", "b\x1b"]}) == "a\nb\\x1b"
    assert failure({"censored": "hidden", "msg": "secret"}) == "hidden"
    assert failure({}) == "It gave no reason."


def test_results_in_a_word() -> None:
    """Loops are counted."""
    assert status({"changed": True}) == "changed"
    assert status({}) == "ok"
    assert status({"skipped": True}) == "skipped"
    assert status({"results": [{"changed": True}, {}]}) == "changed, 1 of 2 items"
    assert status({"results": [{"changed": True}]}) == "changed"
    assert message({"censored": "x", "msg": "secret"}) == ""


def test_the_recap_names_only_what_went_wrong() -> None:
    """And counts leave out what is none."""
    none = dict.fromkeys(
        ("ok", "changed", "failures", "unreachable", "skipped", "rescued", "ignored"), 0
    )
    summaries = {"b": {**none, "failures": 1}, "a": {**none, "ok": 3, "unreachable": 1}}
    assert recap(summaries) == ["Failed on b.", "Did not answer: a."]
    assert recap({"a": none}) == []
    assert counts(summaries) == ["a: 3 ok, 1 unreachable", "b: 1 failed"]
