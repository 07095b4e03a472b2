# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who moves where: ribbons that keep the order of both sides, and a matrix where they cannot be told apart."""

from __future__ import annotations

from typing import Any

import pytest

from planner.page.flow import (
    GAP,
    LEAST,
    NAMED,
    RIBBONS,
    SHADES,
    USUAL,
    Matrix,
    Pair,
    Ribbons,
    flow_of,
    pairs_of,
)


def step(domain: str, source: str, destination: str, memory_mib: int = 100) -> dict[str, Any]:
    """Return what is read of a step."""
    ends = {"source": source, "destination": destination}
    return {"domain": domain, "memory_mib": memory_mib, **ends}


def ribbons(*steps: dict[str, Any]) -> Ribbons:
    """Return the ribbons of a few steps."""
    found = flow_of(steps)
    assert isinstance(found, Ribbons)
    return found


def test_migrations_between_the_same_hosts_are_one_pair() -> None:
    """In the order of names, with the VMs in the order of the plan and all their memory."""
    steps = [step("x", "b", "c"), step("z", "a", "c", 300), step("y", "a", "c", 50)]
    assert pairs_of(steps) == [
        Pair(source="a", destination="c", domains=("z", "y"), memory_mib=350),
        Pair(source="b", destination="c", domains=("x",), memory_mib=100),
    ]


@pytest.mark.parametrize("more", [0, 1, 5])
def test_a_pair_names_some_of_its_vms(more: int) -> None:
    """Six, and how many more."""
    names = tuple(f"v{number}" for number in range(NAMED + more))
    told = Pair(source="a", destination="b", domains=names, memory_mib=1).told
    rest = f" and {more} more" if more else ""
    assert told == f"a → b: {NAMED + more} (v0, v1, v2, v3, v4, v5{rest})"


def test_nothing_moves() -> None:
    """An empty picture, of no height."""
    assert ribbons() == Ribbons(sources=(), destinations=(), ribbons=(), height=0.0)


def test_blocks_are_as_high_as_what_they_send_and_take() -> None:
    """Two sources of equal memory stand for the usual height each; the destination for both, without a gap."""
    found = ribbons(step("x", "a", "c"), step("y", "b", "c"))
    assert [(block.name, block.y, block.height, block.count) for block in found.sources] == [
        ("a", 0.0, USUAL, 1),
        ("b", USUAL + GAP, USUAL, 1),
    ]
    [taker] = found.destinations
    assert (taker.height, taker.count) == (2 * USUAL, 2)
    assert found.height == 2 * USUAL + GAP
    assert [ribbon.hue for ribbon in found.ribbons] == [0, 1]


def test_a_small_block_can_still_be_seen() -> None:
    """A VM of a thousandth of the memory has the least height."""
    found = ribbons(step("x", "a", "c", 100_000), step("y", "b", "c", 1))
    assert found.sources[1].height == LEAST


def test_vms_without_memory_are_drawn() -> None:
    """Nothing is divided by nothing."""
    found = ribbons(step("x", "a", "b", 0))
    assert found.sources[0].height == LEAST


def test_ribbons_of_a_host_lie_one_below_the_other() -> None:
    """The second begins where the first ends, at both sides."""
    found = ribbons(step("x", "a", "c", 300), step("y", "a", "d", 100))
    starts = [float(ribbon.path.split()[1].split("C")[0]) for ribbon in found.ribbons]
    block = found.sources[0]
    assert starts[0] == block.y
    assert starts[1] == pytest.approx(block.y + block.height * 3 / 4, abs=0.1)
    assert all(ribbon.path.endswith("Z") for ribbon in found.ribbons)


def test_hues_come_again_after_all_have_been_used() -> None:
    """Neighbours differ, and so do not run into each other."""
    found = ribbons(*(step(f"v{n}", f"h{n}", "z") for n in range(SHADES + 1)))
    assert [ribbon.hue for ribbon in found.ribbons] == [*range(SHADES), 0]


def test_many_pairs_are_a_matrix() -> None:
    """As many as can be followed are ribbons; one more is a matrix of all."""
    steps = [step(f"v{n}", f"h{n:02d}", "z") for n in range(RIBBONS)]
    assert isinstance(flow_of(steps), Ribbons)
    found = flow_of([*steps, *(step(f"w{n}", "h00", "y") for n in range(10))])
    assert isinstance(found, Matrix)
    assert found.columns == (("y", 10), ("z", RIBBONS))
    assert (found.rows[0], found.rows[1]) == (("h00", 11), ("h01", 1))
    assert found.most == 10
    shades = {(cell.row, cell.column): cell.shade for cell in found.cells}
    assert shades[0, 0] == SHADES
    assert shades[0, 1] == shades[1, 1] == 1
