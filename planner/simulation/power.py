# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Electrical power: of a host by its load, and the energy of a migration.

References
----------
H. Liu et al., "Performance and energy modeling for live migration of virtual machines", HPDC 2011,
https://doi.org/10.1145/1996130.1996154.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InputError

POINTS = 11
"""A curve is given at 0, 10, ... 100 per cent of load."""

TYPICAL_W = (93.7, 97.0, 101.0, 105.0, 110.0, 116.0, 121.0, 125.0, 129.0, 133.0, 135.0)
"""Watts of a host of which nothing is known: HP ProLiant ML110 G5 (SPECpower_ssj2008), a small server."""


MIGRATION_J, MIGRATION_J_PER_MB = 20.165, 0.512
"""What a live migration takes beside the load of its VM: a fixed part, and one by the memory that is copied."""


@dataclass(frozen=True, slots=True)
class PowerCurve:
    """Watts at equal steps of load, straight in between."""

    watts: tuple[float, ...]

    def at(self, load: float) -> float:
        """Return the watts at a load from 0 to 1; more than 1 draws no more than full load.

        Worked example: with 100 W at 0 and 200 W at 1, a load of 0.25 takes 125 W.
        """
        place = min(max(load, 0.0), 1.0) * (len(self.watts) - 1)
        below = min(int(place), len(self.watts) - 2)
        part = place - below
        return self.watts[below] * (1 - part) + self.watts[below + 1] * part


def migration_j(memory_mib: float) -> float:
    """Return the joules that a live migration takes, at both ends together.

    Worked example: 1024 MiB are 1074 MB: 20 J + 550 J.
    """
    return MIGRATION_J + MIGRATION_J_PER_MB * memory_mib * 2**20 / 1e6


def curve_of(host: Mapping[str, Any]) -> PowerCurve:
    """Return a host's curve from the facts: power.curve_w, or idle_w and busy_w, or else a typical one.

    Raises
    ------
    InputError
        The curve has not eleven numbers.
    """
    power = host.get("power") or {}
    curve: Sequence[float] | None = power.get("curve_w")
    if curve is not None:
        if len(curve) != POINTS or not all(
            isinstance(watt, (int, float)) and watt >= 0 for watt in curve
        ):
            raise InputError(
                f"host {host['name']} must have {POINTS} watts, for 0, 10, ... 100 % of load.",
                path="facts.hosts.power.curve_w",
            )
        return PowerCurve(tuple(map(float, curve)))
    idle, busy = power.get("idle_w"), power.get("busy_w")
    if idle is not None and busy is not None:
        return PowerCurve((float(idle), float(busy)))
    return PowerCurve(TYPICAL_W)


def is_known(host: Mapping[str, Any]) -> bool:
    """Tell whether the facts say how much a host draws."""
    power = host.get("power") or {}
    return power.get("curve_w") is not None or None not in (
        power.get("idle_w"),
        power.get("busy_w"),
    )
