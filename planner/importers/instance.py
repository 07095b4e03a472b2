# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Benchmark instances: ``{"name", "nodes": [{"name", "cpu", "mem"}], "vms": [...]}``, memory in MiB.

A VM is ``{"name", "node", "cpu", "mem", "cpu_usage"}``; ``cpu`` counts vCPUs, ``cpu_usage`` those busy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from .imported import Gathering, Imported
from .source import Line, Source

SPACE = re.compile(r"[\s,]*")
NODE_KEYS = ("name", "cpu", "mem")
VM_KEYS = ("name", "node", "cpu", "mem")


def from_instance(source: Source) -> Imported:
    """Turn a benchmark instance into facts.

    Raises
    ------
    InputError
        With the line that cannot be read.
    """
    _check_json(source)
    gathering = Gathering()
    for line, node in _entries(source, "nodes"):
        gathering.add_host(line, _host(line, node))
    for line, vm in _entries(source, "vms"):
        gathering.add_domain(line, _domain(line, vm))
    return gathering.finish(source.file)


def _check_json(source: Source) -> None:
    try:
        document = json.loads(source.text)
    except (RecursionError, ValueError) as error:
        place = source.line_at(getattr(error, "pos", 0))
        raise place.fault(f"this is not valid JSON: {getattr(error, 'msg', error)}.") from error
    for key in ("nodes", "vms"):
        if not isinstance(document, dict) or not isinstance(document.get(key), list):
            raise Line(source.file, 1, "").fault(
                f"an instance is an object with the list {key}; there is none."
            )


def _entries(source: Source, key: str) -> Iterator[tuple[Line, dict[str, Any]]]:
    """Return the entries of a list with the line where each begins, which the parser of JSON alone does not tell.

    Lines are counted from one entry to the next, so that a long file is read once.
    """
    start = re.search(rf'"{key}"\s*:\s*\[', source.text)
    decoder = json.JSONDecoder()
    at = start.end() if start else len(source.text)
    number, counted = source.text.count("\n", 0, at) + 1, at
    while at < len(source.text):
        at = SPACE.match(source.text, at).end()  # type: ignore[union-attr]
        if source.text[at] == "]":
            return
        number, counted = number + source.text.count("\n", counted, at), at
        line = Line(source.file, number, "")
        entry, at = decoder.raw_decode(source.text, at)
        if not isinstance(entry, dict):
            raise line.fault(f"an entry of {key} must be an object.")
        yield line, entry


def _host(line: Line, node: dict[str, Any]) -> dict[str, Any]:
    _check_keys(line, node, NODE_KEYS, "a node")
    return {
        "name": str(node["name"]),
        "vcpus": line.integer(str(node["cpu"]), "cpu", 1),
        "memory_mib": int(line.number_of(str(node["mem"]), "mem", 1)),
    }


def _domain(line: Line, vm: dict[str, Any]) -> dict[str, Any]:
    _check_keys(line, vm, VM_KEYS, "a VM")
    return {
        "name": str(vm["name"]),
        "host": str(vm["node"]),
        "vcpus": line.integer(str(vm["cpu"]), "cpu"),
        "memory_mib": int(line.number_of(str(vm["mem"]), "mem")),
        "cpu_usage": line.number_of(str(vm.get("cpu_usage", 0)), "cpu_usage"),
    }


def _check_keys(line: Line, entry: dict[str, Any], keys: tuple[str, ...], what: str) -> None:
    missing = [key for key in keys if key not in entry]
    if missing:
        raise line.fault(f"{what} lacks {', '.join(missing)}.")
