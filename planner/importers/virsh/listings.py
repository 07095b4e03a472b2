# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""virsh's tables: nodeinfo, list, dominfo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..imported import given
from ..source import Line, Source
from .definitions import Definition

FIELD = re.compile(r"^([A-Za-z() ]+?):\s+(.*)$")
KIB = re.compile(r"^(\d+) KiB$")

STATES = {
    "running": "running",
    "idle": "running",
    "paused": "paused",
    "in shutdown": "running",
    "shut off": "shutoff",
    "crashed": "crashed",
    "pmsuspended": "pmsuspended",
}
"""virsh's words for the states of a domain."""

ROW = re.compile(rf"^\s*(?:-|\d+)\s+(\S.*?)\s+({'|'.join(STATES)})\s*$")
"""A row of ``virsh list``. A name may hold blanks, even several in a row, so it ends where a state begins that ends the
line."""

OTHER_ROW = re.compile(r"^\s*(?:-|\d+)\s+(\S.*?)\s{2,}(\S.*?)\s*$")
"""A row with a state that is none, perhaps in another language."""


def nodeinfo(source: Source) -> dict[str, Any]:
    """Read ``virsh nodeinfo``.

    Raises
    ------
    InputError
        The number of CPUs or the memory is missing.
    """
    fields = {name: (line, text) for line, name, text in _fields(source)}
    for name in ("CPU(s)", "Memory size"):
        if name not in fields:
            raise Line(source.file, 1, "").fault(
                f"this is not the output of 'LC_ALL=C virsh nodeinfo': it lacks '{name}'."
            )
    line, count = fields["CPU(s)"]
    model = fields.get("CPU model", (line, ""))[1]
    return {
        "vcpus": line.integer(count, "CPU(s)", 1),
        "memory_mib": _mib(*fields["Memory size"], "Memory size"),
        **given(cpu=given(arch=model)),
    }


def domain_list(source: Source) -> Iterator[tuple[Line, str, str]]:
    """Return name and state from ``virsh list --all``, with their lines.

    Raises
    ------
    InputError
        It is something else.
    """
    lines = [line for line in source.lines() if line.text.strip()]
    if not lines or lines[0].text.split() != ["Id", "Name", "State"]:
        raise Line(source.file, 1, "").fault(
            "this is not the output of 'LC_ALL=C virsh list --all': the heading is missing."
        )
    for line in lines[1:]:
        if set(line.text.strip()) == {"-"}:
            continue
        row = ROW.match(line.text) or OTHER_ROW.match(line.text)
        if not row:
            raise line.fault("this is not a line of a list of domains (id, name, state).")
        yield line, row[1], row[2]


def dominfo(source: Source) -> dict[str, Definition]:
    """Read the outputs of ``virsh dominfo`` for many domains, one after the other.

    Raises
    ------
    InputError
        A domain lacks its vCPUs or its memory.
    """
    found: dict[str, Definition] = {}
    entry: dict[str, tuple[Line, str]] = {}
    for line, name, text in _fields(source):
        if name == "Id" and entry:
            found |= _described(entry)
            entry = {}
        entry[name] = (line, text)
    return found | (_described(entry) if entry else {})


def _described(entry: dict[str, tuple[Line, str]]) -> dict[str, Definition]:
    line = next(iter(entry.values()))[0]
    for name in ("Name", "CPU(s)", "Max memory"):
        if name not in entry:
            raise line.fault(f"this output of 'LC_ALL=C virsh dominfo' lacks '{name}'.")
    count_line, count = entry["CPU(s)"]
    vcpus = count_line.integer(count, "CPU(s)")
    facts = given(uuid=entry.get("UUID", (line, ""))[1])
    return {entry["Name"][1]: Definition(vcpus, _mib(*entry["Max memory"], "Max memory"), facts)}


def _fields(source: Source) -> Iterator[tuple[Line, str, str]]:
    for line in source.lines():
        if match := FIELD.match(line.text):
            yield line, match[1], match[2].strip()


def _mib(line: Line, text: str, what: str) -> int:
    amount = KIB.match(text)
    if not amount:
        raise line.fault(f"{what} is '{text}'; it must be a number of KiB.")
    return int(amount[1]) // 1024
