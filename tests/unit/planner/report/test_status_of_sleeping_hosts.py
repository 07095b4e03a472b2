# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the status says of hosts that sleep."""

from __future__ import annotations

from planner.report.status import render_status


def test_a_sleeping_host_is_told_of_with_how_to_wake_it() -> None:
    """Since when, why, by whom, how."""
    power = {
        "since": "2026-11-24T22:00:00Z",
        "reason": "night",
        "by": "ann",
        "method": "ipmi",
        "unconfirmed": True,
    }
    asleep = {"name": "kvm2", "vcpus": 4, "memory_mib": 64, "state": "asleep", "power": power}
    text = render_status(
        {"hosts": [{"name": "kvm1", "vcpus": 4, "memory_mib": 64}, asleep], "domains": []}
    )
    assert "kvm2 is asleep since 2026-11-24T22:00:00Z (night), by ann; woken by ipmi" in text
    assert "drover.libvirt.wake -e drover_hosts=kvm2" in text
    assert "Nobody has confirmed" in text


def test_what_was_saved_is_told() -> None:
    """Two hosts slept 10 hours each; one drew 100 W before and 5 W asleep, of the other nothing is known."""
    powers = ({"off_s": 36000, "idle_w": 100.0, "asleep_w": 5.0}, {"off_s": 36000}, {})
    hosts = [
        {"name": name, "vcpus": 4, "memory_mib": 64, "power": power}
        for name, power in zip("abc", powers, strict=True)
    ]
    assert render_status({"hosts": hosts, "domains": []}).splitlines()[-1] == (
        "Hosts have slept 20.0 h in all, which saved 0.9 kWh (1 of 2 hosts, whose watts are known)."
    )


def test_a_night_counts_while_it_lasts() -> None:
    """A host that slept 10 hours before, and sleeps for 5 hours now: 15 hours at 95 W less are 1.4 kWh."""
    power = {"off_s": 36000, "idle_w": 100.0, "asleep_w": 5.0, "since": "2026-11-24T22:00:00Z"}
    awake = {"name": "a", "vcpus": 4, "memory_mib": 64, "clock_epoch_s": 1795575600.0}
    asleep = {"name": "b", "vcpus": 4, "memory_mib": 64, "state": "asleep", "power": power}
    assert render_status({"hosts": [awake, asleep], "domains": []}).splitlines()[-1] == (
        "Hosts have slept 15.0 h in all, which saved 1.4 kWh."
    )
