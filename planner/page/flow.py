# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who moves where, by pairs of hosts: ribbons while they can be told apart, and a matrix beyond."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RIBBONS = 60
"""More pairs than these cross each other too often to be followed."""

SHADES = 5
"""Steps of darkness of a matrix."""

NAMED = 6
"""This many VMs of a pair are named."""

GAP, LEAST, USUAL = 6.0, 18.0, 44.0
"""Pixels between the blocks of hosts, of the smallest block, and of a block of middle size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """All migrations from one host to another."""

    source: str
    destination: str
    domains: tuple[str, ...]
    memory_mib: int

    @property
    def told(self) -> str:
        """The pair in words."""
        more = len(self.domains) - NAMED
        names = ", ".join(self.domains[:NAMED]) + (f" and {more} more" if more > 0 else "")
        return f"{self.source} \u2192 {self.destination}: {len(self.domains)} ({names})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A host at one side of the ribbons; pixels from the top."""

    name: str
    y: float
    height: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ribbon:
    """A pair as a ribbon."""

    pair: Pair
    path: str
    hue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ribbons:
    """The picture of few pairs."""

    sources: tuple[Block, ...]
    destinations: tuple[Block, ...]
    ribbons: tuple[Ribbon, ...]
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A pair as a field of a matrix."""

    pair: Pair
    row: int
    column: int
    shade: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The picture of many pairs: a row per host that VMs leave, a column per host that they go to."""

    rows: tuple[tuple[str, int], ...]
    columns: tuple[tuple[str, int], ...]
    cells: tuple[Cell, ...]
    most: int


def pairs_of(steps: Iterable[Mapping[str, Any]]) -> list[Pair]:
    """Return the pairs of hosts between which VMs move, in the order of names."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for step in steps:
        found.setdefault((step["source"], step["destination"]), []).append(step)
    return [
        Pair(
            source=source,
            destination=destination,
            domains=tuple(step["domain"] for step in moved),
            memory_mib=sum(step["memory_mib"] for step in moved),
        )
        for (source, destination), moved in sorted(found.items())
    ]


def flow_of(steps: Iterable[Mapping[str, Any]]) -> Ribbons | Matrix:
    """Return the picture of who moves where."""
    pairs = pairs_of(steps)
    return _ribbons(pairs) if len(pairs) <= RIBBONS else _matrix(pairs)


def _ribbons(pairs: Sequence[Pair]) -> Ribbons:
    """Lay out blocks as high as what they send or take, and ribbons between them that keep the order of both sides."""
    total = sum(pair.memory_mib for pair in pairs) or 1
    sides = ("source", "destination")
    scale = USUAL * max(len(_counts(pairs, side)) for side in sides) / total
    left, right = (_blocks(pairs, side, scale) for side in sides)
    hues = {block.name: number % SHADES for number, block in enumerate(left)}
    starts = {block.name: block.y for block in left}
    ends = {block.name: block.y for block in right}
    widths = {
        (pair.source, pair.destination): (
            _part(pair, pairs, "source", left),
            _part(pair, pairs, "destination", right),
        )
        for pair in pairs
    }
    ribbons = []
    for pair in pairs:
        at_start, at_end = widths[pair.source, pair.destination]
        y, z = starts[pair.source], ends[pair.destination]
        starts[pair.source], ends[pair.destination] = y + at_start, z + at_end
        ribbons.append(Ribbon(pair=pair, path=_path(y, at_start, z, at_end), hue=hues[pair.source]))
    bottom = max((block.y + block.height for block in (*left, *right)), default=0.0)
    return Ribbons(
        sources=left, destinations=right, ribbons=tuple(ribbons), height=round(bottom, 1)
    )


def _counts(pairs: Iterable[Pair], side: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for pair in pairs:
        name = getattr(pair, side)
        found[name] = found.get(name, 0) + len(pair.domains)
    return dict(sorted(found.items()))


def _blocks(pairs: Sequence[Pair], side: str, scale: float) -> tuple[Block, ...]:
    y, blocks = 0.0, []
    for name, count in _counts(pairs, side).items():
        memory = sum(pair.memory_mib for pair in pairs if getattr(pair, side) == name)
        height = max(LEAST, memory * scale)
        blocks.append(Block(name=name, y=round(y, 1), height=round(height, 1), count=count))
        y += height + GAP
    return tuple(blocks)


def _part(pair: Pair, pairs: Iterable[Pair], side: str, blocks: Iterable[Block]) -> float:
    """Return how many pixels of its host's block a pair takes."""
    name = getattr(pair, side)
    block = next(block for block in blocks if block.name == name)
    whole = sum(other.memory_mib for other in pairs if getattr(other, side) == name) or 1
    return block.height * pair.memory_mib / whole


def _path(y: float, height: float, z: float, width: float) -> str:
    """Return a ribbon from (0, y) to (100, z), as high as given at both ends."""
    return (
        f"M0 {y:.1f}C50 {y:.1f} 50 {z:.1f} 100 {z:.1f}V{z + width:.1f}"
        f"C50 {z + width:.1f} 50 {y + height:.1f} 0 {y + height:.1f}Z"
    )


def _matrix(pairs: Sequence[Pair]) -> Matrix:
    rows, columns = _counts(pairs, "source"), _counts(pairs, "destination")
    row_of = {name: number for number, name in enumerate(rows)}
    column_of = {name: number for number, name in enumerate(columns)}
    most = max(len(pair.domains) for pair in pairs)
    cells = [
        Cell(
            pair=pair,
            row=row_of[pair.source],
            column=column_of[pair.destination],
            shade=-(-SHADES * len(pair.domains) // most),
        )
        for pair in pairs
    ]
    return Matrix(
        rows=tuple(rows.items()), columns=tuple(columns.items()), cells=tuple(cells), most=most
    )
