# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the fault matrix passes; `make faults` plays all, `make test` the quick ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.matrix import ALL
from tests.faults.row import Row
from tests.faults.run import RunRow
from tests.faults.runner import LabKeeper

_MARKS = {True: (pytest.mark.faults, pytest.mark.lab), False: (pytest.mark.faults,)}


@pytest.fixture(scope="module")
def keeper() -> Iterator[LabKeeper]:
    """A lab of the matrix's own, for its daemons notice a dead peer sooner."""
    with LabKeeper("faults-test") as keeper:
        yield keeper


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.name, marks=_MARKS[row.quick]) for row in ALL]
)
def test_row(keeper: LabKeeper, row: Row | RunRow) -> None:
    """VMs run at most once at every moment, the error is clear, nothing is left behind."""
    seen = keeper.play(row)
    assert not seen.faults, "\n".join([row.fault, *seen.faults])


def test_rows_are_distinct_and_enough() -> None:
    """The matrix has at least 40 rows, and no two of one name."""
    names = [row.name for row in ALL]
    assert len(set(names)) == len(names) >= 40
