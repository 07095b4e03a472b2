# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What remembering the load costs: 200 hosts with 20 VMs each, whose ring is full.

Prints figures and judges nothing; run with ``make bench``.
"""

from __future__ import annotations

import json
import time
from random import Random
from typing import Any

from ansible_collections.drover.libvirt.plugins.module_utils._facts.history import (
    MOST,
    Counters,
    Figures,
    History,
    Sample,
    format_history,
    history_facts,
    parse_history,
    remember,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.readings import LoadSample

from planner.pipeline import read_problem

HOSTS, VMS, EVERY_S = 200, 20, 600
LOOKS = 2 * MOST


def uuid(host: int, number: int) -> str:
    """Return the UUID of a VM."""
    return f"5f0f7a3c-8f2b-4c5e-9a51-{host:06x}{number:06x}"


def full_history(host: int, looks: int = LOOKS) -> History:
    """Return what a host remembers after a number of looks at VMs whose load goes up and down at random."""
    random = Random(host)
    busy = [random.uniform(0.05, 2.0) for _vm in range(VMS)]
    memory = [random.randrange(500, 8000) for _vm in range(VMS)]
    history = History()
    for look in range(looks):
        now_s = 1.7e9 + look * EVERY_S
        found = {}
        for number in range(VMS):
            busy[number] = min(4.0, max(0.01, busy[number] + random.gauss(0, 0.1)))
            drift = random.choice((0, 0, 0, 0, random.randrange(-50, 51)))
            memory[number] = max(100, memory[number] + drift)
            found[uuid(host, number)] = Figures(round(busy[number], 3), memory[number])
        spent = {name: {"id": 1, "cpu.time": look * 10**11} for name in found}
        read = LoadSample(1000.0 + look * EVERY_S, {"user": look * 10**9}, spent)
        total = Figures(round(sum(busy) + 0.5, 3), sum(memory) + 2000)
        sample = Sample(now_s, float(EVERY_S), total, Figures(0.5, 2000), found)
        history = remember(history, Counters("boot", now_s, read), sample)
    return history


def entry(host: int, history: History | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the facts of a host and its VMs."""
    past = {"history": history_facts(history, 1.7e9 + LOOKS * EVERY_S)} if history else {}
    name = f"kvm{host:03}"
    domains = [
        {
            "name": f"vm{host}-{number}",
            "uuid": uuid(host, number),
            "host": name,
            "vcpus": 2,
            "memory_mib": 2048,
            "cpu_usage": 0.5,
        }
        for number in range(VMS)
    ]
    return {"name": name, "vcpus": 64, "memory_mib": 262144, **past}, domains


def test_a_full_history() -> None:
    """Its file, what it takes to add a look, and what its facts are."""
    history = full_history(0)
    text = format_history(history)
    started = time.process_time()
    for _repeat in range(20):
        format_history(parse_history(text))
    rewritten_ms = (time.process_time() - started) / 20 * 1000
    facts = len(json.dumps(history_facts(history, 1.8e9)))
    print(f"\n{VMS} VMs, {len(history.samples)} samples: file {len(text) / 1024:.1f} KiB, ", end="")
    print(f"facts {facts / 1024:.1f} KiB, read and written in {rewritten_ms:.1f} ms")


def test_the_facts_of_a_cluster() -> None:
    """How large they are with all histories, and how long a problem takes to be read with them and without."""
    policy = {"load": {"window": "24h", "percentile": 95}}
    for label, histories in (
        ("without", [None] * HOSTS),
        ("with", [full_history(n) for n in range(HOSTS)]),
    ):
        entries = [entry(number, history) for number, history in enumerate(histories)]
        hosts = [host for host, _domains in entries]
        facts = {"hosts": hosts, "domains": [d for _host, domains in entries for d in domains]}
        started = time.process_time()
        read_problem(facts, policy, {"goal": "balance", "now": "2026-11-24T23:00:00+01:00"})
        spent_s = time.process_time() - started
        size = len(json.dumps(facts)) / 2**20
        print(
            f"\n{HOSTS} hosts {label} histories: {size:.1f} MiB of facts, {spent_s:.1f} CPU s to read"
        )
