# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV: a table of hosts and a table of VMs, the columns named in the first line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .imported import Gathering, Imported, given
from .source import Line, Source

Reader = Callable[[Line, str, str], Any]
LABEL = "label."
YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def from_tables(hosts: Source, vms: Source, busy_share: float = 0.0) -> Imported:
    """Turn hosts.csv and vms.csv into facts.

    Parameters
    ----------
    busy_share
        Part of each vCPU taken as busy (0 to 1) where there is no cpu_usage.

    Raises
    ------
    InputError
        With the line that cannot be read.
    """
    gathering = Gathering()
    for line, row in _rows(hosts, HOST_COLUMNS, ("name", "vcpus", "memory_mib")):
        gathering.add_host(line, _nested(row))
    for line, row in _rows(vms, VM_COLUMNS, ("name", "host", "vcpus", "memory_mib")):
        row.setdefault("cpu_usage", round(row["vcpus"] * busy_share, 3))
        gathering.add_domain(line, row)
    return gathering.finish(hosts.file)


def _rows(
    source: Source, columns: Mapping[str, Reader], required: tuple[str, ...]
) -> Iterator[tuple[Line, dict[str, Any]]]:
    """Return the rows as facts; empty cells say nothing, labels are gathered from their columns."""
    lines = list(source.lines())
    first = lines[0] if lines else Line(source.file, 1, "")
    separator = max(",;\t", key=first.text.count)
    reader = csv.reader(
        (line.text + "\n" for line in lines), delimiter=separator, skipinitialspace=True
    )
    header = [name.strip().lstrip("\ufeff") for name in next(reader, [])]
    _check_header(first, header, columns, required)
    for cells in reader:
        line = lines[reader.line_num - 1]
        if any(cell.strip() for cell in cells):
            yield line, _row(line, header, cells, columns, required)


def _check_header(
    line: Line, header: list[str], columns: Mapping[str, Reader], required: tuple[str, ...]
) -> None:
    unknown = [name for name in header if name not in columns and not name.startswith(LABEL)]
    if missing := [name for name in required if name not in header]:
        raise line.fault(
            f"the first line must name the columns {', '.join(missing)}; it names {', '.join(header) or 'none'}."
        )
    if unknown:
        raise line.fault(
            f"there is no column {unknown[0]}; the columns are {', '.join(columns)} and {LABEL}NAME."
        )
    if twice := next((name for name in header if header.count(name) > 1), None):
        raise line.fault(f"the column {twice} is there twice.")


def _row(
    line: Line,
    header: list[str],
    cells: list[str],
    columns: Mapping[str, Reader],
    required: tuple[str, ...],
) -> dict[str, Any]:
    if len(cells) > len(header):
        raise line.fault(f"there are {len(cells)} cells under {len(header)} columns.")
    filled = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()}
    for name in required:
        if name not in filled:
            raise line.fault(f"the {name} is empty.")
    row = {
        name: columns[name](line, cell, f"the {name}")
        for name, cell in filled.items()
        if name in columns
    }
    labels = {
        name.removeprefix(LABEL): cell for name, cell in filled.items() if name.startswith(LABEL)
    }
    return {**row, **given(labels=labels)}


def _nested(row: dict[str, Any]) -> dict[str, Any]:
    """Put the flat columns where the facts have them."""
    power = given(idle_w=row.pop("idle_w", None), busy_w=row.pop("busy_w", None))
    migration = given(address=row.pop("address", None), speed_mbit=row.pop("speed_mbit", None))
    connection = given(uri=row.pop("uri", None))
    return {**row, **given(power=power, migration=migration, connection=connection)}


def _text(line: Line, cell: str, what: str) -> str:
    return cell


def _flag(line: Line, cell: str, what: str) -> bool:
    if cell.lower() not in YES_NO:
        raise line.fault(f"{what} is '{cell}'; it must be yes or no.")
    return YES_NO[cell.lower()]


def _count(line: Line, cell: str, what: str) -> int:
    return line.integer(cell, what)


def _some(line: Line, cell: str, what: str) -> int:
    return line.integer(cell, what, 1)


def _amount(line: Line, cell: str, what: str) -> float:
    return line.number_of(cell, what)


HOST_COLUMNS: dict[str, Reader] = {
    "name": _text,
    "vcpus": _some,
    "memory_mib": _some,
    "memory_reserved_mib": _count,
    "cpu_usage": _amount,
    "state": _text,
    "maintenance": _flag,
    "uri": _text,
    "address": _text,
    "speed_mbit": _amount,
    "idle_w": _amount,
    "busy_w": _amount,
}

VM_COLUMNS: dict[str, Reader] = {
    "name": _text,
    "host": _text,
    "vcpus": _count,
    "memory_mib": _count,
    "cpu_usage": _amount,
    "memory_used_mib": _amount,
    "dirty_rate_mib_s": _amount,
    "uuid": _text,
    "state": _text,
    "priority": lambda line, cell, what: line.integer(cell, what, -1000),
}
