# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ganeti's text files, as ``hscan`` and ``hbal -S`` write them and all htools read them (``-t``).

Sections are separated by empty lines: node groups, nodes, instances, cluster tags, instance policies. The fields of a
line are separated by ``|``; newer versions append fields, so longer lines than known are fine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .ganeti_migration import refused_nodes
from .imported import Gathering, Imported, given
from .source import Line, Source

RUNNING = frozenset({"running", "ERROR_up", "ERROR_wrongnode"})
"""Statuses of instances that occupy memory; all others are down."""

SHARED_DISKS = frozenset({"sharedfile", "blockdev", "rbd", "ext", "gluster", "diskless"})
"""Disk templates that every node of the group can reach."""

NODE_FIELDS, INSTANCE_FIELDS = 9, 10
"""Fewest fields of the oldest format that is still met."""


def from_ganeti(source: Source, busy_share: float = 0.0) -> Imported:
    """Turn a Ganeti text file into facts.

    Parameters
    ----------
    busy_share
        Part of each vCPU taken as busy (0 to 1), because the format has no measured load.

    Raises
    ------
    InputError
        With the line that cannot be read.
    """
    groups, nodes, instances, tags = _sections(source)
    names = {fields[1]: fields[0] for _line, fields in _rows(groups, 3, "a node group")}
    gathering = Gathering()
    for line, fields in _rows(nodes, NODE_FIELDS, "a node"):
        gathering.add_host(line, _node(line, fields, names))
    for line, fields in _rows(instances, INSTANCE_FIELDS, "an instance"):
        gathering.add_domain(line, _instance(line, fields, busy_share, gathering))
    refused = {
        n: refused_nodes(n, gathering.hosts, (t.text for t in tags)) for n in gathering.hosts
    }
    for domain in gathering.domains.values():
        domain.update(given(refused_by=refused[domain["host"]]))
    return gathering.finish(source.file, _notes(tags, busy_share))


def _sections(source: Source) -> tuple[list[Line], list[Line], list[Line], list[Line]]:
    """Cut the file at its empty lines; an empty section is two empty lines in a row."""
    parts: list[list[Line]] = [[]]
    for line in source.lines():
        if line.text.strip():
            parts[-1].append(line)
        else:
            parts.append([])
    if len(parts) < 3:
        raise Line(source.file, 1, "").fault(
            f"this has {len(parts)} of the sections of a Ganeti text file (groups, nodes, instances, tags, policies), "
            "which are separated by empty lines."
        )
    return parts[0], parts[1], parts[2], parts[3] if len(parts) > 3 else []


def _rows(lines: Iterable[Line], least: int, what: str) -> Iterable[tuple[Line, list[str]]]:
    for line in lines:
        fields = line.text.split("|")
        if len(fields) < least:
            raise line.fault(
                f"{what} has at least {least} fields separated by '|', this line has {len(fields)}."
            )
        yield line, fields


def _node(line: Line, fields: list[str], groups: dict[str, str]) -> dict[str, Any]:
    """A node without figures, or offline, is kept with a token size: nothing runs on it and nothing goes there."""
    name, total, reserved, _free, _disk, _disk_free, cpus, flag, group = fields[:9]
    if group not in groups:
        raise line.fault(f"node {name} is in the group '{group}', which is not one of the groups.")
    labels = {"group": groups[group], **_labels(fields[10] if len(fields) > 10 else "")}
    if flag not in ("Y", "N", "M"):
        raise line.fault(
            f"node {name} is marked '{flag}'; it must be Y (offline), N or M (master)."
        )
    if flag == "Y" or "?" in (total, reserved, cpus):
        return {"name": name, "vcpus": 1, "memory_mib": 1, "state": "offline", "labels": labels}
    return {
        "name": name,
        "vcpus": int(line.number_of(cpus, "the number of CPUs", 1)),
        "memory_mib": int(line.number_of(total, "the total memory", 1)),
        "memory_reserved_mib": line.integer(reserved, "the node's own memory"),
        "labels": labels,
        "storage": [],
    }


def _instance(line: Line, fields: list[str], busy_share: float, known: Gathering) -> dict[str, Any]:
    name, memory, _disk, vcpus, status, _balanced, primary, secondary, template, tags = fields[:10]
    is_up = status in RUNNING
    count = line.integer(vcpus, "the number of vCPUs")
    domain = {
        "name": name,
        "host": primary,
        "vcpus": count,
        "memory_mib": line.integer(memory, "the memory"),
        "cpu_usage": round(count * busy_share, 3) if is_up else 0.0,
        "state": "running" if is_up else "shutoff",
        "labels": _labels(tags),
    }
    return {**domain, **_disks(line, name, template, primary, secondary, known)}


def _disks(
    line: Line, name: str, template: str, primary: str, secondary: str, known: Gathering
) -> dict[str, Any]:
    """Say where the disks are: a DRBD pair is storage that only its two nodes share; local disks stay."""
    if template in SHARED_DISKS:
        return {}
    if template != "drbd":
        message = f"its disks ({template}) are local to {primary}"
        return {
            "blockers": [
                {
                    "code": "local_disk",
                    "message": message,
                    "remedy": "move its disks to shared storage",
                }
            ]
        }
    if secondary not in known.hosts:
        raise line.fault(
            f"the secondary node of {name} is '{secondary}', which is not one of the nodes."
        )
    path = f"drbd:{name}"
    for node in (primary, secondary):
        if node in known.hosts:
            entry = {"path": path, "shared": True, "identity": path, "evidence": "source"}
            known.hosts[node].setdefault("storage", []).append(entry)
    return {"disks": [{"target": "drbd0", "type": "block", "path": path, "storage": path}]}


def _labels(tags: str) -> dict[str, str]:
    return {tag: "yes" for tag in tags.split(",") if tag}


def _notes(tags: Iterable[Line], busy_share: float) -> Iterable[str]:
    if not busy_share:
        yield "Ganeti's files hold no measured load: busy CPU is taken as 0; --busy-share 0.2 assumes 20 % of each."
    for line in tags:
        prefix = line.text.removeprefix("htools:iextags:")
        if prefix != line.text:
            yield f"Instances with the same tag {prefix}:... exclude each other in Ganeti; write an anti_affinity rule."
