# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold after every fault, found out without Drover: beats, libvirt, /proc and files."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import libvirt

from tests.faults.row import Expected
from tests.faults.scene import wait_until
from tests.lab.beats import Beat, check_continuity
from tests.lab.errors import ContinuityError, LabError
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.processes import command_line

# What a host runs when nothing is going on, beside its pid 1.
_DAEMONS = ("libvirtd", "sshd", "dnsmasq")
# How long an SSH may take to see that the process which it served is gone: while a link is cut TCP
# asks again at longer and longer intervals, the fifth and sixth of which are 16 s and 32 s.
_LINGER_S = 40.0
_MARK = "drover-handover"
_SENTENCE = re.compile(r"^\S.*[.!?]$", re.DOTALL)


@dataclass(frozen=True)
class Surroundings:
    """What is there before a row, and must be there after it: no more, no less."""

    files: frozenset[str]
    definitions: frozenset[tuple[str, str]]


def look_around(lab: Lab) -> Surroundings:
    """Return what stands on the shared storage, and which other VMs the hosts know."""
    backing = lab.layout.backing
    files = (str(path.relative_to(backing)) for path in backing.rglob("*") if path.is_file())
    return Surroundings(frozenset(files), frozenset(_definitions(lab)))


def _definitions(lab: Lab) -> Iterator[tuple[str, str]]:
    for name, places in lab.guests().items():
        yield from ((name, place.host) for place in places)


def ran_at_most_once(lab: Lab, guest: str) -> list[str]:
    """Say where a VM ran twice at a time: one counter seen twice, or two starts interleaved."""
    starts: dict[str, list[Beat]] = defaultdict(list)
    for beats in lab.heartbeats(guest).values():
        for beat in beats:
            starts[beat.boot].append(beat)
    faults = [fault for beats in starts.values() for fault in _twice(beats)]
    return faults + _interleaved(starts)


def _interleaved(starts: Mapping[str, list[Beat]]) -> list[str]:
    spans = sorted(
        (min(b.time_s for b in each), max(b.time_s for b in each)) for each in starts.values()
    )
    return [
        f"a second start of the VM began {before[1] - after[0]:.1f} s before the first one ended"
        for before, after in pairwise(spans)
        if after[0] < before[1]
    ]


def _twice(beats: list[Beat]) -> list[str]:
    try:
        check_continuity(beats)
    except ContinuityError as error:
        return [str(error)]
    return []


def told_clearly(expected: Expected, result: Mapping[str, Any]) -> list[str]:
    """Say what a result lacks: the expected outcome and code, a sentence, a remedy."""
    faults = []
    if result["outcome"] not in expected.outcome.split("|"):
        faults.append(f"outcome {result['outcome']} instead of {expected.outcome}")
    if result["error_code"] not in expected.code.split("|"):
        faults.append(f"error code {result['error_code'] or 'none'} instead of {expected.code}")
    if not any(words in result["reason"] for words in expected.words.split("|")):
        faults.append(f"the reason does not say {expected.words!r}")
    if result["error_code"]:
        for key in ("reason", "remedy"):
            if not _SENTENCE.match(result[key]):
                faults.append(f"the {key} is not a sentence: {result[key]!r}")
    if faults:
        faults.append(f"it said: {result['reason']} {result['remedy']}")
    return faults


def nothing_left(lab: Lab, guest: str, host: str, before: Surroundings) -> list[str]:
    """Say what a VM that runs on a host has left elsewhere: definitions, QEMUs, files, jobs."""
    faults = [f"{name} is on {where}" for name, where in _strangers(lab, guest, host, before)]
    now = look_around(lab).files
    faults += [f"{name} is left on the storage" for name in sorted(now - before.files)]
    faults += [f"{name} is gone from the storage" for name in sorted(before.files - now)]
    for each in lab.hosts.values():
        faults += _left_on(each, guest, runs_here=each.name == host)
    return faults


def _strangers(lab: Lab, guest: str, host: str, before: Surroundings) -> set[tuple[str, str]]:
    return set(_definitions(lab)) - before.definitions - {(guest, host)}


def _left_on(host: Host, guest: str, runs_here: bool) -> list[str]:
    faults = [f"{host.name} still runs {words}" for words in _lasting_processes(host)]
    qemus = [
        words
        for words in map(command_line, host.processes())
        if f"guest={guest}," in " ".join(words)
    ]
    if len(qemus) != int(runs_here):
        faults.append(f"{host.name} runs {len(qemus)} QEMUs of {guest}")
    if runs_here and _has_job(host, guest):
        faults.append(f"{host.name} has a job on {guest}")
    if runs_here and _MARK in host.run(["virsh", "dumpxml", guest], check=False).stdout:
        faults.append(f"the handover mark is left on {guest}")
    saves = host.run(["ls", "/var/lib/libvirt/qemu/save"], check=False).stdout.split()
    return faults + [f"{host.name} keeps the saved state {name}" for name in saves]


def _has_job(host: Host, guest: str) -> bool:
    connection = host.connection()
    try:
        info = connection.lookupByName(guest).jobInfo()
        return bool(info[0] != libvirt.VIR_DOMAIN_JOB_NONE)
    except libvirt.libvirtError:
        return True
    finally:
        connection.close()


def _lasting_processes(host: Host) -> list[str]:
    """Return the unusual processes that do not end by themselves soon."""
    with suppress(LabError):
        wait_until(lambda: not _unusual_processes(host), _LINGER_S)
    return _unusual_processes(host)


def _unusual_processes(host: Host) -> list[str]:
    """Return programs that a migration may leave running: its own, watchers, SSH."""
    init = host.init
    found = []
    for process in host.processes():
        words = command_line(process)
        program = " ".join(words)
        if process == init or not program or "guest=" in program:
            continue
        if not any(daemon in program.partition(" ")[0] for daemon in _DAEMONS):
            found.append(program[:100])
    return found


def is_alive(lab: Lab, guest: str, host: str, timeout_s: float = 20.0) -> list[str]:
    """Say that a VM which should run on a host does not tick there."""
    before = len(lab.heartbeats(guest)[host])
    try:
        wait_until(lambda: len(lab.heartbeats(guest)[host]) > before, timeout_s, "a heartbeat")
    except LabError:
        return [f"{guest} does not tick on {host}"]
    return []
