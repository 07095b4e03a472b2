# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a rolling maintenance."""

from __future__ import annotations

from planner.page.rolling import rolling_page
from planner.rolling import make_rolling_plan
from tests.unit.planner.builders import TIGHT, cluster
from tests.unit.planner.page.reading import island_of, parsed


def test_batches_and_their_migrations() -> None:
    """Each batch has a row, and each migration one with its batch; the reasons against other hosts are there."""
    plan = make_rolling_plan(cluster(a={"x": 300}, b={"y": 300}, c={}), TIGHT)
    page = parsed(rolling_page(plan))
    [batches] = page.one("batches").all("table")
    assert [row[1] for row in batches.rows()] == [
        batch["goal_hosts"][0] for batch in plan["batches"]
    ]
    moves = [
        [str(number), step["domain"], step["source"], step["destination"]]
        for number, batch in enumerate(plan["batches"], start=1)
        for step in batch["steps"]
    ]
    assert [row[:4] for row in page.one("step-table").rows()] == moves
    island = island_of(page)
    told = {island["words"][int(domain)] for why in island["batches"] for domain in why}
    assert told == {move[1] for move in moves}
