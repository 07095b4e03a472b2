# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host from the files of its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import InputError
from ..imported import Gathering, Imported, given
from ..source import Line, Source
from .definitions import Definition, definitions
from .listings import STATES, domain_list, dominfo, nodeinfo
from .statistics import Sample, sample

NODEINFO, LIST, DOMINFO, DUMPXML = "nodeinfo.txt", "list.txt", "dominfo.txt", "dumpxml.xml"
DOMSTATS, LATER = "domstats.txt", "domstats-later.txt"
FILES = (NODEINFO, LIST, DOMINFO, DUMPXML, DOMSTATS, LATER)
"""What a folder may hold; the first two are needed, and one of the next two."""

Files = Mapping[str, Source]


def from_virsh(hosts: Mapping[str, Files], busy_share: float = 0.0) -> Imported:
    """Turn the output of virsh into facts.

    Parameters
    ----------
    hosts
        Per host the files of its folder, by file name.
    busy_share
        Part of each vCPU taken as busy (0 to 1) where there are no two samples of the CPU time.

    Raises
    ------
    InputError
        With the file and line that cannot be read, or the file that is missing.
    """
    gathering = Gathering()
    readings = {name: _read(name, files) for name, files in sorted(hosts.items())}
    for name, reading in readings.items():
        gathering.add_host(Line(reading.list_file, 1, ""), {"name": name, **reading.host})
    elsewhere = _running_elsewhere(readings)
    for name, reading in readings.items():
        for listed in reading.listed.values():
            if listed.state == "shutoff" and elsewhere.get(listed.name, name) != name:
                gathering.notes.append(
                    f"VM {listed.name} is also defined on {name}, where it is shut off."
                )
                continue
            gathering.add_domain(listed.line, _domain(name, listed, reading, busy_share))
    unmeasured = sorted(name for name, reading in readings.items() if not reading.is_measured)
    return gathering.finish("the folder", _notes(unmeasured))


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of ``virsh list --all``."""

    line: Line
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Reading:
    """All that the files of one host say."""

    list_file: str
    host: dict[str, Any]
    listed: dict[str, Listed]
    described: dict[str, Definition]
    samples: tuple[Sample, ...]

    @property
    def is_measured(self) -> bool:
        """Tell whether the CPU time was read twice."""
        return len(self.samples) == 2


def _read(name: str, files: Files) -> Reading:
    for needed in (NODEINFO, LIST):
        if needed not in files:
            raise InputError(
                f"there is no {needed} in the folder of {name}; write it with virsh {needed.partition('.')[0]}."
            )
    described = definitions(files[DUMPXML]) if DUMPXML in files else {}
    if DOMINFO in files:
        described = {**dominfo(files[DOMINFO]), **described}
    samples = tuple(sample(files[file]) for file in (DOMSTATS, LATER) if file in files)
    if len(samples) == 2 and samples[1].epoch_s <= samples[0].epoch_s:
        raise Line(files[LATER].file, 1, "").fault(
            f"this was read no later than {files[DOMSTATS].file}."
        )
    return Reading(
        files[LIST].file, nodeinfo(files[NODEINFO]), _listed(files[LIST]), described, samples
    )


def _listed(source: Source) -> dict[str, Listed]:
    found = {}
    for line, name, words in domain_list(source):
        if words not in STATES:
            raise line.fault(f"'{words}' is not a state of a domain; run virsh with LC_ALL=C.")
        found[name] = Listed(line, name, STATES[words])
    return found


def _running_elsewhere(readings: Mapping[str, Reading]) -> dict[str, str]:
    """Return the host of every VM that is not shut off, because definitions may stay behind on others."""
    return {
        listed.name: host
        for host, reading in readings.items()
        for listed in reading.listed.values()
        if listed.state != "shutoff"
    }


def _domain(host: str, listed: Listed, reading: Reading, busy_share: float) -> dict[str, Any]:
    described = reading.described.get(listed.name)
    if described is None:
        raise listed.line.fault(
            f"VM {listed.name} is neither in {DUMPXML} nor in {DOMINFO} of {host}; write one of them."
        )
    last = reading.samples[-1].domains.get(listed.name) if reading.samples else None
    busy = _busy(listed.name, reading.samples) if reading.is_measured else None
    vcpus = last.vcpus if last and last.vcpus else described.vcpus
    is_up = listed.state in ("running", "paused")
    return {
        **described.facts,
        "name": listed.name,
        "host": host,
        "state": listed.state,
        "vcpus": vcpus,
        "memory_mib": described.memory_mib,
        "cpu_usage": busy if busy is not None else round(vcpus * busy_share if is_up else 0.0, 3),
        **given(memory_used_mib=last.memory_used_mib if last and is_up else None),
    }


def _busy(name: str, samples: tuple[Sample, ...]) -> float | None:
    """Return the vCPUs busy between two samples; ``None`` where the VM is not in both."""
    first, second = (one.domains.get(name) for one in samples)
    if first is None or second is None or first.cpu_ns is None or second.cpu_ns is None:
        return None
    elapsed_s = samples[1].epoch_s - samples[0].epoch_s
    return round(max(0, second.cpu_ns - first.cpu_ns) / 1e9 / elapsed_s, 3)


def _notes(unmeasured: list[str]) -> list[str]:
    notes = [
        "virsh does not say which storage hosts share: every disk is taken as reachable from every host."
    ]
    if unmeasured:
        notes.append(
            f"Without {DOMSTATS} and {LATER} nothing says how busy VMs are: on {', '.join(unmeasured)} "
            "busy CPU is taken from --busy-share (0 by default)."
        )
    return notes
