# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU load over time: one file per VM with a number per line (as PlanetLab's traces), or one table for all."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..importers.source import Line, Source


@dataclass(frozen=True, slots=True)
class Trace:
    """Load in per cent of a VM's vCPUs, by the name of the series.

    Attributes
    ----------
    series
        All of the same length.
    """

    series: Mapping[str, tuple[float, ...]]

    @property
    def steps(self) -> int:
        """How many samples there are."""
        return len(next(iter(self.series.values())))

    def of_domains(self, names: Sequence[str]) -> Mapping[str, tuple[float, ...]]:
        """Give every VM a series: its own where the names are the VMs', else one after the other by name."""
        if all(name in self.series for name in names):
            return {name: self.series[name] for name in names}
        found = sorted(self.series)
        return {
            name: self.series[found[number % len(found)]]
            for number, name in enumerate(sorted(names))
        }


def from_files(sources: Iterable[Source]) -> Trace:
    """Read one file per VM: a number from 0 to 100 per line, at equal intervals.

    The shortest file decides how many steps there are.

    Raises
    ------
    InputError
        With the line that is not such a number, or if there is nothing to read.
    """
    return _trimmed(
        {
            _stem(source.file): [_load(line, line.text) for line in _filled(source)]
            for source in sources
        }
    )


def from_table(source: Source) -> Trace:
    """Read a CSV: a column per VM, named in the first line, and a line per step.

    Raises
    ------
    InputError
        With the line that is wrong.
    """
    rows = list(csv.reader(line.text for line in source.lines()))
    header = [name.strip() for name in rows[0]] if rows else []
    columns: dict[str, list[float]] = {name: [] for name in header if name}
    if len(columns) != len(header) or not header:
        raise Line(source.file, 1, "").fault(
            "the first line must name a VM for each column, each one once."
        )
    for number, cells in enumerate(rows[1:], start=2):
        line = Line(source.file, number, "")
        if cells and len(cells) != len(header):
            raise line.fault(f"there are {len(cells)} numbers under {len(header)} names.")
        for name, cell in zip(header, cells, strict=False):
            columns[name].append(_load(line, cell))
    return _trimmed(columns)


def _filled(source: Source) -> Iterable[Line]:
    return (line for line in source.lines() if line.text.strip())


def _load(line: Line, text: str) -> float:
    value = line.number_of(text, "the load")
    if value > 100:
        raise line.fault(f"the load is {value:g}; it must be per cent of the VM's vCPUs, 0 to 100.")
    return value


def _trimmed(series: Mapping[str, Sequence[float]]) -> Trace:
    steps = min((len(values) for values in series.values()), default=0)
    if not steps:
        raise InputError("The trace holds no samples: it needs a number per VM and step.")
    return Trace({name: tuple(values[:steps]) for name, values in series.items()})


def _stem(file: str) -> str:
    name = file.rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[0] if "." in name else name
