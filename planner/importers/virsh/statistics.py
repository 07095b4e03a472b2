# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``virsh domstats``: CPU time and memory of all domains at one moment."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..source import Line, Source

DOMAIN = re.compile(r"^Domain: '(.*)'\s*$")
ENTRY = re.compile(r"^\s*([a-z][\w.-]*)=(.*)$")
EPOCH = "epoch"
"""Key of the first line, which the collecting script writes before the output of virsh."""


@dataclass(slots=True)
class DomainSample:
    """One domain at one moment."""

    cpu_ns: int | None = None
    vcpus: int | None = None
    memory_used_mib: int | None = None


@dataclass(slots=True)
class Sample:
    """All domains of a host at one moment."""

    epoch_s: float
    domains: dict[str, DomainSample] = field(default_factory=dict)


def sample(source: Source) -> Sample:
    """Read a file of statistics.

    Raises
    ------
    InputError
        The time in the first line is missing, or a number is none.
    """
    lines = list(source.lines())
    first = lines[0] if lines else Line(source.file, 1, "")
    key, _equals, moment = first.text.partition("=")
    if key != EPOCH:
        raise first.fault(
            "the first line must say when this was read: 'epoch=SECONDS', from date +epoch=%s.%N."
        )
    found = Sample(first.number_of(moment, "the time"))
    current: DomainSample | None = None
    for line in lines[1:]:
        if match := DOMAIN.match(line.text):
            current = found.domains.setdefault(match[1], DomainSample())
        elif (match := ENTRY.match(line.text)) and current is not None:
            _take(current, line, match[1], match[2])
    return found


def _take(entry: DomainSample, line: Line, key: str, text: str) -> None:
    if key == "cpu.time":
        entry.cpu_ns = line.integer(text, key)
    elif key == "vcpu.current":
        entry.vcpus = line.integer(text, key)
    elif key == "balloon.rss":
        entry.memory_used_mib = line.integer(text, key) // 1024
