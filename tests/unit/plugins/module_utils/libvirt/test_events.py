# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of one VM: what waits for them, and what libvirt's own test driver reports."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.events import (
    DomainEvent,
    EventLog,
    start_event_loop,
    subscribed,
)

UUID = "0c9ba2b7-96a7-4b5c-9b22-3a1f3f0d1d1f"
NODE_DOMAIN = (
    "<domain type='test'><name>vm2</name><memory>1</memory><os><type>hvm</type></os></domain>"
)


def log() -> EventLog:
    """Return a log whose clock counts the events."""
    seconds = itertools.count(1.0)
    return EventLog(lambda: next(seconds))


def test_events_are_stamped_in_the_order_of_their_arrival() -> None:
    """By one clock for both hosts."""
    events = log()
    events.add("source", "suspended", "paused")
    events.add("destination", "resumed", "migrated")
    assert events.events == (
        DomainEvent(1.0, "source", "suspended", "paused"),
        DomainEvent(2.0, "destination", "resumed", "migrated"),
    )


def test_an_event_that_came_before_is_not_waited_for() -> None:
    """The condition looks at all of them."""
    events = log()
    events.add("source", "stopped", "migrated")
    assert events.wait_for(lambda found: len(found) == 1, 0.0)


def test_what_does_not_come_is_waited_for_no_longer_than_asked() -> None:
    """Then the answer is no."""
    assert not log().wait_for(bool, 0.01)


def test_who_waits_is_woken_by_the_event_or_called_off() -> None:
    """An event that comes later is still written down."""
    for act, answer in (("add", True), ("stop", False)):
        events = log()
        answers: list[bool] = []

        def wait(events: EventLog, answers: list[bool]) -> None:
            answers.append(events.wait_for(bool))

        waiting = threading.Thread(target=wait, args=(events, answers))
        waiting.start()
        if act == "add":
            events.add("source", "stopped", "migrated")
        else:
            events.stop_waiting()
        waiting.join(10)
        assert answers == [answer]
        events.add("source", "undefined", "removed")
        assert events.events[-1].kind == "undefined"


def test_libvirts_words_for_what_it_reports_of_one_vm(host: Any, vm: Any) -> None:
    """Another VM's events are not its own, and nothing is heard afterwards."""
    start_event_loop()
    events = log()
    with subscribed(host, UUID, "source", events):
        host.createXML(NODE_DOMAIN, 0).destroy()
        vm.suspend()
        vm.resume()
        vm.destroy()
        assert events.wait_for(lambda found: any(e.kind == "stopped" for e in found), 20.0)
    vm.create()
    assert [(event.end, event.kind) for event in events.events] == [
        ("source", "suspended"),
        ("source", "resumed"),
        ("source", "stopped"),
    ]
    assert (events.events[0].detail, events.events[2].detail) == ("paused", "destroyed")


@pytest.mark.usefixtures("host")
def test_the_event_loop_runs_once() -> None:
    """Later calls do nothing."""
    start_event_loop()
    before = threading.active_count()
    start_event_loop()
    assert threading.active_count() == before
