# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts draw by their load, and what a migration takes."""

from __future__ import annotations

import pytest

from planner.errors import InputError
from planner.simulation.power import (
    MIGRATION_J,
    POINTS,
    TYPICAL_W,
    PowerCurve,
    curve_of,
    is_known,
    migration_j,
)

LINE = PowerCurve((100.0, 200.0))


@pytest.mark.parametrize(
    ("load", "watts"), [(-1, 100), (0, 100), (0.25, 125), (0.5, 150), (1, 200), (3, 200)]
)
def test_power_is_straight_between_its_points(load: float, watts: float) -> None:
    """And no more than at full load."""
    assert LINE.at(load) == watts


def test_a_curve_of_eleven_points() -> None:
    """At 0, 10, ... 100 per cent it is what was measured."""
    curve = PowerCurve(TYPICAL_W)
    assert [curve.at(n / 10) for n in range(POINTS)] == pytest.approx(TYPICAL_W)
    assert curve.at(0.05) == pytest.approx((TYPICAL_W[0] + TYPICAL_W[1]) / 2)


@pytest.mark.parametrize(
    ("power", "curve", "known"),
    [
        (None, TYPICAL_W, False),
        ({}, TYPICAL_W, False),
        ({"idle_w": 5}, TYPICAL_W, False),
        ({"idle_w": 5, "busy_w": 9}, (5.0, 9.0), True),
        (
            {"curve_w": list(range(11)), "idle_w": 5, "busy_w": 9},
            tuple(map(float, range(11))),
            True,
        ),
    ],
)
def test_the_curve_of_a_host(
    power: dict[str, object] | None, curve: tuple[float, ...], known: bool
) -> None:
    """As its facts tell it, or else a typical one."""
    entry = {"name": "a", "power": power}
    assert curve_of(entry).watts == curve
    assert is_known(entry) is known


@pytest.mark.parametrize("curve", [[], [1] * 10, [1] * 12, [*[1] * 10, -1], [*[1] * 10, "x"]])
def test_a_curve_that_is_none(curve: list[object]) -> None:
    """Eleven watts, none of them less than nothing."""
    with pytest.raises(InputError, match="host a must have 11 watts"):
        curve_of({"name": "a", "power": {"curve_w": curve}})


def test_a_migration_takes_energy_by_its_memory() -> None:
    """1024 MiB are 1074 MB."""
    assert migration_j(0) == MIGRATION_J
    assert migration_j(1024) == pytest.approx(570, abs=1)
