# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One migration of a plan."""

from __future__ import annotations

from dataclasses import dataclass

from ..cluster.resources import Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A migration that has no time yet.

    Attributes
    ----------
    duration_ms
        Predicted, from its start to the moment when its source is free of it.
    parking
        A temporary stop that makes room; the VM moves on later.
    """

    domain: str
    source: str
    destination: str
    demand: Resources
    duration_ms: int
    transfer_s: float
    parking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedStep:
    """A migration with its place in the order.

    Attributes
    ----------
    after
        Ids of the migrations whose end it has to wait for, because it takes the room that they leave.
    """

    id: str
    step: Step
    start_ms: int
    finish_ms: int
    after: tuple[str, ...] = ()
    reason: str = ""
